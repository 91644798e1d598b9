"""What the names of files say: `{digit}_{speaker}_{index}` makes columns of a table."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaekit.data.files import bare, in_utf8
from vaekit.errors import BadInput

_FIELD = re.compile(r"\{([^{}]*)\}")
_EXACT = 1 << 53


def named_columns(
    pattern: str, names: Sequence[str], reserved: Sequence[str]
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.bool_]]:
    """A column of N values for each field of a pattern, and which of N names fit it.

    Values of names that do not fit mean nothing. Columns of whole numbers are int64, others
    texts. A pattern is of the last parts of a path, as many as it has, without its ending.

    names: paths with forward slashes. reserved: names that no field may have.

    Raises BadInput for a pattern without fields, with one twice or a reserved one, and where no
    name fits.
    """
    fields = _FIELD.findall(pattern)
    if not fields or len(set(fields)) < len(fields) or not all(map(str.isidentifier, fields)):
        raise BadInput(
            f"`labels` {pattern!r} is no pattern of names: give one such as "
            "'{speaker}_{index}', each field once"
        )
    if taken := [name for name in fields if name in reserved]:
        raise BadInput(f"`labels`: {taken[0]!r} is the name of another column: rename the field")
    shape = re.compile(_as_regex(bare(pattern)))
    parts = pattern.count("/") + 1
    found = [shape.fullmatch("/".join(bare(name).split("/")[-parts:])) for name in names]
    fits = np.array([each is not None for each in found])
    if not fits.any():
        raise BadInput(
            f"`labels` {pattern!r} fits no name, first '{in_utf8(names[0])}': give a pattern "
            "that does"
        )
    values = {
        field: ["" if each is None else in_utf8(each[field]) for each in found] for field in fields
    }
    return {field: _column(texts, fits) for field, texts in values.items()}, fits


def _as_regex(pattern: str) -> str:
    """A pattern as a regular expression."""
    literal = re.split(r"\{[^{}]*\}", pattern)
    fields = [f"(?P<{name}>[^/]+?)" for name in _FIELD.findall(pattern)]
    pieces = [re.escape(literal[0])]
    for field, text in zip(fields, literal[1:], strict=True):
        pieces += [field, re.escape(text)]
    return "".join(pieces)


def _column(texts: Sequence[str], fits: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Texts as whole numbers where all that fit are such."""
    chosen = [text for text, fit in zip(texts, fits, strict=True) if fit]
    if all(re.fullmatch(r"[0-9]+", text) and int(text) < _EXACT for text in chosen):
        return np.array([int(text or 0) for text in texts], np.int64)
    return np.array(texts)
