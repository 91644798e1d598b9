"""Kinds of data: what follows from what rows are, rather than from how many axes they have."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from numpy.typing import NDArray

from vaekit.nets import Shape

if TYPE_CHECKING:
    from vaekit.data.photos import Photo


@final
@dataclass(frozen=True)
class Kind:
    """A kind of data.

    net, likelihood: the names of those that suit rows of a shape, where none is chosen.
    drawn: whether rows of a shape are pictures: figures then show them as they are, and measures
        of pictures compare them.
    files: the endings of files that rows of a shape are written to, the usual one first.
    read: a user's own file as a row, from the file, shape and crop; None where there are no files.
    unit: what many rows are called.
    played: whether rows are voices of symbols, which are heard and drawn as such.
    bounds: where values lie, where they have bounds.
    """

    net: Callable[[Shape], str]
    likelihood: Callable[[Shape], str]
    drawn: Callable[[Shape], bool]
    files: Callable[[Shape], tuple[str, ...]]
    read: "Callable[[Photo, Shape, Any], NDArray[Any]] | None"
    unit: str
    bounds: tuple[float, float] | None = None
    played: bool = False


def _photo(source: "Photo", shape: Shape, crop: Any) -> NDArray[Any]:
    from vaekit.data import photo

    return photo(source, shape, crop)


def _drawn(shape: Shape) -> bool:
    return shape[0] in (1, 3, 4)


_OF_AXES = {2: "sequence", 3: "image"}
_OF_CHANNELS = {1: "bernoulli", 4: "cutout"}

KINDS: dict[str, Kind] = {
    "image": Kind(
        net=lambda shape: "conv" if math.prod(shape) > 28 * 28 else "mlp",
        likelihood=lambda shape: _OF_CHANNELS.get(shape[0], "shared-gaussian"),
        drawn=_drawn,
        files=lambda shape: (".png", ".npy") if _drawn(shape) else (".npy",),
        read=_photo,
        unit="images",
        bounds=(0.0, 1.0),
    ),
    "vector": Kind(
        net=lambda shape: "mlp",
        likelihood=lambda shape: "shared-gaussian",
        drawn=lambda shape: False,
        files=lambda shape: (".npy", ".csv"),
        read=None,
        unit="rows",
    ),
    "sound": Kind(
        net=lambda shape: "bands",
        likelihood=lambda shape: "band-gaussian",
        drawn=lambda shape: False,
        files=lambda shape: (".wav", ".png", ".npy"),
        read=None,
        unit="segments",
    ),
    "sequence": Kind(
        net=lambda shape: "bars",
        likelihood=lambda shape: "categorical",
        drawn=lambda shape: False,
        files=lambda shape: (".mid", ".wav", ".png", ".npy"),
        read=None,
        unit="windows",
        played=True,
    ),
}


def usual(shape: Shape) -> str:
    """The name of the kind that data are taken for of which only the shape is known."""
    return _OF_AXES.get(len(shape), "vector")
