"""`load`: from a name or a path to a data set."""

import difflib
import hashlib
import json
from pathlib import Path
from typing import get_args

import numpy as np

from vaekit.data.arrays import read_npy, read_npz
from vaekit.data.binarisation import binarised
from vaekit.data.dataset import Binarise, Crop, Dataset, Split
from vaekit.data.files import listing, places
from vaekit.data.idx import is_idx, training_images
from vaekit.data.sources import SOURCES, read_idx_files
from vaekit.data.splits import Found, divide
from vaekit.data.stored import StoredRows
from vaekit.errors import BadInput

_FILES = {".npy": read_npy, ".npz": read_npz}


def load(
    source: str | Path,
    *,
    binarise: Binarise = "none",
    validation: int | float | None = None,
    test: int | float | None = None,
    image_size: int | None = None,
    crop: Crop = "none",
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> Dataset:
    """Load a data set by name, or from a file or folder.

    Paths may be an IDX file or a folder of them, a `.npy` or `.npz` file, or a folder or
    `.zip` of images, which are decoded once into a cache.

    Args:
        source: A data set's name, or a path.
        binarise: How grey becomes black and white: by threshold, drawn once, or drawn anew.
        validation: Rows kept for validation, as a number or a share of the training rows.
        test: Rows kept for testing, as a number or a share of the training rows.
        image_size: Side in pixels that the images of a folder or zip are resized to.
        crop: Whether the largest central square is cut from each image first.
        seed: Seed of the random split and of static binarisation.
        workers: Processes that decode images; as many as there are cores by default.
        progress: Whether to show progress on stderr.

    Raises BadInput for a source that isn't there or can't be read, and for options that
    don't fit it.
    """
    _check(binarise, image_size, crop, seed, workers)
    found = _find(source, image_size, crop, workers, progress)
    splits = divide(found, validation, test, seed)
    for number, name in enumerate(("train", "validation", "test")):
        splits[name] = binarised(splits[name], found.kind, binarise, (seed, number))
    random = binarise == "static" or not found.tail
    sizes = [len(splits[name]) for name in sorted(splits)]
    return Dataset(
        name=str(source) if str(source) in SOURCES else Path(source).resolve().stem,
        kind=found.kind,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        binarise=binarise,
        fingerprint=_digest(found.content, binarise, sizes, seed if random else None),
        label_names=found.label_names,
    )


def _check(
    binarise: str, image_size: int | None, crop: str, seed: int, workers: int | None
) -> None:
    if binarise not in get_args(Binarise):
        choices = ", ".join(get_args(Binarise))
        raise BadInput(f"--binarise must be one of {choices}, not {binarise!r}")
    if crop not in get_args(Crop):
        raise BadInput(f"--crop must be one of {', '.join(get_args(Crop))}, not {crop!r}")
    if image_size is not None and image_size < 1:
        raise BadInput(f"--image-size must be at least 1, not {image_size}")
    if workers is not None and workers < 1:
        raise BadInput(f"--workers must be at least 1, not {workers}")
    if not 0 <= seed < 2**32:
        raise BadInput(f"--data-seed must be from 0 to 2^32 - 1, not {seed}")


def _find(
    source: str | Path, image_size: int | None, crop: Crop, workers: int | None, progress: bool
) -> Found:
    path = Path(source).expanduser()
    named = SOURCES.get(str(source))
    if named is None and not path.exists():
        raise BadInput(f"'{source}' is neither a data set nor a path; {_suggestion(str(source))}")
    try:
        if named is None and _holds_images(path):
            return _images(path, image_size, crop, workers, progress)
        if image_size is not None or crop != "none":
            raise BadInput(
                f"--image-size and --crop work on folders and zips of images, not on '{source}'"
            )
        return named.read(progress) if named else _read_file(path)
    except OSError as error:
        raise BadInput(f"cannot read '{source}': {error}") from None


def _holds_images(path: Path) -> bool:
    if path.is_dir():
        return training_images(path) is None
    return path.suffix.lower() == ".zip"


def _read_file(path: Path) -> Found:
    if path.is_dir():
        path = training_images(path) or path
    if is_idx(path):
        return read_idx_files(path)
    if read := _FILES.get(path.suffix.lower()):
        return read(path)
    raise BadInput(
        f"'{path}' has an unknown extension; give an IDX file (…idx3-ubyte or …idx3-ubyte.gz), "
        ".npy, .npz, or a folder or .zip of images"
    )


def _suggestion(source: str) -> str:
    close = difflib.get_close_matches(source.lower(), SOURCES, n=1)
    return f"did you mean '{close[0]}'?" if close else f"the data sets are {', '.join(SOURCES)}"


def _images(
    path: Path, image_size: int | None, crop: Crop, workers: int | None, progress: bool
) -> Found:
    from vaekit.data.prepare import prepare

    files = listing(path)
    prepared = prepare(files, image_size, crop, workers, progress)
    good = np.setdiff1d(np.arange(len(files.names)), np.array(prepared.broken, np.int64))
    parts, labels = places(files.names)
    table = {}
    label_names: tuple[str, ...] | None = None
    if labels is not None:
        label_names = tuple(sorted(set(labels)))
        number = {name: place for place, name in enumerate(label_names)}
        table["label"] = np.array([number[label] for label in labels], np.int64)
    rows = StoredRows(prepared.path, prepared.shape)
    whole = Split(rows, table, files.names)
    part_of = np.array(parts)[good]
    splits = {name: whole.take(good[part_of == name]) for name in sorted(set(parts))}
    content = _digest(prepared.digest, files.names, image_size, crop)
    return Found(splits, "image", content, label_names)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
