"""The ball around the mean of the encodings that encloses a given share of them."""

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import BadInput

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A ball in latent space.

    centre: shape (D,).
    radius: distance from the centre, in latent units.
    share: the share of encodings it was made to enclose, in (0, 1].
    axes: the coordinates it lies in, where these are not all.
    """

    centre: Array
    radius: float
    share: float
    axes: tuple[int, ...] | None = None


def points(encodings: ArrayLike) -> Array:
    """Encodings of shape (N, D) as float64; BadInput where the shape or a value is no point."""
    array = np.asarray(encodings, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise BadInput(f"encodings have shape {array.shape}: give at least one, as (N, D)")
    if not np.isfinite(array).all():
        raise BadInput("encodings hold NaN or infinity: the model diverged, train it again")
    return array


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


def circle(encodings: ArrayLike, share: float = 0.99, axes: tuple[int, ...] | None = None) -> Ball:
    """The ball in the plane of two coordinates: what a scatter plot of encodings (N, D) shows.

    axes: which two, the first two by default. An encoding with one coordinate gives an interval,
    the ball of the line.
    Raises BadInput for coordinates that are not there.
    """
    array = points(encodings)
    chosen = tuple(range(min(2, array.shape[1]))) if axes is None else axes
    if not chosen or len(chosen) > 2 or not all(0 <= axis < array.shape[1] for axis in chosen):
        raise BadInput(f"`axes` must be two of the coordinates 0 to {array.shape[1] - 1}")
    return replace(ball(array[:, list(chosen)], share), axes=chosen)
