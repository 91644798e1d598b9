"""Ways from one code to another."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.space import linear, spherical

NUMBERS = np.random.default_rng(0)


@pytest.mark.parametrize("way", [linear, spherical])
def test_a_way_starts_and_ends_where_it_should(way) -> None:  # type: ignore[no-untyped-def]
    start, end = NUMBERS.normal(size=(2, 10))
    path = way(start, end, 7)
    assert path.shape == (7, 10)
    np.testing.assert_allclose(path[[0, -1]], [start, end])
    np.testing.assert_allclose(way(end, start, 7), path[::-1])


def test_linear_steps_are_equal() -> None:
    path = linear([0.0, 0.0], [3.0, -6.0], 4)
    assert path.tolist() == [[0, 0], [1, -2], [2, -4], [3, -6]]


def test_spherical_turns_evenly_and_keeps_the_norm() -> None:
    start, end = NUMBERS.normal(size=(2, 50))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    path = spherical(start, end, 9)
    norms = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(norms, np.linalg.norm(start))
    turns = (path[1:] * path[:-1]).sum(axis=1) / norms[0] ** 2
    np.testing.assert_allclose(turns, turns[0])
    middle = np.linalg.norm(linear(start, end, 9)[4])
    assert middle < 0.8 * norms[0]


def test_norms_that_differ_change_evenly() -> None:
    path = spherical([1.0, 0.0], [0.0, 5.0], 5)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), [1, 2, 3, 4, 5])
    np.testing.assert_allclose(path[2], [3 / np.sqrt(2)] * 2)


def test_codes_without_an_arc_of_their_own_are_joined_by_the_line() -> None:
    code = np.array([3.0, 4.0])
    for other in (2 * code, code, -code, 0 * code):
        np.testing.assert_allclose(spherical(code, other, 5), linear(code, other, 5))


def test_a_small_angle_is_still_an_arc() -> None:
    near = np.array([np.cos(1e-4), np.sin(1e-4)])
    np.testing.assert_allclose(
        np.linalg.norm(spherical([1.0, 0.0], near, 5), axis=1), 1, rtol=1e-12
    )


def test_refuses_codes_that_differ_and_a_single_step() -> None:
    with pytest.raises(BadInput, match="shape"):
        linear([0.0, 1.0], [0.0], 3)
    with pytest.raises(BadInput, match="`steps`"):
        spherical([0.0, 1.0], [1.0, 0.0], 1)
