"""CIFAR-10's binary files, in a folder or the archive they come in (Krizhevsky 2009).

A record is a byte of the class and 3 x 32 x 32 of the picture: red, green, blue, row by row.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaekit.data import archives
from vaekit.data.cache import cache_dir, data_dirs
from vaekit.data.checks import digest
from vaekit.data.dataset import Split
from vaekit.data.pictures import Pictures
from vaekit.data.splits import Found
from vaekit.errors import BadInput

SHAPE = (3, 32, 32)
URLS = ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",)
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

_ARCHIVE = "cifar-10-binary.tar.gz"
_FOLDER = "cifar-10-batches-bin"  # in the archive
_NAMES = "batches.meta.txt"
_PARTS = {"train": [f"data_batch_{part}.bin" for part in range(1, 6)], "test": ["test_batch.bin"]}
_FILES = (_NAMES, *_PARTS["train"], *_PARTS["test"])
_PICKLE = "data_batch_1"  # in the version for Python
_FEW = 16  # entries, twice what the archive has: one with others has shown itself by then
_RECORD = 1 + math.prod(SHAPE)


def source(urls: Sequence[str] = URLS, sha256: str = SHA256) -> Callable[[Pictures], Found]:
    """What reads the files in the folder `cifar10` of the data or the cache.

    urls: where their archive is downloaded from where there are none. sha256: its digest.
    """

    def found(wanted: Pictures) -> Found:
        places = [folder / "cifar10" for folder in data_dirs()]
        known = (place / name for place in places for name in (".", _FOLDER, _ARCHIVE))
        there = next((path for path in known if is_there(path)), None)
        if there is None:
            from vaekit.data.fetch import download

            target = cache_dir() / "cifar10" / _ARCHIVE
            there = download(urls, target, sha256, progress=wanted.progress)
        return read(there)

    return found


def is_there(path: Path) -> bool:
    """Whether a path is a folder or a tar archive of CIFAR-10's files.

    Raises BadInput for those of the version for Python, which are pickles.
    """
    names = {Path(name).name for name in _some_names(path)}
    if _PICKLE in names and _PARTS["train"][0] not in names:
        raise BadInput(
            f"'{path}' holds CIFAR-10 as pickles, which are never read; "
            f"give the binary version, {URLS[0]}"
        )
    return _PARTS["train"][0] in names


def _some_names(path: Path) -> Iterator[str]:
    if path.is_dir():
        yield from (name for name in (_PICKLE, _PARTS["train"][0]) if (path / name).is_file())
    elif path.is_file() and archives.is_tar(path):
        with archives.opened_tar(path) as entries:
            for entry, _ in zip(entries, range(_FEW), strict=False):
                yield entry.name


def read(path: Path) -> Found:
    """The pictures of a folder or archive, with the official test split.

    Raises BadInput where files are missing or damaged.
    """
    files = _contents(path)
    if missing := [name for name in _FILES if name not in files]:
        raise BadInput(f"'{path}' lacks {missing[0]}; fetch it again")
    names = tuple(files[_NAMES].decode("utf-8", "replace").split())
    splits = {}
    for split, parts in _PARTS.items():
        rows = [_records(files[part], f"{path}/{part}", len(names)) for part in parts]
        whole = np.concatenate(rows)
        x = np.ascontiguousarray(whole[:, 1:]).reshape(-1, *SHAPE)
        splits[split] = Split(x, {"label": whole[:, 0].astype(np.int64)})
    return Found(splits, "image", digest(splits), names, tail=True)


def _contents(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in _FILES if (path / name).is_file()}
    try:
        with archives.opened_tar(path) as entries:
            return {
                name: archives.content(entries, entry)
                for entry in entries
                if (name := Path(entry.name).name) in _FILES
            }
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"'{path}' is damaged ({error}); fetch it again") from None


def _records(data: bytes, where: str, classes: int) -> npt.NDArray[np.uint8]:
    """Records (N, 1 + 3 * 32 * 32) of a file."""
    if not data or len(data) % _RECORD:
        raise BadInput(f"'{where}' is damaged: {len(data):,} bytes are no records; fetch it again")
    rows = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    if rows[:, 0].max() >= classes:
        raise BadInput(
            f"'{where}' is damaged: it has class {rows[:, 0].max()} of {classes}; fetch it again"
        )
    return rows
