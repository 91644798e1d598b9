"""Strips: what a picture becomes step by step, with the original beside it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.figures.images import WHITE, exact, gap_of, mosaic

# Dots across and down, so that ten pictures of 64 pixels are shown at twice their size.
_ROOM = (1900, 1900)


def strips(
    images: Any,
    columns: Sequence[str],
    *,
    rows: Sequence[str] = (),
    title: str = "",
    before: Any = None,
    after: Any = None,
) -> Figure:
    """Images (R, S, C, H, W) in [0, 1] as R strips of S pictures, under the columns' names.

    rows: names of the strips.
    before, after: originals (n, C, H, W), n at most R, that stand in front of and behind the
        first n strips.

    Every pixel is a whole number of dots. Raises BadInput for shapes that do not fit.
    """
    array = np.asarray(images)
    if array.ndim != 5 or array.shape[1] != len(columns) or (rows and len(rows) != len(array)):
        raise BadInput(
            f"strips have shape {array.shape}, {len(columns)} columns and {len(rows)} rows: "
            "give (R, S, C, H, W) with a name for each of S columns, and of R rows or none"
        )
    parts = [(array, tuple(columns))]
    if before is not None:
        parts.insert(0, (_column(before, array), ("original",)))
    if after is not None:
        parts.append((_column(after, array), ("original",)))
    blocks: list[NDArray[np.uint8]] = []
    names: list[tuple[float, str]] = []
    start, (height, width), thin = 0, array.shape[-2:], gap_of(array)
    gap = max(2 * thin, width // 12)
    for tiles, heads in parts:
        block = mosaic(tiles.reshape(-1, *tiles.shape[2:]), len(heads), thin)
        names += [
            (start + place * (width + thin) + width / 2, name) for place, name in enumerate(heads)
        ]
        start += block.shape[1] + gap
        blocks += [block, np.full((block.shape[0], gap, 3), WHITE, np.uint8)]
    beside = [(place * (height + thin) + height / 2, name) for place, name in enumerate(rows)]
    picture = exact(np.concatenate(blocks[:-1], axis=1), title, beside, names, _ROOM)
    shown = f"{len(array)} strips from {columns[0]} to {columns[-1]}"
    picture.set_label(f"{title}: " * bool(title) + shown)
    return picture


def _column(originals: Any, strips: NDArray[Any]) -> NDArray[Any]:
    """Originals (n, C, H, W) as a column beside the strips, (R, 1, C, H, W), white where none."""
    given = np.asarray(originals)
    if given.shape[1:] != strips.shape[2:] or len(given) > len(strips):
        raise BadInput(
            f"originals have shape {given.shape} and strips {strips.shape}: "
            "give at most one original to a strip, of its pictures' shape"
        )
    column = np.ones((len(strips), 1, *strips.shape[2:]), given.dtype)
    column[: len(given), 0] = given
    return column
