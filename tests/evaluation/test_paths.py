"""Ways between pictures: their length, their evenness and what their steps pass for."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.judge import Judge, train_judge
from vaekit.evaluation.paths import (
    detour,
    path_length,
    share_of_steps,
    straight_length,
    unevenness,
)
from vaekit.space import spherical

Digits = tuple[Tensor, Tensor]


@pytest.fixture
def ends() -> Tensor:
    return torch.randn(20, 2, 7, generator=torch.Generator().manual_seed(0)).double()


def between(ends: Tensor, places: Tensor) -> Tensor:
    """Points (P, S, F) on the lines between ends (P, 2, F), at these shares of the way (S,)."""
    first, last = ends[:, :1], ends[:, 1:]
    return first + places[:, None] * (last - first)


@pytest.mark.parametrize("count", [2, 5, 61])
def test_a_straight_way_is_as_long_as_its_ends_are_apart_squared(ends: Tensor, count: int) -> None:
    way = between(ends, torch.linspace(0, 1, count, dtype=torch.float64))
    apart = (ends[:, 0] - ends[:, 1]).square().sum(1)
    torch.testing.assert_close(path_length(way), apart)
    torch.testing.assert_close(straight_length(way), apart)
    torch.testing.assert_close(unevenness(way), torch.ones(20).double())
    assert float(detour(path_length(way), straight_length(way))) == pytest.approx(1)


def test_a_way_that_is_uneven_or_bent_is_longer(ends: Tensor) -> None:
    late = between(ends, torch.linspace(0, 1, 601, dtype=torch.float64) ** 2)
    # The integral of (2 t)² is 4/3, and the last of the steps is twice the mean one.
    torch.testing.assert_close(path_length(late), straight_length(late) * 4 / 3, rtol=1e-3, atol=0)
    torch.testing.assert_close(unevenness(late), torch.full((20,), 2.0).double(), rtol=2e-3, atol=0)
    arc = torch.from_numpy(spherical(np.array([1.0, 0]), np.array([0, 1.0]), 500))[None]
    assert float(path_length(arc)) == pytest.approx((math.pi / 2) ** 2, rel=1e-4)
    assert float(straight_length(arc)) == pytest.approx(2)
    assert float(unevenness(arc)) == pytest.approx(1)


def test_a_finer_way_is_longer_and_no_way_shorter_than_the_straight_one() -> None:
    way = torch.randn(5, 13, 4, generator=torch.Generator().manual_seed(1)).cumsum(1)
    lengths = [path_length(way[:, ::every]) for every in (12, 6, 3, 1)]
    assert all((fine >= coarse).all() for coarse, fine in pairwise(lengths))
    torch.testing.assert_close(lengths[0], straight_length(way))


def test_blends_of_a_picture_with_itself_do_not_move(digits: Digits) -> None:
    images, labels = digits
    judge: Judge = train_judge(images[:500], labels[:500], classes=10, epochs=1)
    places = torch.linspace(0, 1, 5)[:, None, None, None]
    same = torch.stack([(1 - t) * images[:6] + t * images[:6] for t in places], dim=1)
    features = judge.inspect(same.flatten(0, 1))[0].view(6, 5, -1)
    torch.testing.assert_close(path_length(features), torch.zeros(6).double(), atol=1e-6, rtol=0)
    still = features[:, :1].expand(-1, 5, -1)
    assert path_length(still).tolist() == [0.0] * 6
    assert unevenness(still).tolist() == [1.0] * 6


def test_steps_of_either_end_are_counted_and_no_others() -> None:
    found = torch.tensor([[3, 3, 8, 8], [3, 5, 5, 8], [1, 2, 0, 4], [7, 7, 7, 9]])
    ends = torch.tensor([[3, 8], [3, 8], [3, 8], [7, 7]])
    assert share_of_steps(found, ends).tolist() == [1.0, 0.5, 0.0, 0.75]


def test_what_is_no_way_is_refused() -> None:
    for shape in ((3, 4), (0, 3, 4), (3, 1, 4)):
        with pytest.raises(BadInput, match="two places or more"):
            path_length(torch.zeros(shape))
    with pytest.raises(BadInput, match="not finite"):
        unevenness(torch.full((1, 2, 3), math.nan))
    with pytest.raises(BadInput, match="ends"):
        share_of_steps(torch.zeros(3, 4), torch.zeros(3))
