"""Dividing data into training, validation and test rows."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from vaekit.data.dataset import Kind, Split
from vaekit.errors import BadInput

Amount = int | float | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a source holds, before missing splits are drawn from "train".

    splits: by name; "train" always, "validation" and "test" where the source has them.
    content: a digest of everything in the splits.
    tail: whether the last rows become the validation split, rather than random ones.
    validation: how many by default, a number of rows or a share.
    """

    splits: dict[str, Split]
    kind: Kind
    content: str
    label_names: tuple[str, ...] | None = None
    tail: bool = False
    validation: int | float = 0.1


def divide(found: Found, validation: Amount, test: Amount, seed: int) -> dict[str, Split]:
    """Draw from "train" the splits that the source lacks.

    Raises BadInput for amounts that are impossible or for splits that exist already.
    """
    pool = found.splits["train"]
    total = len(pool)
    wanted = {"validation": (validation, found.validation), "test": (test, 0.1)}
    counts = {"validation": 0, "test": 0}
    for name, (given, default) in wanted.items():
        if name not in found.splits:
            counts[name] = _count(default if given is None else given, total, f"--{name}")
        elif given is not None:
            raise BadInput(f"the data have a {name} split of their own; leave out --{name}")
    drawn = sum(counts.values())
    if drawn >= total:
        raise BadInput(
            f"--validation and --test take {drawn:,} rows of {total:,} and leave none to train on"
        )
    tested = total - counts["validation"]
    ends = {"train": (0, total - drawn), "test": (total - drawn, tested)}
    ends["validation"] = (tested, total)
    given_splits = {name: split for name, split in found.splits.items() if name != "train"}
    return {name: _part(found, pool, *ends[name], seed) for name in ends} | given_splits


def _part(found: Found, pool: Split, first: int, last: int, seed: int) -> Split:
    if found.tail or last - first in (0, len(pool)):
        return pool.take(slice(first, last))
    if pool.ids is None:
        pool = Split(pool.x, pool.table, [str(row) for row in range(len(pool))])
    # RandomState's stream is frozen across versions of numpy; the newer generators' isn't.
    order = np.random.RandomState(seed).permutation(len(pool))
    return pool.take(np.sort(order[first:last]))


def _count(amount: int | float, total: int, flag: str) -> int:
    if isinstance(amount, bool) or not math.isfinite(amount) or amount < 0:
        raise BadInput(f"{flag} must be a number of rows or a share below 1, not {amount}")
    if isinstance(amount, int):
        return amount
    if amount >= 1:
        raise BadInput(f"{flag} must be a share below 1 or a whole number, not {amount}")
    # A share asked for gives at least one row where that still leaves some to train on.
    return max(round(amount * total), int(amount > 0 and total > 2))
