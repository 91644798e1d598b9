"""Objects rendered from all sides, in the layout of Aubry et al. 2014: names say what is seen.

    rendered_chairs/<id>/renders/image_<nnn>_p<elevation>_t<azimuth>_r<distance>.png

https://www.di.ens.fr/willow/research/seeing3Dchairs
"""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vaekit.data.cache import data_dirs
from vaekit.data.files import Listing, in_utf8, listing
from vaekit.data.pictures import Pictures, assembled
from vaekit.data.splits import Found
from vaekit.errors import BadInput

_LAYOUT = re.compile(r"(?:.*/)?([^/]+)/renders/image_\d+_p(-?\d+)_t(-?\d+)_r\d+\.\w+")
_NAMES = ("rendered_chairs", "rendered_chairs.zip", "rendered_chairs.tar")
_SIZE = 64


class OddNames(UserWarning):
    """The names of some images do not say what is seen, and these were left out."""


class MissingViews(UserWarning):
    """Some objects are not seen from all the sides that others are seen from."""


def are_published(names: Sequence[str]) -> bool:
    """Whether files lie in this layout: the name of at least one says so."""
    return any(map(_LAYOUT.fullmatch, names))


def read_renders(files: Listing, wanted: Pictures) -> Found:
    """The views of a folder or an archive, with columns id, elevation and azimuth in degrees.

    Rows are (4, H, W): colours on white and the object's mask. Warns with `OddNames` and
    `MissingViews`.

    Raises BadInput for options that do not go with the layout, and as `assembled`.
    """
    for name in ("attributes", "label_depth"):
        if getattr(wanted, name) is not None:
            raise BadInput(f"`{name}` does not go with rendered objects: their names say enough")
    seen = [_LAYOUT.fullmatch(name) for name in files.names]
    odd = [place for place, match in enumerate(seen) if match is None]
    if odd:
        warnings.warn(
            f"left out {len(odd):,} of {len(seen):,} images whose names do not say the view, as "
            f"image_000_p020_t011_r096.png does, first '{in_utf8(files.names[odd[0]])}'",
            OddNames,
            stacklevel=3,
        )
    said = [match.groups() if match else ("", "0", "0") for match in seen]
    table = {
        "id": np.array([in_utf8(name) for name, _, _ in said]),
        "elevation": np.array([int(angle) for _, angle, _ in said], np.int64),
        "azimuth": np.array([int(angle) for _, _, angle in said], np.int64),
    }
    _tell([each for each, match in zip(said, seen, strict=True) if match])
    train = np.full(len(seen), "train")
    why = "without a view in the name"
    return assembled(files, wanted, train, table, odd, why=why, mask=True)


def _tell(views: Sequence[tuple[str, ...]]) -> None:
    """Warn of objects that lack views which others have."""
    counts = Counter(name for name, *_ in set(views))
    most = len({(elevation, azimuth) for _, elevation, azimuth in views})
    few = [name for name, count in counts.items() if count < most]
    if few:
        warnings.warn(
            f"{len(few):,} of {len(counts):,} objects are not seen from all {most} sides, first "
            f"'{in_utf8(few[0])}' from {counts[few[0]]}",
            MissingViews,
            stacklevel=3,
        )


def read_chairs(wanted: Pictures) -> Found:
    """The chairs in the folder `chairs` of the data or the cache, 64 x 64 by default.

    Raises BadInput where they are missing, saying where to fetch them.
    """
    places = (folder / "chairs" / name for folder in data_dirs() for name in _NAMES)
    place = next((place for place in places if place.exists()), None)
    if place is None:
        raise BadInput(
            "The rendered chairs must be fetched by hand: take rendered_chairs.tar from "
            "https://www.di.ens.fr/willow/research/seeing3Dchairs and put it in "
            f"'{data_dirs()[0] / 'chairs'}'"
        )
    return read_renders(listing(place), replace(wanted, image_size=wanted.image_size or _SIZE))
