"""Planes of coordinates and of principal components."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.space import circle, coordinates, lattice, principal

STRETCHED = np.random.default_rng(0).normal(size=(2_000, 4)) * [1, 5, 0.1, 3] + [0, 7, 2, 0]


def test_coordinates_are_those_of_the_codes_themselves() -> None:
    plane = coordinates(4, (1, 3))
    assert plane.names == ("z1", "z3")
    np.testing.assert_array_equal(plane.flat(STRETCHED), STRETCHED[:, [1, 3]])
    assert coordinates(4).names == ("z0", "z1")
    assert coordinates(1).names == ("z0",)


def test_a_plane_through_a_code_keeps_its_other_coordinates() -> None:
    mean = STRETCHED.mean(0)
    plane = coordinates(4, (1, 3), through=mean)
    sites = lattice(circle(STRETCHED, plane=plane), 4)
    np.testing.assert_allclose(sites[:, [0, 2]], np.tile(mean[[0, 2]], (225, 1)))
    np.testing.assert_allclose(sites.mean(0), mean, atol=1e-9)
    np.testing.assert_allclose(plane.flat(sites), sites[:, [1, 3]])


def test_principal_components_are_where_codes_vary_most() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    plane = principal(STRETCHED @ turn)
    np.testing.assert_allclose(plane.basis @ plane.basis.T, np.eye(2), atol=1e-12)
    found = np.abs(plane.basis @ turn.T)  # back in the coordinates they were stretched along
    np.testing.assert_allclose(found, np.eye(4)[[1, 3]], atol=0.05)
    spread = plane.flat(STRETCHED @ turn).var(axis=0) / STRETCHED.var(axis=0).sum()
    assert plane.names == (
        f"first principal component ({spread[0]:.0%} of the variance)",
        f"second principal component ({spread[1]:.0%} of the variance)",
    )


def test_a_lattice_lies_in_the_plane_of_its_circle() -> None:
    around = circle(STRETCHED, plane=principal(STRETCHED))
    sites = lattice(around, 4)
    assert around.plane is not None
    np.testing.assert_allclose(around.plane.codes(around.plane.flat(sites)), sites)
    far = np.linalg.norm(around.plane.flat(sites) - around.centre, axis=1).max()
    assert far == pytest.approx(around.radius)


def test_codes_that_are_all_alike_have_a_plane_too() -> None:
    plane = principal(np.ones((5, 3)))
    assert np.isfinite(plane.basis).all()
    assert plane.names[0] == "first principal component (0% of the variance)"


@pytest.mark.parametrize("axes", [(0, 4), (-1, 0), (0, 1, 2)])
def test_refuses_coordinates_that_are_not_there(axes: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="`axes` must be two of the coordinates 0 to 3"):
        coordinates(4, axes)
