"""The flow posterior against autograd."""

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.latents import FlowPosterior, Latent, StandardNormal
from vaekit.objectives import ELBO, IWAE, check
from vaekit.recipes import iaf_vae
from vaekit.records import Batch

B, F, D = 3, 5, 4


def never(batch: Batch) -> Tensor:
    raise AssertionError("no pseudo-inputs here")


def stirred(steps: int = 2) -> FlowPosterior:
    """A flow whose networks do something."""
    torch.manual_seed(0)
    posterior = FlowPosterior(F, D, steps, 16).double()
    with torch.no_grad():
        for parameter in posterior.steps.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return posterior


def test_the_log_determinant_is_that_of_autograd_s_jacobian() -> None:
    posterior = stirred(3)
    features = torch.randn(B, F, dtype=torch.float64)
    q = posterior(features)
    _, log_q = q.draw(2, torch.Generator().manual_seed(1))
    start, log_base = q.base.draw(2, torch.Generator().manual_seed(1))
    for k in range(2):
        for row in range(B):
            alone = posterior(features[row : row + 1])
            jacobian = torch.autograd.functional.jacobian(
                lambda point, alone=alone: alone._bent(point[None, None])[0][0, 0], start[k, row]
            )
            expected = log_base[k, row] - torch.linalg.slogdet(jacobian).logabsdet
            torch.testing.assert_close(log_q[k, row], expected)
            assert (jacobian.abs() > 1e-12).sum() > D  # no diagonal map


def test_scales_have_32_bits_where_the_networks_have_16() -> None:
    """Where scales are rounded to 8 bits, their logarithms are no longer what was charged."""
    torch.manual_seed(0)
    posterior, d = FlowPosterior(F, 100, 1, 16), 100
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        posterior.steps[0].hyper[-1].bias.normal_()
        q = posterior(torch.randn(1, F))
        (step,) = q.maps
        start = q.base.mode
        _, growth = q._bent(start)
        scales = step.meta(start).base.scale.double()
    assert scales.shape == (1, d)
    torch.testing.assert_close(growth.double(), scales.log().sum(-1), rtol=1e-5, atol=1e-4)


def test_the_density_of_draws_integrates_to_one() -> None:
    """Weighed by a wide Gaussian over the flow's density, draws have a mean weight of 1."""
    q = stirred()(torch.zeros(1, F, dtype=torch.float64))
    with torch.no_grad():
        z, log_q = q.draw(200_000, torch.Generator().manual_seed(2))
        inner = torch.distributions.MultivariateNormal(z[:, 0].mean(0), z[:, 0].T.cov() / 4)
        weights = (inner.log_prob(z[:, 0]) - log_q[:, 0]).exp()
    error = weights.std() / len(weights) ** 0.5
    assert abs(weights.mean() - 1) < 4 * error < 0.05


def test_a_new_flow_hardly_bends() -> None:
    torch.manual_seed(0)
    posterior, features = FlowPosterior(F, D), torch.randn(B, F)
    q = posterior(features)
    torch.testing.assert_close(q.mode, q.base.mode, rtol=0, atol=0.1)
    assert q.rsample((5,)).shape == (5, B, D)


def test_it_has_no_rate_by_dimension_and_says_so_when_built() -> None:
    latent = Latent(FlowPosterior(F, D), StandardNormal(D))
    assert "rates" not in latent.provides
    draw = latent(torch.randn(B, F), never, draws=9)
    assert draw.rates is None
    torch.testing.assert_close(draw.rate, (draw.log_q - draw.log_p).mean(0))
    model, objective = iaf_vae((1, 4, 4), latent=3)
    check(model, objective)
    check(model, IWAE(3))
    with pytest.raises(BadInput, match="needs rates from the latent"):
        check(model, ELBO(free_bits=0.1))


@pytest.mark.parametrize("options", [{"steps": 0}, {"steps": 101}, {"hidden_flow": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(BadInput, match=f"`{next(iter(options))}` must be"):
        FlowPosterior(F, D, **options)


def test_one_dimension_bends_too() -> None:
    z, log_q = FlowPosterior(F, 1)(torch.randn(B, F)).draw(2)
    assert z.shape == (2, B, 1)
    assert log_q.isfinite().all()
