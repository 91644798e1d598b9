"""Columns of a table: found by name, their values as texts, what is missing in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaekit.errors import LISTED, BadInput, nearest

Array = npt.NDArray[Any]
TRUTH = ("no", "yes")
"""What the two values of a column of bools are called."""

_ALIASES = {"class": "label"}
_SAID = {"true": "yes", "1": "yes", "false": "no", "0": "no"}


def named(parameter: str, name: str, known: Iterable[str]) -> str:
    """The known column of this name; "class" is another one for "label".

    Raises BadInput that names the parameter, and the nearest name or those there are.
    """
    there = list(known)
    if name in there:
        return name
    if _ALIASES.get(name) in there:
        return _ALIASES[name]
    hint = nearest(name, there) if there else "the data have no columns."
    raise BadInput(f"`{parameter}`: there is no column {name!r}: {hint}")


def parted(text: str, known: Iterable[str]) -> tuple[str, str]:
    """The column and the value of COLUMN=VALUE; an attribute's own name may hold a "="."""
    there = {*known, *_ALIASES}
    places = [place for place, letter in enumerate(text) if letter == "="]
    place = next((place for place in reversed(places) if text[:place] in there), None)
    if place is None:
        name, _, value = text.partition("=")
        return name, value
    return text[:place], text[place + 1 :]


def listed(values: Sequence[str]) -> str:
    """The first values, and whether there are more."""
    return ", ".join(values[:LISTED]) + (", …" if len(values) > LISTED else "")


def label_names_of(name: str, label_names: Sequence[str] | None) -> Sequence[str] | None:
    """The names of a column's class numbers, where it holds these."""
    return label_names if name == "label" else None


def texts(column: Array, names: Sequence[str] | None) -> list[str]:
    """The values (N,) of a column as texts; names: of its class numbers, where it holds these."""
    if names is not None:
        return [names[number] for number in column.tolist()]
    if column.dtype == np.bool_:
        return [TRUTH[value] for value in column.tolist()]
    return [str(value) for value in column.tolist()]


def said(value: Any, values: Sequence[str]) -> str:
    """A value that a user gave as one of a column's texts: true is yes where these are bools."""
    text = str(value)
    return _SAID.get(text.lower(), text.lower()) if tuple(values) == TRUTH else text


def missing(column: Array) -> int:
    """How many of its values are missing: no finite number, or an empty text."""
    if column.dtype.kind == "f":
        return int((~np.isfinite(column)).sum())
    return int((column == "").sum()) if column.dtype.kind == "U" else 0


def values_in(
    table: Mapping[str, Array], name: str, label_names: Sequence[str] | None
) -> list[str]:
    """The different values of a column as texts, in the order of their numbers or letters."""
    names = label_names_of(name, label_names)
    return list(dict.fromkeys(texts(np.unique(table[name]), names)))
