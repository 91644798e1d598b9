"""Rows of which something holds: the classes asked for, those with an attribute, a range."""

import hashlib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vaekit.data.columns import Array, label_names_of, named, parted, said, texts
from vaekit.data.dataset import Split
from vaekit.data.splits import Found, numbered
from vaekit.errors import BadInput, nearest

Bools = npt.NDArray[np.bool_]
Holds = Callable[[Array], Bools]
"""Of which of a column's values (N,) something holds."""

_COMPARED = re.compile(r"([^<>]+)(<=|>=|<|>)([^<>]+)")
_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def selected(
    splits: Mapping[str, Split], only: Sequence[str], label_names: Sequence[str] | None
) -> tuple[dict[str, Split], str]:
    """The rows of every split of which all of these hold, and a digest of which they are.

    only: COLUMN=VALUE, several values with commas between, LOW:HIGH of numbers, both included;
        or COLUMN<VALUE, and likewise with <=, > and >=.
    label_names: of the class numbers in the column "label".

    Raises BadInput for a column or a class that is not there, and where no training row is left.
    """
    asked = [_clause("only", text, splits, label_names) for text in only]
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


def set_apart(found: Found, test: str) -> tuple[Found, str]:
    """The rows of which something holds as the test split, and a digest of which they are.

    test: as one of `only`.

    Raises BadInput where there is a test split already, and where it holds of none or of all.
    """
    if "test" in found.splits:
        raise BadInput("the data have a test split of their own; leave out `test`")
    split = found.splits["train"]
    name, holds = _clause("test", test, {"train": split}, found.label_names)
    chosen = holds(split.table[name])
    if not 0 < chosen.sum() < len(split):
        which = "all" if chosen.any() else "none"
        raise BadInput(f"`test`: {test} holds of {which} of {len(split):,} rows: choose others.")
    of = {"train": np.flatnonzero(~chosen), "test": np.flatnonzero(chosen)}
    parts = {part: numbered(split).take(rows) for part, rows in of.items()}
    digest = hashlib.sha256(of["test"].astype("<i8").tobytes()).hexdigest()
    return replace(found, splits=found.splits | parts), digest


def _alone(only: Sequence[str], asked: Sequence[tuple[str, Holds]], split: Split) -> str:
    """How many rows each of these holds of by itself."""
    counts = (int(test(split.table[column]).sum()) for column, test in asked)
    return ", ".join(f"{text} holds of {n:,}" for text, n in zip(only, counts, strict=True))


def _clause(
    asker: str, text: str, splits: Mapping[str, Split], label_names: Sequence[str] | None
) -> tuple[str, Holds]:
    """A column, and which of its values are wanted; asker: the parameter that messages name."""
    table = splits["train"].table
    name, value = parted(text, table)
    if name not in table and (found := _COMPARED.fullmatch(text)):
        name = named(asker, found[1].strip(), table)
        return name, _of_compared(asker, name, found[2], found[3], table[name], label_names)
    if not (name and value):
        raise BadInput(
            f"`{asker}` takes COLUMN=VALUE, such as label=7, age=20:30 or index<5, not {text!r}."
        )
    name = named(asker, name, table)
    columns = [split.table[name] for split in splits.values() if len(split)]
    names = label_names_of(name, label_names)
    if names is None and table[name].dtype.kind in "iuf":
        return name, _of_numbers(asker, name, value, columns)
    return name, _of_classes(asker, name, value, columns, names)


def _of_compared(
    asker: str,
    name: str,
    sign: str,
    value: str,
    column: Array,
    label_names: Sequence[str] | None,
) -> Holds:
    if label_names_of(name, label_names) is not None or column.dtype.kind not in "iuf":
        raise BadInput(f"`{asker}`: {name} holds no numbers to compare: say {name}=VALUE.")
    try:
        limit = float(value)
    except ValueError:
        raise BadInput(f"`{asker}`: {name}{sign} takes a number, not {value!r}.") from None
    compare = _SIGNS[sign]
    return lambda values: np.asarray(compare(values, limit), np.bool_)


def _of_classes(
    asker: str, name: str, value: str, columns: Sequence[Array], names: Sequence[str] | None
) -> Holds:
    there = {text for column in columns for text in texts(np.unique(column), names)}
    known = [each for each in names or sorted(there) if each in there]
    wanted = {said(each, known) for each in ([value] if value in known else value.split(","))}
    for each in sorted(wanted.difference(known)):
        raise BadInput(f"`{asker}`: no row has {name}={each}: {nearest(each, known)}")
    return lambda column: np.isin(np.array(texts(column, names), object), list(wanted))


def _of_numbers(asker: str, name: str, value: str, columns: Sequence[Array]) -> Holds:
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
            f"`{asker}`: {name} holds {there}: give some with commas between, or LOW:HIGH, "
            f"not {value!r}."
        ) from None
    if not mark:
        return lambda column: np.isin(column, wanted)
    if not low <= high:
        raise BadInput(f"`{asker}`: {name}={value} is empty: give the smaller number first.")
    return lambda column: (column >= low) & (column <= high)
