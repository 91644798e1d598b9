"""What loading gives: a data set of three splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
import numpy.typing as npt

from vaekit.data.stored import StoredRows

if TYPE_CHECKING:
    from torch import Tensor

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
    """

    x: Rows
    table: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    ids: Sequence[str] | None = None

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
        return Split(x, {name: column[index] for name, column in self.table.items()}, ids)

    def tensor(self, index: Any = slice(None)) -> Tensor:
        """The rows at `index` (a slice or integers) as a model reads them, float32 (n, ...)."""
        import torch

        from vaekit.data.batches import as_input

        rows = np.asarray(index) if not isinstance(index, slice) else index
        return as_input(torch.from_numpy(np.array(self.x[rows], order="C")))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Training, validation and test data.

    kind: "image" or "vector".
    binarise: how grey values become black and white. "threshold" and "static" have been
        applied; "dynamic" is drawn by `Batches` each time a row is seen.
    fingerprint: a digest of the content and of the options that shaped it; the same on
        every machine.
    label_names: the name of each class number, where there are labels.
    prepared: the options that pictures were prepared with, as `load` takes them: what was
        left out has its default here, and paths are absolute.
    """

    name: str
    kind: Kind
    train: Split
    validation: Split
    test: Split
    binarise: Binarise
    fingerprint: str
    label_names: tuple[str, ...] | None = None
    prepared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes: the columns of bools, in the table's order."""
        columns = self.train.table.items()
        return tuple(name for name, column in columns if column.dtype == np.bool_)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row: (C, H, W) or (F,)."""
        return tuple(int(size) for size in self.train.x.shape[1:])
