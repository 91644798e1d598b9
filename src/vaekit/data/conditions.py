"""What a model is told beside the data: columns of the table as one row of numbers, the context."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.errors import BadInput

Array = npt.NDArray[Any]
_LISTED = 12  # values that a message holds
_MOST = 1_000  # classes: a column of more is of names, not of classes
_FAR = 3.0  # spans of the training data beyond which a number is refused


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
        texts = _texts(column, names)
        place = {value: number for number, value in enumerate(self.values)}
        numbers = np.array([place.get(text, -1) for text in texts], np.int64)
        if (numbers < 0).any():
            raise BadInput(self._unseen(texts[int(np.argmin(numbers))]))
        return _ones(numbers, self.size)

    def given(self, text: str) -> npt.NDArray[np.float32]:
        """The row (size,) of a class by its name; raises BadInput for an unknown one."""
        if text not in self.values:
            raise BadInput(self._unseen(text))
        return _ones(np.array([self.values.index(text)]), self.size).reshape(-1)

    def _unseen(self, text: str) -> str:
        near = get_close_matches(text, self.values, n=1)
        more = ", …" if self.size > _LISTED else ""
        known = f"there are {', '.join(self.values[:_LISTED])}{more}"
        hint = f"did you mean {near[0]}?" if near else f"{known}."
        return f"Training saw no {self.name} {text!r}: {hint}"


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
        """Rows (N, 1) of a column (N,); raises BadInput where values are missing."""
        values = np.asarray(column, np.float64)[:, None]
        if count := int(np.isnan(values).sum()):
            raise BadInput(f"{self.name} is missing for {count:,} rows: fill it in.")
        return ((values - self.mean) / self.scale).astype(np.float32)

    def given(self, text: str) -> npt.NDArray[np.float32]:
        """The row (1,) of a number; raises BadInput for another text or one far outside."""
        try:
            value = float(text)
        except ValueError:
            raise BadInput(f"{self.name} must be a number, not {text!r}.") from None
        reach = _FAR * (self.high - self.low)
        if not self.low - reach <= value <= self.high + reach:
            raise BadInput(
                f"{self.name} ran from {self.low:g} to {self.high:g} in training: {text} is too "
                "far from there to mean anything."
            )
        return self.encode(np.array([value]), None).reshape(-1)


Column = Classes | Number
_COLUMNS: dict[str, type[Classes] | type[Number]] = {"classes": Classes, "number": Number}


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
            column.encode(_column(table, column.name), _names(column.name, label_names))
            for column in self.columns
        ]
        return np.concatenate(rows, axis=1)

    def given(self, values: Mapping[str, str]) -> npt.NDArray[np.float32]:
        """The context (E,) of one value for each column.

        Raises BadInput for a column without one, an unknown column, and a value that training
        did not see.
        """
        names = [column.name for column in self.columns]
        for name in values:
            if name not in names:
                raise BadInput(f"`given`: this model is told {', '.join(names)}, not {name!r}.")
        if missing := [name for name in names if name not in values]:
            raise BadInput(f"`given` lacks a value for {missing[0]}: such as {missing[0]}=VALUE.")
        rows = [column.given(values[column.name]) for column in self.columns]
        return np.concatenate(rows, dtype=np.float32)

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

    Labels, texts and booleans are classes; other numbers are standardised.

    label_names: of the class numbers in its column "label".
    Raises BadInput for a column that is not there, has missing values or only one value.
    """
    return Conditions(tuple(_made(name, table, label_names) for name in dict.fromkeys(names)))


def _made(name: str, table: Mapping[str, Array], label_names: Sequence[str] | None) -> Column:
    column, names = _column(table, name), _names(name, label_names)
    absent = np.zeros(len(column), np.bool_)
    if column.dtype.kind in "fU":
        absent = np.isnan(column) if column.dtype.kind == "f" else column == ""
    if count := int(absent.sum()):
        raise BadInput(f"`condition`: {name} is missing for {count:,} training rows: fill it in.")
    values = np.unique(column)
    if len(values) < 2:
        raise BadInput(f"`condition`: {name} is the same for all training rows: leave it out.")
    if names is None and column.dtype.kind in "iuf":
        numbers = column.astype(np.float64)
        low, high = float(numbers.min()), float(numbers.max())
        return Number(name, float(numbers.mean()), float(numbers.std()), low, high)
    if len(values) > _MOST:
        raise BadInput(f"`condition`: {name} has {len(values):,} classes, and {_MOST:,} is most.")
    texts = set(_texts(values, names))
    return Classes(name, tuple(each for each in names or sorted(texts) if each in texts))


def _column(table: Mapping[str, Array], name: str) -> Array:
    if name not in table:
        there = ", ".join(list(table)[:_LISTED])
        more = ", …" if len(table) > _LISTED else ""
        hint = f"there are {there}{more}." if there else "the data have no columns."
        near = get_close_matches(name, table, n=1)
        hint = f"did you mean {near[0]}?" if near else hint
        raise BadInput(f"`condition`: there is no column {name!r}: {hint}")
    return table[name]


def _names(name: str, label_names: Sequence[str] | None) -> Sequence[str] | None:
    """The names of a column's class numbers, where it holds these."""
    return label_names if name == "label" else None


def _ones(numbers: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.float32]:
    """One-hot rows (N, size) of class numbers (N,)."""
    rows = np.zeros((len(numbers), size), np.float32)
    rows[np.arange(len(numbers)), numbers] = 1
    return rows


def _texts(column: Array, names: Sequence[str] | None) -> list[str]:
    if names is not None:
        return [names[number] for number in column.tolist()]
    if column.dtype == np.bool_:
        return ["yes" if value else "no" for value in column.tolist()]
    return [str(value) for value in column.tolist()]
