"""Rows of which something holds: the classes asked for, those with an attribute, a range."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vaekit.data.columns import Array, label_names_of, named, parted, said, texts
from vaekit.data.dataset import Split
from vaekit.errors import BadInput, nearest

Bools = npt.NDArray[np.bool_]
Holds = Callable[[Array], Bools]
"""Of which of a column's values (N,) something holds."""


def selected(
    splits: Mapping[str, Split], only: Sequence[str], label_names: Sequence[str] | None
) -> tuple[dict[str, Split], str]:
    """The rows of every split of which all of these hold, and a digest of which they are.

    only: COLUMN=VALUE, several values with commas between, LOW:HIGH of numbers, both included.
    label_names: of the class numbers in the column "label".

    Raises BadInput for a column or a class that is not there, and where no training row is left.
    """
    asked = [_clause(text, splits, label_names) for text in only]
    found: dict[str, Split] = {}
    total = hashlib.sha256()
    for name, split in splits.items():
        holds = np.ones(len(split), np.bool_)
        for column, test in asked:
            holds &= test(split.table[column])
        rows = np.flatnonzero(holds)
        total.update(f"{name}\0".encode() + rows.astype("<i8").tobytes())
        ids = [str(row) for row in rows] if split.ids is None else None
        found[name] = split.take(rows) if ids is None else replace(split.take(rows), ids=ids)
    if not len(found["train"]):
        raise BadInput(
            f"`only` leaves none of {len(splits['train']):,} training rows: "
            f"{_alone(only, asked, splits['train'])}."
        )
    return found, total.hexdigest()


def _alone(only: Sequence[str], asked: Sequence[tuple[str, Holds]], split: Split) -> str:
    """How many rows each of these holds of by itself."""
    counts = (int(test(split.table[column]).sum()) for column, test in asked)
    return ", ".join(f"{text} holds of {n:,}" for text, n in zip(only, counts, strict=True))


def _clause(
    text: str, splits: Mapping[str, Split], label_names: Sequence[str] | None
) -> tuple[str, Holds]:
    """A column, and which of its values are wanted."""
    table = splits["train"].table
    name, value = parted(text, table)
    if not (name and value):
        raise BadInput(f"`only` takes COLUMN=VALUE, such as label=7 or age=20:30, not {text!r}.")
    name = named("only", name, table)
    columns = [split.table[name] for split in splits.values() if len(split)]
    names = label_names_of(name, label_names)
    if names is None and table[name].dtype.kind in "iuf":
        return name, _of_numbers(name, value, columns)
    return name, _of_classes(name, value, columns, names)


def _of_classes(
    name: str, value: str, columns: Sequence[Array], names: Sequence[str] | None
) -> Holds:
    there = {text for column in columns for text in texts(np.unique(column), names)}
    known = [each for each in names or sorted(there) if each in there]
    wanted = {said(each, known) for each in ([value] if value in known else value.split(","))}
    for each in sorted(wanted.difference(known)):
        raise BadInput(f"`only`: no row has {name}={each}: {nearest(each, known)}")
    return lambda column: np.isin(np.array(texts(column, names), object), list(wanted))


def _of_numbers(name: str, value: str, columns: Sequence[Array]) -> Holds:
    numbers = np.concatenate(columns)
    there = f"numbers from {np.nanmin(numbers):g} to {np.nanmax(numbers):g}"
    first, mark, last = value.partition(":")
    try:
        if mark:
            low, high = float(first or -math.inf), float(last or math.inf)
        else:
            wanted = [float(each) for each in value.split(",")]
    except ValueError:
        raise BadInput(
            f"`only`: {name} holds {there}: give some with commas between, or LOW:HIGH, "
            f"not {value!r}."
        ) from None
    if not mark:
        return lambda column: np.isin(column, wanted)
    if not low <= high:
        raise BadInput(f"`only`: {name}={value} is empty: give the smaller number first.")
    return lambda column: (column >= low) & (column <= high)
