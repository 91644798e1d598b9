"""How every picture looks: palette, type, sizes. No global state of matplotlib is touched."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

# Twice the 96 dots per inch of a web page: halved exactly on a plain screen, sharp on a dense one.
DPI = 192

# Ten classes that stay apart in normal vision and with each of the three colour blindnesses:
# found by maximising the smallest distance in OKLab; the tests hold it above 0.09.
PALETTE = (
    "#165baf",
    "#4ad1b5",
    "#ba5a26",
    "#973c6c",
    "#29490d",
    "#2990c6",
    "#a4a5ff",
    "#5a2a71",
    "#ab9956",
    "#ffac3c",
)
_KEY = 0.42  # inches of a legend that are not letters
_NAME = 28  # letters of a name in a legend
BLUE, ORANGE, GREY, INK = "#165baf", "#c9660a", "#b9bdc3", "#1d2430"

STYLE: dict[str, Any] = {
    "figure.dpi": DPI,
    "savefig.dpi": "figure",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlepad": 8,
    "axes.labelsize": 9,
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.handletextpad": 0.5,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#6b7280",
    "xtick.color": "#6b7280",
    "ytick.color": "#6b7280",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "grid.color": "#e3e6ea",
    "grid.linewidth": 0.8,
    # Titles are the user's words: a dollar sign in them is no formula.
    "text.parse_math": False,
    # Same input, same bytes.
    "svg.hashsalt": "vaekit",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw or save in vaekit's style, whatever the user's own settings of matplotlib are."""
    with matplotlib.style.context(["default", STYLE]):
        yield


def new_figure(width: float, height: float, layout: Any = "constrained") -> Figure:
    """An empty figure of this many inches, outside pyplot; call it inside `styled`."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def key(figure: Figure, handles: Sequence[Any]) -> None:
    """The one legend of a figure, beside its plots: there it lies on nothing that they show."""
    figure.legend(handles=handles, loc="outside right upper")


def key_of_lines(figure: Figure) -> None:
    """The legend of the lines in all plots of a figure, each name once, below them.

    They stand in a row where there is room, else in several.
    """
    lines = {str(line.get_label()): line for axes in figure.axes for line in axes.lines}
    room, names = figure.get_figwidth(), list(lines)
    fits = sum(key_width([name]) for name in names) <= room
    columns = len(names) if fits else max(1, int(room / key_width(names)))
    figure.legend(handles=list(lines.values()), loc="outside lower left", ncols=columns)


def key_width(names: Iterable[str]) -> float:
    """Inches that a legend of these names takes; none where there are no names."""
    return max((_KEY + letters(name, STYLE["legend.fontsize"]) for name in names), default=0.0)


def short(name: str) -> str:
    """A name as a legend has room for."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}…"


def letters(text: str, points: float) -> float:
    """Inches that a text is wide in type of this size."""
    with styled():
        return float(TextPath((0, 0), text, size=points).get_extents().width) / 72 if text else 0.0


def colours(count: int) -> list[str]:
    """One colour per class: the palette, or steps of viridis where it has too few."""
    if count <= len(PALETTE):
        return list(PALETTE[:count])
    return [to_hex(tint) for tint in colormaps["viridis"](np.linspace(0, 0.95, count))]


def wrapped(text: str, inches: float, points: float = 11.5) -> str:
    """The text broken into lines that fit in this many inches at this type size."""
    return "\n".join(
        fill(line, max(8, int(inches * 72 / (0.66 * points)))) for line in text.split("\n")
    )
