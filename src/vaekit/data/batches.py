"""Batches in an order that depends on seed, epoch and rank alone."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vaekit.data.dataset import Binarise, Split
from vaekit.data.stored import StoredRows
from vaekit.errors import BadInput

_BINARISE: dict[Binarise, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "threshold": lambda x: (x > 0.5).to(torch.float32),
    "static": lambda x: x,  # drawn once, when the data were loaded
    "dynamic": torch.bernoulli,
}


def as_input(x: Tensor) -> Tensor:
    """Rows as a model reads them: uint8 becomes float32 in [0, 1], where it lies."""
    return torch.true_divide(x, 255).to(torch.float32) if x.dtype == torch.uint8 else x


@final
class Batches:
    """The batches of a split, epoch by epoch.

    With several ranks each gets as many batches as the others and a part of its own; where
    the rows don't divide evenly, fewer than `world` of them are seen twice. Dynamic
    binarisation draws from torch's global generator of the device.

    split: N rows.
    batch_size: rows a batch, B; the last batch of an epoch may have fewer.
    binarise: "dynamic" draws black and white with the grey value as probability.
    shuffle: without it the rows come as they lie.
    rank, world: which of how many processes this is.
    Raises BadInput for a batch size below 1.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        binarise: Binarise = "none",
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world: int = 1,
        device: str | torch.device = "cpu",
    ) -> None:
        if batch_size < 1:
            raise BadInput(f"`batch_size` must be at least 1, not {batch_size}")
        if not 0 <= rank < world:
            raise BadInput(f"rank must be from 0 to world - 1, not {rank} with world {world}")
        if binarise not in _BINARISE:
            raise BadInput(f"`binarise` must be one of {', '.join(_BINARISE)}, not {binarise!r}")
        self.split = split
        self.batch_size = batch_size
        self._binarise = _BINARISE[binarise]
        self._seed = seed
        self._shuffle = shuffle
        self._device = torch.device(device)
        self._each = -(-len(split) // world)  # rows a rank, rounded up
        self._first = rank * self._each

    def __len__(self) -> int:
        return -(-self._each // self.batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[Tensor]:
        """Batches (B, ...) float32 on the device, from batch `start` of epoch `number` on."""
        order = self._order(number) if self._shuffle else None
        for first in range(start * self.batch_size, self._each, self.batch_size):
            last = min(first + self.batch_size, self._each)
            rows = self._gather(order, self._first + first, self._first + last)
            x = torch.from_numpy(np.ascontiguousarray(rows)).to(self._device)
            yield self._binarise(as_input(x))

    def _order(self, number: int) -> npt.NDArray[np.int64]:
        digest = hashlib.sha256(f"{self._seed}/{number}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)
        order: npt.NDArray[np.int64] = torch.randperm(len(self.split), generator=generator).numpy()
        return order

    def _gather(
        self, order: npt.NDArray[np.int64] | None, first: int, last: int
    ) -> npt.NDArray[Any]:
        """The rows at places `first` to `last` of the order, which starts anew past its end."""
        x = self.split.x
        if order is None and last <= len(self.split):
            rows: npt.NDArray[Any] = x[first:last]
            # Bytes are converted; floats are handed on, and a model may work in place.
            return rows if rows.dtype == np.uint8 and rows.flags.writeable else rows.copy()
        places = np.arange(first, last) % len(self.split)
        index = places if order is None else order[places]
        # numpy's take is one plain loop: at batch sizes up to thousands it beats torch's
        # parallel index_select, whose threads cost more than the copy.
        return x[index] if isinstance(x, StoredRows) else x.take(index, axis=0)
