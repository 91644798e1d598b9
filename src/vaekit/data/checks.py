"""Whether a data set is one that a model can learn from, and the digest of one."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vaekit.data.stored import Stored, StoredTunes, StoredWindows
from vaekit.errors import BadInput

Array = npt.NDArray[Any] | Stored
Table = Mapping[str, npt.NDArray[Any]]
Names = Sequence[str] | None

_AXES = {"image": 4, "vector": 2, "sound": 4, "sequence": 3}  # of the rows of a kind
_BLOCK = 1024  # rows looked at at a time


class Rows(Protocol):
    """What is looked at of a `Split`."""

    @property
    def x(self) -> Array:
        """Its rows."""

    @property
    def table(self) -> Table:
        """What is known about each."""

    @property
    def context(self) -> npt.NDArray[np.float32] | None:
        """What a model is told about each."""

    @property
    def mask(self) -> npt.NDArray[np.bool_] | None:
        """Which values are there."""


def digest(splits: Mapping[str, Rows]) -> str:
    """A digest of rows, their tables and masks in memory, the same on every machine."""
    total = hashlib.sha256()
    for name in sorted(splits):
        columns, mask = splits[name].table, splits[name].mask
        there = [] if mask is None else [mask]
        for column in (splits[name].x, *(columns[key] for key in sorted(columns)), *there):
            values = np.ascontiguousarray(column)
            little = values.astype(values.dtype.newbyteorder("<"), copy=False)
            total.update(f"{name} {values.dtype.str[1:]} {values.shape};".encode())
            total.update(little.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def check_dataset(
    kind: str, splits: Mapping[str, Rows], label_names: Names, size: int | None
) -> None:
    """Raise BadInput naming the split and the field that cannot be; see `Dataset`.

    splits: by name, "train" among them. size: of the contexts, where there are some.
    """
    if kind not in _AXES:
        raise BadInput(f"`kind` must be {' or '.join(_AXES)}, not {kind!r}")
    first = splits["train"]
    for name, split in splits.items():
        _check_rows(name, split, first.x, kind)
        _check_columns(name, split, first.table, label_names, size)
        _check_values(name, split, kind)


def _check_rows(name: str, split: Rows, first: Array, kind: str) -> None:
    """Whether the rows of a split are those of its kind, and as those for training."""
    x = split.x
    if x.ndim != _AXES[kind]:
        wanted = {2: "(N, F)", 3: "(N, V, T)", 4: "(N, C, H, W)"}[_AXES[kind]]
        raise BadInput(f"`{name}`: its x has the shape {x.shape}, not {wanted}: reshape it")
    if x.shape[1:] != first.shape[1:] or x.dtype != first.dtype:
        raise BadInput(
            f"`{name}`: its x is {x.dtype} {x.shape[1:]} a row, and that of train "
            f"{first.dtype} {first.shape[1:]}: make them alike"
        )
    if 0 in x.shape[1:]:
        raise BadInput(f"`{name}`: its x has the shape {x.shape}: give rows that hold something")
    if x.dtype != np.float32 and not (kind == "image" and x.dtype == np.uint8):
        known = "uint8, or float32 in [0, 1]" if kind == "image" else "float32"
        raise BadInput(f"`{name}`: its x is of {x.dtype}: give {known}")


def _check_columns(name: str, split: Rows, first: Table, names: Names, size: int | None) -> None:
    """Whether tables and contexts are alike, and all labels have a name."""
    if len(split.x) and split.table.keys() != first.keys():
        differing = min(split.table.keys() ^ first.keys())
        raise BadInput(f"`{name}`: its table and that of train differ in {differing!r}: give both")
    given = None if split.context is None else split.context.shape[1]
    if given != size and len(split.x):
        raise BadInput(
            f"`{name}`: its context has {given or 'no'} numbers a row, and the `conditions` give "
            f"{size or 'none'}: use `told`, which makes both"
        )
    labels = split.table.get("label")
    if labels is None or not len(labels):
        if names and len(split.x):
            raise BadInput(f"`{name}`: its table has no 'label', though there are `label_names`")
        return
    if labels.dtype.kind not in "iu":
        raise BadInput(f"`{name}`: its labels are of {labels.dtype}: give class numbers from 0 on")
    if names is not None and not 0 <= labels.min() <= labels.max() < len(names):
        raise BadInput(
            f"`{name}`: its labels run from {labels.min()} to {labels.max()}, and there are "
            f"{len(names)} `label_names`: give each class a name"
        )


def _check_values(name: str, split: Rows, kind: str) -> None:
    """Whether float rows are finite, and those of pictures in [0, 1]."""
    # What was prepared is finite.
    if split.x.dtype == np.uint8 or isinstance(split.x, StoredWindows | StoredTunes):
        return
    low, high = (0.0, 1.0) if kind == "image" else (-np.inf, np.inf)
    for first in range(0, len(split.x), _BLOCK):
        block = split.x[first : first + _BLOCK]
        least, most = float(block.min()), float(block.max())  # NaN where one is
        if not (np.isfinite(least) and np.isfinite(most)):
            raise BadInput(
                f"`{name}`: its x has NaN or infinite values: replace them, with 0 where `mask` "
                "says that a value is missing"
            )
        if least < low or most > high:
            raise BadInput(f"`{name}`: its x runs from {least:g} to {most:g}: scale it to [0, 1]")
