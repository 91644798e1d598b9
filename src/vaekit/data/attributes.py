"""Tables of attributes: what is known about each picture, as yes or no, as numbers and texts.

file ── text or Parquet ──▶ columns of texts ── values ──▶ names, bool columns, other columns
"""

import csv
import math
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data.files import SUFFIXES
from vaekit.errors import BadInput
from vaekit.memory import require

Bools = npt.NDArray[np.bool_]

_TABLES = (".csv", ".tsv", ".txt", ".parquet")
_NAMED = ("image", "image_id", "image_name", "file", "file_name", "filename", "path", "name", "id")
_MOST_VALUES = 30  # of a category; a column with more is a measurement or a text
_EXACT = 1 << 53  # whole numbers from there on are not told apart
_MOST_BYTES = 1 << 28  # of a table in a zip; one that unpacks to more is taken for a bomb
_TRUTH = {
    "1": True,
    "true": True,
    "yes": True,
    "-1": False,
    "0": False,
    "false": False,
    "no": False,
}
_MISSING = ("", "nan", "na", "n/a", "null")


class SkippedColumns(UserWarning):
    """Some columns of a table are neither yes or no nor categories, and so no attributes."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """What a table says about N pictures.

    names: of their files, as the table has them.
    columns: bool (N,) by attribute; a category is one column a value, `Column=value`.
    others: columns of numbers, NaN where one is missing, and of texts, empty ones likewise;
        categories among them, by the column's own name.
    """

    names: list[str]
    columns: dict[str, Bools]
    others: dict[str, npt.NDArray[Any]]


def read_attributes(path: Path) -> Attributes:
    """The attributes in a file: CelebA's text, CSV, TSV or Parquet, plain or in a zip.

    +1 and -1, 1 and 0, true and false, yes and no become bools; other texts and whole
    numbers of at most 30 values become one column a value. Warns with `SkippedColumns` of
    the rest, which is no attribute but can be a condition.

    Raises BadInput for a file that can't be read, names that come twice, missing values of
    attributes, and where nothing is left.
    """
    where, data = _content(path)
    try:
        table = _parquet(data) if where.endswith(".parquet") else _text(data, where)
    except (ValueError, OSError, LookupError, NotImplementedError, csv.Error) as error:
        raise BadInput(f"'{where}' is no table that can be read: {error}") from None
    if not table or not table[0][1]:
        raise BadInput(f"'{where}' has no rows; give one a picture, with its file name")
    place = _place_of_names(table, where)
    if not where.endswith(".parquet") and _is_headless(table, place):
        first = ", ".join(name for name, _ in table[:3])
        raise BadInput(
            f"'{where}' has no heading: its first line, {first}{', …' * (len(table) > 3)}, is a "
            "row; put the names of the columns above it"
        )
    if twice := [name for name, n in Counter(name for name, _ in table).items() if n > 1]:
        raise BadInput(f"'{where}' has two columns named '{twice[0]}'; rename one")
    names = table.pop(place)[1].texts()
    if "" in names:
        raise BadInput(f"'{where}' has no file name in row {names.index('') + 1}; add it")
    if len(set(names)) < len(names):
        name, count = Counter(names).most_common(1)[0]
        raise BadInput(f"'{where}' has {count} rows for '{name}'; keep one")
    others = {name: found for name, column in table if (found := _other(name, column)) is not None}
    return Attributes(names, _columns(table, names, where, bool(others)), others)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of N texts by their distinct values; a code of -1 is a missing value.

    It is without values where they are of no kind that could be an attribute.
    """

    values: list[str]
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)

    def texts(self) -> list[str]:
        """Its N values; a missing one is empty."""
        return [self.values[code] if code >= 0 else "" for code in self.codes.tolist()]


_Table = list[tuple[str, Column]]


