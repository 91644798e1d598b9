"""What `vaekit attributes` and `vaekit edit` do with a run of sound."""

import itertools
import sys
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli import inputs, output, sounds
from vaekit.cli.inputs import Phase
from vaekit.cli.messages import renamed
from vaekit.cli.output import short
from vaekit.errors import BadInput
from vaekit.runs import Run
from vaekit.writing import plain

if TYPE_CHECKING:
    from vaekit.space import ClassMeans


def edit(
    run: Run,
    audio: Path,
    way: tuple[str, str, str | None],
    scale: tuple[str, ...],
    phase: Phase | None,
    given: tuple[str, ...],
    out: Path | None,
    force: bool,
) -> None:
    """Write a recording with one class in the place of another, a file for each scale."""
    from vaekit.workflow import sound as voice

    attribute, to, source = way
    if len(scale) != 1:
        raise BadInput(f"--scale takes one value, such as 0:1:5, not {len(scale)}.")
    steps = inputs.numbers("--scale", scale[0])
    path = sounds.target(run, out, "edit", force)
    one = len(steps) == 1
    places = [path if one else path.with_stem(f"{path.stem}-{step:g}") for step in steps]
    for place in places:
        sounds.target(run, place if out is not None or not one else None, "edit", force)
    told, kept = inputs.given(given), source
    with renamed(source="from"):
        for step, place in zip(steps, places, strict=True):
            found = voice.edit_sound(
                run,
                audio,
                attribute,
                to,
                source,
                scale=step,
                phase=phase or "estimated",
                given=told,
            )
            if kept is None:
                print(f"{audio} is taken for {attribute}={found.source}.", file=sys.stderr)
            source = kept = found.source
            title = f"{run.name}: {attribute} {source} to {to}, scale {step:g}"
            sounds.write_spoken(place, [found], title, (f"as {to}",))


def classes(run: Run, json: bool) -> None:
    """List the mean codes of classes of sound, and draw the cosines of all pairs."""
    import numpy as np

    from vaekit.figures import heat
    from vaekit.workflow.sound import sound_classes

    found = sound_classes(run)
    columns = list(dict.fromkeys(found.columns))
    if json:
        entries = {name: _entry(found, place) for place, name in enumerate(found.names)}
        print(dumps({"run": run.name, "classes": entries}, indent=2))
        return
    rows = []
    for place, name in enumerate(found.names):
        entry, cosines = _entry(found, place), found.cosines[place]
        others = [n for n, column in enumerate(found.columns) if column != found.columns[place]]
        most = max(others, key=lambda n: abs(cosines[n]), default=None)
        near = "" if most is None else f"{found.names[most]} {cosines[most]:+.2f}"
        numbers = (short(entry[key]) for key in ("norm", "segments", "recordings"))
        rows.append((name, *numbers, near))
    heads = (run.name, "norm", "of segments", "of recordings", "most along another column")
    output.table(heads, rows, right=(1, 2, 3))
    for column in columns:
        own = found.rows(column)
        print(
            f"{column}: {np.nanmean(found.accuracy[own]):.0%} of held-out segments and "
            f"{np.nanmean(found.of_groups[own]):.0%} of recordings told apart, by chance "
            f"{1 / len(own):.0%}."
        )
    for first, second in itertools.combinations(columns, 2):
        block = found.cosines[np.ix_(found.rows(first), found.rows(second))]
        print(f"{first} against {second}: mean size of the cosine {np.abs(block).mean():.2f}.")
    if len(found.names) <= output.MOST_NAMES:
        path = output.target(None, run.path / "figures" / "classes.png", (".png",), True)
        output.write_figure(
            path, heat(found.cosines, found.names, title=f"{run.name}: cosines of mean codes")
        )
        print(path)


def _entry(found: "ClassMeans", place: int) -> dict[str, Any]:
    """What is told of a class, as JSON holds it."""
    cosines = dict(zip(found.names, found.cosines[place].tolist(), strict=True))
    entry: dict[str, Any] = plain(
        {
            "codes": int(found.counts[place]),
            "norm": float(found.norms[place]),
            "segments": float(found.accuracy[place]),
            "recordings": float(found.of_groups[place]),
            "cosines": cosines,
            "mean": found.means[place].tolist(),
        }
    )
    return entry
