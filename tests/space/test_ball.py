"""The ball that encloses a share of the encodings."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from vaekit.errors import BadInput
from vaekit.space import ball, circle


def cloud(count: int, dims: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dims))


def test_corners_of_a_square() -> None:
    found = ball([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    assert found.centre.tolist() == [0, 0]
    assert found.radius == pytest.approx(np.sqrt(2))
    assert found.share == 0.99


@pytest.mark.parametrize(
    ("count", "share", "inside"),
    [
        (100, 0.99, 99),
        (101, 0.99, 100),
        (150, 0.99, 149),
        (10_000, 0.99, 9900),
        (7, 0.5, 4),
        (5, 1, 5),
        (3, 0.01, 1),
    ],
)
def test_encloses_the_least_count_that_is_at_least_the_share(
    count: int, share: float, inside: int
) -> None:
    points = cloud(count, 3)
    found = ball(points, share)
    distances = np.linalg.norm(points - points.mean(axis=0), axis=1)
    assert np.sum(distances <= found.radius) == inside


def test_radius_of_a_standard_normal_plane_is_the_rayleigh_quantile() -> None:
    found = ball(cloud(200_000, 2))
    assert found.radius == pytest.approx(np.sqrt(-2 * np.log(0.01)), rel=0.01)
    assert np.abs(found.centre).max() < 0.01


def test_moves_turns_and_grows_with_the_encodings() -> None:
    points = cloud(500, 4)
    turn, shift = ortho_group.rvs(4, random_state=1), np.array([1.0, -2, 3, 5])
    before, after = ball(points), ball(2.5 * points @ turn + shift)
    assert after.radius == pytest.approx(2.5 * before.radius)
    np.testing.assert_allclose(after.centre, 2.5 * before.centre @ turn + shift)


def test_circle_sees_the_first_two_coordinates_only() -> None:
    points = cloud(300, 10)
    whole, plane = circle(points), ball(points[:, :2])
    assert whole.centre.tolist() == pytest.approx(plane.centre.tolist())
    assert whole.radius == pytest.approx(plane.radius)


def test_circle_of_a_line_is_an_interval() -> None:
    found = circle([[0.0], [2.0], [4.0]], share=1)
    assert (found.centre.tolist(), found.radius) == ([2.0], 2.0)


@pytest.mark.parametrize("bad", [[1.0, 2.0], np.zeros((0, 2)), np.zeros((3, 0)), [[np.nan, 1]]])
def test_refuses_what_is_no_set_of_points(bad: object) -> None:
    with pytest.raises(BadInput, match="encodings"):
        ball(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_refuses_an_impossible_share(share: float) -> None:
    with pytest.raises(BadInput, match="share"):
        ball([[0.0, 0.0]], share)
