"""Black and white from grey, once and for all."""

from dataclasses import replace

import numpy as np

from vaekit.data.dataset import Binarise, Kind, Split
from vaekit.data.stored import StoredRows
from vaekit.errors import BadInput

_BLOCK = 1024  # rows at a time: random numbers take eight times the memory of pixels


def binarised(split: Split, kind: Kind, how: Binarise, seed: tuple[int, int]) -> Split:
    """The split in values 0 and 255 for "threshold" and "static", otherwise as it is.

    seed: of the static draws.
    Raises BadInput for vectors, and for static draws from a prepared folder.
    """
    if how == "none":
        return split
    if kind != "image":
        raise BadInput(f"`binarise={how!r}` needs images, and these data are {kind}s")
    if how == "dynamic":
        return replace(split, binarise=how)
    x = split.x
    if isinstance(x, StoredRows):
        if how == "static":
            raise BadInput(
                "`binarise='static'` needs data in memory; use dynamic or threshold for a folder"
            )
        return replace(split, x=x.thresholded(), binarise=how)
    # RandomState's stream is frozen across versions of numpy; the newer generators' isn't.
    random = np.random.RandomState(seed)
    white = 255 if x.dtype == np.uint8 else 1
    values = np.empty(x.shape, np.uint8)
    for first in range(0, len(x), _BLOCK):
        block = x[first : first + _BLOCK]
        level = 0.5 if how == "threshold" else random.random_sample(block.shape)
        values[first : first + _BLOCK] = np.where(block > level * white, 255, 0)
    return replace(split, x=values, binarise=how)
