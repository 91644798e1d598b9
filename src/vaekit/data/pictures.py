"""Folders and archives of pictures, with what tables and folders say about each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final, get_args

import numpy as np
import numpy.typing as npt

from vaekit.data.attributes import Attributes, read_attributes
from vaekit.data.dataset import Crop, Split
from vaekit.data.files import Listing, in_utf8, places
from vaekit.data.matching import match
from vaekit.data.splits import Found
from vaekit.data.stored import StoredRows
from vaekit.errors import BadInput


@final
@dataclass(frozen=True)
class Pictures:
    """How files of pictures are read: the options that only they have, and how to get there.

    Args:
        image_size: Side in pixels that images are resized to; of celeba 64 by default.
        crop: What is cut from each image first: the largest central square, or the largest
            face, with images without one left out. Nothing by default, of celeba the centre.
        attributes: A table of the images' attributes: CSV, TSV, Parquet or CelebA's text.
        label_depth: Levels of folders that make an image's label; the first by default. With 2,
            Greek/alpha/1.png has the label Greek/alpha.
        workers: Processes that decode.
        progress: Whether to show progress.

    Raises BadInput for a value that makes no sense.
    """

    image_size: int | None = None
    crop: Crop | None = None
    attributes: Path | None = None
    label_depth: int | None = None
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        for name in ("image_size", "label_depth"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"`{name}` must be at least 1, not {value}")
        if self.crop is not None and self.crop not in get_args(Crop):
            raise BadInput(f"`crop` must be one of {', '.join(get_args(Crop))}, not {self.crop!r}")
        if self.attributes is not None:
            object.__setattr__(self, "attributes", Path(self.attributes).expanduser().resolve())


def read_pictures(files: Listing, wanted: Pictures) -> Found:
    """The pictures of a folder or an archive.

    Raises BadInput where there is none, where more than 1% can't be decoded, and for a table
    that doesn't fit.
    """
    rows = None
    table: dict[str, npt.NDArray[Any]] = {}
    if wanted.attributes is not None:
        about = read_attributes(wanted.attributes)
        rows = match(about.names, files.names, str(wanted.attributes))
        table = matched(about, rows)
    parts, labels = places(files.names, wanted.label_depth)
    label_names: tuple[str, ...] | None = None
    if labels is not None:
        label_names = tuple(sorted(set(labels)))
        number = {name: place for place, name in enumerate(label_names)}
        table = {"label": np.array([number[label] for label in labels], np.int64)} | table
    left_out = np.flatnonzero(rows < 0) if rows is not None else ()
    return assembled(files, wanted, np.array(parts), table, left_out, label_names)


def matched(about: Attributes, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """What a table says of every file, from the rows that are theirs; those of -1 mean nothing."""
    return {name: column[rows] for name, column in (about.others | about.columns).items()}


def assembled(
    files: Listing,
    wanted: Pictures,
    part_of: npt.NDArray[np.str_],
    table: dict[str, npt.NDArray[Any]],
    left_out: npt.NDArray[np.int64] | Sequence[int] = (),
    label_names: tuple[str, ...] | None = None,
    *,
    why: str = "without a row in the table",
    mask: bool = False,
) -> Found:
    """Pictures decoded into the cache, by split.

    part_of: the split of every file. table: columns, a value a file.
    left_out: files that are in no split, and why. mask: whether a fourth channel is the object's.
    """
    from vaekit.data.prepare import prepare

    crop: Crop = wanted.crop or "none"
    prepared = prepare(files, wanted.image_size, crop, wanted.workers, wanted.progress, mask)
    usable = np.ones(len(files.names), np.bool_)
    usable[[*prepared.broken, *prepared.faceless, *left_out]] = False
    good = np.flatnonzero(usable)
    rows = StoredRows(prepared.path, prepared.shape)
    whole = Split(rows, table, [in_utf8(name) for name in files.names])
    if "train" not in part_of[good]:
        raise BadInput(f"no image of '{files.source}' is left to train on; see the warnings")
    splits = {name: whole.take(good[part_of[good] == name]) for name in sorted(set(part_of))}
    parts: list[object] = [prepared.digest, files.names, wanted.image_size, crop]
    attributes = {name: column for name, column in table.items() if column.dtype == np.bool_}
    if attributes:
        parts += [_digest_of(attributes, good), part_of.tolist()]
    if prepared.faceless:
        parts.append(prepared.faceless)
    if wanted.label_depth not in (None, 1):  # the usual is left out, as before there was a choice
        parts.append(["label_depth", wanted.label_depth])
    if mask:
        parts.append("mask")
    options: dict[str, Any] = {"crop": crop}
    if wanted.image_size is not None:
        options["image_size"] = wanted.image_size
    if wanted.attributes is not None:
        options["attributes"] = str(wanted.attributes)
    if wanted.label_depth is not None:
        options["label_depth"] = wanted.label_depth
    missed = {
        "broken": len(prepared.broken),
        "without a face": len(prepared.faceless),
        why: len(left_out),
    }
    return Found(splits, "image", digest(*parts), label_names, options=options, left_out=missed)


def digest(*parts: object) -> str:
    """A digest of what can be written as JSON."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _digest_of(table: dict[str, npt.NDArray[Any]], rows: npt.NDArray[np.int64]) -> str:
    """A digest of bool columns in their order, and of which rows have them."""
    total = hashlib.sha256(rows.astype("<i8").tobytes())
    for name, column in table.items():
        total.update(f"{name}\0".encode())
        total.update(np.packbits(column[rows]).tobytes())
    return total.hexdigest()
