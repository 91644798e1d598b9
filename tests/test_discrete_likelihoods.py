"""Likelihoods of levels and of counts: sums to one, and other ways to the same numbers."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch import distributions as td
from torch.nn.functional import softplus

from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.likelihoods import DiscretisedLogistic, NegativeBinomial, StudentT, logistic_mixture
from vaekit.recipes import LIKELIHOODS, vae
from vaekit.training import Training, fit

LEVELS = ("pixel-categorical", "discretised-logistic", "logistic-mixture")
COUNTS = ("poisson", "negative-binomial", "zero-inflated")
K, B, F = 2, 3, 5


def parameters(name: str, spread: float, features: int = F) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (K, B, LIKELIHOODS[name]().needs, features)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_probabilities_of_all_levels_sum_to_one(
    name: str, spread: float, dtype: torch.dtype
) -> None:
    px = LIKELIHOODS[name]()(parameters(name, spread).to(dtype))
    total = torch.zeros(K, B, F, dtype=torch.float64)
    for level in range(256):
        total += px.values(torch.full((B, F), level / 255, dtype=dtype)).double().exp()
    exact = 1e-9 if dtype == torch.float64 else 2e-4
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=exact)


def test_a_level_has_the_mass_of_its_stretch_and_the_ends_all_beyond() -> None:
    given = torch.tensor([0.1, -0.4]).double().view(1, 1, 2, 1)
    given = torch.cat([torch.zeros(1, 1, 1, 1), given], 2)
    loc, scale = 0.1 + 0.5, softplus(given[0, 0, 2, 0]) + 0.0005
    px = DiscretisedLogistic()(given)

    def below(at: float) -> Tensor:
        return torch.sigmoid((at - loc) / scale)

    for level, expected in (
        (0, below(0.5 / 255)),
        (100, below(100.5 / 255) - below(99.5 / 255)),
        (255, 1 - below(254.5 / 255)),
    ):
        found = px.values(torch.full((1, 1), level / 255).double()).exp()
        torch.testing.assert_close(found.squeeze(), expected)


@pytest.mark.parametrize("name", [*LEVELS, *COUNTS])
@pytest.mark.parametrize("size", [1e-6, 30.0])
def test_probabilities_and_gradients_stay_finite(name: str, size: float) -> None:
    likelihood = LIKELIHOODS[name]()
    given = torch.full((1, 2, likelihood.needs, 3), size)
    given[:, 1] *= -1
    given.requires_grad_(True)
    x = torch.tensor([0.0, 1.0, 0.4 if name in LEVELS else 40_000.0]).expand(2, 3)
    log_px = likelihood(given).log_prob(x)
    (gradient,) = torch.autograd.grad(log_px.sum(), given)
    assert log_px.isfinite().all()
    assert (log_px <= 0).all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", [*LEVELS, *COUNTS])
def test_draws_have_the_mean_and_come_as_often_as_the_probabilities_say(name: str) -> None:
    likelihood = LIKELIHOODS[name]()
    px, n = likelihood(parameters(name, 1.0)), 4_000
    generator = torch.Generator().manual_seed(1)
    x = torch.stack([px.sample(generator) for _ in range(n)])
    assert x.shape == (n, K, B, F)
    assert likelihood.holds(x).all()
    error = x.std(0) / math.sqrt(n)
    assert ((x.mean(0) - px.mean).abs() < 4.5 * error + 1e-3).all()
    for value in (0.0, 1.0):
        share = (x == value).double().mean(0)
        expected = px.values(torch.full((B, F), value).double()).exp()
        assert ((share - expected).abs() < 5 * (expected / n).sqrt() + 2e-3).all()
    assert torch.equal(px.sample(generator.manual_seed(2)), px.sample(generator.manual_seed(2)))


@pytest.mark.parametrize("name", [*LEVELS, *COUNTS])
def test_values_that_are_missing_are_left_out(name: str) -> None:
    px, x = LIKELIHOODS[name]()(parameters(name, 1.0)), torch.ones(B, F).double()
    mask = torch.rand(B, F, generator=torch.Generator().manual_seed(3)) < 0.5
    torch.testing.assert_close(px.log_prob(x, mask), (px.values(x) * mask).sum(-1))


@pytest.mark.parametrize("mean", [0.01, 3.0, 1_000.0, 90_000.0])
def test_counts_match_torch_over_a_long_range(mean: float) -> None:
    x = torch.tensor([0, 1, 7, 900, 1_100, 50_000, 100_000]).double()
    log_mean = torch.full((1, 1, 1, len(x)), mean).double().log()
    poisson = td.Poisson(torch.tensor(mean).double()).log_prob(x)
    found = LIKELIHOODS["poisson"]()(log_mean.float()).values(x[None].float())
    torch.testing.assert_close(found.flatten().double(), poisson, rtol=2e-5, atol=1e-4)
    for r in (0.1, 4.0, 300.0):
        given = torch.cat([log_mean, torch.full_like(log_mean, r).log()], 2)
        expected = td.NegativeBinomial(
            torch.tensor(r).double(), logits=torch.tensor(mean / r).double().log()
        ).log_prob(x)
        found = NegativeBinomial()(given.float()).values(x[None].float())
        torch.testing.assert_close(found.flatten().double(), expected, rtol=2e-5, atol=1e-4)


@pytest.mark.parametrize("name", COUNTS)
def test_probabilities_of_counts_sum_to_one(name: str) -> None:
    given = parameters(name, 1.0, 1)[:1, :1]
    x = torch.arange(3_000).double()[:, None]
    total = LIKELIHOODS[name]()(given.expand(1, len(x), -1, 1)).values(x).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-9)


def test_a_large_r_is_poissons_and_zeros_are_added() -> None:
    x = torch.arange(30).double()[:, None]
    log_mean = torch.full((1, 30, 1, 1), 2.0).double()
    poisson = LIKELIHOODS["poisson"]()(log_mean).values(x)
    wide = NegativeBinomial()(torch.cat([log_mean, log_mean + 20], 2)).values(x)
    torch.testing.assert_close(wide, poisson, rtol=0, atol=1e-3)
    half = NegativeBinomial(zeros=True)(
        torch.cat([log_mean, log_mean, torch.full_like(log_mean, math.log(3))], 2)
    ).values(x)
    plain = NegativeBinomial()(torch.cat([log_mean, log_mean], 2)).values(x)
    expected = 0.25 * plain.exp() + 0.75 * (x == 0)
    torch.testing.assert_close(half.exp(), expected)


@pytest.mark.parametrize("name", COUNTS)
def test_a_model_of_counts_learns_their_means(name: str) -> None:
    rng = np.random.default_rng(0)
    means = np.array([[0.5, 3, 40, 8], [6, 0.2, 5, 90]])
    counts = rng.poisson(means[rng.integers(2, size=1500)]).astype(np.float32)
    torch.manual_seed(0)
    model, objective = vae((4,), latent=2, likelihood=LIKELIHOODS[name]())
    log = fit(model, objective, load(counts), Training(epochs=15, seed=0), progress=False)
    assert log[-1]["train"]["loss"] < 0.5 * log[0]["train"]["loss"]


def test_counts_under_a_likelihood_of_others_are_refused() -> None:
    counts = load(np.random.default_rng(0).poisson(4.0, (60, 3)).astype(np.float32))
    model, objective = vae((3,), likelihood=LIKELIHOODS["bernoulli"]())
    with pytest.raises(BadInput, match=r"needs values in \[0, 1\].*poisson or negative-binomial"):
        fit(model, objective, counts, Training(epochs=1), progress=False)
    grey = load(np.random.default_rng(0).random((60, 3)).astype(np.float32))
    model, objective = vae((3,), likelihood=LIKELIHOODS["poisson"]())
    with pytest.raises(BadInput, match="needs values that are whole numbers from 0, but"):
        fit(model, objective, grey, Training(epochs=1), progress=False)


def test_options_that_make_no_sense_are_refused() -> None:
    for components in (0, 257):
        with pytest.raises(BadInput, match="`components` must be between 1 and 256"):
            logistic_mixture(components)
    for freedom in (1.0, math.nan, math.inf):
        with pytest.raises(BadInput, match="`freedom` must be above 1"):
            StudentT(freedom)
    with pytest.raises(BadInput, match="`minimum` must be positive"):
        DiscretisedLogistic(1, 0.0)
