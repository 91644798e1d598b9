"""Codes on a sphere against integrals, moments and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import special
from torch import Tensor
from torch.distributions import kl_divergence
from torch.nn import functional as F

from vaekit.errors import BadInput
from vaekit.latents import Latent, PowerSpherical, SpherePosterior, SpherePrior, VonMisesFisher
from vaekit.latents.bessel import sharpness
from vaekit.latents.sphere import OnSphere, UniformOnSphere
from vaekit.objectives import ELBO, IWAE, STL, DReG, check
from vaekit.recipes import svae

FAMILIES = [VonMisesFisher, PowerSpherical]
CASES = [(2, 0.5), (3, 3.0), (5, 3000.0), (10, 40.0), (50, 500.0), (200, 20.0)]


def around(
    family: OnSphere, size: int, kappa: float, rows: int = 1
) -> VonMisesFisher | PowerSpherical:
    """A distribution around a point at random, whose parameters take gradients."""
    torch.manual_seed(size)
    loc = F.normalize(torch.randn(1, size, dtype=torch.float64), dim=-1).expand(rows, size)
    concentrations = torch.full((rows,), kappa, dtype=torch.float64, requires_grad=True)
    return family(loc.clone().requires_grad_(), concentrations)


def uniform(size: int) -> UniformOnSphere:
    return UniformOnSphere(torch.zeros(size, dtype=torch.float64))


def cosines(q: VonMisesFisher | PowerSpherical, z: Tensor) -> Tensor:
    return (z * q.loc).sum(-1) / z.shape[-1] ** 0.5


def mean_cosine(q: VonMisesFisher | PowerSpherical) -> Tensor:
    return cosines(q, q.mean)[0]


def assert_mean(values: Tensor, expected: Tensor, errors: float = 3.5) -> None:
    error = values.std() / values.numel() ** 0.5
    assert abs(values.mean() - expected) < errors * error, (values.mean(), expected, error)


@pytest.mark.parametrize("size", [2, 3, 10, 51, 100, 300])
def test_the_normaliser_is_scipy_s(size: int) -> None:
    order, x = size / 2 - 1, np.geomspace(1e-3, 1e5, 80)
    scaled, above = special.ive(order, x), special.ive(order + 1, x)
    fine = above > 1e-280  # elsewhere scipy has no room
    peak, slack = sharpness(torch.from_numpy(x), size)
    log_f = np.log(scaled[fine]) + special.gammaln(order + 1) - order * np.log(x[fine] / 2)
    np.testing.assert_allclose(-peak.numpy()[fine], log_f, rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(1 - slack.numpy()[fine], above[fine] / scaled[fine], rtol=2e-9)


def test_its_slopes_are_those_of_differences() -> None:
    for size in (2, 9, 60):
        kappa = torch.tensor([1e-3, 0.7, 12.0, 900.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda k, size=size: sharpness(k, size), (kappa,))


def test_no_concentration_is_the_uniform_density() -> None:
    for family in FAMILIES:
        q = around(family, 7, 0.0)
        z, log_q = q.draw(100)
        torch.testing.assert_close(log_q, uniform(7).log_prob(z), rtol=0, atol=1e-8)
        assert kl_divergence(q, uniform(7)).abs() < 1e-8


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "kappa"), [(2, 0.5), (2, 30.0), (3, 3.0), (3, 200.0)])
def test_densities_integrate_to_one(family: OnSphere, size: int, kappa: float) -> None:
    q = around(family, size, kappa)
    turn = (torch.arange(400, dtype=torch.float64) + 0.5) / 400 * 2 * math.pi
    points, area = torch.stack([turn.cos(), turn.sin()], -1), 2 * math.pi / 400
    if size == 3:  # cylinders' slices are as large as the sphere's
        height = ((torch.arange(400, dtype=torch.float64) + 0.5) / 200 - 1)[:, None, None]
        ring = (1 - height.square()).sqrt() * points
        points = torch.cat([ring, height.expand(-1, 400, 1)], -1).flatten(0, 1)
        area *= 1 / 200
    total = q.log_prob(size**0.5 * points[:, None]).exp().sum() * area
    torch.testing.assert_close(total.item(), 1.0, rtol=2e-3, atol=0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "kappa"), CASES)
def test_draws_have_their_moments_density_and_rate(
    family: OnSphere, size: int, kappa: float
) -> None:
    q = around(family, size, kappa)
    with torch.no_grad():
        z, log_q = q.draw(5_000, torch.Generator().manual_seed(0))
        torch.testing.assert_close(z.norm(dim=-1), torch.full_like(log_q, size**0.5))
        torch.testing.assert_close(q.log_prob(z), log_q, rtol=1e-6, atol=1e-6)
        assert_mean(cosines(q, z), mean_cosine(q))
        aside = torch.eye(size, dtype=z.dtype)[-1]
        aside = aside - (aside * q.loc).sum() * q.loc[0]
        assert_mean((z * aside).sum(-1), torch.zeros(()))
        weights = log_q - uniform(size).log_prob(z)
        assert_mean(weights, kl_divergence(q, uniform(size)))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "kappa"), CASES)
def test_the_gradient_of_the_concentration_is_that_of_the_mean_cosine(
    family: OnSphere, size: int, kappa: float
) -> None:
    q = around(family, size, kappa, rows=5_000)
    z, _ = q.draw(1, torch.Generator().manual_seed(1))
    (each,) = torch.autograd.grad(cosines(q, z).sum(), q.kappa)
    (exact,) = torch.autograd.grad(mean_cosine(q), q.kappa)
    assert_mean(each, exact[0])
    if family is VonMisesFisher:
        mean = mean_cosine(q).detach()
        closed = 1 - mean.square() - (size - 1) / kappa * mean
        torch.testing.assert_close(exact[0], closed, rtol=1e-4, atol=0)


def test_every_quantile_moves_as_it_should() -> None:
    """In 3 dimensions the distribution function has a closed form."""
    q = around(VonMisesFisher, 3, 4.0, rows=500)
    z, _ = q.draw(1, torch.Generator().manual_seed(2))
    (each,) = torch.autograd.grad(cosines(q, z).sum(), q.kappa)
    w, kappa = cosines(q, z)[0].detach(), torch.full((500,), 4.0, dtype=torch.float64)

    def below(k: Tensor) -> Tensor:
        return ((k * w).exp() - (-k).exp()) / (k.exp() - (-k).exp())

    h = 1e-5
    slope = (below(kappa + h) - below(kappa - h)) / (2 * h)
    density = 2 * math.pi * q.log_prob(z)[0].exp().detach()
    torch.testing.assert_close(each, -slope / density, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_of_the_mode_is_that_of_the_mean(family: OnSphere) -> None:
    q = around(family, 4, 5.0, rows=5_000)
    z, _ = q.draw(1, torch.Generator().manual_seed(3))
    wanted = torch.tensor([0.3, -1.0, 0.5, 2.0], dtype=torch.float64)
    (each,) = torch.autograd.grad((z * wanted).sum(), q.loc)
    direction = torch.tensor([1.0, 2.0, -0.5, 0.3], dtype=torch.float64)
    direction = direction - (direction * q.loc[0]).sum() * q.loc[0]  # along the sphere
    expected = q.mean[0].norm() * (wanted * direction).sum()
    assert_mean((each * direction.detach()).sum(-1), expected)


def test_draws_of_32_bits_are_finite_however_concentrated() -> None:
    for family in FAMILIES:
        for size in (2, 3, 200):
            kappa = torch.tensor([0.0, 1e-6, 1.0, 1e3, 1e6], requires_grad=True)
            loc = torch.eye(size)[:1].expand(5, size).clone().requires_grad_()
            q = family(loc, kappa)
            z, log_q = q.draw(300)
            (
                log_q.sum() + z.sum() + kl_divergence(q, UniformOnSphere(torch.zeros(size))).sum()
            ).backward()
            for each in (z, log_q, kappa.grad, loc.grad):
                assert each is not None
                assert each.isfinite().all()


def test_a_posterior_starts_about_where_it_is_told_and_fits_objectives() -> None:
    torch.manual_seed(0)
    posterior = SpherePosterior(5, 4, VonMisesFisher, 30.0)
    q = posterior(torch.randn(50, 5))
    assert 15 < q.kappa.mean() < 60
    torch.testing.assert_close(q.mode.norm(dim=-1), torch.full((50,), 2.0))
    model, _ = svae((6,))
    for objective in (ELBO(), IWAE(3), DReG(3), STL()):
        check(model, objective)
    with pytest.raises(BadInput, match="needs rates from the latent"):
        check(model, ELBO(free_bits=0.1))


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(BadInput, match="`concentration` must be above 0"):
            SpherePosterior(5, 4, VonMisesFisher, wrong)
    for part in (lambda: SpherePosterior(5, 1), lambda: SpherePrior(1)):
        with pytest.raises(BadInput, match="`latent` must be 2 or more for codes on a sphere"):
            part()
    latent = Latent(SpherePosterior(5, 4), SpherePrior(4))
    with pytest.raises(BadInput, match=r"`temperature` must be 1 for a uniform prior, not 0\.5"):
        latent.sample(3, lambda batch: batch.x, temperature=0.5)
