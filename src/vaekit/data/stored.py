"""Rows of a file that stays on disk."""

import math
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.errors import BadInput


@final
class StoredRows:
    """A read-only (N, C, H, W) uint8 array in a file, or some of its rows.

    Indexing reads the rows asked for into memory, and nothing else is held.

    path: a file of nothing but row after row.
    file_shape: the shape (N, C, H, W) of the whole file.
    rows: the rows that are meant, in their order, shape (n,); all where None.
    threshold: whether values above 127 read as 255 and the rest as 0.
    Raises BadInput when the file turns out shorter than its shape.
    """

    def __init__(
        self,
        path: Path,
        file_shape: tuple[int, ...],
        rows: npt.NDArray[np.int64] | None = None,
        threshold: bool = False,
    ) -> None:
        self.path = path
        self.file_shape = file_shape
        self.rows = rows
        self.threshold = threshold
        self.dtype = np.dtype(np.uint8)
        self.shape = (file_shape[0] if rows is None else len(rows), *file_shape[1:])
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    @property
    def ndim(self) -> int:
        """The number of axes, as an array has it."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[np.uint8]:
        places = self._places(index)
        rows: npt.NDArray[np.uint8] = self._read(np.atleast_1d(places))
        return rows if places.ndim else rows[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def take(self, index: npt.NDArray[np.int64] | slice) -> "StoredRows":
        """These rows of the same file, still on disk."""
        rows = np.arange(self.file_shape[0]) if self.rows is None else self.rows
        return StoredRows(self.path, self.file_shape, rows[index], self.threshold)

    @staticmethod
    def joined(parts: "Sequence[StoredRows]") -> "StoredRows":
        """The rows of several parts of one file, in their order."""
        first = parts[0]
        assert all(part.path == first.path for part in parts)
        whole = np.arange(first.file_shape[0])
        rows = np.concatenate([whole if part.rows is None else part.rows for part in parts])
        return StoredRows(first.path, first.file_shape, rows, first.threshold)

    def thresholded(self) -> "StoredRows":
        """The same rows, read as 0 or 255."""
        return StoredRows(self.path, self.file_shape, self.rows, threshold=True)

    def _places(self, index: Any) -> npt.NDArray[np.int64]:
        """Row numbers from 0 to n - 1 for what numpy takes as an index of the first axis."""
        if isinstance(index, slice):
            return np.arange(*index.indices(len(self)))
        places: npt.NDArray[Any] = np.asarray(index)
        if places.dtype == np.bool_:
            places = np.flatnonzero(places)
        if places.size and not -len(self) <= places.min() <= places.max() < len(self):
            raise IndexError(f"row out of range for {len(self)} rows")
        return np.where(places < 0, places + len(self), places).astype(np.int64)

    def _read(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        # One positioned read a row. A memory map is no faster once its pages are given back
        # in time, and where the system maps large pages it holds megabytes for every row.
        rows = places if self.rows is None else self.rows[places]
        size = math.prod(self.shape[1:])
        values = np.empty((len(rows), size), np.uint8)
        for row, start in zip(values, (rows * size).tolist(), strict=True):
            if os.preadv(self._file, (row.data,), start) != size:
                raise BadInput(f"'{self.path}' has been cut short; delete its folder")
        values = values.reshape(len(rows), *self.shape[1:])
        return np.where(values > 127, np.uint8(255), np.uint8(0)) if self.threshold else values
