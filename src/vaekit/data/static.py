"""MNIST drawn black and white once and for all: text of zeros and ones, 784 a row."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaekit.data import arrays
from vaekit.data.cache import obtain
from vaekit.data.idx import unzipped
from vaekit.data.splits import Found
from vaekit.errors import BadInput

STATIC = "binarized-mnist"
_MIRROR = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/"
_FILES = {
    "train": (
        "binarized_mnist_train.amat",
        "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    ),
    "validation": (
        "binarized_mnist_valid.amat",
        "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
    ),
    "test": (
        "binarized_mnist_test.amat",
        "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
    ),
}
_ZERO, _ONE = b"01"


class Wanted(Protocol):
    """What is asked of a source."""

    @property
    def progress(self) -> bool:
        """Whether to show progress."""


def read_static(wanted: Wanted) -> Found:
    """Larochelle and Murray's splits: 50,000, 10,000 and 10,000 digits, without labels.

    Larochelle and Murray 2011, https://proceedings.mlr.press/v15/larochelle11a.html
    """
    files = {
        split: obtain(STATIC, file, (_MIRROR,), sha256, wanted.progress, f"{file}.gz")
        for split, (file, sha256) in _FILES.items()
    }
    x = {split: read_bits(path) for split, path in files.items()}
    return arrays.found(x, {}, str(files["train"]))


def read_bits(path: Path) -> NDArray[np.uint8]:
    """Rows of zeros and ones, written with spaces between, as pictures (N, 28, 28) of 0 and 255.

    Raises BadInput where a file, gzipped or not, holds anything else.
    """
    with unzipped(path) as file:
        letters = np.frombuffer(file.read(), np.uint8)
    bits = letters[(letters == _ZERO) | (letters == _ONE)]
    spaces = np.isin(letters, np.frombuffer(b" \n\r", np.uint8)).sum()
    if not len(bits) or len(bits) + spaces != len(letters) or len(bits) % (28 * 28):
        raise BadInput(f"{path} is not rows of 784 zeros and ones: fetch it again.")
    return np.where(bits == _ONE, 255, 0).astype(np.uint8).reshape(-1, 28, 28)
