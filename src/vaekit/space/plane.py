"""Planes in latent space: what a scatter plot of codes shows and a lattice lies in."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import BadInput

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane in latent space, or a line.

    origin: the point (D,) that its coordinates are counted from.
    basis: its directions, (P, D) with P 1 or 2, of length 1 and at right angles.
    names: what each of them is called.
    """

    origin: Array
    basis: Array
    names: tuple[str, ...]

    def flat(self, codes: Array) -> Array:
        """The coordinates (N, P) in the plane of codes (N, D), projected onto it."""
        return (np.asarray(codes, dtype=np.float64) - self.origin) @ self.basis.T

    def codes(self, flat: Array) -> Array:
        """The codes (N, D) at coordinates (N, P) in the plane."""
        return self.origin + np.asarray(flat, dtype=np.float64) @ self.basis


def points(encodings: ArrayLike) -> Array:
    """Encodings of shape (N, D) as float64; BadInput where the shape or a value is no point."""
    array = np.asarray(encodings, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise BadInput(f"encodings have shape {array.shape}: give at least one, as (N, D)")
    if not np.isfinite(array).all():
        raise BadInput("encodings hold NaN or infinity: the model diverged, train it again")
    return array


def coordinates(size: int, axes: tuple[int, ...] = (), through: ArrayLike | None = None) -> Plane:
    """The plane of two coordinates of codes of D = `size` numbers, or the line of one.

    axes: which, the first two by default. through: the code (D,) that the plane goes through,
        the origin by default; its own coordinates stay those of the codes.
    Raises BadInput for coordinates that are not there.
    """
    chosen = axes or tuple(range(min(2, size)))
    if len(chosen) > 2 or not all(0 <= axis < size for axis in chosen):
        raise BadInput(f"`axes` must be two of the coordinates 0 to {size - 1}")
    origin = np.zeros(size) if through is None else np.array(through, dtype=np.float64)
    origin[list(chosen)] = 0
    return Plane(origin, np.eye(size)[list(chosen)], tuple(f"z{axis}" for axis in chosen))


def principal(encodings: ArrayLike) -> Plane:
    """The plane through the mean of encodings (N, D) in which they vary most, D at least 2.

    Its directions are the first two principal components, and each name says what share of the
    variance lies along it.
    """
    array = points(encodings)
    origin = array.mean(axis=0)
    values, vectors = np.linalg.eigh((array - origin).T @ (array - origin))
    basis = vectors[:, :-3:-1].T
    # The sign of a component means nothing: its largest part counts upwards.
    largest = np.abs(basis).argmax(axis=1)
    basis = basis * np.sign(basis[np.arange(len(basis)), largest])[:, None]
    shares = values[:-3:-1] / max(values.sum(), np.finfo(float).tiny)
    kinds = zip(("first", "second"), shares, strict=True)
    names = (f"{kind} principal component ({share:.0%} of the variance)" for kind, share in kinds)
    return Plane(origin, basis, tuple(names))
