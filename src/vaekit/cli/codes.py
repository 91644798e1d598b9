"""Files of codes: Parquet or CSV with a row for each data point, `.npy`, or JSON that is read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli.output import replacing, write_arrays
from vaekit.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaekit.workflow.use import Codes as Encoded

    Codes = NDArray[np.float32]

ENDINGS = (".parquet", ".csv", ".npy")


def write_codes(path: Path, found: "Encoded") -> None:
    """Write codes (N, D); tables also hold ids, and labels and their names if there are any.

    In Parquet the names are a dictionary in the order of the labels, which pandas reads as a
    category.
    """
    ending = path.suffix.lower()
    if ending == ".npy":
        write_arrays(path, found.codes.shape, [found.codes])
        return
    from pyarrow import csv, parquet

    from vaekit.workflow.tables import code_table

    write = parquet.write_table if ending == ".parquet" else csv.write_csv
    with replacing(path) as part:
        write(code_table(found, categories=ending == ".parquet"), part)


def read_codes(path: Path, size: int) -> "Codes":
    """Codes (n, D) from a file, where D must be `size`.

    Raises BadInput for a file that is missing, damaged, not finite or of another size.
    """
    import numpy as np

    readers = {
        ".npy": _read_npy,
        ".parquet": _read_table,
        ".csv": _read_table,
        ".json": _read_json,
    }
    if path.suffix.lower() not in readers:
        raise BadInput(f"{path}: codes are read from {' or '.join(readers)} files.")
    if not path.is_file():
        raise BadInput(f"{path} is not there: give a file that `vaekit encode` wrote.")
    codes = readers[path.suffix.lower()](path)
    if codes.ndim != 2 or codes.shape[1] != size or not len(codes):
        raise BadInput(
            f"{path} holds codes of shape {codes.shape}, but this run needs (n, {size})."
        )
    if codes.dtype.kind not in "iuf" or not np.isfinite(codes).all():
        raise BadInput(f"{path} holds codes that are no finite numbers: remove or replace them.")
    if np.abs(codes).max() > np.finfo(np.float32).max:
        raise BadInput(
            f"{path} holds codes as large as {np.abs(codes).max():.3g}, which no model decodes: "
            "stay nearer to those of data."
        )
    return codes.astype(np.float32)


def _read_npy(path: Path) -> "NDArray[Any]":
    import numpy as np

    try:
        with path.open("rb") as file:
            codes: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise BadInput(
            f"{path} cannot be read ({error}): give an array of plain numbers."
        ) from None
    return codes


def _read_json(path: Path) -> "NDArray[Any]":
    import numpy as np

    try:
        return np.asarray(json.loads(path.read_text("utf-8")), np.float64)
    except (ValueError, TypeError, OSError, RecursionError):
        raise BadInput(
            f"{path} cannot be read: give a list of codes, each a list of numbers, as the page of "
            "`vaekit explore` writes it."
        ) from None


def _read_table(path: Path) -> "NDArray[Any]":
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, parquet

    read = csv.read_csv if path.suffix.lower() == ".csv" else parquet.read_table
    try:
        rows = read(path)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            f"{path} cannot be read ({error}): give a file that `vaekit encode` wrote."
        ) from None
    names = list(_latent_columns(rows.column_names))
    if not names:
        raise BadInput(f"{path} has no columns z0, z1, …: give a file that `vaekit encode` wrote.")
    return np.stack([rows[name].to_numpy() for name in names], 1)


def _latent_columns(names: list[str]) -> Iterator[str]:
    number = 0
    while f"z{number}" in names:
        yield f"z{number}"
        number += 1
