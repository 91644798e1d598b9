"""What loading gives: a data set of three splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
import numpy.typing as npt

from vaekit.data.conditions import Conditions
from vaekit.data.stored import StoredRows

if TYPE_CHECKING:
    from torch import Tensor

    from vaekit.records import Batch

Binarise = Literal["none", "threshold", "static", "dynamic"]
Crop = Literal["none", "centre", "face"]
Kind = Literal["image", "vector"]
Rows = npt.NDArray[Any] | StoredRows


@final
@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of data and what is known about each.

    x: (N, C, H, W) uint8, or float32 in [0, 1], for images; (N, F) float32 for vectors.
        An array, or `StoredRows`, which index like one.
    table: columns of N values; "label" holds class numbers where there are labels, and bool
        columns are attributes.
    ids: the N names of the rows where they have some.
    binarise: how grey values become black and white. "threshold" and "static" have been
        applied; "dynamic" is drawn by `Batches` each time a row is seen.
    context: what a model reads beside each row, (N, E) float32, where it reads something.
    mask: which values are there, (N, *shape) bool, where some are missing.
    """

    x: Rows
    table: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    binarise: Binarise = "none"
    context: npt.NDArray[np.float32] | None = None
    mask: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return int(self.x.shape[0])

    @property
    def labels(self) -> npt.NDArray[Any] | None:
        """Class numbers, shape (N,), or None."""
        return self.table.get("label")

    def take(self, index: npt.NDArray[np.int64] | slice) -> Split:
        """The split of these rows; a slice of an array shares its memory."""
        x = self.x.take(index) if isinstance(self.x, StoredRows) else self.x[index]
        ids = self.ids
        if ids is not None:
            ids = ids[index] if isinstance(index, slice) else [ids[i] for i in index]
        return replace(
            self,
            x=x,
            table={name: column[index] for name, column in self.table.items()},
            ids=ids,
            context=None if self.context is None else self.context[index],
            mask=None if self.mask is None else self.mask[index],
        )

    def batch(self, index: Any = slice(None)) -> Batch:
        """The rows at `index` (a slice or integers) as a model reads them, on the CPU.

        Grey values stay as they are: what is drawn anew is drawn by `Batches`.
        """
        import torch

        from vaekit.data.inputs import batch_of

        places = np.arange(len(self))[index]
        some = self.take(places) if not isinstance(index, slice) else self.take(index)
        x = np.array(some.x, order="C")  # a model may work in place
        return batch_of(x, some.context, some.mask, places, torch.device("cpu"))

    def tensor(self, index: Any = slice(None)) -> Tensor:
        """The x of `batch`, float32 (n, ...)."""
        return self.batch(index).x


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Training, validation and test data.

    kind: "image" or "vector".
    fingerprint: a digest of the content and of the options that shaped it; the same on
        every machine.
    label_names: the name of each class number, where there are labels.
    conditions: what the columns of every context mean, where there are contexts.
    prepared: the options that pictures were prepared with, as `load` takes them: what was
        left out has its default here, and paths are absolute.
    left_out: how many files are in no split, by what is wrong with them.
    """

    name: str
    kind: Kind
    train: Split
    validation: Split
    test: Split
    fingerprint: str
    label_names: tuple[str, ...] | None = None
    conditions: Conditions | None = None
    prepared: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def binarise(self) -> Binarise:
        """How grey values become black and white; see `Split`."""
        return self.train.binarise

    def told(self, conditions: Conditions) -> Dataset:
        """The same with the context of every row; raises BadInput as `Conditions.encode`."""
        names = ("train", "validation", "test")
        splits = {
            name: replace(split, context=conditions.encode(split.table, self.label_names))
            for name in names
            for split in (getattr(self, name),)
        }
        return replace(self, **splits, conditions=conditions)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes: the columns of bools, in the table's order."""
        columns = self.train.table.items()
        return tuple(name for name, column in columns if column.dtype == np.bool_)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row: (C, H, W) or (F,)."""
        return tuple(int(size) for size in self.train.x.shape[1:])
