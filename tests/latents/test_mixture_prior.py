"""Mixtures of Gaussians against torch's own, a grid and a standard normal."""

import math
from typing import Any, final

import pytest
import torch
from torch import Generator, Tensor
from torch import distributions as td

from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents import GaussianPosterior, Latent, MixturePrior, StandardNormal
from vaekit.latents.mixture import Mixture
from vaekit.objectives import ELBO, IWAE, check
from vaekit.recipes import mog_vae, vae
from vaekit.records import Batch

M, D = 5, 3


def never(batch: Batch) -> Tensor:
    raise AssertionError("no pseudo-inputs here")


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def mixture(size: int = D, scale: float = 0.5) -> tuple[Mixture, td.MixtureSameFamily]:
    """The same mixture twice: ours, and torch's in 64 bits."""
    generator = seeded()
    loc = 2 * torch.randn(M, size, generator=generator)
    log_scale = math.log(scale) + 0.3 * torch.randn(M, size, generator=generator)
    weights = torch.randn(M, generator=generator).log_softmax(0)
    parts = td.Independent(td.Normal(loc.double(), log_scale.double().exp()), 1)
    known = td.MixtureSameFamily(td.Categorical(logits=weights.double()), parts)
    return Mixture(DiagonalGaussian(loc, log_scale), weights), known


@final
class Unknown:
    """A Gaussian of a class of its own, which no matrix product is known for."""

    def __init__(self, inner: DiagonalGaussian) -> None:
        self.inner, self.mode = inner, inner.mode
        self.log_prob, self.rsample = inner.log_prob, inner.rsample


@pytest.mark.parametrize("scale", [0.5, 0.003])
def test_densities_are_those_of_torch_s_mixture_near_and_far(scale: float) -> None:
    ours, known = mixture(scale=scale)
    near = known.sample((700, 2)).float()
    for codes in (near, near + 5, 1e3 * near):
        expected = known.log_prob(codes.double())
        found = ours.log_prob(codes)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-4)


def test_components_of_any_class_give_the_same_densities_and_moments() -> None:
    ours, known = mixture()
    other = Mixture(Unknown(ours.components), ours.log_weights)
    codes = known.sample((4, 6)).float()
    torch.testing.assert_close(other.log_prob(codes), ours.log_prob(codes))
    for each in (ours, other):
        drawn = each.sample((200, 100), seeded(1)).view(-1, D).double()
        error = known.stddev / len(drawn) ** 0.5
        assert ((drawn.mean(0) - known.mean).abs() < 4 * error).all()
        torch.testing.assert_close(drawn.var(0), known.variance, rtol=0.05, atol=0)
        assert each.sample((2,), seeded()).shape == (2, D)


def test_a_temperature_moves_draws_to_the_means_of_their_components() -> None:
    ours, _ = mixture()
    means = ours.components.loc
    assert (torch.cdist(ours.sample((50,), seeded(), 0.0), means).amin(1) < 1e-6).all()
    assert (torch.cdist(ours.sample((50,), seeded(), 0.1), means).amin(1) > 1e-6).all()
    with pytest.raises(BadInput, match="`temperature` must be 1 for a mixture of Unknowns"):
        Mixture(Unknown(ours.components)).sample((3,), temperature=0.5)


def test_the_density_integrates_to_one() -> None:
    ours, _ = mixture(2)
    line = torch.linspace(-12, 12, 1000)
    grid = torch.cartesian_prod(line, line)
    mass = ours.log_prob(grid[None]).double().exp().sum() * (line[1] - line[0]) ** 2
    assert abs(mass - 1) < 1e-4


def test_rows_without_a_component_have_the_others_weighed_anew() -> None:
    ours, _ = mixture()
    without = torch.zeros(2, M, dtype=torch.bool)
    without[0, [1, 3]] = True
    codes = torch.randn(4, 2, D, generator=seeded())
    found = Mixture(ours.components, ours.log_weights, without).log_prob(codes)
    left = [0, 2, 4]
    some = DiagonalGaussian(ours.components.loc[left], ours.components.log_scale[left])
    fewer = Mixture(some, ours.log_weights[left].log_softmax(0))
    torch.testing.assert_close(found[:, 0], fewer.log_prob(codes)[:, 0])
    torch.testing.assert_close(found[:, 1], ours.log_prob(codes)[:, 1])


def test_gradients_of_a_density_are_those_of_torch_s() -> None:
    torch.manual_seed(0)
    prior, codes = MixturePrior(D, M), torch.randn(1, 9, D, requires_grad=True)
    inputs = [codes, *prior.parameters()]
    found = torch.autograd.grad(prior().log_prob(codes).sum(), inputs)
    parts = td.Independent(td.Normal(prior.loc, prior.log_scale.exp()), 1)
    known = td.MixtureSameFamily(td.Categorical(logits=prior.logits), parts)
    for ours, theirs in zip(
        found, torch.autograd.grad(known.log_prob(codes).sum(), inputs), strict=True
    ):
        assert ours.any()
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_new_mixture_has_the_moments_of_a_standard_normal() -> None:
    torch.manual_seed(0)
    drawn = MixturePrior(20, 400)().sample((20_000,), seeded())
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.var() - 1) < 0.02


def standard(size: int) -> MixturePrior:
    """The mixture of one component, the standard normal."""
    prior = MixturePrior(size, 1)
    with torch.no_grad():
        prior.loc.zero_()
        prior.log_scale.zero_()
    return prior


def test_one_standard_component_is_the_standard_normal() -> None:
    codes = 3 * torch.randn(2, 7, D, generator=seeded())
    torch.testing.assert_close(standard(D)().log_prob(codes), StandardNormal(D)().log_prob(codes))
    torch.manual_seed(0)
    plain, _ = vae((1, 4, 4), latent=D)
    mixed, _ = mog_vae((1, 4, 4), latent=D, gaussians=1)
    mixed.load_state_dict(plain.state_dict(), strict=False)
    mixed.latent.prior = standard(D)
    x = torch.rand(6, 1, 4, 4, generator=seeded())
    bounds = [each.log_likelihood(x, 50, seeded(3)) for each in (plain, mixed)]
    torch.testing.assert_close(*bounds)


def test_a_rate_against_one_component_is_that_in_closed_form_but_for_chance() -> None:
    torch.manual_seed(0)
    prior, features = MixturePrior(D, 1), torch.randn(4, 6)
    latent = Latent(GaussianPosterior(6, D), prior)
    draw = latent(features, never, draws=20_000, generator=seeded())
    loc, log_scale = latent.posterior.head(features).chunk(2, -1)
    q = td.Independent(td.Normal(loc, log_scale.exp()), 1)
    p = td.Independent(td.Normal(prior.loc, prior.log_scale.exp()), 1)
    error = (draw.log_q - draw.log_p).std(0) / 20_000**0.5
    assert ((draw.rate - td.kl_divergence(q, p)).abs() < 4 * error).all()


def test_it_has_no_rate_by_dimension_and_says_so_when_built() -> None:
    model, objective = mog_vae((1, 4, 4), latent=2, gaussians=3)
    check(model, objective)
    check(model, IWAE(3))
    with pytest.raises(BadInput, match="needs rates from the latent"):
        check(model, ELBO(free_bits=0.1))


@pytest.mark.parametrize("options", [{"gaussians": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="`gaussians` must be 1 or more, not 0"):
        MixturePrior(D, **options)
