"""Dividing data into training, validation and test rows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data.dataset import Kind, Split
from vaekit.data.sound import Sound
from vaekit.data.stored import Stored
from vaekit.errors import BadInput

Amount = int | float | None

_BALANCED = 12  # attributes, the rarest: more would leave the seed nothing to choose


@final
@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a source holds, before missing splits are drawn from "train".

    splits: by name; "train" always, "validation" and "test" where the source has them.
    content: a digest of everything in the splits.
    tail: whether the last rows become the validation split, rather than random ones.
    balanced: whether random splits keep the rates of the attributes.
    validation, test: how many by default, a number of rows or a share.
    together: a column whose equal values stay in one split; amounts then count these.
    apart: a column and a number: only training takes rows where it is no multiple of that, as
        they overlap with others.
    sound: how recordings became rows, where they did, before these are normalised.
    options: those that shaped the content, as `load` takes them, with the source's defaults.
    left_out: how many files are in no split, by what is wrong with them.
    """

    splits: dict[str, Split]
    kind: Kind
    content: str
    label_names: tuple[str, ...] | None = None
    tail: bool = False
    balanced: bool = False
    validation: int | float = 0.1
    test: int | float | str = 0.1
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    together: str = ""
    apart: tuple[str, int] | None = None
    sound: Sound | None = None


def divide(found: Found, validation: Amount, test: Amount, seed: int) -> dict[str, Split]:
    """Draw from "train" the splits that the source lacks.

    found: of which `test` is an amount, not a condition; see `selection.set_apart`.

    Raises BadInput for amounts that are impossible or for splits that exist already.
    """
    pool = found.splits["train"]
    units = _units(found, pool)
    total = len(pool) if units is None else int(units.max(initial=-1)) + 1
    wanted: dict[str, tuple[Amount, Any]] = {
        "validation": (validation, found.validation),
        "test": (test, found.test),
    }
    counts = {"validation": 0, "test": 0}
    for name, (given, default) in wanted.items():
        if name not in found.splits:
            counts[name] = _count(default if given is None else given, total, f"`{name}`")
        elif given:
            raise BadInput(f"the data have a {name} split of their own; leave out `{name}`")
    drawn = sum(counts.values())
    if drawn >= total:
        raise BadInput(
            f"`validation` and `test` take {drawn:,} {found.together or 'row'}s of {total:,} and "
            "leave none to train on"
        )
    order = _order(found, pool, total, counts["test"], counts["validation"], seed)
    if order is not None and pool.ids is None:
        pool = numbered(pool)
    tested = total - counts["validation"]
    ends = {"train": (0, total - drawn), "test": (total - drawn, tested)}
    ends["validation"] = (tested, total)
    parts = {name: _part(pool, units, order, *ends[name]) for name in ends}
    parts |= {name: split for name, split in found.splits.items() if name != "train"}
    return parts if found.apart is None else _held_apart(parts, *found.apart)


def limited(split: Split, limit: int, seed: tuple[int, int]) -> Split:
    """At most `limit` random rows of a split, in the order they had, with the names they had."""
    if limit >= len(split):
        return split
    # RandomState's stream is frozen across versions of numpy; the newer generators' isn't.
    order = np.random.RandomState(seed).permutation(len(split))
    return numbered(split).take(np.sort(order[:limit]))


def joined(parts: Sequence[Split]) -> Split:
    """The rows of several splits of one data set as one, in their order."""
    first, *_ = parts
    if len(parts) == 1:
        return first
    rows = [part.x for part in parts]
    stored = [x for x in rows if isinstance(x, Stored)]
    ids = [part.ids for part in parts if part.ids is not None]
    context = [part.context for part in parts if part.context is not None]
    masks = [np.ones(part.x.shape, np.bool_) if part.mask is None else part.mask for part in parts]
    masked = any(part.mask is not None for part in parts)
    return replace(
        first,
        x=stored[0].joined(stored) if stored else np.concatenate(rows),
        table={name: np.concatenate([part.table[name] for part in parts]) for name in first.table},
        ids=list(chain.from_iterable(ids)) if len(ids) == len(parts) else None,
        context=np.concatenate(context) if context else None,
        mask=np.concatenate(masks) if masked else None,
    )


def numbered(split: Split) -> Split:
    """The split with its rows' numbers for names, where they have none."""
    if split.ids is not None:
        return split
    return replace(split, ids=[str(row) for row in range(len(split))])


def _units(found: Found, pool: Split) -> npt.NDArray[np.int64] | None:
    """What rows of the pool stay together, by number (N,); None where each is by itself."""
    if not found.together:
        return None
    return np.unique(pool.table[found.together], return_inverse=True)[1]


def _part(
    pool: Split,
    units: npt.NDArray[np.int64] | None,
    order: npt.NDArray[np.int64] | None,
    first: int,
    last: int,
) -> Split:
    if units is not None:
        places = np.arange(first, last) if order is None else order[first:last]
        return pool.take(np.flatnonzero(np.isin(units, places)))
    if order is None or last - first in (0, len(pool)):
        return pool.take(slice(first, last))
    return pool.take(np.sort(order[first:last]))


def _held_apart(parts: Mapping[str, Split], column: str, every: int) -> dict[str, Split]:
    """The splits, those held out with the rows alone where the column is a multiple."""
    return {
        name: split
        if name == "train"
        else split.take(np.flatnonzero(split.table[column] % every == 0))
        for name, split in parts.items()
    }


def _order(
    found: Found, pool: Split, total: int, test: int, validation: int, seed: int
) -> npt.NDArray[np.int64] | None:
    """Rows for training, then for testing, then for validation; None for the order they have."""
    if found.tail or not test + validation:
        return None
    # RandomState's stream is frozen across versions of numpy; the newer generators' isn't.
    order = np.random.RandomState(seed).permutation(total)
    return _spread(pool, order, test, validation) if found.balanced else order


def _spread(
    pool: Split, order: npt.NDArray[np.int64], test: int, validation: int
) -> npt.NDArray[np.int64]:
    """An order whose parts share the rarest attributes as evenly as they can.

    Rows that agree in these lie together, in a random order, and those drawn come from
    everywhere along the line (systematic sampling): a group of n rows gives its share of n,
    rounded up or down.
    """
    columns = [column for column in pool.table.values() if column.dtype == np.bool_]
    columns.sort(key=lambda column: min(column.mean(), 1 - column.mean()))
    if not columns:
        return order
    keys = np.stack(columns[:_BALANCED])[::-1, order]  # lexsort's last key comes first
    line = order[np.lexsort(keys)]
    line = np.roll(line, order[0])  # the seed also says where drawing starts
    drawn = line[_evenly(test + validation, len(line))]
    held = drawn[_evenly(validation, len(drawn))]
    return np.concatenate([np.setdiff1d(line, drawn), np.setdiff1d(drawn, held), held])


def _evenly(count: int, total: int) -> npt.NDArray[np.int64]:
    """`count` different places, evenly spread over 0 to total - 1."""
    return (np.arange(count) * 2 + 1) * total // (2 * count) if count else np.arange(0)


def _count(amount: int | float, total: int, flag: str) -> int:
    if isinstance(amount, bool) or not math.isfinite(amount) or amount < 0:
        raise BadInput(f"{flag} must be a number of rows or a share below 1, not {amount}")
    if isinstance(amount, int):
        return amount
    if amount >= 1:
        raise BadInput(f"{flag} must be a share below 1 or a whole number, not {amount}")
    # A share asked for gives at least one row where that still leaves some to train on.
    return max(round(amount * total), int(amount > 0 and total > 2))
