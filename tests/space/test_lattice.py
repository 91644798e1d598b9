"""The square lattice inscribed in a circle."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.space import Ball, lattice

UNIT = Ball(np.zeros(2), np.sqrt(2), 0.99)


def test_nine_known_sites_in_the_order_of_a_picture() -> None:
    rows = [
        [(-1, 1), (0, 1), (1, 1)],
        [(-1, 0), (0, 0), (1, 0)],
        [(-1, -1), (0, -1), (1, -1)],
    ]
    np.testing.assert_allclose(lattice(UNIT, 2, side=3).reshape(3, 3, 2), rows, atol=1e-15)


def test_corners_lie_on_the_circle_and_all_else_inside() -> None:
    circle = Ball(np.array([3.0, -7.0]), 4.2, 0.99)
    sites = lattice(circle, 2)
    assert sites.shape == (225, 2)
    distances = np.linalg.norm(sites - circle.centre, axis=1).reshape(15, 15)
    np.testing.assert_allclose(distances[[0, 0, -1, -1], [0, -1, 0, -1]], 4.2)
    assert np.sum(distances > 4.2 * (1 - 1e-9)) == 4
    np.testing.assert_allclose(sites.mean(axis=0), circle.centre)


def test_neighbours_are_equally_far_in_both_directions() -> None:
    square = lattice(UNIT, 2, side=5).reshape(5, 5, 2)
    np.testing.assert_allclose(np.diff(square, axis=1), np.broadcast_to([0.5, 0], (5, 4, 2)))
    np.testing.assert_allclose(np.diff(square, axis=0), np.broadcast_to([0, -0.5], (4, 5, 2)))


def test_lies_in_the_plane_of_the_first_two_coordinates() -> None:
    sites = lattice(UNIT, 10)
    assert sites.shape == (225, 10)
    assert not sites[:, 2:].any()
    np.testing.assert_array_equal(sites[:, :2], lattice(UNIT, 2))


def test_moves_and_grows_with_the_circle() -> None:
    shift = np.array([5.0, -1.0])
    grown = lattice(Ball(shift, 3 * np.sqrt(2), 0.99), 2)
    np.testing.assert_allclose(grown, 3 * lattice(UNIT, 2) + shift)


def test_a_line_has_equidistant_sites_from_end_to_end() -> None:
    sites = lattice(Ball(np.array([1.0]), 2.0, 0.99), 1, side=5)
    np.testing.assert_allclose(sites, [[-1], [0], [1], [2], [3]])


@pytest.mark.parametrize(
    ("dims", "size", "side"), [(2, 1, 15), (1, 2, 15), (3, 3, 15), (2, 2, 1), (2, 2, 0)]
)
def test_refuses_what_has_no_lattice(dims: int, size: int, side: int) -> None:
    with pytest.raises(BadInput, match="lattice"):
        lattice(Ball(np.zeros(dims), 1.0, 0.99), size, side)
