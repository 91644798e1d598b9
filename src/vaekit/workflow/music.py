"""What a run of melodies makes of tunes: played again, from one to another, more of an attribute.

MIDI ── windows ──▶ codes ── shifted ──▶ windows ── one after another ──▶ tune
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit import space
from vaekit.data import Split
from vaekit.data.music import METERS, REST, TEMPO, Meter, midi, own_tune, padded
from vaekit.data.synth import wave
from vaekit.data.tunes import BAR, TUNE
from vaekit.errors import BadInput
from vaekit.figures import Roll
from vaekit.runs import Run
from vaekit.space.directions import Method
from vaekit.workflow.derived import attribute_directions
from vaekit.workflow.given import Part, part_of
from vaekit.workflow.looks import roll_of, some_rows
from vaekit.workflow.use import Given, changed, check_count, opened

Array = NDArray[Any]
_PAUSE = 2  # quarters between one tune and the next


@final
@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A tune that can be written, seen and heard.

    name: what it is called. symbols: (V, T). meter: of its bars. tempo: quarters a minute.
    programs: the instruments of its voices, from 0.
    """

    name: str
    symbols: Array
    meter: Meter = "4/4"
    tempo: float = TEMPO
    programs: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.symbols.shape[1] / 4 * 60 / self.tempo)

    @property
    def midi(self) -> bytes:
        """As a MIDI file."""
        return midi(self.symbols, meter=self.meter, tempo=self.tempo, programs=self.programs)

    @property
    def wave(self) -> Array:
        """As sound (samples,) in [-1, 1]; see `vaekit.data.synth`."""
        return wave(self.symbols, self.tempo)

    @property
    def roll(self) -> Roll:
        """As it is drawn."""
        return roll_of(self.symbols)


def meter_of(run: Run | str | Path) -> Meter:
    """The meter of a run's melodies; raises BadInput where it was not trained on such."""
    run = opened(run)
    if (meter := run.meter) is None:
        raise BadInput(f"{run.name} was not trained on melodies: give a run of MIDI files.")
    return meter


