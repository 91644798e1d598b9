"""Images laid out as one picture: a decoded lattice, samples, reconstructions."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.figures.style import DPI, letters, new_figure, styled, wrapped

WHITE = 255
# What a picture may measure in dots, unless its images alone are larger.
WIDTH, HEIGHT = 1320, 1320
MOST = 2**15  # pixels of a side: more than what shows pictures opens
LINE = 40  # dots per line of a title
EDGE = 16
NARROWEST = 480
LETTERS = 9  # size of names, in points
_PAIRS = 10  # side by side
_APART = 4  # gaps between one pair of rows and the next


def pixels(images: Any) -> NDArray[np.uint8]:
    """Images of shape (n, C, H, W) in [0, 1] as bytes of shape (n, H, W, 3).

    A fourth channel, the mask of an object on white, is left out. Values outside [0, 1] are
    clipped; BadInput where the shape is another or a value is NaN.
    """
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[1] not in (1, 3, 4) or 0 in array.shape:
        raise BadInput(f"images have shape {array.shape}: give (n, C, H, W) with C 1, 3 or 4")
    if np.isnan(array).any():
        raise BadInput("images hold NaN: the model diverged, train it again")
    last = np.moveaxis(array[:, :3], 1, -1)
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


def gap_of(images: Any) -> int:
    """Pixels between neighbours that keep images (…, H, W) of this size apart."""
    width: int = np.shape(images)[-1]
    return max(1, round(width / 32))


def grid(images: Any, columns: int, *, title: str = "") -> Figure:
    """Images (n, C, H, W) in [0, 1], C 1, 3 or 4, as one picture with `columns` to a row.

    Every image pixel is a whole number of dots, so nothing blurs; between images is a gap.
    """
    picture = exact(mosaic(images, columns, gap_of(images)), title)
    picture.set_label(f"{title}: " * bool(title) + f"{len(images)} images, {columns} to a row")
    return picture


def pairs(
    originals: Any,
    reconstructions: Any,
    *,
    title: str = "",
    rows: tuple[str, str] = ("original", "reconstruction"),
) -> Figure:
    """Originals over their reconstructions, both (n, C, H, W) in [0, 1], as labelled rows.

    Up to ten stand side by side; more make further pairs of rows.
    Raises BadInput where the two differ in shape.
    """
    if np.shape(originals) != np.shape(reconstructions):
        raise BadInput(
            f"originals have shape {np.shape(originals)} and reconstructions "
            f"{np.shape(reconstructions)}: give one reconstruction per original"
        )
    above, below, gap = np.asarray(originals), np.asarray(reconstructions), gap_of(originals)
    blocks, names, top = [], list[tuple[float, str]](), 0
    for first in range(0, len(above), _PAIRS):
        some = slice(first, first + _PAIRS)
        lines = [mosaic(each[some], min(_PAIRS, len(above)), gap) for each in (above, below)]
        for line, name in zip(lines, rows, strict=True):
            names.append((top + len(line) / 2, name))
            blocks += [line, np.full((gap, *line.shape[1:]), WHITE, np.uint8)]
            top += len(line) + gap
        blocks[-1] = np.repeat(blocks[-1], _APART, axis=0)
        top += gap * (_APART - 1)
    picture = exact(np.concatenate(blocks[:-1]), title, names)
    picture.set_label(f"{title}: " * bool(title) + f"{len(originals)} {rows[0]}s, {rows[1]}s below")
    return picture


def exact(
    picture: NDArray[np.uint8],
    title: str = "",
    rows: Sequence[tuple[float, str]] = (),
    columns: Sequence[tuple[float, str]] = (),
    room: tuple[int, int] = (WIDTH, HEIGHT),
) -> Figure:
    """A figure in which a pixel of the picture (height, width, 3) covers a whole number of dots.

    rows: names on the left, each with the pixel its middle is at.
    columns: names on top, likewise; one that would touch the name before it is left out.
    room: dots that the picture may measure across and down, unless its pixels are more.

    Raises BadInput for a picture that no viewer would open.
    """
    height, width = picture.shape[:2]
    if max(height, width) > MOST:
        raise BadInput(
            f"the picture would be {width:,} x {height:,} pixels, and {MOST:,} are most: show "
            "fewer, or write arrays instead"
        )
    scale = max(1, min(room[0] // width, room[1] // height))
    tall, wide = height * scale, width * scale
    names = list(_apart(columns, scale))
    beside = max(_width(name) for _, name in rows) + EDGE if rows else 0
    # Names over the outer pictures may be wider than these.
    before = max((_width(name) / 2 - pixel * scale for pixel, name in names), default=0)
    behind = max((_width(name) / 2 - wide + pixel * scale for pixel, name in names), default=0)
    left = EDGE + math.ceil(max(beside, before))
    across = max(left + wide + EDGE + max(0, math.ceil(behind)), NARROWEST)
    words = wrapped(title, across / DPI, 10) if title else ""
    head = LINE if any(name for _, name in names) else 0
    top = EDGE + head + (LINE * (words.count("\n") + 1) if words else 0)
    down = top + tall + EDGE
    with styled():
        figure = new_figure(across / DPI, down / DPI, "none")
        axes = figure.add_axes((left / across, EDGE / down, wide / across, tall / down))
        axes.set_axis_off()
        axes.imshow(picture, interpolation="none", aspect="auto")
        if words:
            figure.text(EDGE / across, 1 - EDGE / down / 2, words, size=10, va="top")
        place: dict[str, Any] = {"transform": axes.transAxes}
        for pixel, name in rows:
            axes.text(-EDGE / wide, 1 - pixel / height, name, ha="right", va="center", **place)
        for pixel, name in names:
            axes.text(pixel / width, 1 + EDGE / 2 / tall, name, ha="center", va="bottom", **place)
    return figure


def _apart(columns: Sequence[tuple[float, str]], scale: int) -> Iterator[tuple[float, str]]:
    """The names that can stand side by side, from the first on."""
    end = -math.inf
    for pixel, name in columns:
        middle, half = pixel * scale, _width(name) / 2
        if middle - half > end:
            yield pixel, name
            end = middle + half + EDGE / 2


def _width(name: str) -> float:
    """Dots that a name is wide."""
    return letters(name, LETTERS) * DPI
