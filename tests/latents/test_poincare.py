"""Codes in the Poincaré ball against integrals and distances."""

import math

import pytest
import torch
from torch import Tensor

from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents import PoincarePosterior, PoincarePrior
from vaekit.latents.poincare import WrappedNormal
from vaekit.latents.spaces import PoincareBall


def wrapped(loc: list[float], log_scale: list[float], curvature: float) -> WrappedNormal:
    base = (torch.tensor([each], dtype=torch.float64) for each in (loc, log_scale))
    return WrappedNormal(DiagonalGaussian(*base), PoincareBall(curvature))


def distance(x: Tensor, y: Tensor, curvature: float) -> Tensor:
    """https://en.wikipedia.org/wiki/Poincar%C3%A9_disk_model"""
    around = (1 - curvature * x.square().sum(-1)) * (1 - curvature * y.square().sum(-1))
    return (1 + 2 * curvature * (x - y).square().sum(-1) / around).acosh() / curvature**0.5


@pytest.mark.parametrize("curvature", [0.3, 1.0, 4.0])
def test_the_density_integrates_to_one_over_hyperbolic_volume(curvature: float) -> None:
    q, n, radius = wrapped([0.8, -0.5], [-0.5, -1.0], curvature), 800, curvature**-0.5
    side = ((torch.arange(n, dtype=torch.float64) + 0.5) / n * 2 - 1) * radius
    points = torch.cartesian_prod(side, side)
    points = points[curvature * points.square().sum(-1) < (1 - 1e-5) ** 2]
    volume = (2 / (1 - curvature * points.square().sum(-1))).square() * (2 * radius / n) ** 2
    total = (q.log_prob(points[:, None]).exp().squeeze(-1) * volume).sum()
    torch.testing.assert_close(total.item(), 1.0, rtol=1e-4, atol=0)


@pytest.mark.parametrize("curvature", [0.3, 1.0, 4.0])
def test_draws_lie_at_the_distances_of_a_gaussian_and_are_scored_wherever_they_come_from(
    curvature: float,
) -> None:
    q = wrapped([0.6, 0.2, -0.3], [-0.7, -0.7, -0.7], curvature)
    z, log_q = q.draw(20_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(q.log_prob(z), log_q)
    squares = distance(z, q.mode, curvature).square()
    error = squares.std() / len(squares) ** 0.5
    assert abs(squares.mean() - 3 * math.exp(-1.4)) < 3.5 * error
    out = distance(q.mode, torch.zeros(3, dtype=torch.float64), curvature)
    torch.testing.assert_close(out.item(), 0.7)  # the length of its place in flat space


def test_a_ball_that_hardly_bends_is_flat() -> None:
    q = wrapped([0.6, 0.2, -0.3], [-0.7, 0.1, -0.2], 1e-8)
    z, log_q = q.draw(50, torch.Generator().manual_seed(0))
    flat = DiagonalGaussian(2 * q.mode, q.noise.log_scale)  # points lie at half their distance
    torch.testing.assert_close(log_q, flat.log_prob(2 * z), rtol=1e-5, atol=1e-5)


def test_gradients_are_those_of_differences() -> None:
    def loss(loc: Tensor, log_scale: Tensor) -> Tensor:
        q = WrappedNormal(DiagonalGaussian(loc, log_scale), PoincareBall(0.7))
        p = PoincarePrior(3, 0.7).double()()
        z, log_q = q.draw(2, torch.Generator().manual_seed(1))
        return (log_q - p.log_prob(z)).mean() + z.square().sum()

    torch.manual_seed(0)
    given = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(loss, tuple(given))


def test_nothing_leaves_the_ball_however_far_it_is_sent() -> None:
    for far in (0.0, 1.0, 1e2, 1e10):
        loc = torch.full((2, 5), far, requires_grad=True)
        log_scale = torch.zeros(2, 5, requires_grad=True)
        q = WrappedNormal(DiagonalGaussian(loc, log_scale), PoincareBall(1.0))
        p = PoincarePrior(5)()
        z, log_q = q.draw(100)
        (log_q - p.log_prob(z) + z.sum(-1)).sum().backward()
        assert (z.norm(dim=-1) < 1).all()
        for each in (log_q, p.log_prob(z), q.log_prob(z), loc.grad, log_scale.grad):
            assert each is not None
            assert each.isfinite().all()


def test_a_temperature_keeps_draws_near_the_centre() -> None:
    p, zero = PoincarePrior(4)(), torch.zeros(4)
    near = p.sample((500,), torch.Generator().manual_seed(0), temperature=0.5)
    far = p.sample((500,), torch.Generator().manual_seed(0))
    torch.testing.assert_close(distance(near, zero, 1.0), distance(far, zero, 1.0) / 2)


def test_a_curvature_that_leaves_no_room_is_refused() -> None:
    for part in (PoincarePrior, lambda size, c: PoincarePosterior(5, size, c)):
        part(10, 2.0)
        for wrong in (0.0, -1.0, 5.0, math.nan, math.inf):
            with pytest.raises(BadInput, match=r"`curvature` must be above 0, up to 2\.9"):
                part(10, wrong)
