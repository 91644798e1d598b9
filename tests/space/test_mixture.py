"""A mixture fitted to codes, where the density is known."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.space import mixture


def bimodal(count: int, seed: int) -> np.ndarray:
    """Draws from two narrow Gaussians at -2 and 2 on every axis of three."""
    numbers = np.random.default_rng(seed)
    sides = np.where(numbers.random((count, 1)) < 0.25, -2.0, 2.0)
    return sides + 0.3 * numbers.normal(size=(count, 3))


def true_density(codes: np.ndarray) -> np.ndarray:
    away = [((codes - side) ** 2).sum(axis=1) / 2 / 0.09 for side in (-2.0, 2.0)]
    norm = 1.5 * np.log(2 * np.pi * 0.09)
    return np.logaddexp(np.log(0.25) - away[0], np.log(0.75) - away[1]) - norm


def test_two_modes_are_found_and_the_normal_is_beaten() -> None:
    fitted, fresh = mixture(bimodal(4000, 0), 2), bimodal(2000, 1)
    found, normal = fitted.log_prob(fresh), -(fresh**2).sum(1) / 2 - 1.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(found.mean(), true_density(fresh).mean(), atol=0.02)
    assert found.mean() > normal.mean() + 5
    assert fitted.held_out == pytest.approx(found.mean(), abs=0.2)
    held = np.random.default_rng(0).permutation(4000)[:400]
    assert fitted.held_out == pytest.approx(fitted.log_prob(bimodal(4000, 0)[held]).mean())


def test_samples_follow_the_data() -> None:
    codes = bimodal(20_000, 0)
    drawn = mixture(codes, 2).sample(20_000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.12)
    assert np.mean(np.abs(np.abs(drawn) - 2) < 1.2) > 0.999


def test_samples_follow_their_seed_and_the_temperature() -> None:
    fitted = mixture(bimodal(1000, 0), 2)
    assert np.array_equal(fitted.sample(50, seed=3), fitted.sample(50, seed=3))
    assert not np.array_equal(fitted.sample(50, seed=3), fitted.sample(50, seed=4))
    assert len(np.unique(fitted.sample(50, temperature=0).round(6), axis=0)) == 2


def test_covariances_are_full_where_coordinates_depend_on_each_other() -> None:
    numbers = np.random.default_rng(0)
    shared = numbers.normal(size=(2000, 1))
    dependent = shared + 0.1 * numbers.normal(size=(2000, 5))
    fitted = mixture(dependent, 1)
    assert fitted.covariance == "full"
    np.testing.assert_allclose(np.corrcoef(fitted.sample(4000).T)[0, 1], 1 / 1.01, atol=0.01)
    # Twenty numbers a coordinate are too few for the 1,275 of a full covariance.
    assert mixture(numbers.normal(size=(60, 50)), 1).covariance == "diag"


def test_a_dimension_that_never_changes_is_no_trouble() -> None:
    codes = np.c_[bimodal(500, 0), np.full(500, 7.0)]
    drawn = mixture(codes, 2).sample(100)
    np.testing.assert_allclose(drawn[:, 3], 7, atol=0.01)


@pytest.mark.parametrize("components", [0, -1, 91])
def test_refuses_components_that_make_no_sense(components: int) -> None:
    with pytest.raises(BadInput, match="`components` must be from 1 to 90"):
        mixture(bimodal(100, 0), components)
