"""What is known of every point, as the page colours by it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Dataset, Split
from vaekit.data.columns import TRUTH, label_names_of
from vaekit.explorer.protocol import Column

Array = NDArray[Any]
MISSING = 65_535
"""The number of no class."""

_MOST = 1_500  # classes: a column of more is of names


def columns(dataset: Dataset, split: Split) -> dict[str, tuple[Column, Array]]:
    """The columns of a split's table by name, with their values for the page.

    Classes and bools become uint16 (N,), where a missing one is 65,535; numbers float32 (N,),
    where it is NaN. A column of names, each of its own, is left out.
    """
    made = {
        name: _made(name, column, label_names_of(name, dataset.label_names))
        for name, column in split.table.items()
    }
    return {name: each for name, each in made.items() if each is not None}


def text_of(column: Column, value: Any) -> str:
    """One of a column's values in words."""
    if column.kind == "number":
        return "" if np.isnan(value) else f"{value:.6g}"
    return "" if value == MISSING else column.labels[int(value)]


def _made(name: str, column: Array, names: Sequence[str] | None) -> tuple[Column, Array] | None:
    if names is not None:
        return Column(name, "class", tuple(names), True), column.astype(np.uint16)
    if column.dtype == np.bool_:
        return Column(name, "bool", TRUTH, True), column.astype(np.uint16)
    if column.dtype.kind in "iuf":
        return Column(name, "number", (), False), column.astype(np.float32)
    values, numbers = np.unique(column, return_inverse=True)
    if len(values) > _MOST:
        return None
    numbers = np.where(column == "", MISSING, numbers).astype(np.uint16)
    return Column(name, "class", tuple(map(str, values)), False), numbers
