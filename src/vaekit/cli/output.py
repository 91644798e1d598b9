"""What commands print, and the files they write: whole or not at all, never over another."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli.messages import printable
from vaekit.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_PICTURES = 2_500
_PIPED = 160  # columns of a table that no terminal limits


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table; the columns whose numbers are in `right` are flush right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, header in enumerate(headers):
        justify: Any = "right" if number in right else "left"
        drawn.add_column(printable(header), justify=justify, overflow="fold")
    for row in rows:
        drawn.add_row(*map(printable, row))
    width = None if sys.stdout.isatty() else _PIPED
    Console(width=width, markup=False, highlight=False, emoji=False).print(drawn)


def target(out: Path | None, default: Path, endings: Sequence[str], force: bool) -> Path:
    """Where to write: `out`, or the default.

    Raises BadInput for another ending, and for a file that is there unless forced.
    """
    path = default if out is None else out
    if path.suffix.lower() not in endings:
        raise BadInput(f"--out must end in {' or '.join(endings)}, not be {str(path)!r}.")
    if path.exists() and not force:
        raise BadInput(f"{path} is there already: give another --out, or --force.")
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` once all went well.

    Raises BadInput where it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_arrays(
    path: Path, shape: tuple[int, ...], parts: "Iterable[NDArray[np.float32]]"
) -> None:
    """Write an array of a shape, given in parts along its first axis, as `.npy`."""
    from numpy.lib.format import open_memmap

    with replacing(path) as part:
        whole = open_memmap(part, "w+", "float32", shape)
        start = 0
        for values in parts:
            whole[start : start + len(values)] = values
            start += len(values)
        whole.flush()
        del whole


def write_figure(path: Path, figure: "Figure") -> None:
    """Write a figure as PNG."""
    from vaekit.figures import png

    with replacing(path) as part:
        part.write_bytes(png(figure))


def write_picture(path: Path, picture: "NDArray[np.float32]") -> None:
    """Write one picture (C, H, W) in [0, 1] as PNG, pixel by pixel; values outside are cut off."""
    from PIL import Image

    from vaekit.figures.images import pixels

    levels = pixels(picture[None])[0]
    with replacing(path) as part:
        Image.fromarray(levels[..., 0] if len(picture) == 1 else levels).save(part, "PNG")


def write_data(path: Path, shape: tuple[int, ...], parts: "Iterable[NDArray[np.float32]]") -> None:
    """Write data (n, *event) as `.npy`, or pictures as one PNG.

    Raises BadInput where they are too many for one.
    """
    if path.suffix.lower() == ".npy":
        write_arrays(path, shape, parts)
        return
    import numpy as np

    from vaekit.figures import grid

    if shape[0] > MOST_PICTURES:
        raise BadInput(
            f"--out {path}: {shape[0]:,} pictures do not fit in one of {MOST_PICTURES:,} at most; "
            "write .npy instead."
        )
    write_figure(path, grid(np.concatenate(list(parts)), ceil(sqrt(shape[0])), gap=1))
