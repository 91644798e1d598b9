"""What the commands share that write melodies: MIDI files, their piano rolls, and their sound."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaekit.cli import inputs, output
from vaekit.cli.messages import renamed
from vaekit.errors import BadInput
from vaekit.runs import Run
from vaekit.space.directions import Method

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vaekit.workflow.music import Array, Played
    from vaekit.workflow.use import Walk

ENDINGS = (".mid", ".wav", ".png", ".npy")
MOST = 400
"""Piano rolls in one picture."""

_HEARD = 300.0  # seconds of sound in one file
_ACROSS = 8
_LETTERS = 18  # of a tune's name
_WIDE = 64  # steps of a tune that still stands beside others


def target(run: Run, out: Path | None, stem: str, force: bool) -> Path:
    """Where to write: a folder of all, or one file of MIDI, of sound, of a picture or an array.

    Raises BadInput for a folder that holds something, and as `output.target`.
    """
    if out is None:
        first = run.path / stem
        folders = (first if n == 1 else first.with_name(f"{stem}-{n}") for n in count(1))
        return next(path for path in folders if force or not path.exists())
    if out.suffix:
        return output.target(out, out, ENDINGS, force)
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file: give another --out, or one that ends in .mid.")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise BadInput(f"{out} is there already and not empty: give another --out, or --force.")
    return out


def write(path: Path, tunes: "Sequence[Played]", names: Sequence[str], figure: "Figure") -> None:
    """Write tunes as the path's ending says, or all of it into a folder; then say where.

    names: of a folder's MIDI files, one for each tune.
    """
    from vaekit.workflow.music import one_after_another

    ending = path.suffix.lower()
    if ending == ".npy":
        _write_array(path, tunes)
    elif ending == ".png":
        output.write_figure(path, figure)
    elif ending == ".wav":
        _write_sound(path, tunes)
    elif ending == ".mid":
        _write_bytes(path, one_after_another(tunes).midi)
    else:
        for tune, name in zip(tunes, names, strict=True):
            _write_bytes(path / f"{name}.mid", tune.midi)
        _write_bytes(path / "all.mid", one_after_another(tunes).midi)
        _write_sound(path / "all.wav", tunes)
        output.write_figure(path / "rolls.png", figure)
    print(path)


def write_rows(path: Path, run: Run, rows: "Array", title: str) -> None:
    """Write windows (n, V, T), a tune each."""
    from vaekit.workflow.music import played_rows

    numbers = numbered(len(rows))
    tunes = played_rows(run, rows, numbers)
    write(path, tunes, numbers, drawn(path, lines_of(tunes), title=title))


def interpolate(
    run: Run,
    files: tuple[Path, Path],
    steps: int,
    spherical: bool,
    given: tuple[str, ...],
    out: Path | None,
    force: bool,
) -> None:
    """Write the way from one tune to another, at the tempo and with the instrument of the first,
    between both as they are, for as long as the shorter one lasts."""
    from vaekit.workflow.music import interpolate_tunes, tune_of

    path = target(run, out, "interpolation", force)
    told, ends = inputs.given(given), [tune_of(run, file) for file in files]
    between = interpolate_tunes(run, *ends, steps=steps, spherical=spherical, given=told)
    lengths = [tune.symbols.shape[1] for tune in ends]
    shortest = min(lengths)
    if lengths[0] != lengths[1]:
        longer = files[lengths.index(max(lengths))]
        print(f"{longer.name} is longer; its first {shortest} steps are taken.", file=sys.stderr)
    first, last = (replace(tune, symbols=tune.symbols[:, :shortest]) for tune in ends)
    tunes = [first, *between, last]
    heads = [first.name[:_LETTERS], *(each.name for each in between), last.name[:_LETTERS]]
    kind = "spherical" if spherical else "linear"
    title = f"{run.name}: {kind} interpolation from {first.name} to {last.name}"
    whats = ["first", *(each.name for each in between), "last"]
    names = [f"{n}-{what}" for n, what in zip(numbered(len(tunes)), whats, strict=True)]
    if shortest > _WIDE:  # long tunes lie below each other
        figure = drawn(path, [[tune] for tune in tunes], names=heads, title=title)
    else:
        figure = drawn(path, [tunes], columns=heads, title=title)
    write(path, tunes, names, figure)


def write_traversal(path: Path, run: Run, walk: "Walk", start: str) -> None:
    """Write windows in which one coordinate of a code is moved, a row for each."""
    from vaekit.workflow.music import played_rows

    steps = [f"{step:g}" for step in walk.steps[0]]
    rows = [
        played_rows(run, each, [f"{name}-{step}" for step in steps])
        for name, each in zip(walk.along, walk.pictures, strict=True)
    ]
    heads = [step.replace("-", "−") for step in steps]
    title = f"{run.name}: coordinates of {start} moved, in standard deviations"
    figure = drawn(path, rows, names=walk.along, columns=heads, title=title)
    tunes = [tune for row in rows for tune in row]
    write(path, tunes, [tune.name for tune in tunes], figure)


def edit(
    run: Run,
    midi: Path,
    attribute: str,
    scale: str,
    method: Method,
    given: tuple[str, ...],
    out: Path | None,
    force: bool,
) -> None:
    """Write a tune with an attribute added to it, for each scale."""
    from vaekit.workflow.music import edit_tune, tune_of

    steps = inputs.numbers("--scale", scale)
    path = target(run, out, "edit", force)
    original = tune_of(run, midi)
    with renamed(scales="scale"):
        edited = edit_tune(run, midi, attribute, steps, method=method, given=inputs.given(given))
    tunes = [original, *edited]
    heads = ["original", *(f"{step:g}".replace("-", "−") for step in steps)]
    title = f"{run.name}: {attribute} added to {midi.stem} at these scales, {method}"
    figure = drawn(path, [[tune] for tune in tunes], names=heads, title=title)
    numbers = numbered(len(tunes))
    names = [f"{numbers[0]}-original"]
    names += [f"{n}-scale-{step:g}" for n, step in zip(numbers[1:], steps, strict=True)]
    write(path, tunes, names, figure)


def lines_of(tunes: "Sequence[Played]") -> "list[Sequence[Played]]":
    """Tunes in the rows of a picture."""
    shown = tunes[:MOST]
    across = max(1, min(_ACROSS, round(256 / tunes[0].symbols.shape[1])))
    return [shown[first : first + across] for first in range(0, len(shown), across)]


def drawn(
    path: Path,
    rows: "Sequence[Sequence[Played]]",
    *,
    names: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
) -> "Figure":
    """The piano rolls of tunes; raises BadInput for too many where only a picture is written."""
    from vaekit.data.music import METERS
    from vaekit.figures import rolls

    if sum(map(len, rows)) >= MOST and path.suffix.lower() == ".png":
        raise BadInput(f"--out {path}: {MOST} piano rolls or more for one picture: write .mid.")
    bar = METERS[rows[0][0].meter]
    lines = [[each.roll for each in row] for row in rows]
    return rolls(lines, bar=bar, names=names, columns=columns, title=title)


def numbered(n: int) -> list[str]:
    """Names of n files that lie in order."""
    return [f"{number:0{len(str(n))}}" for number in range(1, n + 1)]


def _write_bytes(path: Path, data: bytes) -> None:
    with output.replacing(path) as part:
        part.write_bytes(data)


def _write_array(path: Path, tunes: "Sequence[Played]") -> None:
    shapes = {each.symbols.shape for each in tunes}
    if len(shapes) > 1:
        raise BadInput(f"--out {path}: the tunes differ in length: write .mid.")
    rows = [each.symbols[None].astype(np.float32) for each in tunes]
    output.write_arrays(path, (len(rows), *shapes.pop()), rows)


def _write_sound(path: Path, tunes: "Sequence[Played]") -> None:
    """Write what is heard one after another, of many the first ones."""
    from vaekit.data.synth import RATE
    from vaekit.workflow.music import one_after_another

    seconds = np.cumsum([each.seconds for each in tunes])
    heard = max(1, int((seconds <= _HEARD).sum()))
    if heard < len(tunes):
        print(f"{path} holds the first {heard} of {len(tunes)}.", file=sys.stderr)
    output.write_wave(path, one_after_another(tunes[:heard]).wave, RATE)
