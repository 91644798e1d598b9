"""Images laid out as one picture: a decoded lattice, samples, reconstructions."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.figures.style import DPI, new_figure, styled, wrapped

WHITE = 255
# What a picture may measure in dots, unless its images alone are larger.
WIDTH, HEIGHT = 1260, 1260
LINE = 40  # dots per line of a title
EDGE = 16
NARROWEST = 480


def pixels(images: Any) -> NDArray[np.uint8]:
    """Images of shape (n, C, H, W) in [0, 1] as bytes of shape (n, H, W, 3).

    Values outside [0, 1] are clipped; BadInput where the shape is another or a value is NaN.
    """
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[1] not in (1, 3) or 0 in array.shape:
        raise BadInput(f"images have shape {array.shape}: give (n, C, H, W) with C 1 or 3")
    if np.isnan(array).any():
        raise BadInput("images hold NaN: the model diverged, train it again")
    last = np.moveaxis(array, 1, -1)
    levels = np.round(np.clip(last, 0, 1) * 255).astype(np.uint8)
    return np.broadcast_to(levels, (*last.shape[:3], 3))


def mosaic(images: Any, columns: int, gap: int = 0) -> NDArray[np.uint8]:
    """Images (n, C, H, W) in [0, 1] row by row in one, as bytes of shape (rows H, columns W, 3).

    gap: white pixels between neighbours. What the last row lacks stays white.
    """
    tiles = pixels(images)
    if columns < 1:
        raise BadInput(f"columns is {columns}: give at least 1")
    count, height, width, _ = tiles.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height + gap, width + gap, 3), WHITE, np.uint8)
    sheet[:count, :height, :width] = tiles
    sheet = sheet.reshape(rows, columns, height + gap, width + gap, 3).swapaxes(1, 2)
    whole = sheet.reshape(rows * (height + gap), columns * (width + gap), 3)
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


def grid(images: Any, columns: int, *, gap: int = 0, title: str = "") -> Figure:
    """Images (n, C, H, W) in [0, 1], C 1 or 3, as one picture with `columns` to a row.

    Every image pixel is a whole number of dots, so nothing blurs.
    """
    picture = _exact(mosaic(images, columns, gap), title)
    picture.set_label(f"{title}: " * bool(title) + f"{len(images)} images, {columns} to a row")
    return picture


def pairs(
    originals: Any,
    reconstructions: Any,
    *,
    title: str = "",
    rows: tuple[str, str] = ("original", "reconstruction"),
) -> Figure:
    """Originals over their reconstructions, both (n, C, H, W) in [0, 1], as two labelled rows.

    Raises BadInput where the two differ in shape.
    """
    if np.shape(originals) != np.shape(reconstructions):
        raise BadInput(
            f"originals have shape {np.shape(originals)} and reconstructions "
            f"{np.shape(reconstructions)}: give one reconstruction per original"
        )
    both = np.concatenate([np.asarray(originals), np.asarray(reconstructions)])
    picture = _exact(mosaic(both, len(originals), gap=1), title, rows)
    picture.set_label(f"{title}: " * bool(title) + f"{len(originals)} {rows[0]}s, {rows[1]}s below")
    return picture


def _exact(picture: NDArray[np.uint8], title: str, rows: tuple[str, ...] = ()) -> Figure:
    """A figure in which a pixel of the picture covers a whole number of dots."""
    height, width = picture.shape[:2]
    scale = max(1, min(WIDTH // width, HEIGHT // height))
    tall, wide = height * scale, width * scale
    left = EDGE + (max(map(len, rows)) * 13 + EDGE if rows else 0)
    across = max(left + wide + EDGE, NARROWEST)
    words = wrapped(title, across / DPI, 10) if title else ""
    top = EDGE + (LINE * (words.count("\n") + 1) if words else 0)
    down = top + tall + EDGE
    with styled():
        figure = new_figure(across / DPI, down / DPI, "none")
        axes = figure.add_axes((left / across, EDGE / down, wide / across, tall / down))
        axes.set_axis_off()
        axes.imshow(picture, interpolation="none", aspect="auto")
        if words:
            figure.text(left / across, 1 - EDGE / down / 2, words, size=10, va="top")
        for number, name in enumerate(rows):
            middle = 1 - (number + 0.5) / len(rows)
            axes.text(-EDGE / wide, middle, name, transform=axes.transAxes, ha="right", va="center")
    return figure
