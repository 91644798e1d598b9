"""The square lattice inscribed in a circle of latent space."""

import numpy as np

from vaekit.errors import BadInput
from vaekit.space.ball import Ball
from vaekit.space.plane import Array, coordinates


def lattice(circle: Ball, size: int, side: int = 15) -> Array:
    """Sites of the square lattice whose corners lie on the circle.

    The sites have shape (side * side, D) with D = `size` and lie in the circle's plane, that of
    the first two coordinates where it names none. They run along rows, the first coordinate
    growing to the right and the second falling from row to row, so that pictures decoded from
    them and laid out `side` to a row have the orientation of a scatter plot. On a line (D = 1)
    the sites are `side` equidistant points, shape (side, 1).

    circle: a ball of one or two dimensions, at most D.
    Raises BadInput where the circle doesn't fit the latent size, and for fewer than two sites.
    """
    dims = len(circle.centre)
    if dims not in (1, 2) or dims > size or (dims == 1) != (size == 1):
        raise BadInput(f"a ball of {dims} dimensions holds no lattice of latent size {size}")
    if side < 2:
        raise BadInput(f"the lattice has {side} sites to a side: give at least 2")
    reach = circle.radius / np.sqrt(dims)
    steps = np.linspace(-reach, reach, side)
    axes = [steps] if dims == 1 else [steps, steps[::-1]]
    # Default "xy" indexing makes the first coordinate the one that runs along rows.
    flat = np.stack([grid.ravel() for grid in np.meshgrid(*axes)], axis=1)
    return (circle.plane or coordinates(size)).codes(circle.centre + flat)
