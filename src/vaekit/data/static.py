"""MNIST drawn black and white once and for all: text of zeros and ones, 784 a row."""

import gzip
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaekit.data import arrays
from vaekit.data.cache import cache_dir, data_dirs
from vaekit.data.splits import Found
from vaekit.errors import BadInput

NAME = "binarized-mnist"
SHAPE = (1, 28, 28)
_MIRROR = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/"
_FILES = {
    "train": "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    "validation": "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
    "test": "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
}
_CALLED = {"validation": "valid"}
_ZERO, _ONE = b"01"


class Wanted(Protocol):
    """What is asked of a source."""

    progress: bool


def read_static(wanted: Wanted) -> Found:
    """Larochelle and Murray's splits: 50,000, 10,000 and 10,000 digits, without labels.

    Larochelle and Murray 2011, https://proceedings.mlr.press/v15/larochelle11a.html
    """
    files = {split: _obtain(split, wanted.progress) for split in _FILES}
    x = {split: read_bits(path) for split, path in files.items()}
    return arrays.found(x, {}, str(files["train"]))


def read_bits(path: Path) -> NDArray[np.uint8]:
    """Rows of zeros and ones, written with spaces between, as pictures (N, 28, 28) of 0 and 255.

    Raises BadInput where a file, gzipped or not, holds anything else.
    """
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise BadInput(f"{path} cannot be read ({error}): fetch it again.") from None
    letters = np.frombuffer(text, np.uint8)
    bits = letters[(letters == _ZERO) | (letters == _ONE)]
    spaces = np.isin(letters, np.frombuffer(b" \n\r", np.uint8)).sum()
    if not len(bits) or len(bits) + spaces != len(letters) or len(bits) % (28 * 28):
        raise BadInput(f"{path} is not rows of 784 zeros and ones: fetch it again.")
    return np.where(bits == _ONE, 255, 0).astype(np.uint8).reshape(-1, 28, 28)


def _obtain(split: str, progress: bool) -> Path:
    """The file of a split: from $VAEKIT_DATA, gzipped or not, the cache, or downloaded."""
    name = f"binarized_mnist_{_CALLED.get(split, split)}.amat"
    for folder in data_dirs():
        for path in (folder / NAME / f"{name}.gz", folder / NAME / name):
            if path.is_file():
                return path
    from vaekit.data.fetch import download

    target = cache_dir() / NAME / name
    return download([_MIRROR + name], target, _FILES[split], progress=progress)
