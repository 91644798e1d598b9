"""What commands print, and the files they write: whole or not at all, never over another."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit import writing
from vaekit.cli.messages import printable
from vaekit.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_PICTURES = 2_500
MOST_NAMES = 40  # of a heat map
_PIPED = 160  # columns of a table that no terminal limits
_GAP = 3  # between two columns of it


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table; the columns whose numbers are in `right` are flush right.

    No word, such as a path or a link, is broken where there is room for all of them.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    cells = [[printable(cell) for cell in row] for row in (headers, *rows)]
    width = None if sys.stdout.isatty() else _PIPED
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    columns = list(zip(*cells, strict=True))
    words = [" ".join(column).split() for column in columns]
    widths = [max(map(len, each), default=0) for each in words]
    fits = sum(widths) + _GAP * (len(widths) - 1) <= console.width
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, column in enumerate(columns):
        justify: Any = "right" if number in right else "left"
        whole = fits and not any(" " in cell for cell in column)
        drawn.add_column(column[0], justify=justify, overflow="fold", no_wrap=whole)
    for row in cells[1:]:
        drawn.add_row(*row)
    console.print(drawn)


def short(value: float | None) -> str:
    """A number with two decimals, or a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def target(
    out: Path | None,
    default: Path,
    endings: Sequence[str],
    force: bool,
    beside: str | None = None,
    flag: str = "--out",
) -> Path:
    """Where to write: `out`; or the default, with the next free number where it is there already.

    beside: the ending of another file that will lie there, too. flag: what `out` was given by.

    Raises BadInput for another ending, and for an `out` that is there, unless forced.
    """

    def there(path: Path) -> Path | None:
        both = [path] if beside is None else [path, path.with_suffix(beside)]
        return next(filter(Path.exists, both), None)

    if out is None:
        numbered = (default.with_stem(f"{default.stem}-{number}") for number in count(2))
        free = (path for path in chain([default], numbered) if force or there(path) is None)
        return next(free)
    path = out
    if path.suffix.lower() not in endings:
        raise BadInput(f"{flag} must end in {' or '.join(endings)}, not be {str(path)!r}.")
    if (taken := there(path)) is not None and not force:
        raise BadInput(f"{taken} is there already: give another {flag}, or --force.")
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` once all went well.

    Raises BadInput where it cannot be written.
    """
    try:
        with writing.replacing(path) as part:
            yield part
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def write_arrays(
    path: Path, shape: tuple[int, ...], parts: "Iterable[NDArray[np.float32]]"
) -> None:
    """Write an array of a shape, given in parts along its first axis, as `.npy`."""
    from numpy.lib.format import write_array_header_1_0

    # Not as a memory map: on a full disk that would end the process with a bus error.
    with replacing(path) as part, part.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        write_array_header_1_0(file, header)
        for values in parts:
            file.write(values.astype("<f4", copy=False).tobytes())


def _write_table(path: Path, names: Sequence[str], parts: "Iterable[NDArray[np.float32]]") -> None:
    """Write rows (n, F), given in parts, as `.csv` under the names of their columns."""
    import pyarrow as pa
    from pyarrow import csv

    schema = pa.schema([(name, pa.float32()) for name in names])
    with replacing(path) as part, csv.CSVWriter(part, schema) as writer:
        for rows in parts:
            writer.write(pa.record_batch(list(rows.T.copy()), schema=schema))


def write_figure(path: Path, figure: "Figure") -> None:
    """Write a figure as PNG."""
    from vaekit.figures import png

    with replacing(path) as part:
        part.write_bytes(png(figure))


def write_wave(path: Path, wave: "NDArray[np.float32]", rate: int) -> None:
    """Write sound (samples,) in [-1, 1] as 16-bit WAV."""
    import wave as waves

    import numpy as np

    levels = np.rint(np.clip(wave, -1, 1) * 32_767).astype("<i2")
    with replacing(path) as part, part.open("wb") as file, waves.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(levels.tobytes())


def write_picture(path: Path, picture: "NDArray[np.float32]") -> None:
    """Write one picture (C, H, W) in [0, 1] as PNG, pixel by pixel; values outside are cut off.

    The fourth channel of a picture that has one is its alpha.
    """
    from PIL import Image

    from vaekit.figures.images import pixels

    levels = pixels(picture[None])[0]
    image = Image.fromarray(levels[..., 0] if len(picture) == 1 else levels)
    if len(picture) == 4:
        image.putalpha(Image.fromarray(pixels(picture[None, 3:])[0, ..., 0]))
    with replacing(path) as part:
        image.save(part, "PNG")


def write_data(
    path: Path,
    shape: tuple[int, ...],
    parts: "Iterable[NDArray[np.float32]]",
    title: str,
    names: Sequence[str] = (),
) -> None:
    """Write data (n, *event) as `.npy`, pictures as one PNG with a title, or vectors as `.csv`.

    names: of the columns of a table. Raises BadInput for too many pictures for one.
    """
    if path.suffix.lower() == ".npy":
        write_arrays(path, shape, parts)
        return
    if path.suffix.lower() == ".csv":
        _write_table(path, names, parts)
        return
    import numpy as np

    from vaekit.figures import grid

    if shape[0] > MOST_PICTURES:
        raise BadInput(
            f"--out {path}: {shape[0]:,} pictures do not fit in one of {MOST_PICTURES:,} at most; "
            "write .npy instead."
        )
    write_figure(path, grid(np.concatenate(list(parts)), ceil(sqrt(shape[0])), title=title))
