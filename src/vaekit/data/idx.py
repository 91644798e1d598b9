"""The IDX format of MNIST and its relatives."""

import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaekit.errors import BadInput
from vaekit.memory import require

_UBYTE = 0x08
_NAMED = re.compile(r"idx[13]-ubyte(\.gz)?$|\.idx(\.gz)?$")
_BLOCK = 1 << 20
# Deflate can't shrink anything by more than this factor.
_MOST_DEFLATED = 1032


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file."""
    return _NAMED.search(path.name) is not None


def read_idx(path: Path, ndim: int) -> npt.NDArray[np.uint8]:
    """The unsigned bytes of an IDX file, gzipped or not, straight into one array.

    ndim: the dimensions it must have: 3 for images (N, H, W), 1 for labels (N,).
    Raises BadInput where the file is damaged or something else.
    """
    with unzipped(path) as file:
        return _read(file, path, ndim)


@contextmanager
def unzipped(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    """A file, gzipped or not, to read; raises BadInput where it is damaged."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"'{path}' is damaged ({error}); fetch it again") from None


def _read(file: gzip.GzipFile | BufferedReader, path: Path, ndim: int) -> npt.NDArray[np.uint8]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise BadInput(f"'{path}' is no IDX file: it starts with 0x{magic.hex()}")
    if magic[2] != _UBYTE:
        raise BadInput(f"'{path}' holds values of IDX type 0x{magic[2]:02x}; use unsigned bytes")
    if magic[3] != ndim:
        raise BadInput(f"'{path}' has {magic[3]} dimensions where {ndim} are needed")
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise BadInput(f"'{path}' ends inside its header; fetch it again")
    shape = struct.unpack(f">{ndim}I", sizes)
    length = math.prod(shape)
    most = path.stat().st_size * (_MOST_DEFLATED if path.suffix == ".gz" else 1)
    if length > most:
        raise BadInput(f"'{path}' is too short for the {shape} bytes its header promises")
    require(length, f"'{path}'")
    values = np.empty(shape, np.uint8)
    target = values.reshape(-1).data
    done = 0
    while done < length and (count := file.readinto(target[done : done + _BLOCK])):
        done += count
    if done < length:
        raise BadInput(f"'{path}' is too short for the {shape} bytes its header promises")
    if file.read(1):
        raise BadInput(f"'{path}' is longer than the {shape} bytes its header promises")
    return values


def labels_beside(images: Path) -> Path | None:
    """The label file that belongs to an image file by MNIST's naming, if it is there."""
    if "images" not in images.name:
        return None
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    return _there(images.with_name(name))


def partner_beside(images: Path) -> Path | None:
    """The test images that belong to training images by MNIST's naming, if they are there."""
    if not images.name.startswith("train"):
        return None
    for prefix in ("t10k", "test"):
        if found := _there(images.with_name(prefix + images.name.removeprefix("train"))):
            return found
    return None


def training_images(folder: Path) -> Path | None:
    """The training images of a folder of IDX files, if it is one."""
    for name in ("train-images-idx3-ubyte", "train-images.idx3-ubyte"):
        if found := _there(folder / name):
            return found
    return None


def _there(path: Path) -> Path | None:
    plain = path.with_name(path.name.removesuffix(".gz"))
    for candidate in (path, plain, plain.with_name(f"{plain.name}.gz")):
        if candidate.is_file():
            return candidate
    return None
