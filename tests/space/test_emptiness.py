"""How much of a lattice has no encoding near it."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from vaekit.errors import BadInput
from vaekit.space import (
    ball,
    circle,
    coordinates,
    emptiness,
    empty_sites,
    lattice,
    normal_emptiness,
    spacing,
)

WHOLE_NUMBERS = np.stack(np.meshgrid(*[np.arange(10.0)] * 2), axis=-1).reshape(-1, 2)


def test_spacing_of_whole_numbers_is_one() -> None:
    assert spacing(WHOLE_NUMBERS) == 1


def test_spacing_of_points_that_all_come_twice_is_zero() -> None:
    assert spacing(np.vstack([WHOLE_NUMBERS, WHOLE_NUMBERS])) == 0


def test_a_site_is_empty_only_beyond_the_spacing() -> None:
    sites = [[4, 4], [4.5, 4.5], [10, 9], [10.01, 9], [5, -1.5]]
    assert empty_sites(sites, WHOLE_NUMBERS).tolist() == [False, False, False, True, True]
    assert emptiness(sites, WHOLE_NUMBERS) == pytest.approx(0.4)


def test_agrees_with_every_distance_written_out() -> None:
    numbers = np.random.default_rng(0)
    encodings, sites = numbers.normal(size=(300, 3)), 2 * numbers.normal(size=(100, 3))
    apart = np.linalg.norm(encodings[:, None] - encodings[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    limit = np.percentile(apart.min(axis=1), 95)
    away = np.linalg.norm(sites[:, None] - encodings[None], axis=-1).min(axis=1)
    np.testing.assert_array_equal(empty_sites(sites, encodings), away > limit)
    assert 0 < emptiness(sites, encodings) < 1


def test_an_evenly_filled_disk_has_no_hole() -> None:
    # A sunflower: points spread over the disk with nearly equal room.
    step = np.arange(5000) + 0.5
    angle, reach = step * np.pi * (3 - np.sqrt(5)), np.sqrt(step / 5000)
    disk = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    assert emptiness(lattice(circle(disk), 2), disk) == 0


def test_a_ring_is_empty_in_the_middle() -> None:
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    sites = lattice(circle(ring), 2)
    inner = np.linalg.norm(sites, axis=1) < 0.9
    assert empty_sites(sites, ring)[inner].all()


def test_far_sites_are_all_empty() -> None:
    assert emptiness(WHOLE_NUMBERS + 100, WHOLE_NUMBERS) == 1


def test_distances_are_those_of_the_whole_space() -> None:
    flat = np.hstack([WHOLE_NUMBERS, np.zeros((100, 1))])
    sites = flat[::7]
    assert emptiness(sites, flat) == 0
    assert emptiness(sites, flat + np.array([0, 0, 5])) == 1


def test_motion_and_scale_of_the_space_change_nothing() -> None:
    numbers = np.random.default_rng(2)
    encodings, sites = numbers.normal(size=(400, 3)), 2 * numbers.normal(size=(80, 3))
    turn, shift = ortho_group.rvs(3, random_state=3), np.array([9.0, -4, 1])
    moved = [0.1 * points @ turn + shift for points in (sites, encodings)]
    np.testing.assert_array_equal(empty_sites(*moved), empty_sites(sites, encodings))


def test_refuses_spaces_that_differ_and_a_lonely_encoding() -> None:
    with pytest.raises(BadInput, match="2 coordinates and encodings 3"):
        empty_sites(np.zeros((4, 2)), np.zeros((5, 3)))
    with pytest.raises(BadInput, match="at least two"):
        spacing([[0.0, 1.0]])


def test_a_standard_normal_leaves_its_corners_empty_and_little_else() -> None:
    share = normal_emptiness(10_000, 2)
    assert 0.05 < share < 0.4
    assert normal_emptiness(10_000, 2) == share
    codes = np.random.default_rng(0).standard_normal((10_000, 2))
    assert emptiness(lattice(circle(codes), 2), codes) == share


def test_the_lattice_lies_in_the_coordinates_of_its_circle() -> None:
    codes = np.random.default_rng(0).standard_normal((500, 4)) * [1, 5, 1, 3]
    around = circle(codes, plane=coordinates(4, (1, 3)))
    assert around.plane is not None
    assert around.plane.names == ("z1", "z3")
    assert around.radius == ball(codes[:, [1, 3]]).radius
    sites = lattice(around, 4)
    assert (sites[:, [0, 2]] == 0).all()
    assert np.ptp(sites[:, 1]) > 5
    with pytest.raises(BadInput, match="`axes` must be two of the coordinates 0 to 3"):
        coordinates(4, (1, 4))
