"""What a model is told beside the data: columns of the table as one row of numbers, the context."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data.columns import label_names_of, missing, named, said, texts, values_in
from vaekit.errors import BadInput, nearest

Array = npt.NDArray[Any]
_MOST = 2_000  # classes, more than the 1,393 chairs: a column of more is of names
_FAR = 3.0  # spans of the training data beyond which a number is refused
_ASIDE = 1 / 8  # of a turn: how far from the angles of the training data one may lie


@final
@dataclass(frozen=True, slots=True)
class Classes:
    """A column of classes: a one for the class, zeros for the others.

    values: their names, in the order of the numbers.
    """

    name: str
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many numbers it takes."""
        return len(self.values)

    def encode(self, column: Array, names: Sequence[str] | None) -> npt.NDArray[np.float32]:
        """Rows (N, size) of a column (N,); names: of its class numbers, where it holds these.

        Raises BadInput for a class that training did not see.
        """
        found = texts(column, names)
        place = {value: number for number, value in enumerate(self.values)}
        numbers = np.array([place.get(text, -1) for text in found], np.int64)
        if (numbers < 0).any():
            raise BadInput(self._unseen(found[int(np.argmin(numbers))]))
        return _ones(numbers, self.size)

    def given(self, value: Any) -> npt.NDArray[np.float32]:
        """The row (size,) of a class by its name; raises BadInput for an unknown one."""
        text = said(value, self.values)
        if text not in self.values:
            raise BadInput(self._unseen(text))
        return _ones(np.array([self.values.index(text)]), self.size).reshape(-1)

    def spread(self, count: int) -> tuple[str, ...]:
        """All of them."""
        return self.values

    def _unseen(self, text: str) -> str:
        return f"Training saw no {self.name} {text!r}: {nearest(text, self.values)}"


