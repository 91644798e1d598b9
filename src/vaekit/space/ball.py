"""The ball around the mean of the encodings that encloses a given share of them."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.plane import Array, Plane, coordinates, points


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball in latent space.

    centre: shape (D,).
    radius: distance from the centre, in latent units.
    share: the share of encodings it was made to enclose, in (0, 1].
    plane: the plane or line it lies in, where that is not the whole space.
    """

    centre: Array
    radius: float
    share: float
    plane: Plane | None = None


def ball(encodings: ArrayLike, share: float = 0.99) -> Ball:
    """The smallest ball around the mean that encloses at least `share` of the encodings.

    encodings: shape (N, D). The centre of the result has shape (D,).
    Raises BadInput for encodings that are no points and a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise BadInput(f"share is {share}: give a number above 0 and at most 1")
    array = points(encodings)
    centre = array.mean(axis=0)
    distances = np.linalg.norm(array - centre, axis=1)
    # The inverted empirical distribution gives the distance of an encoding, never one in between,
    # so the enclosed share is exact.
    radius = np.quantile(distances, share, method="inverted_cdf")
    return Ball(centre, float(radius), share)


def circle(encodings: ArrayLike, share: float = 0.99, plane: Plane | None = None) -> Ball:
    """The ball in a plane of the latent space: what a scatter plot of encodings (N, D) shows.

    plane: which one, that of the first two coordinates by default. An encoding with one
    coordinate gives an interval, the ball of the line.
    """
    array = points(encodings)
    chosen = plane or coordinates(array.shape[1])
    return replace(ball(chosen.flat(array), share), plane=chosen)
