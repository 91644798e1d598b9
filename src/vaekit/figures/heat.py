"""A heat map: numbers from -1 to 1 for all pairs of things, such as cosines."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.figures.style import BLUE, INK, ORANGE, new_figure, styled, wrapped

_BOTH_WAYS = LinearSegmentedColormap.from_list("both ways", [ORANGE, "white", BLUE])
_CELL = 0.36  # inches
_MOST = 40  # names to a side that can be read
_DARK = 0.6  # from where on letters are white


def heat(values: ArrayLike, names: Sequence[str], *, title: str = "") -> Figure:
    """Numbers (n, n) from -1, orange, to 1, blue, under and beside the names of n things.

    Raises BadInput for another shape, for more than 40 things, and for NaN.
    """
    numbers = np.asarray(values, np.float64)
    if numbers.shape != (len(names), len(names)) or not len(names) or not len(names) <= _MOST:
        raise BadInput(
            f"the numbers have the shape {numbers.shape} for {len(names)} names: give (n, n) for "
            f"1 to {_MOST} of them"
        )
    if not np.isfinite(numbers).all():
        raise BadInput("the numbers hold NaN or infinity: leave those out")
    side = _CELL * len(names)
    with styled():
        words = wrapped(title, side + 2.2, 10) if title else ""
        figure = new_figure(side + 2.2, side + 1.6 + 0.2 * words.count("\n"))
        axes = figure.add_subplot()
        image = axes.imshow(numbers, cmap=_BOTH_WAYS, vmin=-1, vmax=1)
        places = range(len(names))
        axes.set_xticks(places, names, rotation=90)
        axes.set_yticks(places, names)
        axes.tick_params(length=0)
        for row in places:
            for column in places:
                value = numbers[row, column]
                tint = "white" if abs(value) > _DARK else INK
                text = f"{value:.2f}".replace("-", "−").replace("0.", ".")
                axes.text(column, row, text, ha="center", va="center", size=6.5, color=tint)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.colorbar(image, ax=axes, shrink=0.6, label="cosine", pad=0.02)
        if words:
            axes.set_title(words, loc="left")
    figure.set_label(f"{title}: " * bool(title) + f"numbers for all pairs of {len(names)}")
    return figure
