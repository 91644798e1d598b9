"""Piano rolls: pitches over steps, a colour for every voice, lines at the bars."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.figures.style import PALETTE, new_figure, styled, wrapped

_STEP, _PITCH = 0.05, 0.045  # inches
_NARROWEST, _WIDEST, _LOWEST = 1.1, 15.0, 0.75
_OCTAVE = 12
_GAP = 0.18  # of a step, between a note and the next
_LEAST = 8  # semitones that are shown


class Roll(NamedTuple):
    """Notes of voices: of each its first step, steps and pitch, (n, 3). steps: of all."""

    steps: int
    voices: Sequence[NDArray[Any]]


def rolls(
    rows: Sequence[Sequence[Roll]],
    *,
    bar: int,
    names: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """Piano rolls in rows and columns, all of the same pitches.

    bar: steps between lines. names: of the rows; columns: what stands over each.

    Raises BadInput where there are none, or names that do not fit.
    """
    wide = max((len(row) for row in rows), default=0)
    if not wide or (names and len(names) != len(rows)) or (columns and len(columns) != wide):
        raise BadInput(
            f"{len(names)} names and {len(columns)} columns are not those of {len(rows)} rows of "
            f"{wide}: give one each"
        )
    low, high = _reach(rows)
    longest = max(each.steps for row in rows for each in row)
    inches = min(max(_NARROWEST, _STEP * longest), max(_NARROWEST, _WIDEST / wide))
    tall = max(_LOWEST, _PITCH * (high - low))
    width, height = max(4.8, inches * wide + 0.9), tall * len(rows) + 0.6
    words = wrapped(title, width, 10) if title else ""
    with styled():
        figure = new_figure(width, height + 0.2 * (words.count("\n") + bool(words)))
        grid = figure.subplots(len(rows), wide, squeeze=False, sharex=True, sharey=True)
        for across, row in zip(grid, rows, strict=True):
            for axes in across[len(row) :]:
                axes.set_axis_off()
            for axes, roll in zip(across, row, strict=False):
                _draw(axes, roll, bar, longest)
                axes.set_ylim(low - 0.5, high + 0.5)
        for axes, name in zip(grid[:, 0], names, strict=False):
            axes.set_ylabel(name)
        for axes, name in zip(grid[0], columns, strict=False):
            axes.set_title(name, size=9)
        if words:
            figure.suptitle(words, x=0.01, ha="left", size=10, weight="normal")
    shown = f"{sum(map(len, rows))} piano rolls, {wide} to a row, pitches over sixteenths"
    figure.set_label(f"{title}: " * bool(title) + shown)
    return figure


def _reach(rows: Sequence[Sequence[Roll]]) -> tuple[int, int]:
    """The lowest and the highest pitch to show."""
    pitches = [notes[:, 2] for row in rows for roll in row for notes in roll.voices]
    every = np.concatenate(pitches) if pitches else np.zeros(0)
    low, high = (int(every.min()), int(every.max())) if len(every) else (60, 72)
    wider = max(0, _LEAST - (high - low) + 1) // 2
    return low - 1 - wider, high + 1 + wider


def _draw(axes: Any, roll: Roll, bar: int, longest: int) -> None:
    for number, notes in enumerate(roll.voices):
        boxes = [
            Rectangle((first, pitch - 0.4), length - _GAP, 0.8) for first, length, pitch in notes
        ]
        tint = PALETTE[number % len(PALETTE)]
        axes.add_collection(PatchCollection(boxes, facecolor=tint, edgecolor="none"))
    axes.set_xlim(0, longest)
    axes.set_xticks(range(0, longest + 1, bar), labels=[])
    axes.yaxis.set_major_locator(MultipleLocator(_OCTAVE))
    axes.yaxis.set_major_formatter(lambda pitch, _: f"C{round(pitch) // _OCTAVE - 1}")
    axes.grid(True)
    axes.tick_params(length=0)
    if roll.steps < longest:
        axes.axvspan(roll.steps, longest, color="#f0f1f3", zorder=0)
