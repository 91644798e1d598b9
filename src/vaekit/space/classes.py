"""Mean codes of classes: how far they lie apart, who is nearest, and the way from one to another.

Hsu, Zhang and Glass 2017, https://arxiv.org/abs/1704.04222
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import BadInput, nearest
from vaekit.space.plane import Array, points

Texts = Sequence[str] | NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClassMeans:
    """The mean codes of C classes, of one column or several, in D dimensions.

    columns, values: the column and the value of each class.
    means: shape (C, D).
    counts: how many codes each is the mean of, (C,).
    accuracy: share of the held-out codes of each class that are nearest to its mean, among those
        of its column, (C,); of_groups: the same of mean codes of groups, such as recordings. NaN
        where there are none.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    means: Array
    counts: Array
    accuracy: Array
    of_groups: Array

    @property
    def names(self) -> tuple[str, ...]:
        """COLUMN=VALUE of each class."""
        pairs = zip(self.columns, self.values, strict=True)
        return tuple(f"{column}={value}" for column, value in pairs)

    @property
    def vectors(self) -> Array:
        """The mean codes less the mean of those of their column, (C, D)."""
        found = self.means.copy()
        for column in dict.fromkeys(self.columns):
            rows = self.rows(column)
            found[rows] -= found[rows].mean(axis=0)
        return found

    @property
    def norms(self) -> Array:
        """The lengths of the vectors, (C,)."""
        return np.asarray(np.linalg.norm(self.vectors, axis=1))

    @property
    def cosines(self) -> Array:
        """Of the angles between all pairs of vectors, (C, C)."""
        unit = self.vectors / np.maximum(self.norms, 1e-12)[:, None]
        return np.asarray(unit @ unit.T)

    def rows(self, column: str) -> Array:
        """The numbers of the classes of a column; raises BadInput where there is none such."""
        if column not in self.columns:
            hint = nearest(column, dict.fromkeys(self.columns))
            raise BadInput(f"`attribute`: there are no classes of {column!r}: {hint}")
        return np.flatnonzero(np.array(self.columns) == column)

    def place(self, column: str, value: str, parameter: str = "to") -> int:
        """The number of a class; raises BadInput, with the nearest, where there is none such."""
        rows = self.rows(column)
        there = {self.values[row]: int(row) for row in rows}
        if value not in there:
            raise BadInput(
                f"`{parameter}`: there is no {column} {value!r}: {nearest(value, there)}"
            )
        return there[value]

    def nearest(self, codes: ArrayLike, column: str) -> list[str]:
        """Of codes (n, D) the class of a column whose mean is nearest to each."""
        rows = self.rows(column)
        found = _nearest(points(codes), self.means[rows])
        return [self.values[rows[place]] for place in found]

    def way(self, column: str, source: str, target: str) -> Array:
        """What a code of one class lacks to be one of another, (D,)."""
        ends = self.place(column, source, "from"), self.place(column, target)
        return np.asarray(self.means[ends[1]] - self.means[ends[0]])


def class_means(
    codes: ArrayLike,
    classes: Mapping[str, Texts],
    held_out: tuple[ArrayLike, Mapping[str, Texts]],
    groups: Texts,
) -> ClassMeans:
    """The mean codes of classes, and how well held-out codes are told apart by them.

    codes: shape (N, D). classes: by column, the N values.
    held_out: codes (M, D) and their classes. groups: what the M belong to, (M,), of one class
        each.
    """
    known, (others, theirs) = points(codes), held_out
    tested = points(others) if len(np.asarray(others)) else np.zeros((0, known.shape[1]))
    columns, values, means, counts = list[str](), list[str](), list[Array](), list[int]()
    accuracy, of_groups = list[float](), list[float]()
    for column, each in classes.items():
        texts = np.asarray(each).astype(np.str_)
        own = np.unique(texts).tolist()
        sums = np.stack([known[texts == value].mean(axis=0) for value in own])
        marks = np.asarray(theirs[column]).astype(np.str_)
        joint, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
        centres = np.zeros((len(joint), known.shape[1]))
        np.add.at(centres, inverse, tested)
        centres /= np.bincount(inverse, minlength=len(joint))[:, None] if len(joint) else 1
        columns += [column] * len(own)
        values += own
        means.append(sums)
        counts += [int((texts == value).sum()) for value in own]
        accuracy += _shares(_nearest(tested, sums), own, marks)
        of_groups += _shares(_nearest(centres, sums), own, marks[first])
    return ClassMeans(
        tuple(columns),
        tuple(values),
        np.concatenate(means),
        np.array(counts),
        np.array(accuracy),
        np.array(of_groups),
    )


def _nearest(codes: Array, means: Array) -> Array:
    """The number of the nearest of means (C, D) to each of codes (n, D)."""
    return np.asarray((np.square(means).sum(1) / 2 - codes @ means.T).argmin(axis=1))


def _shares(found: Array, values: Sequence[str], marks: Array) -> list[float]:
    """Of each value the share of its own that are found to be of it."""
    said = np.asarray(values)[found] if len(found) else marks
    return [
        float((said[marks == value] == value).mean()) if (marks == value).any() else float("nan")
        for value in values
    ]
