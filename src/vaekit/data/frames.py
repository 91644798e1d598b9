"""Data frames: columns of numbers become vectors, and what else they say a table.

frame ── numbers, yes or no ──▶ x (N, F), with a mask where values are missing
      ── texts, categories ───▶ table, of which one column may be the labels
"""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vaekit.data.arrays import as_array, found
from vaekit.data.attributes import SkippedColumns
from vaekit.data.checks import digest
from vaekit.data.dataset import Split
from vaekit.data.pictures import digest as digest_of
from vaekit.data.splits import Found
from vaekit.errors import BadInput, nearest

Array = npt.NDArray[Any]

_WHERE = "data frame"
_LABEL = "label"  # a column that holds the labels where no other is named
_LISTED = 12  # columns that a message holds


def is_frame(x: Any) -> bool:
    """Whether something is a data frame: pandas', Polars', Arrow's or another's."""
    from narwhals.dependencies import is_into_dataframe

    return not isinstance(x, dict) and bool(is_into_dataframe(x))


def read_frame(
    frame: Any, labels: Any = None, told: Sequence[str] = (), columns: Sequence[str] = ()
) -> Found:
    """The rows of a data frame as vectors, and its other columns as their table.

    Booleans among the numbers are 0 and 1, and missing numbers are 0 and left out by the mask.
    Missing texts are empty. Warns with `SkippedColumns` of columns that are neither numbers
    nor texts, such as dates.

    labels: a column, or the classes (N,); left out, a column "label" where there is one.
    told: columns that a model is told beside the vector, which then lacks them.
    columns: those of the vector in their order; left out, all numbers that are not named above.

    Raises BadInput for columns that are not there or come twice, infinite values, missing
    labels, and where no column is of numbers.
    """
    series = _by_name(frame)
    if labels is None and _LABEL in series:
        labels = _LABEL
    named = [labels] if isinstance(labels, str) else []
    for name in (*named, *columns):
        _check_there(name, series)
    numbers = [name for name, each in series.items() if _is_number(each)]
    chosen = list(columns) or [name for name in numbers if name not in {*named, *told}]
    if wrong := [name for name in chosen if name not in numbers]:
        raise BadInput(f"`columns`: {wrong[0]!r} is not of numbers: leave it out")
    if not chosen:
        raise BadInput("the data frame has no columns of numbers to make vectors of: give some")
    values = np.stack([_numbers(series[name], name) for name in chosen], axis=1)
    there = ~np.isnan(values)
    y = series[named[0]] if named else labels
    whole = found({"train": np.where(there, values, 0)}, _classes(y), _WHERE)
    table = _table({name: each for name, each in series.items() if name not in chosen})
    table |= whole.splits["train"].table
    split = Split(whole.splits["train"].x, table, mask=None if there.all() else there)
    splits, options = {"train": split}, {"columns": chosen} | ({"labels": labels} if named else {})
    content = digest_of(digest(splits), chosen, list(table))
    return replace(whole, splits=splits, content=content, options=options)


def _by_name(frame: Any) -> dict[str, Any]:
    """The columns of a frame that has rows; raises BadInput where two have one name."""
    import narwhals as nw

    try:
        wide = nw.from_native(frame, eager_only=True)
        names = Counter(map(str, wide.columns))
    except nw.exceptions.DuplicateError:
        names = Counter(map(str, frame.columns))
    if twice := [name for name, count in names.items() if count > 1]:
        raise BadInput(f"the data frame has two columns named {twice[0]!r}: rename one")
    if not len(wide):
        raise BadInput("the data frame has no rows: give one that has")
    return {str(name): wide.get_column(name) for name in wide.columns}


def _check_there(name: str, series: dict[str, Any]) -> None:
    if name in series:
        return
    raise BadInput(f"the data frame has no column {name!r}: {nearest(name, series)}")


def _is_number(series: Any) -> bool:
    import narwhals as nw

    return bool(series.dtype.is_numeric() or series.dtype == nw.Boolean)


def _numbers(series: Any, name: str) -> Array:
    """A column as float32 (N,), NaN where it is missing."""
    import narwhals as nw

    exact = series.cast(nw.Float64).to_numpy()
    with np.errstate(over="ignore"):
        values: Array = np.asarray(exact, np.float32)
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise BadInput(
            f"the data frame has {exact[row]:g} in column {name!r}, row {row}, which is no number "
            "that a model reads: remove or replace it"
        )
    return values


def _table(series: Mapping[str, Any]) -> dict[str, Array]:
    """The columns of a table; a warning names those that have no place in it."""
    found = {name: _column(each) for name, each in series.items()}
    if skipped := [name for name, column in found.items() if column is None]:
        warnings.warn(
            f"left out {len(skipped)} columns of the data frame that are neither numbers nor "
            f"texts, first {skipped[0]!r}",
            SkippedColumns,
            stacklevel=5,
        )
    return {name: column for name, column in found.items() if column is not None}


def _column(series: Any) -> Array | None:
    """A column of the table: texts, booleans or numbers; None for another kind."""
    import narwhals as nw

    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        return np.array(series.cast(nw.String).fill_null("").to_list(), np.str_)
    if not _is_number(series):
        return None
    if series.is_null().any() or series.dtype.is_decimal():
        series = series.cast(nw.Float64)
    return np.asarray(series.to_numpy())


def _classes(labels: Any) -> dict[str, Array]:
    """Labels (N,) as `found` takes them: a column, or another array."""
    import narwhals as nw

    if labels is None:
        return {}
    if not isinstance(labels, nw.Series):
        return {"train": as_array(labels)}
    if labels.is_null().any():
        row = int(np.argmax(labels.is_null().to_numpy()))
        raise BadInput(f"`labels`: {labels.name!r} is missing in row {row}: fill it in")
    if (column := _column(labels)) is None:
        raise BadInput(f"`labels`: {labels.name!r} is neither of whole numbers nor of texts")
    return {"train": column}