def _content(path: Path) -> tuple[str, bytes]:
    """What the table is called in messages, and its bytes."""
    try:
        if path.suffix.lower() != ".zip":
            if path.exists() and not path.is_file():  # a pipe would never answer
                raise BadInput(f"'{path}' is no regular file: give a table's own")
            require(path.stat().st_size, f"'{path}'")
            return str(path), path.read_bytes()
        with zipfile.ZipFile(path) as members:
            tables = [
                info
                for info in members.infolist()
                if info.filename.lower().endswith(_TABLES) and "__MACOSX" not in info.filename
            ]
            if len(tables) != 1:
                raise BadInput(
                    f"'{path}' holds {len(tables)} tables ({', '.join(_TABLES)}); it must be one"
                )
            if tables[0].file_size > _MOST_BYTES:
                raise BadInput(f"'{tables[0].filename}' in '{path}' unpacks to more than 256 MiB")
            return f"{path}/{tables[0].filename}", members.read(tables[0])
    except FileNotFoundError:
        raise BadInput(f"there is no table '{path}'; check `attributes`") from None
    except (OSError, RuntimeError, zipfile.BadZipFile) as error:
        raise BadInput(f"cannot read '{path}': {error}") from None


def _parquet(data: bytes) -> _Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data))
    plain = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_dictionary,
    )
    schema = file.schema_arrow
    known = {field.name for field in schema if any(is_(field.type) for is_ in plain)}
    table = file.read(sorted(known))
    other = Column([], np.full(len(table), -1, np.int32))
    return [
        (name, _encoded(table[name].cast(pa.string())) if name in known else other)
        for name in schema.names
    ]


def _text(data: bytes, where: str) -> _Table:
    """A table of text; CelebA's starts with a count of rows and leaves the first column unnamed."""
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    first, _, rest = data.partition(b"\n")
    promised = int(first) if first.strip().isdigit() else None
    header, _, body = (data if promised is None else rest).partition(b"\n")
    heading = header.decode("utf-8")
    mark = next((mark for mark in "\t,;" if mark in heading), " ")
    names = heading.split() if mark == " " else next(csv.reader([heading], delimiter=mark))
    names = [name.strip() for name in names]
    if mark == " " and len(body.partition(b"\n")[0].split()) == len(names) + 1:
        names.insert(0, "name")
    columns = read_columns(body, len(names), mark)
    if promised is not None and len(columns[0]) != promised:
        raise BadInput(
            f"'{where}' has {len(columns[0]):,} rows but its first line says {promised:,}; "
            "fetch it again or correct that line"
        )
    return list(zip(names, columns, strict=True))