@final
@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers, standardised by the training data.

    mean, scale: of these, the standard deviation. low, high: where they lie.
    """

    name: str
    mean: float
    scale: float
    low: float
    high: float

    @property
    def size(self) -> int:
        """How many numbers it takes."""
        return 1

    def encode(self, column: Array, names: Sequence[str] | None) -> npt.NDArray[np.float32]:
        """Rows (N, 1) of a column (N,); raises BadInput where a value is missing."""
        values = _numbers(self.name, column)[:, None]
        return ((values - self.mean) / self.scale).astype(np.float32)

    def given(self, value: Any) -> npt.NDArray[np.float32]:
        """The row (1,) of a number; raises BadInput for another text or one far outside."""
        number = _number(self.name, value)
        reach = _FAR * (self.high - self.low)
        if not self.low - reach <= number <= self.high + reach:
            raise BadInput(_too_far(self.name, self.low, self.high, value))
        return self.encode(np.array([number]), None).reshape(-1)

    def spread(self, count: int) -> tuple[str, ...]:
        """So many, evenly from the lowest to the highest."""
        return _shown(np.linspace(self.low, self.high, count))


@final
@dataclass(frozen=True, slots=True)
class Angle:
    """A column of angles: their sines and cosines, so that a whole turn is none.

    turn: a whole one in the column's unit, 360 or 2 pi.
    start, span: the arc on which the training data lie.
    """

    name: str
    turn: float
    start: float
    span: float

    @property
    def size(self) -> int:
        """How many numbers it takes."""
        return 2

    def encode(self, column: Array, names: Sequence[str] | None) -> npt.NDArray[np.float32]:
        """Rows (N, 2) of a column (N,); raises BadInput where a value is missing."""
        turns = _numbers(self.name, column) * (2 * math.pi / self.turn)
        return np.stack([np.sin(turns), np.cos(turns)], axis=1).astype(np.float32)

    def given(self, value: Any) -> npt.NDArray[np.float32]:
        """The row (2,) of an angle; raises BadInput for another text or one far outside."""
        angle = _number(self.name, value)
        if math.isfinite(angle):
            beyond = (angle - self.start) % self.turn - self.span
            if min(beyond, self.turn - self.span - beyond) <= _ASIDE * self.turn:
                return self.encode(np.array([angle]), None).reshape(-1)
        raise BadInput(_too_far(self.name, self.start, self.start + self.span, value))

    def spread(self, count: int) -> tuple[str, ...]:
        """So many, evenly around the turn, or along the arc where training saw a part of it."""
        if self.turn - self.span <= 2 * _ASIDE * self.turn:
            return _shown(np.arange(count) * self.turn / count)
        return _shown(np.linspace(self.start, self.start + self.span, count))


Column = Classes | Number | Angle
_COLUMNS: dict[str, type[Classes] | type[Number] | type[Angle]] = {
    "classes": Classes,
    "number": Number,
    "angle": Angle,
}


@final
@dataclass(frozen=True, slots=True)
class Conditions:
    """The columns that a model is told, as the training data define them."""

    columns: tuple[Column, ...]

    @property
    def size(self) -> int:
        """E, the numbers of a context."""
        return sum(column.size for column in self.columns)

    def encode(
        self, table: Mapping[str, Array], label_names: Sequence[str] | None
    ) -> npt.NDArray[np.float32]:
        """The contexts (N, E) of the rows of a table.

        label_names: of the class numbers in its column "label".
        Raises BadInput for a column it lacks, and for classes that training did not see.
        """
        rows = [
            column.encode(
                table[named("condition", column.name, table)],
                label_names_of(column.name, label_names),
            )
            for column in self.columns
        ]
        return np.concatenate(rows, axis=1)

    def given(self, values: Mapping[str, Any]) -> npt.NDArray[np.float32]:
        """The context (E,) of one value for each column.

        Raises BadInput for a column without one, an unknown column, and a value that training
        did not see.
        """
        told = self.by_name(values)
        if lacking := [column.name for column in self.columns if column.name not in told]:
            raise BadInput(f"`given` lacks a value for {lacking[0]}: such as {lacking[0]}=VALUE.")
        rows = [column.given(told[column.name]) for column in self.columns]
        return np.concatenate(rows, dtype=np.float32)

    def changed(
        self, contexts: npt.NDArray[np.float32], values: Mapping[str, Any]
    ) -> npt.NDArray[np.float32]:
        """Contexts (N, E) in which some columns have another value; raises BadInput as `given`."""
        told, found, start = self.by_name(values), contexts.copy(), 0
        for column in self.columns:
            if column.name in told:
                found[:, start : start + column.size] = column.given(told[column.name])
            start += column.size
        return found

    def column(self, parameter: str, name: str) -> Column:
        """A column by its name; raises BadInput that names the parameter for an unknown one."""
        known = {column.name: column for column in self.columns}
        return known[named(parameter, name, known)]

    def by_name(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of columns by these' own names; raises BadInput for an unknown one."""
        names = [column.name for column in self.columns]
        told = {}
        for name, value in values.items():
            try:
                told[named("given", name, names)] = value
            except BadInput:
                raise BadInput(
                    f"`given`: this model is told {', '.join(names)}, not {name!r}."
                ) from None
        return told

    def to_json(self) -> list[dict[str, Any]]:
        """The columns as JSON can hold them."""
        kinds = {cls: kind for kind, cls in _COLUMNS.items()}
        return [{"kind": kinds[type(column)], **asdict(column)} for column in self.columns]

    @staticmethod
    def from_json(columns: Any) -> "Conditions":
        """The conditions that `to_json` wrote; raises BadInput for anything else."""
        try:
            made: list[Column] = []
            for column in columns:
                fields = {k: tuple(v) if isinstance(v, list) else v for k, v in column.items()}
                kind: Any = _COLUMNS[str(fields.pop("kind"))]
                made.append(kind(**fields))
            return Conditions(tuple(made))
        except (TypeError, KeyError, AttributeError):
            raise BadInput("its conditions are not ones that vaekit wrote") from None


