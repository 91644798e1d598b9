"""The Gaussian posterior of full covariance against torch's own and many draws."""

import math

import pytest
import torch
from torch import Tensor
from torch import distributions as td

from vaekit.distributions import BY_DIMENSION, DiagonalGaussian, FullGaussian
from vaekit.errors import BadInput
from vaekit.latents import FullPosterior, GaussianPosterior, Latent, StandardNormal
from vaekit.objectives import ELBO, STL, DReG, check
from vaekit.recipes import full_rank_vae

B, F, D = 3, 5, 4


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stirred(size: int = D) -> FullPosterior:
    torch.manual_seed(0)
    posterior = FullPosterior(F, size).double()
    with torch.no_grad():
        posterior.head.bias[size : 2 * size] += 2.5
        posterior.head.weight[2 * size :] += 0.3 * torch.randn_like(
            posterior.head.weight[2 * size :]
        )
    return posterior


@pytest.fixture
def q() -> FullGaussian:
    return stirred()(torch.randn(B, F, generator=seeded(1), dtype=torch.float64))


def reference(q: FullGaussian) -> td.MultivariateNormal:
    return td.MultivariateNormal(q.loc, scale_tril=q.factor)


def within(samples: Tensor, expected: Tensor) -> bool:
    """Whether means over the first axis are within three standard errors."""
    error = samples.std(0) / math.sqrt(len(samples))
    return bool(((samples.mean(0) - expected).abs() <= 3 * error).all())


def test_densities_are_torch_s(q: FullGaussian) -> None:
    assert (q.factor.tril(-1).abs() > 0.05).any()
    value = torch.randn(7, B, D, generator=seeded(2), dtype=torch.float64)
    torch.testing.assert_close(q.log_prob(value), reference(q).log_prob(value))
    torch.testing.assert_close(q.log_prob(value[0]), reference(q).log_prob(value[0]))
    z, log_q = q.draw(6, seeded(3))
    torch.testing.assert_close(log_q, reference(q).log_prob(z))
    assert torch.equal(z, q.rsample((6,), seeded(3)))
    assert q.rsample().shape == (B, D)


def test_what_is_charged_is_what_was_drawn_where_networks_have_16_bits() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        q = stirred().float()(torch.randn(B, F))
        z, log_q = q.draw(6)
    torch.testing.assert_close(log_q, q.log_prob(z), rtol=1e-4, atol=1e-4)


def test_samples_have_its_moments(q: FullGaussian) -> None:
    z = q.rsample((40_000,), seeded(4)).detach()
    assert within(z, q.loc)
    away = z - q.loc
    covariance = q.factor @ q.factor.mT
    assert within(away.unsqueeze(-1) * away.unsqueeze(-2), covariance)
    torch.testing.assert_close(q.variance, covariance.diagonal(dim1=-2, dim2=-1))


def test_the_rate_is_torch_s_and_that_of_many_draws(q: FullGaussian) -> None:
    zeros = torch.zeros(D, dtype=torch.float64)
    for p in (DiagonalGaussian(zeros, zeros), DiagonalGaussian(q.loc.flip(0), q.log_scale / 2)):
        closed = td.kl_divergence(q, p)
        other = td.MultivariateNormal(p.loc, scale_tril=p.scale.diag_embed())
        torch.testing.assert_close(closed, td.kl_divergence(reference(q), other))
        z, log_q = q.draw(20_000, seeded(5))
        assert within(log_q - p.log_prob(z), closed)
    assert (FullGaussian, DiagonalGaussian) not in BY_DIMENSION  # what is correlated has no parts


def test_a_still_one_passes_gradients_through_the_codes_alone() -> None:
    posterior = stirred()
    q = posterior(torch.randn(B, F, dtype=torch.float64))
    z = q.rsample((2,)).detach().requires_grad_()
    still = q.still().log_prob(z)
    assert torch.equal(still, q.log_prob(z))
    (slope,) = torch.autograd.grad(still.sum(), z)
    torch.testing.assert_close(slope, torch.autograd.grad(q.log_prob(z).sum(), z)[0])
    assert not q.still().factor.requires_grad


def test_gradients_are_those_of_the_closed_form() -> None:
    """Of E|z|^2 = |loc|^2 + |L|^2 in all parameters, by many draws with fixed noise."""
    posterior = stirred()
    features = torch.randn(B, F, generator=seeded(1), dtype=torch.float64)
    q = posterior(features)
    closed = q.loc.square().sum(-1) + q.factor.square().sum((-1, -2))
    drawn = q.rsample((100_000,), seeded(6)).square().sum(-1).mean(0)
    parameters = list(posterior.parameters())
    for expected, found in zip(
        torch.autograd.grad(closed.sum(), parameters, retain_graph=True),
        torch.autograd.grad(drawn.sum(), parameters),
        strict=True,
    ):
        assert found.any()
        torch.testing.assert_close(found, expected, rtol=0.05, atol=0.05)


def test_a_new_one_is_next_to_diagonal_and_starts_as_a_diagonal_one_does() -> None:
    torch.manual_seed(0)
    full, diagonal = FullPosterior(100, 10), GaussianPosterior(100, 10)
    features = torch.randn(B, 100)
    with torch.no_grad():
        q, other = full(features), diagonal(features)
    assert q.factor.tril(-1).abs().max() < q.log_scale.exp().mean() / 2
    for mine, its in ((q.mode, other.mode), (q.log_scale, other.log_scale)):
        assert float(mine.std() / its.std()) == pytest.approx(1, abs=0.3)
    assert float(q.log_scale.mean()) == pytest.approx(float(other.log_scale.mean()), abs=0.3)


def test_one_dimension_is_a_diagonal_gaussian() -> None:
    posterior = FullPosterior(F, 1)
    q = posterior(torch.randn(B, F))
    z, log_q = q.draw(5)
    torch.testing.assert_close(log_q, DiagonalGaussian(q.loc, q.log_scale).log_prob(z))


def test_what_it_provides_is_known_when_it_is_built() -> None:
    provides = Latent(FullPosterior(F, D), StandardNormal(D)).provides
    assert "still_log_q" in provides
    assert "rates" not in provides
    model, objective = full_rank_vae((1, 4, 4), latent=3)
    for fits in (objective, STL(), DReG(2)):
        check(model, fits)
    with pytest.raises(BadInput, match=r"needs rates .* that of FullPosterior and StandardNormal"):
        check(model, ELBO(free_bits=0.1))