def read_columns(body: bytes, count: int, mark: str) -> list[Column]:
    """The columns of lines of text without a heading; raises ValueError for uneven lines.

    mark: what stands between values; a space stands for any blanks.
    """
    import pyarrow as pa
    from pyarrow import csv as text

    if mark == " ":
        body = body.replace(b"\t", b" ")
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b" \n", b"\n").replace(b"\n ", b"\n").strip()
    names = [str(place) for place in range(count)]
    if not body.strip():
        return [Column([], np.zeros(0, np.int32)) for _ in names]
    table = text.read_csv(
        pa.BufferReader(body),
        text.ReadOptions(column_names=names),
        text.ParseOptions(delimiter=mark, quote_char=False if mark == " " else '"'),
        text.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    return [_encoded(column) for column in table.columns]


def _encoded(column: Any) -> Column:
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Column([str(value).strip() for value in encoded.dictionary.to_pylist()], codes)


def _place_of_names(table: _Table, where: str) -> int:
    """Which column holds the names of files."""
    firsts = [column.values[column.codes[0]] if column.values else "" for _, column in table]
    named = [place for place, (name, _) in enumerate(table) if name.lower() in _NAMED]
    files = [place for place, first in enumerate(firsts) if first.lower().endswith(SUFFIXES)]
    texts = [place for place, first in enumerate(firsts) if not _is_value(first)]
    if not (found := [place for place in files if place in named] or files or named or texts):
        raise BadInput(f"'{where}' has no column of file names; name it 'image'")
    return found[0]


def _is_headless(table: _Table, place: int) -> bool:
    """Whether what should name the columns is a row: the name of a file, and values."""
    name, column = table[place]
    if any(value.lower().endswith(SUFFIXES) for value in column.values):
        return name.lower().endswith(SUFFIXES)
    others = [name for number, (name, _) in enumerate(table) if number != place]
    return name.lower() not in _NAMED and bool(others) and all(map(_is_value, others))


def _is_value(text: str) -> bool:
    return text.lower() in _TRUTH or text.lower() in _MISSING or _number(text) is not None


def _columns(table: _Table, names: Sequence[str], where: str, others: bool) -> dict[str, Bools]:
    """The attributes; others: whether there are columns of another kind beside them."""
    found: list[tuple[str, Bools]] = []
    skipped = []
    for name, column in table:
        if parts := _bools(name, column):
            _check_whole(name, column, names, where)
            found += parts
        else:
            skipped.append(name)
    if not (found or others):
        raise BadInput(
            f"'{where}' has no attributes; give columns of 1 and -1, 1 and 0, true and false, "
            f"or categories of at most {_MOST_VALUES} values"
        )
    if twice := [name for name, n in Counter(name for name, _ in found).items() if n > 1]:
        raise BadInput(f"'{where}' gives two attributes the name '{twice[0]}'; rename one")
    if "label" in dict(found):
        raise BadInput(f"'{where}' has an attribute named 'label', which means classes; rename it")
    if skipped:
        warnings.warn(
            f"left out {len(skipped)} columns of '{where}' as attributes, neither yes or no nor "
            f"categories of at most {_MOST_VALUES} values, first '{skipped[0]}'",
            SkippedColumns,
            stacklevel=2,
        )
    return dict(found)


def _check_whole(name: str, column: Column, names: Sequence[str], where: str) -> None:
    """Raise BadInput where a value is missing."""
    missing = [place for place, value in enumerate(column.values) if value.lower() in _MISSING]
    rows = np.flatnonzero(np.isin(column.codes, [-1, *missing]))
    if len(rows):
        raise BadInput(
            f"'{where}' has no value of '{name}' in row {rows[0] + 1}, '{names[rows[0]]}'; "
            "fill it in, or remove the row or the column"
        )


def _bools(name: str, column: Column) -> list[tuple[str, Bools]]:
    """The attributes that a column stands for: itself, one a category, or none."""
    if not 0 < len(column.values) <= _MOST_VALUES:
        return []
    values = [_plain(value) for value in column.values]
    kinds = sorted(set(values))
    if _yes_or_no(column):
        return [(name, np.array([_TRUTH[value] for value in values])[column.codes])]
    fractions = any((number := _number(kind)) is not None and number % 1 for kind in kinds)
    if fractions or len(kinds) == len(column) > 2:
        return []
    return [
        (f"{name}={kind}", np.array([value == kind for value in values])[column.codes])
        for kind in kinds
    ]


def _other(name: str, column: Column) -> npt.NDArray[Any] | None:
    """A column as numbers or texts; None where it is an attribute itself, empty or unreadable."""
    values = ["" if value.lower() in _MISSING else value for value in column.values]
    if name == "label" or not any(values) or _yes_or_no(column):
        return None
    numbers = [math.nan if value == "" else _number(value) for value in values]
    if None in numbers:
        return np.array([*values, ""])[column.codes]
    found = np.array([*numbers, math.nan], np.float64)[column.codes]
    whole = bool((found % 1 == 0).all() and (np.abs(found) < _EXACT).all())
    return found.astype(np.int64) if whole else found


def _yes_or_no(column: Column) -> bool:
    few = column.values if len(column.values) <= _MOST_VALUES else []
    kinds = {_plain(value) for value in few}
    return bool(kinds) and kinds <= _TRUTH.keys() and not {"0", "-1"} <= kinds


def _plain(value: str) -> str:
    """A value as it is compared: 1.0 and +1 are 1, True is true; other texts stay."""
    number = _number(value)
    if number is not None and number % 1 == 0:
        return str(int(number))
    return value.lower() if value.lower() in _TRUTH else value


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
