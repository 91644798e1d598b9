"""What a scatter plot of encodings shows: the record, its check and its description."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import BadInput
from vaekit.space import Ball, Plane, coordinates

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """What one scatter plot shows.

    points: encodings of shape (N, D), D at least 1.
    labels: shape (N,), one colour per value; None leaves the points in one colour.
    circle: a ball in a plane, drawn where given; this plane is the one that is shown, and that
        of the first two coordinates by default.
    sites: lattice of shape (S, D), drawn where given; empty: its mask of shape (S,).
    decoded: the decoded sites, (S, C, H, W) in [0, 1], drawn below the plot as one image.
    """

    points: Array
    labels: Array | None = None
    title: str = ""
    circle: Ball | None = None
    sites: Array | None = None
    empty: Array | None = None
    decoded: Array | None = None


def check(panel: Panel) -> None:
    """Raise BadInput where the arrays of a panel don't fit together."""
    count, size = _pair(panel.points, "points")
    if panel.labels is not None and np.shape(panel.labels) != (count,):
        raise BadInput(f"{np.shape(panel.labels)} labels for {count} points: give one per point")
    if panel.sites is None:
        return
    sites, dims = _pair(panel.sites, "sites")
    if dims != size:
        raise BadInput(f"sites have {dims} coordinates and points {size}: give the same space")
    if panel.empty is not None and np.shape(panel.empty) != (sites,):
        raise BadInput(f"the mask of {sites} sites has shape {np.shape(panel.empty)}")


def plane(panel: Panel) -> Plane:
    """The plane that a panel shows."""
    given = None if panel.circle is None else panel.circle.plane
    return given or coordinates(panel.points.shape[1])


def circle_name(circle: Ball) -> str:
    """The name of the circle in a legend."""
    return f"{circle.share * 100:g}% {'circle' if len(circle.centre) > 1 else 'interval'}"


def percent(mask: Array) -> str:
    """The share of a mask that is true."""
    return f"{np.mean(mask):.0%}"


def words(panel: Panel) -> str:
    """What a panel shows, for those who cannot see it."""
    parts = [f"{panel.title}: " if panel.title else "", f"{len(panel.points):,} encodings"]
    parts += [f" over {' and '.join(plane(panel).names)}"]
    parts += [", coloured by label"] if panel.labels is not None else []
    parts += [f", the {circle_name(panel.circle)}"] if panel.circle is not None else []
    parts += [f", a lattice of {len(panel.sites)} sites"] if panel.sites is not None else []
    parts += [f", {percent(panel.empty)} of them empty"] if panel.empty is not None else []
    parts += [", and below it the decoded lattice"] if panel.decoded is not None else []
    return "".join(parts)


def _pair(array: Array, what: str) -> tuple[int, int]:
    if np.ndim(array) != 2 or 0 in np.shape(array):
        raise BadInput(f"{what} have shape {np.shape(array)}: give at least one, as (N, D)")
    if not np.isfinite(array).all():
        raise BadInput(f"{what} hold NaN or infinity: the model diverged, train it again")
    return np.shape(array)[0], np.shape(array)[1]
