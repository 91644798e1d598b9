"""The data sets that are known by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from vaekit.data import arrays, cifar
from vaekit.data.cache import data_dirs, obtain
from vaekit.data.celeba import read_celeba
from vaekit.data.idx import labels_beside, partner_beside, read_idx
from vaekit.data.pictures import Pictures
from vaekit.data.renders import read_chairs
from vaekit.data.songs import CHORALES, read_chorales, read_nottingham
from vaekit.data.sounds import Sounds
from vaekit.data.speech import SPEECH, read_speech
from vaekit.data.splits import Found
from vaekit.data.static import STATIC, read_static
from vaekit.data.tunes import Tunes

_SPLITS = ("train", "test")


@final
@dataclass(frozen=True)
class Arrays:
    """How files of arrays are read: there is nothing to choose.

    Args:
        workers: Processes that read.
        progress: Whether to show progress.
    """

    workers: int | None = None
    progress: bool = True


@final
@dataclass(frozen=True, slots=True)
class Source:
    """A data set with a name.

    sizes: its rows, in words. shape: of one of them, as it is read by default.
    terms: its licence or what else is known of its terms of use.
    read: gives its content.
    origin: where it comes from if it isn't there yet.
    options: a class of those that its files are read with.
    kind: of its rows. folder: where it lies among data, by its name if left out.
    """

    name: str
    description: str
    sizes: str
    shape: tuple[int, ...]
    terms: str
    read: Callable[[Any], Found]
    origin: str = "downloaded when first used"
    options: type[Pictures] | type[Sounds] | type[Tunes] | type[Arrays] = Arrays
    kind: str = "image"
    folder: str = ""

    @property
    def places(self) -> list[Path]:
        """Where it may lie, first choice first."""
        return [folder / (self.folder or self.name) for folder in data_dirs()]


def read_idx_files(images: Path) -> Found:
    """Images of an IDX file, with the labels and test images that lie beside it."""
    files = {"train": images}
    if test := partner_beside(images):
        files["test"] = test
    labels = {name: labels_beside(file) for name, file in files.items()}
    x = {name: read_idx(file, 3) for name, file in files.items()}
    y = {name: read_idx(file, 1) for name, file in labels.items() if file is not None}
    return arrays.found(x, y, str(images))


def _idx_source(
    name: str, mirrors: tuple[str, ...], digests: Mapping[str, str], labels: tuple[str, ...]
) -> Callable[[Arrays], Found]:
    def read(wanted: Arrays) -> Found:
        files = [obtain(name, file, mirrors, sha, wanted.progress) for file, sha in digests.items()]
        x = {split: read_idx(file, 3) for split, file in zip(_SPLITS, files[0::2], strict=True)}
        y = {split: read_idx(file, 1) for split, file in zip(_SPLITS, files[1::2], strict=True)}
        found = arrays.found(x, y, str(files[0]))
        return replace(found, label_names=labels, tail=True, validation=10_000)

    return read


def _digits(wanted: Arrays) -> Found:
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return arrays.found({"train": x}, {"train": digits.target}, "digits")


_MNIST = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
_FASHION = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_ALL = (
    Source(
        "digits",
        "handwritten digits in 17 grey levels, embedded in scikit-learn",
        "1,797",
        (1, 8, 8),
        "UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
        _digits,
        "comes with vaekit",
    ),
    Source(
        "mnist",
        "handwritten digits, 10 classes",
        "60,000 + 10,000",
        (1, 28, 28),
        "LeCun and Cortes; no licence stated by the authors",
        _idx_source(
            "mnist",
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            _MNIST,
            tuple("0123456789"),
        ),
    ),
    Source(
        STATIC,
        "MNIST drawn black and white once and for all, in Larochelle and Murray's splits",
        "50,000 + 10,000 + 10,000",
        (1, 28, 28),
        "no licence stated by the authors",
        read_static,
    ),
    Source(
        "fashion-mnist",
        "pictures of clothes, 10 classes",
        "60,000 + 10,000",
        (1, 28, 28),
        "Zalando, MIT licence",
        _idx_source(
            "fashion-mnist",
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            _FASHION,
            _CLOTHES,
        ),
    ),
    Source(
        "cifar10",
        "colour photographs of animals and vehicles, 10 classes",
        "50,000 + 10,000",
        cifar.SHAPE,
        "Krizhevsky 2009; no licence stated by the author",
        cifar.source(),
    ),
    Source(
        "celeba",
        "aligned faces of celebrities, 40 attributes",
        "202,599",
        (3, 64, 64),
        "Liu et al., for non-commercial research only; no redistribution",
        read_celeba,
        "to be fetched by hand",
        options=Pictures,
    ),
    Source(
        "speech",
        "the digits zero to nine, spoken by 6 people: the Free Spoken Digit Dataset",
        "3,000 recordings in segments",
        (1, 64, 20),
        "Jackson et al., CC BY-SA 4.0",
        read_speech,
        "to be fetched by hand",
        options=Sounds,
        kind="sound",
        folder=SPEECH,
    ),
    Source(
        "nottingham",
        "folk tunes from Britain and America, as melodies",
        "1,034 tunes in windows",
        (1, 32),
        "Jukedeck's cleaned Nottingham Music Database, GPL-3.0",
        read_nottingham,
        "to be fetched by hand",
        options=Tunes,
        kind="sequence",
    ),
    Source(
        CHORALES,
        "chorales by Bach in four voices",
        "229 + 76 + 77 chorales in windows",
        (4, 32),
        "Boulanger-Lewandowski et al. 2012; no licence stated by the authors",
        read_chorales,
        "to be fetched by hand",
        options=Tunes,
        kind="sequence",
    ),
    Source(
        "chairs",
        "rendered chairs, each seen from 62 sides, with their masks",
        "86,366",
        (4, 64, 64),
        "Aubry et al. 2014; no licence stated by the authors",
        read_chairs,
        "to be fetched by hand",
        options=Pictures,
    ),
)
SOURCES: dict[str, Source] = {source.name: source for source in _ALL}
