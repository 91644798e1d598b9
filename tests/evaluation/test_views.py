"""Objects from other sides: errors, angles and the views that a reader would think of first."""

import math

import numpy as np
import pytest
import torch

from vaekit.data import Split
from vaekit.errors import BadInput
from vaekit.evaluation.views import (
    Views,
    angles,
    blended_views,
    colour_error,
    mask_overlap,
    most_similar,
    nearest_view,
)


def views(*sides: tuple[str, int, int]) -> Views:
    """Views of which each is of a grey of its own."""
    x = torch.arange(len(sides), dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 4, 8, 8) / 10
    names, high, turn = zip(*sides, strict=True)
    return Views(x, np.array(names), np.array(high), np.array(turn))


def test_errors_are_of_colours_and_overlaps_of_masks() -> None:
    real = torch.zeros(2, 4, 4, 4)
    real[:, 3, :2] = 1
    made = real.clone()
    made[0, :3] = 0.5
    made[1, 3, 1:3], made[1, 3, 0] = 1, 0
    assert colour_error(made, real).tolist() == [0.25, 0]
    assert mask_overlap(made, real).tolist() == pytest.approx([1, 1 / 3])
    made[0, :3] = 7
    assert colour_error(made, real)[0] == 1
    assert mask_overlap(torch.zeros(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)).item() == 1


def test_angles_are_between_directions() -> None:
    some = views(("a", 0, 0), ("a", 0, 90), ("a", 30, 0), ("a", 20, 350))
    aside = math.acos(math.cos(math.radians(20)) * math.cos(math.radians(10)))
    assert angles(some, 0, 0).tolist() == pytest.approx(
        [
            0,
            90,
            30,
            math.degrees(aside),
        ]
    )


def test_the_nearest_view_goes_around() -> None:
    some = views(("a", 20, 10), ("a", 20, 90), ("a", 20, 348))
    assert torch.equal(nearest_view(some, 20, 359), some.x[0])
    assert torch.equal(nearest_view(some, 20, 352), some.x[2])


def test_a_blend_is_weighted_by_nearness() -> None:
    some = views(("a", 20, 0), ("a", 20, 40), ("a", 30, 10))
    expected = 0.75 * some.x[0] + 0.25 * some.x[1]
    torch.testing.assert_close(blended_views(some, 20, 10), expected)
    torch.testing.assert_close(blended_views(some, 30, 200), some.x[2])
    torch.testing.assert_close(blended_views(some, 20, 40), some.x[1])
    around = views(("a", 20, 350), ("a", 20, 20))
    torch.testing.assert_close(
        blended_views(around, 20, 0), 2 / 3 * around.x[0] + 1 / 3 * around.x[1]
    )


def test_the_most_similar_object_is_seen_from_the_same_sides() -> None:
    known = views(("a", 20, 0), ("b", 20, 0), ("c", 20, 0), ("a", 20, 90), ("b", 20, 90))
    given = Views(known.x[[1, 4]], np.array(["x", "x"]), np.array([20, 20]), np.array([0, 90]))
    assert most_similar(known, given.take(np.array([0]))) == "b"
    assert most_similar(known, given) == "b"
    with pytest.raises(BadInput, match="no known object is seen from all sides"):
        most_similar(known, views(("x", 30, 0)))


def test_other_data_are_refused() -> None:
    with pytest.raises(BadInput, match="give rendered objects"):
        Views.from_split(Split(np.zeros((3, 4, 8, 8), np.uint8)))
