"""Batches in an order that depends on seed, epoch and rank alone."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vaekit.data.columns import named
from vaekit.data.dataset import Binarise, Split
from vaekit.data.inputs import batch_of
from vaekit.data.stored import Stored
from vaekit.errors import BadInput
from vaekit.records import Batch

_BINARISE: dict[Binarise, Callable[[Tensor], Tensor] | None] = {
    "none": None,
    "threshold": lambda x: (x > 0.5).to(torch.float32),
    "static": None,  # drawn once, when the data were loaded
    "dynamic": torch.bernoulli,
}


@final
class Batches:
    """The batches of a split, epoch by epoch.

    With several ranks each gets its own part of every batch, as even as can be: together they
    see what one alone would see, and a part of a batch of few rows may be empty. Dynamic
    binarisation draws from torch's global generator of the device.

    split: N rows.
    batch_size: rows a batch of all ranks together, B; the last batch of an epoch may have fewer.
    shuffle: without it the rows come as they lie.
    rank, world: which of how many processes this is.
    pair: a column of the split's table: the encoder sees another row of the same value than the
        one that is decoded, drawn anew every epoch; nothing where it sees the same.

    Raises BadInput for a batch size below 1, and for a column that is not there.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world: int = 1,
        device: str | torch.device = "cpu",
        pair: str = "",
    ) -> None:
        if batch_size < 1:
            raise BadInput(f"`batch_size` must be at least 1, not {batch_size}")
        if not 0 <= rank < world:
            raise BadInput(f"rank must be from 0 to world - 1, not {rank} with world {world}")
        self.split = split
        self.batch_size = batch_size
        self._binarise = _BINARISE[split.binarise]
        self._seed = seed
        self._shuffle = shuffle
        self._device = torch.device(device)
        self._rank, self._world = rank, world
        self._partners = Partners(split.table[named("pair", pair, split.table)]) if pair else None

    def __len__(self) -> int:
        return -(-len(self.split) // self.batch_size)

    def rows(self, number: int) -> int:
        """How many rows all ranks together have in a batch of an epoch, counted from 0."""
        return min(self.batch_size, len(self.split) - number * self.batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """Batches on the device, from batch `start` of epoch `number` on."""
        order = self._order(number) if self._shuffle else None
        partners = self._partners and self._partners.drawn(self._generator(f"{number}/pair"))
        for batch_number in range(start, len(self)):
            first, rows = batch_number * self.batch_size, self.rows(batch_number)
            ends = [first + rows * rank // self._world for rank in (self._rank, self._rank + 1)]
            index = np.arange(*ends) if order is None else order[slice(*ends)]
            batch = self._gather(index)
            if partners is not None:
                batch = replace(batch, seen=self._gather(partners[index]))
            yield batch if self._binarise is None else replace(batch, x=self._binarise(batch.x))

    def _order(self, number: int) -> npt.NDArray[np.int64]:
        generator = self._generator(f"{number}")
        order: npt.NDArray[np.int64] = torch.randperm(len(self.split), generator=generator).numpy()
        return order

    def _generator(self, what: str) -> torch.Generator:
        digest = hashlib.sha256(f"{self._seed}/{what}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)

    def _gather(self, index: npt.NDArray[np.int64]) -> Batch:
        split = self.split

        def taken(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            # numpy's take is one plain loop: at batch sizes up to thousands it beats torch's
            # parallel index_select, whose threads cost more than the copy.
            return values.take(index, axis=0)

        x = split.x[index] if isinstance(split.x, Stored) else taken(split.x)
        context = None if split.context is None else taken(split.context)
        mask = None if split.mask is None else taken(split.mask)
        return batch_of(x, context, mask, index, self._device)


def check_pair(split: Split, pair: str) -> None:
    """Refuse a column whose rows have no partners; raises BadInput where it is not there, too."""
    if not pair:
        return
    name = named("pair", pair, split.table)
    if len(np.unique(split.table[name])) == len(split):
        raise BadInput(f"`pair`: no two training rows have the same {name}: give another column.")


@final
class Partners:
    """For every row another of the same value, drawn evenly; itself where there is no other."""

    def __init__(self, column: npt.NDArray[Any]) -> None:
        _, group = np.unique(column, return_inverse=True)
        self._line = np.argsort(group, kind="stable")
        counts = np.bincount(group)
        self._counts = counts[group]
        self._starts = (np.cumsum(counts) - counts)[group]
        self._places = np.empty(len(column), np.int64)
        self._places[self._line] = np.arange(len(column))

    def drawn(self, generator: torch.Generator) -> npt.NDArray[np.int64]:
        """The number of every row's partner, (N,)."""
        others = np.maximum(self._counts - 1, 1)
        drawn = torch.rand(len(others), generator=generator, dtype=torch.float64).numpy()
        within = self._places - self._starts + 1 + (drawn * others).astype(np.int64)
        partners: npt.NDArray[np.int64] = self._line[self._starts + within % self._counts]
        return partners
