"""How much of a lattice in latent space has no encoding near it."""

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.ball import circle
from vaekit.space.lattice import lattice
from vaekit.space.plane import Array, points


def spacing(encodings: ArrayLike, percentile: float = 95) -> float:
    """The percentile of the encodings' distances to their nearest neighbour.

    encodings: shape (N, D), N at least 2. The result is in latent units.
    """
    array = points(encodings)
    if len(array) < 2:
        raise BadInput("there is one encoding: give at least two, neighbours need company")
    return float(np.percentile(_nearest(array), percentile))


def empty_sites(sites: ArrayLike, encodings: ArrayLike, percentile: float = 95) -> Array:
    """Which sites are farther from every encoding than encodings are from their neighbours.

    sites: shape (S, D); encodings: shape (N, D). The result is a boolean mask of shape (S,), true
    where the nearest encoding is farther than `spacing(encodings, percentile)`.
    Raises BadInput where sites and encodings differ in size.
    """
    targets, array = points(sites), points(encodings)
    if targets.shape[1] != array.shape[1]:
        raise BadInput(
            f"sites have {targets.shape[1]} coordinates and encodings {array.shape[1]}: "
            "give both in the same latent space"
        )
    return np.asarray(_nearest(array, targets) > spacing(array, percentile))


def emptiness(sites: ArrayLike, encodings: ArrayLike, percentile: float = 95) -> float:
    """The share of sites that are empty, in [0, 1]; see `empty_sites`."""
    return float(empty_sites(sites, encodings, percentile).mean())


def normal_emptiness(count: int, size: int, side: int = 15, seed: int = 0) -> float:
    """The emptiness that as many codes of a perfect standard normal would have.

    count: N codes of size D, with the lattice of `side` inscribed in their own circle. The share
    to compare another with: far out there are few codes, whatever a model does.
    """
    codes = np.random.default_rng(seed).standard_normal((count, size))
    return emptiness(lattice(circle(codes), size, side), codes)


def _nearest(encodings: Array, sites: Array | None = None) -> Array:
    """Distance (S,) from each site to the nearest encoding, or from each encoding to the next."""
    # Imported here because it takes a second, which those who only draw need not wait.
    from sklearn.neighbors import NearestNeighbors

    # Asked without sites, scikit-learn leaves each encoding out of its own neighbours.
    distances, _ = NearestNeighbors(n_neighbors=1).fit(encodings).kneighbors(sites)
    return np.asarray(distances[:, 0])
