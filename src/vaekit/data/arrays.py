"""Arrays, in memory and from `.npy` and `.npz` files."""

import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaekit.data.checks import digest
from vaekit.data.dataset import Kind, Split
from vaekit.data.splits import Found
from vaekit.errors import BadInput
from vaekit.memory import require

Array = npt.NDArray[Any]

DATA_KEYS = ("x", "images", "imgs", "data", "arr_0")
LABEL_KEYS = ("y", "labels", "label")
KEYS = ("x_train", "y_train", "x_test", "y_test", *DATA_KEYS, *LABEL_KEYS)
CHANNELS = (1, 3, 4)
COPIES = 3  # of an array: as read, as a model reads it, and one on the way
_BLOCK = 1024  # rows at a time where a whole array's temporary would be too large
_UNREADABLE = (
    ValueError,
    EOFError,
    OSError,
    KeyError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def as_array(values: Any) -> Array:
    """The array of what holds numbers or texts: arrays, tensors on any device, lists of them.

    Raises BadInput where the parts of a list differ in shape.
    """
    if isinstance(values, list | tuple):
        parts = [as_array(each) for each in values]
        if len({part.shape for part in parts}) > 1:
            raise BadInput("the pictures differ in size or channels: make them alike")
        return np.stack(parts) if parts else np.empty(0)
    if hasattr(values, "detach"):
        return np.asarray(values.detach().cpu())
    return np.asarray(values)


def read_npy(path: Path) -> Found:
    """The rows of an `.npy` file; raises BadInput for anything that isn't numbers."""
    try:
        with path.open("rb") as file:
            _check_size(file, path.name, path)
            file.seek(0)
            values = np.lib.format.read_array(file, allow_pickle=False)
    except BadInput:
        raise
    except _UNREADABLE as error:
        raise BadInput(f"cannot read '{path}': {_reason(error)}") from None
    return found({"train": values}, {}, str(path))


def read_npz(path: Path) -> Found:
    """The rows and labels of an `.npz` file; members that aren't needed are not read.

    Looks for x_train, y_train, x_test, y_test; else for x, images, imgs, data or arr_0 with
    y, labels or label. Raises BadInput where there is none.
    """
    try:
        if not zipfile.is_zipfile(path):
            raise BadInput(f"'{path}' is no whole .npz archive; write it again with numpy.savez")
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as member:
                    _check_size(member, info.filename, path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            x, y = members(held, path)
    except BadInput:
        raise
    except _UNREADABLE as error:
        raise BadInput(f"cannot read '{path}': {_reason(error)}") from None
    return found(x, y, str(path))


def _check_size(file: IO[bytes], name: str, path: Path) -> None:
    """Raise BadInput where an array's header promises more than memory holds.

    What is no array, or one of Python objects, is left to the reader to refuse.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            return
        shape, _, dtype = _HEADERS[version](file)
    except ValueError:
        return
    require(COPIES * math.prod(shape) * dtype.itemsize, f"'{name}' in '{path}'")


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # but for letters in names of fields
}


def _reason(error: Exception) -> str:
    if "allow_pickle" in str(error):
        return "it holds Python objects, which are never unpickled; save plain numbers"
    return str(error)


def members(held: Mapping[str, Array], path: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """Rows and labels by split from arrays by name; raises BadInput where no rows are named so."""
    if "x_train" in held:
        splits = [name for name in ("train", "test") if f"x_{name}" in held]
        labelled = [name for name in splits if f"y_{name}" in held]
        return (
            {name: held[f"x_{name}"] for name in splits},
            {name: held[f"y_{name}"] for name in labelled},
        )
    data = [key for key in DATA_KEYS if key in held]
    labels = [key for key in LABEL_KEYS if key in held]
    if not data:
        raise BadInput(
            f"'{path}' holds {', '.join(held)}; name the data {', '.join(DATA_KEYS)} or x_train"
        )
    return (
        {"train": held[data[0]]},
        {"train": held[labels[0]]} if labels else {},
    )


def found(x: Mapping[str, Array], y: Mapping[str, Array], where: str) -> Found:
    """Splits from arrays of rows and of labels by split name.

    x: 2-D arrays become vectors, 3-D and 4-D ones images (N, C, H, W).
    y: labels (N,), for all splits or none.
    where: the file, for messages.
    Raises BadInput for empty arrays, values that aren't finite or are out of range, and
    labels that don't fit.
    """
    for name, rows in x.items():
        if rows.ndim not in (2, 3, 4) or rows.dtype.kind not in "biuf":
            raise BadInput(
                f"'{where}' holds {rows.dtype} of shape {rows.shape} for {name}; "
                "give numbers (N, F), (N, H, W), (N, H, W, C) or (N, C, H, W)"
            )
        if 0 in rows.shape:
            raise BadInput(f"'{where}' is empty: its {name} data have the shape {rows.shape}")
    if len({(rows.shape[1:], rows.dtype.kind == "f") for rows in x.values()}) > 1:
        shapes = " and ".join(f"{rows.dtype} {rows.shape}" for rows in x.values())
        raise BadInput(
            f"'{where}' has splits of different shapes or types, {shapes}; make them alike"
        )
    kind: Kind = "vector" if all(rows.ndim == 2 for rows in x.values()) else "image"
    parts = _vectors(x, where) if kind == "vector" else _images(x, where)
    labels, names = _labels(y, parts, where)
    splits = {
        name: Split(part, {"label": labels[name]} if labels else {}) for name, part in parts.items()
    }
    return Found(splits, kind, digest(splits), names)


def _vectors(x: Mapping[str, Array], where: str) -> dict[str, Array]:
    with np.errstate(over="ignore"):
        vectors = {name: np.ascontiguousarray(rows, np.float32) for name, rows in x.items()}
    for rows in vectors.values():
        _check_finite(rows, where)
    return vectors


def _images(x: Mapping[str, Array], where: str) -> dict[str, Array]:
    for rows in x.values():
        _check_finite(rows, where)
    low = min(rows.min() for rows in x.values())
    high = max(rows.max() for rows in x.values())
    floats = all(rows.dtype.kind == "f" for rows in x.values())
    if low < 0 or high > (1 if floats else 255):
        raise BadInput(
            f"'{where}' has values from {low} to {high}; "
            f"scale images to {'[0, 1]' if floats else '0..255, or to floats in [0, 1]'}"
        )
    images = {}
    for name, rows in x.items():
        if floats:
            values: Array = rows.astype(np.float32, copy=False)
        elif high <= 1:
            values = np.where(rows, np.uint8(255), np.uint8(0))
        else:
            values = rows.astype(np.uint8, copy=False)
        images[name] = _opaque(_channels_first(values, where))
    return images


def _channels_first(images: Array, where: str) -> Array:
    if images.ndim == 3:
        return np.ascontiguousarray(images[:, None])
    if images.shape[1] in CHANNELS:
        return np.ascontiguousarray(images)
    if images.shape[-1] in CHANNELS:
        return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    raise BadInput(
        f"'{where}' has the shape {images.shape}: neither its second nor its last axis "
        "can be 1, 3 or 4 channels"
    )


def _opaque(images: Array) -> Array:
    """Images without an alpha channel, laid on white."""
    if images.shape[1] != 4:
        return images
    white = 1.0 if images.dtype.kind == "f" else 255.0
    opaque = np.empty((len(images), 3, *images.shape[2:]), images.dtype)
    for first in range(0, len(images), _BLOCK):
        block = images[first : first + _BLOCK].astype(np.float32)
        alpha = block[:, 3:] / white
        laid = block[:, :3] * alpha + white * (1 - alpha)
        opaque[first : first + _BLOCK] = laid if white == 1.0 else laid.round()
    return opaque


def _check_finite(rows: Array, where: str) -> None:
    if rows.dtype.kind != "f" or (np.isfinite(rows.min()) and np.isfinite(rows.max())):
        return
    for first in range(0, len(rows), _BLOCK):
        block = rows[first : first + _BLOCK].reshape(-1, rows[0].size)
        bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
        if len(bad):
            raise BadInput(
                f"'{where}' has NaN or infinite values, first in row {first + bad[0]}; "
                "remove or replace them"
            )


def _labels(
    y: Mapping[str, Array], x: Mapping[str, Array], where: str
) -> tuple[dict[str, Array], tuple[str, ...] | None]:
    """Class numbers 0, 1, … by split, and the names of the classes."""
    if not y:
        return {}, None
    y = {name: _whole(labels) for name, labels in y.items()}
    for name, rows in x.items():
        if name not in y:
            raise BadInput(f"'{where}' has labels for some splits but none for {name}")
        labels = y[name]
        if labels.ndim != 1 or labels.dtype.kind not in "biuU":
            raise BadInput(
                f"'{where}' has labels of type {labels.dtype} and shape {labels.shape} for {name}; "
                "give whole numbers or strings of shape (N,)"
            )
        if len(labels) != len(rows):
            raise BadInput(f"'{where}' has {len(rows):,} rows but {len(labels):,} labels in {name}")
    values = np.unique(np.concatenate([np.unique(labels) for labels in y.values()]))
    numbers = {name: np.searchsorted(values, labels) for name, labels in y.items()}
    return numbers, tuple(str(value) for value in values)


def _whole(labels: Array) -> Array:
    """Labels as integers where they are whole numbers stored as floats, and texts as such."""
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.flat):
        return labels.astype(np.str_)
    if labels.dtype.kind == "f" and np.array_equal(labels, np.rint(labels)):
        return labels.astype(np.int64)
    return labels
