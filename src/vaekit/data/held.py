"""Rows that a program holds already: arrays, tensors, pictures, data frames, torch's data sets."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vaekit.data.arrays import as_array, found
from vaekit.data.dataset import Dataset, Split
from vaekit.data.faces import check_installed
from vaekit.data.frames import is_frame, read_frame
from vaekit.data.photos import picture
from vaekit.data.pictures import Pictures
from vaekit.data.splits import Found
from vaekit.errors import BadInput

Array = npt.NDArray[Any]


def in_memory(
    x: Any,
    labels: Any = None,
    wanted: Pictures | None = None,
    told: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> Found:
    """Rows, and labels where there are some, that a program holds already; see `found`.

    x: an array or a tensor; a list of pictures, which are arrays, tensors, Pillow's or paths of
        files; a data frame; or one of torch's data sets with a length, of rows x or (x, label),
        each of which is read once.
    labels: (N,); of a data frame also the name of a column.
    wanted: how pictures are cut and resized. told, columns: of data frames; see `read_frame`.

    Raises BadInput for pictures of different sizes that are not resized, options that do not
    fit, and as `found` and `read_frame` do.
    """
    wanted, names = wanted or Pictures(), None
    if wanted.attributes is not None:
        raise BadInput("`attributes` goes with folders and zips of images, not with rows in memory")
    if is_frame(x):
        _refuse_resizing(wanted, "a data frame")
        return read_frame(x, labels, told, columns)
    if columns:
        raise BadInput("`columns` are of a data frame: leave them out")
    if isinstance(labels, str):
        raise BadInput("`labels` are named by a column only in a data frame: give them, (N,)")
    if _is_torch_dataset(x):
        x, labels, names = _items(x, labels)
    ids = None
    if are_pictures(x):
        ids = [str(each) for each in x] if all(map(_is_path, x)) else None
        x = _pictures(x, wanted)
    else:
        _refuse_resizing(wanted, "arrays")
    classes = {} if labels is None else {"train": as_array(labels)}
    whole = found({"train": as_array(x)}, classes, "x")
    split = replace(whole.splits["train"], ids=ids)
    return _named(replace(whole, splits={"train": split}), labels, names)


def rows_of(x: Any) -> Split:
    """What `load` takes from memory, as one split of all its rows; a split as it is.

    Raises BadInput as `in_memory`, for a whole `Dataset`, and for a data frame, of which only a
    run knows which columns its model reads.
    """
    if isinstance(x, Split):
        return x
    if isinstance(x, Dataset):
        raise BadInput("this is a whole data set: give one of its splits, such as data.test")
    if is_frame(x):
        raise BadInput(
            "a model does not know the columns of a data frame: give their values as an array, "
            "or use the run that it is of, as in vaekit.encode(run, frame)"
        )
    return in_memory(x).splits["train"]


def are_pictures(x: Any) -> bool:
    """Whether this is a list of Pillow's pictures or of paths, which can be cut and resized."""
    return isinstance(x, list | tuple) and bool(x) and all(map(_is_picture, x))


def _is_path(each: Any) -> bool:
    return isinstance(each, str | Path)


def _is_picture(each: Any) -> bool:
    return _is_path(each) or hasattr(each, "convert")  # Pillow's need not be loaded to tell


def _is_torch_dataset(x: Any) -> bool:
    data = sys.modules.get("torch.utils.data")  # whoever made one has loaded it
    return data is not None and isinstance(x, data.Dataset)


def _items(dataset: Any, labels: Any) -> tuple[list[Any], Any, Sequence[str] | None]:
    """The rows of one of torch's data sets, their labels, and the names of its classes."""
    try:
        items = [dataset[row] for row in range(len(dataset))]
    except (TypeError, NotImplementedError):
        raise BadInput("a data set without a length and numbered rows: give its rows") from None
    pairs = [each if isinstance(each, tuple | list) else (each,) for each in items]
    if wrong := [len(pair) for pair in pairs if not 1 <= len(pair) <= 2]:
        raise BadInput(f"the data set gives {wrong[0]} values a row: give x, or x and a label")
    if any(isinstance(pair[0], dict) for pair in pairs):
        raise BadInput("the data set gives dictionaries: give x, or x and a label, of each row")
    rows = [pair[0] for pair in pairs]
    if labels is not None or not all(len(pair) == 2 for pair in pairs):
        return rows, labels, None
    classes = getattr(dataset, "classes", None)
    return rows, [pair[1] for pair in pairs], classes if isinstance(classes, Sequence) else None


def _pictures(sources: Sequence[Any], wanted: Pictures) -> list[Array]:
    """Pictures (C, H, W) uint8, cut and resized; where one has colours, all do."""
    crop = wanted.crop or "none"
    if crop == "face":
        check_installed()
        if wanted.image_size is None:
            raise BadInput("`crop='face'` needs `image_size`, as faces differ in size")
    rows = [picture(each, wanted.image_size, crop) for each in sources]
    if len({row.shape[1:] for row in rows}) > 1:
        raise BadInput("the pictures differ in size: give `image_size` to resize them")
    channels = max(len(row) for row in rows)
    return [np.broadcast_to(row, (channels, *row.shape[1:])) for row in rows]


def _named(whole: Found, labels: Any, names: Sequence[str] | None) -> Found:
    """Class numbers as they are given, by the names of the classes, where these are known."""
    if names is None:
        return whole
    numbers, split = np.asarray(as_array(labels)), whole.splits["train"]
    if numbers.dtype.kind not in "iu" or not 0 <= numbers.min() <= numbers.max() < len(names):
        raise BadInput(f"labels of the data set are not numbers of its {len(names)} classes")
    split = replace(split, table={"label": numbers.astype(np.int64)})
    return replace(whole, splits={"train": split}, label_names=tuple(map(str, names)))


def _refuse_resizing(wanted: Pictures, what: str) -> None:
    if wanted.image_size is not None or wanted.crop not in (None, "none"):
        raise BadInput(f"`image_size` and `crop` work on pictures, not on {what}")
