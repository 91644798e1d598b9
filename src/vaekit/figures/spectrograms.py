"""Spectrograms: powers in decibels over seconds and hertz, dark where it is loud."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.figures.style import BLUE, INK, new_figure, styled, wrapped

RANGE = 60.0  # decibels from the loudest to what is white
SHADES = LinearSegmentedColormap.from_list("ink", ["white", "#a9c6ea", BLUE, INK])
_WIDE, _HIGH = 1.55, 1.25  # inches of one spectrogram at least
_MOST_WIDE = 11.0
_TICKS = (500, 1_000, 2_000, 4_000, 8_000, 16_000)


def spectrograms(
    rows: Sequence[Sequence[ArrayLike]],
    *,
    second: float,
    hertz: ArrayLike,
    names: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """Spectrograms (bands, T) in decibels, in rows and columns, all on one scale.

    second: frames in one. hertz: the middle of every band, (bands,).
    names: of the rows; columns: of what stands side by side, one over each.

    Raises BadInput for shapes that do not fit, and for values that are not finite.
    """
    drawn = [[np.asarray(each, np.float64) for each in row] for row in rows]
    wide = max((len(row) for row in drawn), default=0)
    middles = np.asarray(hertz, np.float64)
    _check(drawn, middles, names, columns, wide)
    top = max(float(each.max()) for row in drawn for each in row)
    longest = max(each.shape[1] for row in drawn for each in row) / second
    inches = min(_MOST_WIDE / wide, max(_WIDE, 2.6 * longest))
    width, height = max(4.8, inches * wide + 1.7), _HIGH * len(drawn) + 0.75
    words = wrapped(title, width, 10) if title else ""
    with styled():
        figure = new_figure(width, height + 0.2 * (words.count("\n") + bool(words)))
        grid = figure.subplots(len(drawn), wide, squeeze=False, sharey=True)
        image: Any = None
        for across, row in zip(grid, drawn, strict=True):
            for axes in across[len(row) :]:
                axes.set_axis_off()
            for axes, each in zip(across, row, strict=False):
                extent = (0, each.shape[1] / second, 0, len(middles))
                image = axes.imshow(
                    each,
                    cmap=SHADES,
                    vmin=top - RANGE,
                    vmax=top,
                    origin="lower",
                    aspect="auto",
                    extent=extent,
                    interpolation="nearest",
                )
                axes.set_yticks(*_ticks(middles))
                axes.xaxis.set_major_locator(
                    MaxNLocator(max(2, int(2.5 * inches)), steps=[1, 2, 5])
                )
                axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        for axes, name in zip(grid[:, 0], names, strict=False):
            axes.set_ylabel(f"{name}\nHz")
        for axes in grid[:, 0] if not names else ():
            axes.set_ylabel("Hz")
        for axes, name in zip(grid[0], columns, strict=False):
            axes.set_title(name, size=9)
        for axes in grid[-1]:
            axes.set_xlabel("seconds")
        figure.colorbar(image, ax=list(grid.flat), label="dB", aspect=30, pad=0.01, fraction=0.05)
        if words:
            figure.suptitle(words, x=0.01, ha="left", size=10, weight="normal")
    shown = f"{sum(map(len, drawn))} spectrograms, {wide} to a row, in dB over seconds and hertz"
    figure.set_label(f"{title}: " * bool(title) + shown)
    return figure


def _check(
    drawn: Sequence[Sequence[Any]],
    middles: Any,
    names: Sequence[str],
    columns: Sequence[str],
    wide: int,
) -> None:
    flat = [each for row in drawn for each in row]
    if not flat or any(each.ndim != 2 or len(each) != len(middles) for each in flat):
        shapes = [each.shape for each in flat[:3]]
        raise BadInput(f"spectrograms have shapes {shapes}: give ({len(middles)}, T), one or more")
    if not all(np.isfinite(each).all() for each in flat):
        raise BadInput("spectrograms hold NaN or infinity: the model diverged, train it again")
    if (names and len(names) != len(drawn)) or (columns and len(columns) != wide):
        raise BadInput(
            f"{len(names)} names and {len(columns)} columns are not those of {len(drawn)} rows of "
            f"{wide}: give one each"
        )


def _ticks(middles: Any) -> tuple[list[float], list[str]]:
    """Where in the bands some round frequencies lie, and what they are called."""
    some = [each for each in _TICKS if middles[0] <= each <= middles[-1]]
    places = np.interp(some, middles, np.arange(len(middles)) + 0.5)
    return places.tolist(), [f"{each:,}" for each in some]
