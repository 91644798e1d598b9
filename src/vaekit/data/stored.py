"""Rows of a file that stays on disk."""

import math
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from vaekit.errors import BadInput


class Stored(ABC):
    """A read-only array whose rows are read from a file when they are indexed; no more is held.

    shape: (n, *row). dtype: of its values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    @abstractmethod
    def take(self, index: npt.NDArray[np.int64] | slice) -> Self:
        """These rows of the same file, still on disk."""

    @staticmethod
    @abstractmethod
    def joined(parts: "Sequence[Any]") -> "Stored":
        """The rows of several parts of one file, in their order."""

    @abstractmethod
    def _read(self, places: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """The rows at these places, from 0 to n - 1."""

    @property
    def ndim(self) -> int:
        """The number of axes, as an array has it."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        places = self._places(index)
        rows: npt.NDArray[Any] = self._read(np.atleast_1d(places))
        return rows if places.ndim else rows[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

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

    def _fill(self, rows: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> None:
        """Read each of the rows (n, …) from its own place in the file, in bytes.

        One positioned read a row. A memory map is no faster once its pages are given back in
        time, and where the system maps large pages it holds megabytes for every row.

        Raises BadInput when the file turns out shorter than its shape.
        """
        for row, start in zip(rows, starts.tolist(), strict=True):
            if os.preadv(self._file, (row.data,), start) != row.nbytes:
                raise BadInput(f"'{self.path}' has been cut short; delete its folder")


@final
class StoredRows(Stored):
    """A read-only (N, C, H, W) uint8 array in a file, or some of its rows.

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
        super().__init__(path)
        self.file_shape = file_shape
        self.rows = rows
        self.threshold = threshold
        self.dtype = np.dtype(np.uint8)
        self.shape = (file_shape[0] if rows is None else len(rows), *file_shape[1:])

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

    def _read(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        rows = places if self.rows is None else self.rows[places]
        size = math.prod(self.shape[1:])
        values = np.empty((len(rows), size), np.uint8)
        self._fill(values, rows * size)
        values = values.reshape(len(rows), *self.shape[1:])
        return np.where(values > 127, np.uint8(255), np.uint8(0)) if self.threshold else values


@final
class StoredWindows(Stored):
    """Windows (n, 1, bands, frames) float32 into a file of frames; they may overlap.

    path: a file of nothing but frame after frame, `bands` values of float32 each.
    starts: the number of each window's first frame, shape (n,).
    mean, scale: by band, what is subtracted and what the rest is divided by.
    """

    def __init__(
        self,
        path: Path,
        bands: int,
        frames: int,
        starts: npt.NDArray[np.int64],
        mean: Sequence[float] = (),
        scale: Sequence[float] = (),
    ) -> None:
        super().__init__(path)
        self.starts = starts
        self.dtype = np.dtype(np.float32)
        self.shape = (len(starts), 1, bands, frames)
        self._mean, self._scale = tuple(mean), tuple(scale)

    def take(self, index: npt.NDArray[np.int64] | slice) -> "StoredWindows":
        """These windows into the same file."""
        return self._with(self.starts[index], self._mean, self._scale)

    @staticmethod
    def joined(parts: "Sequence[StoredWindows]") -> "StoredWindows":
        """The windows of several parts, of one file and scaled alike, in their order."""
        first = parts[0]
        assert all(part.path == first.path for part in parts)
        starts = np.concatenate([part.starts for part in parts])
        return first._with(starts, first._mean, first._scale)

    def scaled(self, mean: Sequence[float], scale: Sequence[float]) -> "StoredWindows":
        """The same windows, less this mean and over this scale, by band, whatever they were."""
        return self._with(self.starts, mean, scale)

    def _with(
        self, starts: npt.NDArray[np.int64], mean: Sequence[float], scale: Sequence[float]
    ) -> "StoredWindows":
        return StoredWindows(self.path, self.shape[2], self.shape[3], starts, mean, scale)

    def _read(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        _, _, bands, frames = self.shape
        values = np.empty((len(places), frames, bands), np.float32)
        self._fill(values, self.starts[places] * (bands * values.itemsize))
        if self._mean:
            values -= np.asarray(self._mean, np.float32)
            values /= np.asarray(self._scale, np.float32)
        return values.swapaxes(1, 2)[:, None]


@final
class StoredTunes(Stored):
    """Windows (n, V, T) float32 of symbols into a file of tunes; they may overlap.

    path: a file of nothing but step after step, a byte for each of V voices.
    starts: the number of each window's first step, shape (n,).
    """

    def __init__(self, path: Path, voices: int, steps: int, starts: npt.NDArray[np.int64]) -> None:
        super().__init__(path)
        self.starts = starts
        self.dtype = np.dtype(np.float32)
        self.shape = (len(starts), voices, steps)

    def take(self, index: npt.NDArray[np.int64] | slice) -> "StoredTunes":
        """These windows into the same file."""
        _, voices, steps = self.shape
        return StoredTunes(self.path, voices, steps, self.starts[index])

    @staticmethod
    def joined(parts: "Sequence[StoredTunes]") -> "StoredTunes":
        """The windows of several parts of one file, in their order."""
        first = parts[0]
        assert all(part.path == first.path for part in parts)
        _, voices, steps = first.shape
        starts = np.concatenate([part.starts for part in parts])
        return StoredTunes(first.path, voices, steps, starts)

    def _read(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        voices, steps = self.shape[1:]
        values = np.empty((len(places), steps, voices), np.uint8)
        self._fill(values, self.starts[places] * voices)
        return values.transpose(0, 2, 1).astype(np.float32, order="C")
