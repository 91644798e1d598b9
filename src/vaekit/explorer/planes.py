"""Planes of codes that the map shows."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.explorer.protocol import Circle, PlaneName, PlaneView
from vaekit.space import Plane, ball, coordinates, principal

Array = NDArray[Any]
PCA = "pca"

_PORTION = 10_000
_GOLDEN = 0.6180339887498949  # its multiples spread evenly, and so hide no order of rows


def key_of(plane: Plane) -> str:
    """The key of a plane: "2,5" of two coordinates, "0" of one, "pca" of principal components."""
    axes = [re.fullmatch(r"z(\d+)", name) for name in plane.names]
    return ",".join(each[1] for each in axes if each) if all(axes) else PCA


def plane_of(key: str, codes: Array) -> Plane:
    """The plane of a key, through the mean of the codes (N, D); raises BadInput for no key."""
    size = codes.shape[1]
    if key == PCA and size > 1:
        return principal(codes)
    if not re.fullmatch(r"\d{1,5}(,\d{1,5})?", key):
        raise BadInput(f"`key` is two coordinates, such as 0,1, or {PCA}, not {key[:40]!r}.")
    axes = tuple(map(int, key.split(",")))
    if len(set(axes)) != min(2, size):
        raise BadInput(f"`key` {key} is no plane: give {min(2, size)} different coordinates.")
    through = codes.mean(0) if size > 2 else None
    return coordinates(size, axes, through=through)


def named(plane: Plane, about: str) -> PlaneName:
    """A plane by what it is called."""
    return PlaneName(key_of(plane), _two(plane), about)


def viewed(key: str, plane: Plane, codes: Array) -> PlaneView:
    """A plane as the page shows it, with the circle around 99% of the codes (N, D)."""
    around = ball(_flat(plane, codes))
    centre = [float(each) for each in around.centre]
    axes = [[float(each) for each in axis] for axis in plane.basis]
    if len(axes) == 1:  # a line: y is nothing but spread
        axes, centre = [axes[0], [0.0] * len(axes[0])], [centre[0], 0.0]
    return PlaneView(
        key,
        _two(plane),
        [float(each) for each in plane.origin],
        (axes[0], axes[1]),
        Circle((centre[0], centre[1]), around.radius),
    )


def placed(plane: Plane, codes: Array) -> Array:
    """Where codes (N, D) lie in a plane, float32 (N, 2)."""
    flat = _flat(plane, codes)
    if flat.shape[1] == 1:
        spread = (np.arange(len(flat)) * _GOLDEN % 1 - 0.5) * flat.std()
        flat = np.stack([flat[:, 0], spread], 1)
    return np.ascontiguousarray(flat, "<f4")


def _flat(plane: Plane, codes: Array) -> Array:
    """`plane.flat`, in portions: as float64, many long codes take much memory."""
    starts = range(0, len(codes), _PORTION)
    return np.concatenate([plane.flat(codes[first : first + _PORTION]) for first in starts])


def _two(plane: Plane) -> tuple[str, str]:
    first, second = (*plane.names, "")[:2]
    return first, second
