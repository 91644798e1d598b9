"""Tables of a report: numbers that line up, error bars, notes."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from vaekit.errors import BadInput
from vaekit.figures.markup import inline, paragraphs

# A string that was a number before somebody formatted it, with its error or [its interval].
NUMBER = re.compile(r"[<>≤≥≈~]?\s*[-−+]?\d[\d,.]*\s*(%|±\s*[\d,.]+\s*%?|\[[^\]]*\])?")
NOTHING = "–"


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[Any]],
    caption: str = "",
    notes: Sequence[str] = (),
    digits: Sequence[int | None] | None = None,
) -> str:
    """A table as HTML.

    A cell is a text, a number, a pair (value, error) shown as value ± error, or None. Columns of
    numbers stand to the right, with the same number of decimals: `digits` of the column, or else
    two, and three significant figures at least where all are below one.
    Raises BadInput where a row has another length than the headers.
    """
    for row in rows:
        if len(row) != len(headers):
            raise BadInput(f"a row has {len(row)} cells under {len(headers)} headers: {row!r}")
    wanted = digits or [None] * len(headers)
    columns = [[_native(row[n]) for row in rows] for n in range(len(headers))]
    texts = [_texts(column, places) for column, places in zip(columns, wanted, strict=True)]
    marks = [' class="number"' if _numeric(column) else "" for column in columns]
    top = "".join(
        f'<th scope="col"{mark}>{inline(header)}</th>'
        for header, mark in zip(headers, marks, strict=True)
    )
    body = "".join(f"<tr>{_row(cells, marks)}</tr>\n" for cells in zip(*texts, strict=True))
    title = f"<figcaption>{inline(caption)}</figcaption>\n" if caption else ""
    below = "".join(f'<div class="below">{paragraphs(note)}</div>\n' for note in notes)
    return (
        f'<figure class="table">\n{title}<div class="wide" tabindex="0">\n<table>\n'
        f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
        f"{below}</figure>\n"
    )


def _row(cells: Sequence[str], marks: Sequence[str]) -> str:
    tags = ["td"] * len(cells)
    if not marks[0]:
        tags[0] = 'th scope="row"'
    return "".join(
        f"<{tag}{mark}>{cell}</{tag[:2]}>"
        for tag, mark, cell in zip(tags, marks, cells, strict=True)
    )


def _native(cell: Any) -> Any:
    """The cell, as a number of Python's where it is one of numpy's."""
    return cell.item() if isinstance(cell, np.generic) else cell


def _numeric(column: Sequence[Any]) -> bool:
    """Whether every cell that says something is a number."""
    said = [cell for cell in column if cell is not None and cell not in ("", NOTHING)]
    return bool(said) and all(
        NUMBER.fullmatch(cell) if isinstance(cell, str) else not isinstance(cell, bool)
        for cell in said
    )


def _texts(column: Sequence[Any], digits: int | None) -> list[str]:
    """The cells of a column as HTML."""
    places = _decimals(column) if digits is None else digits
    return [_text(cell, places) for cell in column]


def _decimals(column: Sequence[Any]) -> int:
    values = [abs(v) for v in map(_value, column) if v is not None and math.isfinite(v) and v]
    magnitude = math.floor(math.log10(max(values))) if values else 0
    return 2 - magnitude if magnitude < 0 else max(0, min(2, 4 - magnitude))


def _value(cell: Any) -> float | None:
    """The number that decides a column's decimals; whole numbers need none."""
    if isinstance(cell, tuple):
        return float(cell[0])
    return cell if isinstance(cell, float) else None


def _text(cell: Any, digits: int) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        return inline(cell)
    if isinstance(cell, tuple):
        value, error = cell
        return f"{_text(float(value), digits)} ± {_text(float(error), digits)}"
    number = f"{cell:,}" if isinstance(cell, int) else f"{cell:,.{digits}f}"
    return number.replace("-", "−")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