def tune_of(run: Run | str | Path, file: str | Path) -> Played:
    """A MIDI file as the run's data were read: in its meter and voices, of whole windows.

    The last one is filled with rests.

    Raises BadInput for a file that is missing, damaged or no MIDI, has no notes, or only drums,
    and for one in another meter.
    """
    run = opened(run)
    meter, (voices, steps) = meter_of(run), run.spec.shape
    found = own_tune(file, meter, voices, run.data["options"].get("track"), run.name)
    length = -(-found.symbols.shape[1] // steps) * steps
    whole = padded(found.symbols, length)
    return Played(Path(file).stem, whole, meter, found.tempo, found.programs)


def windows(run: Run, played: Played) -> Array:
    """The rows (n, V, T) of a tune of whole windows, float32."""
    voices, steps = run.spec.shape
    rows = played.symbols.reshape(voices, -1, steps).swapaxes(0, 1)
    return np.ascontiguousarray(rows, np.float32)


def joined(rows: Array) -> Array:
    """Rows (n, V, T) one after another, (V, n x T)."""
    return np.concatenate(list(np.asarray(rows).astype(np.int64)), 1)


def one_after_another(tunes: Sequence[Played]) -> Played:
    """All tunes as one, at the tempo of the first, with a pause between them."""
    first = tunes[0]
    bar = METERS[first.meter]
    parts = list[Array]()
    for each in tunes:
        length = -(-each.symbols.shape[1] // bar) * bar
        pause = np.full((len(each.symbols), bar), REST)
        parts += [padded(cast(Any, each.symbols), length), pause]
    return replace(first, symbols=np.concatenate(parts[:-1], 1))


def played_rows(
    run: Run | str | Path, rows: Array, names: Iterable[str], like: Played | None = None
) -> list[Played]:
    """Rows (n, V, T) as tunes; like: whose tempo and instruments they have."""
    meter = meter_of(run)
    base = like or Played("", np.zeros((0, 0)), meter)
    rows = np.asarray(rows).astype(np.int64)
    return [replace(base, name=name, symbols=row) for name, row in zip(names, rows, strict=True)]


def reconstruct_tunes(
    run: Run | str | Path,
    files: Iterable[str | Path] = (),
    *,
    split: Part = "test",
    n: int = 8,
    temperature: float = 0.0,
    given: Given = None,
    seed: int = 0,
) -> list[tuple[Played, Played]]:
    """Tunes, encoded and decoded again: MIDI files in whole, or n windows of the run's data.

    temperature: of the steps that are drawn; at 0 each is what is likeliest.
    """
    check_count("n", n)
    run, files = opened(run), list(files)
    meter_of(run)
    generator = torch.Generator().manual_seed(seed)
    if not files:
        part = part_of(run.dataset(), split)
        batch = part.batch(some_rows(part, n))
        model = run.model()
        contexts = changed(run, batch.context, given)
        codes = model.encode(batch)
        decoded = model.decode(codes, contexts, temperature=temperature, generator=generator)
        names = named(part, batch.rows.numpy() if batch.rows is not None else np.arange(len(codes)))
        before = played_rows(run, batch.x.numpy(), names)
        return list(zip(before, played_rows(run, decoded.numpy(), names), strict=True))
    told, pairs = run.told(given), []
    for file in files:
        played = tune_of(run, file)
        codes = told.encode(torch.from_numpy(windows(run, played)))
        rows = told.decode(codes, temperature=temperature, generator=generator).numpy()
        pairs.append((played, replace(played, symbols=joined(rows))))
    return pairs


def interpolate_tunes(
    run: Run | str | Path,
    first: str | Path | Played,
    last: str | Path | Played,
    *,
    steps: int = 9,
    spherical: bool = False,
    given: Given = None,
) -> list[Played]:
    """The way from one MIDI file, or tune of whole windows, to another, as `steps` tunes.

    Window goes to window. They are as long as the shorter of the two, and have the tempo and
    instruments of the first; its own end is left out where it is longer.

    spherical: along arcs around the origin rather than straight.
    """
    space.check_steps(steps)
    run = opened(run)
    told = run.told(given)
    start, end = (
        each if isinstance(each, Played) else tune_of(run, each) for each in (first, last)
    )
    rows = [torch.from_numpy(windows(run, each)) for each in (start, end)]
    n = min(map(len, rows))
    codes = [told.encode(each[:n]).double().numpy() for each in rows]
    between = space.spherical if spherical else space.linear
    arcs = np.stack([between(a, b, steps) for a, b in zip(*codes, strict=True)], 1)
    decoded = [told.decode(torch.from_numpy(each).float()).numpy() for each in arcs]
    shares = np.linspace(0, 1, steps)
    return [
        replace(start, name=f"{share:.2f}", symbols=joined(each))
        for share, each in zip(shares, decoded, strict=True)
    ]


def edit_tune(
    run: Run | str | Path,
    file: str | Path,
    attribute: str,
    scales: Sequence[float],
    *,
    method: Method = "balanced",
    given: Given = None,
) -> list[Played]:
    """A MIDI file with an attribute added to the codes of all its windows, a tune for each scale.

    Scale 1 goes from those who lack the attribute to those who have it.
    """
    run = opened(run)
    played, found = tune_of(run, file), attribute_directions(run, method)
    told, x = run.told(given), torch.from_numpy(windows(run, played))
    decoded = space.edit(told, x, found.vector(attribute), scales).numpy()
    return [
        replace(played, name=f"{played.name}, {scale:g}", symbols=joined(rows))
        for scale, rows in zip(scales, decoded, strict=True)
    ]


def named(part: Split, places: Array) -> list[str]:
    """What windows are called: their tune's name and their bar from 1."""
    tunes, bars = part.table.get(TUNE), part.table.get(BAR)
    if tunes is None or bars is None:
        return [f"row {place}" for place in places.tolist()]
    stems = [Path(name).stem for name in tunes[places].tolist()]
    return [f"{name}, {bar + 1}" for name, bar in zip(stems, bars[places].tolist(), strict=True)]
