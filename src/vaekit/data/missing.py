"""Values taken away at random, to learn from data with gaps."""

from dataclasses import replace

import numpy as np

from vaekit.data.dataset import Split
from vaekit.data.stored import Stored
from vaekit.errors import BadInput


def with_gaps(split: Split, share: float, seed: tuple[int, int]) -> Split:
    """The split with about this share of its values missing, each by a coin of its own.

    What is missing is 0 in x, so that nothing can read it, and False in the mask, as is what was
    missing before.
    Raises BadInput for a prepared folder, whose rows stay on disk.
    """
    if isinstance(split.x, Stored):
        raise BadInput("`missing` needs data in memory; give an array or a named data set")
    # RandomState's stream is frozen across versions of numpy; the newer generators' isn't.
    random = np.random.RandomState(seed)
    mask = np.empty(split.x.shape, np.bool_)
    for row in mask:
        row[...] = random.random_sample(row.shape) >= share
    if split.mask is not None:
        mask &= split.mask
    return replace(split, x=np.where(mask, split.x, split.x.dtype.type(0)), mask=mask)
