"""CelebA: faces of celebrities with 40 attributes (Liu et al. 2015, arXiv:1411.7766).

The pictures may be the official 178 x 218 or scaled copies: the same part of each is cut.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaekit.data.attributes import read_attributes, read_columns
from vaekit.data.cache import data_dirs
from vaekit.data.files import listing
from vaekit.data.matching import match
from vaekit.data.pictures import Pictures, assembled, matched
from vaekit.data.splits import Found
from vaekit.errors import BadInput

_PICTURES = ("img_align_celeba", "img_align_celeba.zip")
_ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.zip", "list_attr_celeba.csv")
_PARTITION = ("list_eval_partition.txt", "list_eval_partition.csv")
_PARTS = {"0": "train", "1": "validation", "2": "test"}
_SIZE = 64


def read_celeba(wanted: Pictures) -> Found:
    """The faces in the folder `celeba` of the data or the cache, 64 x 64 by default.

    Splits are the official ones where the partition file lies there; otherwise they are
    drawn so that they keep the rates of the attributes.

    Raises BadInput where the files are missing, saying which to fetch and where to put them.
    """
    if wanted.label_depth is not None:
        raise BadInput("`label_depth` goes with folders of images: celeba has no labels")
    pictures, own = _find(_PICTURES), _find(_ATTRIBUTES)
    if pictures is None or (own is None and wanted.attributes is None):
        raise BadInput(_missing())
    wanted = replace(wanted, image_size=wanted.image_size or _SIZE, crop=wanted.crop or "centre")
    files = listing(pictures)
    table = wanted.attributes or own
    assert table is not None
    about = read_attributes(table)
    rows = match(about.names, files.names, str(table), spare=wanted.attributes is None)
    partition = _find(_PARTITION)
    part_of = np.full(len(files.names), "train", "U10")
    if partition is not None:
        part_of = _parts(partition, files.names)
    found = assembled(files, wanted, part_of, matched(about, rows), np.flatnonzero(rows < 0))
    return replace(found, balanced=True, validation=0.05, test=0.1)


def _find(names: tuple[str, ...]) -> Path | None:
    places = (folder / "celeba" / name for folder in data_dirs() for name in names)
    return next((place for place in places if place.exists()), None)


def _missing() -> str:
    folder = data_dirs()[0] / "celeba"
    return (
        "CelebA must be fetched by hand, as its terms ask: from "
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html take img_align_celeba.zip, "
        "list_attr_celeba.txt and, for the official splits, list_eval_partition.txt, "
        f"and put them in '{folder}'"
    )


def _parts(path: Path, files: list[str]) -> npt.NDArray[np.str_]:
    """The official split of every file."""
    try:
        body = path.read_bytes().replace(b"\r\n", b"\n")
        names, numbers = (
            column.texts()
            for column in read_columns(body, 2, "," if path.suffix == ".csv" else " ")
        )
    except (OSError, ValueError) as error:
        raise BadInput(f"'{path}' cannot be read: {error}; fetch it again") from None
    if numbers and not numbers[0].isdigit():  # a heading
        names, numbers = names[1:], numbers[1:]
    if not names or not set(numbers) <= _PARTS.keys():
        raise BadInput(f"'{path}' must have lines of a name and 0, 1 or 2; fetch it again")
    rows = match(names, files, str(path), spare=True)
    if (rows < 0).any():
        raise BadInput(
            f"'{path}' has no line for '{files[int(np.argmin(rows))]}'; fetch it again, or "
            "remove it for a random split"
        )
    return np.array([_PARTS[number] for number in numbers])[rows]
