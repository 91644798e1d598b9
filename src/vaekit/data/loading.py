"""`load`: from a name or a path to a data set."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from vaekit.data import archives
from vaekit.data.binarisation import binarised
from vaekit.data.conditions import conditions, plain
from vaekit.data.dataset import Binarise, Dataset, Split
from vaekit.data.missing import with_gaps
from vaekit.data.pictures import digest
from vaekit.data.readers import PICTURES, SOUNDS, TUNES, reader_of
from vaekit.data.selection import selected, set_apart
from vaekit.data.sounds import normalised
from vaekit.data.sources import SOURCES
from vaekit.data.splits import Found, divide, limited
from vaekit.errors import BadInput, nearest


def load(
    source: Any,
    *,
    labels: Any = None,
    columns: tuple[str, ...] = (),
    binarise: Binarise = "none",
    validation: int | float | None = None,
    test: int | float | str | None = None,
    limit: int | None = None,
    only: tuple[str, ...] = (),
    condition: tuple[str, ...] = (),
    missing: float = 0.0,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Dataset:
    """Load a data set by name, from a file or folder, or from arrays in memory.

    Paths may be an IDX file or a folder of them, a `.npy`, `.npz` or MATLAB `.mat` file, CIFAR-10's
    binary files or their archive, or a folder, `.zip` or `.tar` (`.tar.gz`, `.tgz`, `.tar.xz`) of
    images or of recordings, which are decoded once into a cache. In memory it is an array or a
    tensor that is shared rather than copied where its values can stay; a list of pictures: arrays,
    Pillow's or paths of files; one of torch's data sets, of rows x or (x, label); or a data frame.
    A frame's numbers and booleans make the vectors, with a mask where values are missing; its
    texts and categories are the columns of the table.

    Args:
        source: A data set's name, a path, or rows in memory, such as (N, F) or (N, C, H, W).
        labels: The classes of rows in memory, (N,): whole numbers or texts. Of a data frame also
            the name of a column; "label" where there is one. Of recordings what their names say,
            such as {digit}_{speaker}_{index}; see `Sounds`.
        columns: The columns of a data frame that make the vectors, in their order; all of
            numbers by default, but for the labels and those of `condition`.
        binarise: How grey becomes black and white: by threshold, drawn once, or drawn anew.
        validation: Rows kept for validation, as a number or a share of the training rows; of
            recordings, these are counted, as their segments stay together.
        test: Rows kept for testing, likewise; or what holds of them, such as index<5 or
            speaker=theo, as `only` takes it.
        limit: Training rows to use at most, drawn at random; the other rows stay as they are.
        only: Which rows to take, all of these holding: label=Bag,Sneaker, Eyeglasses=true,
            azimuth=0:90, index>=5. Taken from each split, so that held-out rows are the same
            without it; a class keeps its number and its name.
        condition: Columns of the table that the model is told: label, or others there are.
            Numbers may be angles: azimuth:angle, in degrees, or :radians; or :class.
        missing: Share of the values taken away at random, to learn from data with gaps.
        seed: Seed of the random split, of `limit` and of static binarisation.
        workers: Processes that decode images; as many as there are cores by default.
        progress: Whether to show progress on stderr.
        options: Those of files of one kind alone: of pictures, see `Pictures`, and of recordings
            `Sounds`.

    Raises BadInput for a source that isn't there or can't be read, and for options that
    don't fit it.
    """
    _check(binarise, seed, missing, limit, workers)
    how = {"workers": workers, "progress": progress}
    found = _found(source, labels, columns, condition, options, how)
    splits, shaping = _divided(found, validation, test, seed)
    shaping = ([missing] if missing else []) + shaping
    if only:
        splits, chosen = selected(splits, only, found.label_names)
        shaping.append(chosen)
    whole = len(splits["train"])
    if limit is not None:
        splits["train"] = limited(splits["train"], limit, (seed, 6))
    for number, name in enumerate(("train", "validation", "test")):
        splits[name] = binarised(splits[name], found.kind, binarise, (seed, number))
        if missing:
            splits[name] = with_gaps(splits[name], missing, (seed, 3 + number))
    sound = None if found.sound is None else normalised(splits["train"], found.sound)
    fewer = len(splits["train"]) < whole
    random = binarise == "static" or not found.tail or missing > 0 or fewer
    sizes, shaping = [len(splits[name]) for name in sorted(splits)], shaping + ["limit"] * fewer
    if told := _told(splits, condition):
        shaping.append(told)
    dataset = Dataset(
        name=_name(source) if isinstance(source, str | Path) else "arrays",
        kind=found.kind,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        fingerprint=digest(found.content, binarise, sizes, seed if random else None, *shaping),
        label_names=found.label_names,
        prepared=found.options,
        left_out=found.left_out,
        sound=sound,
    )
    dataset = dataset if sound is None else dataset.heard(sound)
    if not condition:
        return dataset
    return dataset.told(conditions(condition, dataset.train.table, dataset.label_names))


def _found(
    source: Any,
    labels: Any,
    columns: tuple[str, ...],
    condition: tuple[str, ...],
    options: Mapping[str, Any],
    how: Mapping[str, Any],
) -> Found:
    """What a source holds; how: what readers are told beside their own options."""
    if not isinstance(source, str | Path):
        from vaekit.data.held import in_memory  # with Pillow, which files of arrays do not need

        wanted = PICTURES.asked(options, "rows in memory", workers=how["workers"])
        return in_memory(source, labels, wanted, condition, columns)
    if isinstance(labels, str):  # of recordings, what their names say
        options, labels = {**options, "labels": labels}, None
    if labels is not None or columns:
        what = "`columns`" if labels is None else "`labels`"
        raise BadInput(f"{what} go with rows in memory: files hold their own")
    return _find(source, options, **how)


def _divided(
    found: Found,
    validation: int | float | None,
    test: int | float | str | None,
    seed: int,
) -> tuple[dict[str, Split], list[object]]:
    """The splits, and a digest of the rows for testing where something is said of them."""
    told = found.test if test is None else test
    if not isinstance(told, str):
        assert not isinstance(test, str)
        return divide(found, validation, test, seed), []
    apart, chosen = set_apart(found, told)
    return divide(apart, validation, None, seed), [chosen]


def _told(splits: Mapping[str, Split], condition: Sequence[str]) -> str:
    """A digest of the columns that a model is told, but of labels and attributes, which are part
    of the content; nothing where there are none."""
    total, table = hashlib.sha256(), splits["train"].table
    names = [
        name
        for name in dict.fromkeys(plain(condition, table))
        if name != "label" and table[name].dtype != np.bool_
    ]
    for name in names:
        for split in splits.values():
            total.update(f"{name}\0{split.table[name].tolist()}".encode())
    return total.hexdigest() if names else ""


def _check(
    binarise: str, seed: int, missing: float, limit: int | None, workers: int | None
) -> None:
    if binarise not in get_args(Binarise):
        choices = ", ".join(get_args(Binarise))
        raise BadInput(f"`binarise` must be one of {choices}, not {binarise!r}")
    for name, count in (("limit", limit), ("workers", workers)):
        if count is not None and count < 1:
            raise BadInput(f"`{name}` must be at least 1, not {count}")
    if not 0 <= missing < 1:
        raise BadInput(f"`missing` must be a share from 0 to below 1, not {missing}")
    if not 0 <= seed < 2**32:
        raise BadInput(f"`seed` must be from 0 to 2^32 - 1, not {seed}")


def _find(source: str | Path, options: Mapping[str, Any], **how: Any) -> Found:
    if not str(source).strip():
        raise BadInput(f"the source is empty; give a path, or one of {', '.join(SOURCES)}")
    path = Path(source).expanduser()
    named = SOURCES.get(str(source))
    if named is None and not path.exists():
        hint = nearest(str(source), SOURCES, "the data sets are {}.")
        raise BadInput(f"'{source}' is neither a data set nor a path; {hint}")
    if named is None and not (path.is_dir() or path.is_file()):
        raise BadInput(f"'{source}' is no regular file: copy what it gives into one first")
    try:
        reader = reader_of(source)
        wanted = reader.asked(options, f"'{source}'", **how)
        return named.read(wanted) if named else reader.read(path, wanted)
    except OSError as error:
        raise BadInput(f"cannot read '{source}': {error}") from None


def _name(source: str | Path) -> str:
    return str(source) if str(source) in SOURCES else archives.stem(Path(source).resolve())


def holds_images(source: str | Path) -> bool:
    """Whether a data set or a path gives pictures that are decoded, and so cut and resized."""
    return reader_of(source) is PICTURES


def holds_tunes(source: str | Path) -> bool:
    """Whether a data set or a path gives music."""
    return reader_of(source) is TUNES


def holds_recordings(source: str | Path) -> bool:
    """Whether a data set or a path gives recordings."""
    return reader_of(source) is SOUNDS