def conditions(
    names: Sequence[str], table: Mapping[str, Array], label_names: Sequence[str] | None
) -> Conditions:
    """What the training rows make of some columns of their table.

    names: of the columns. Labels, texts and booleans are classes; other numbers are
        standardised. `name:class`, `name:number`, `name:angle` (degrees) and `name:radians` say
        what a column is to be.
    label_names: of the class numbers in its column "label".
    Raises BadInput for a column that is not there, has missing values or only one value, has
    too many classes or is no numbers where it should be.
    """
    made: dict[str, Column] = {}
    for name in names:
        column = _made(*_asked(name, table), table, label_names)
        if made.setdefault(column.name, column) != column:
            raise BadInput(f"`condition`: {column.name} comes twice, read differently: keep one.")
    return Conditions(tuple(made.values()))


def plain(names: Sequence[str], table: Mapping[str, Array]) -> list[str]:
    """The columns of these conditions, as the table calls them; raises BadInput as `conditions`."""
    return [_asked(name, table)[0] for name in names]


def _asked(text: str, table: Mapping[str, Array]) -> tuple[str, str]:
    """A column and what it is to be, nothing where that is left open."""
    name, colon, kind = text.rpartition(":")
    if not colon or text in table or kind not in (_CLASS, *_MADE):
        name, kind = text, ""
    return named("condition", name, table), kind


def _made(
    name: str, kind: str, table: Mapping[str, Array], label_names: Sequence[str] | None
) -> Column:
    column, names = table[name], label_names_of(name, label_names)
    if count := missing(column):
        raise BadInput(f"`condition`: {name} is missing for {count:,} training rows: fill it in.")
    if len(values := values_in(table, name, label_names)) < 2:
        raise BadInput(f"`condition`: {name} is the same for all training rows: leave it out.")
    numeric = names is None and column.dtype.kind in "iuf"
    if (kind := kind or ("number" if numeric else _CLASS)) != _CLASS:
        if not numeric:
            raise BadInput(f"`condition`: {name} holds no numbers: leave out :{kind}.")
        return _MADE[kind](name, column.astype(np.float64))
    if len(values) > _MOST:
        raise BadInput(f"`condition`: {name} has {len(values):,} classes, and {_MOST:,} is most.")
    return Classes(name, tuple(values))


def _standardised(name: str, numbers: npt.NDArray[np.float64]) -> Number:
    low, high = float(numbers.min()), float(numbers.max())
    return Number(name, float(numbers.mean()), float(numbers.std()), low, high)


def _turned(turn: float) -> Callable[[str, npt.NDArray[np.float64]], Angle]:
    """Angles of which a whole turn is so much, with the arc that leaves out their widest gap."""

    def made(name: str, numbers: npt.NDArray[np.float64]) -> Angle:
        seen = np.unique(numbers % turn)
        gaps = np.diff(seen, prepend=seen[-1] - turn)
        return Angle(name, turn, float(seen[gaps.argmax()]), float(turn - gaps.max()))

    return made


_CLASS = "class"
_MADE: dict[str, Callable[[str, npt.NDArray[np.float64]], Number | Angle]] = {
    "number": _standardised,
    "angle": _turned(360.0),
    "radians": _turned(2 * math.pi),
}


def _numbers(name: str, column: Array) -> npt.NDArray[np.float64]:
    if column.dtype.kind not in "iuf":
        raise BadInput(f"`condition`: {name} held numbers in training, and holds none here.")
    if count := missing(column):
        raise BadInput(f"`condition`: {name} is missing for {count:,} rows: fill it in.")
    return column.astype(np.float64)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{name} must be a number, not {value!r}.") from None


def _too_far(name: str, low: float, high: float, value: Any) -> str:
    return (
        f"{name} ran from {low:g} to {high:g} in training: {value} is too far from there to "
        "mean anything."
    )


def _shown(numbers: npt.NDArray[np.float64]) -> tuple[str, ...]:
    return tuple(f"{number:.6g}" for number in numbers)


def _ones(numbers: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.float32]:
    """One-hot rows (N, size) of class numbers (N,)."""
    rows = np.zeros((len(numbers), size), np.float32)
    rows[np.arange(len(numbers)), numbers] = 1
    return rows
