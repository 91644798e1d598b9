"""Lines over one quantity: what a measure does as something else grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from matplotlib.figure import Figure

from vaekit.errors import BadInput
from vaekit.figures.style import colours, key_of_lines, new_figure, styled, wrapped

DASHES = ("-", "--", ":", "-.")  # so that lines stay apart without colour
_MARKS = "osD^v"


@final
@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name and its points.

    low, high: a band around it, where there is one.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def lines(
    plots: Mapping[str, Sequence[Line]], *, xlabel: str, ylabel: str, title: str = ""
) -> Figure:
    """Plots side by side on one scale, by title; lines of one name look alike in all.

    A plot without a line is left out. Raises BadInput where there is no line to draw.
    """
    plots = {heading: drawn for heading, drawn in plots.items() if drawn}
    names = list(dict.fromkeys(line.name for drawn in plots.values() for line in drawn))
    if not names:
        raise BadInput("there are no lines to draw: give at least one")
    looks = {
        name: {"color": colour, "linestyle": DASHES[i % 4], "marker": _MARKS[i % 5]}
        for i, (name, colour) in enumerate(zip(names, colours(len(names)), strict=True))
    }
    with styled():
        width = max(4.4, 3.3 * len(plots))
        figure = new_figure(width, 3.5 + 0.3 * bool(title))
        row = figure.subplots(1, len(plots), squeeze=False, sharex=True, sharey=True)[0]
        for axes, (heading, drawn) in zip(row, plots.items(), strict=True):
            for line in drawn:
                axes.plot(line.x, line.y, label=line.name, ms=3.5, **looks[line.name])
                if line.low is not None and line.high is not None:
                    colour = looks[line.name]["color"]
                    axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, lw=0)
            axes.set(title=heading, xlabel=xlabel)
            axes.grid()
        row[0].set_ylabel(ylabel)
        key_of_lines(figure)
        figure.suptitle(wrapped(title, width))
    figure.set_label(f"{title}: " * bool(title) + f"{ylabel} over {xlabel} for {', '.join(names)}")
    return figure
