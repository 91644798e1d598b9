"""Annealing against a likelihood that is known, and against bounds on both sides."""

import math

import pytest
import torch
from linear import Affine
from torch import Tensor

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.annealing import Annealing, annealed_likelihood, bidirectional
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Gaussian
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.recipes import RECIPES
from vaekit.records import Batch

F, D, SCALE = 5, 2, 0.6


def linear() -> Autoencoder:
    """A linear-Gaussian model, whose encoder knows nothing."""
    torch.manual_seed(0)
    latent = Latent(GaussianPosterior(3, D), StandardNormal(D))
    model = Autoencoder(MLP((3,)).encoder((F,)), latent, Affine(D, F), Gaussian(SCALE)).double()
    with torch.no_grad():
        model.decoder.layer.weight.mul_(3.0)
    return model


def exact(model: Autoencoder, x: Tensor) -> Tensor:
    weight, bias = model.decoder.layer.weight.detach(), model.decoder.layer.bias.detach()
    covariance = weight @ weight.T + SCALE**2 * torch.eye(F, dtype=torch.float64)
    found: Tensor = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
    return found


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(model: Autoencoder, n: int = 20) -> Tensor:
    z = torch.randn(n, D, generator=seeded(1), dtype=torch.float64)
    return model.drawn(z, None, seeded(2)).detach()


def test_annealing_meets_the_exact_likelihood_where_the_encoder_is_useless() -> None:
    model = linear()
    x = rows(model)
    truth = exact(model, x)
    found = annealed_likelihood(model, x, Annealing(400, 10, 16), seeded())
    assert (found - truth).abs().max() < 0.5
    error = (found - truth).std() / math.sqrt(len(x))
    assert (found - truth).mean().abs() < 3 * error + 0.01
    poor = model.log_likelihood(x, 16, seeded())
    assert (truth - poor).mean() > 5 * (truth - found).mean().abs()


def test_more_steps_come_closer_from_below() -> None:
    model = linear()
    x = rows(model, 60)
    few, more = (
        (exact(model, x) - annealed_likelihood(model, x, Annealing(steps, 3, 2), seeded())).mean()
        for steps in (3, 60)
    )
    assert few > 3 * abs(more)


def test_the_likelihood_lies_between_the_ways_forth_and_back() -> None:
    model = linear()
    found = bidirectional(model, 30, Annealing(400, 10, 8), seed=3)
    assert found.lower.shape == found.upper.shape == (30,)
    assert abs(found.gap) < 0.1
    short = bidirectional(model, 30, Annealing(4, 2, 2), seed=3)
    assert short.gap > 0.3
    assert short.lower.mean() < found.lower.mean() < short.upper.mean()


@pytest.mark.parametrize(
    "recipe", ["iaf-vae", "ladder-vae", "layered-vae", "vamp-vae", "maf-prior-vae"]
)
def test_other_latents_are_annealed_too_and_nothing_is_left_behind(recipe: str) -> None:
    torch.manual_seed(0)
    model, _ = RECIPES[recipe]((1, 4, 4), net=MLP((8,)))
    x = torch.rand(3, 1, 4, 4, generator=seeded()).round()
    model.train()
    state = torch.get_rng_state()
    first, again = (annealed_likelihood(model, x, Annealing(200, 5, 8), seeded()) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(weight.grad is None for weight in model.parameters())
    with torch.no_grad():
        z = model.eval().sample_codes(3 * 4_000, generator=seeded(1)).view(4_000, 3, -1)
        by_prior = log_mean_exp(model.joint(z, Batch(x))[0])
    assert (first - by_prior).abs().max() < 0.5


def test_a_prior_scores_codes_as_its_draws_were_scored() -> None:
    for recipe in (
        *("vae", "ladder-vae", "layered-vae", "iaf-vae"),
        *("mog-vae", "vamp-vae", "realnvp-vae", "hvae"),
    ):
        model, _ = RECIPES[recipe]((4,))
        trace = model(torch.randn(3, 4), draws=5)
        log_px, log_p = model.joint(trace.draw.z, trace.batch)
        torch.testing.assert_close(log_p, trace.draw.log_p)
        torch.testing.assert_close(log_px, trace.log_px)


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"steps": 0}, {"leapfrog": 0}, {"chains": 0}):
        with pytest.raises(BadInput, match=f"`{next(iter(wrong))}` must be 1 or more"):
            Annealing(**wrong)
    for recipe in ("ae", "vq-vae"):
        model, _ = RECIPES[recipe]((1, 4, 4))
        with pytest.raises(BadInput, match="Annealing needs a prior whose density is known"):
            annealed_likelihood(model, torch.rand(2, 1, 4, 4))
    for recipe in ("svae", "poincare-vae", "gumbel-vae"):
        model, _ = RECIPES[recipe]((1, 4, 4))
        with pytest.raises(BadInput, match="Annealing moves codes freely, and this model's lie"):
            annealed_likelihood(model, torch.rand(2, 1, 4, 4))
    with pytest.raises(BadInput, match="`n` must be 1 or more"):
        bidirectional(linear(), 0)


def test_an_evaluation_has_the_annealed_bound_where_it_is_asked_for() -> None:
    model = linear().float()
    x = rows(model.double(), 6).float()
    model.float()
    plain = evaluate(model, x, draws=5)
    found = evaluate(model, x, draws=5, annealing=Annealing(400, 8, 16))
    assert plain.annealed is None
    assert found.annealed is not None
    assert found.annealed.value == pytest.approx(float(exact(model.double(), x).mean()), abs=0.2)
    assert found.bound == plain.bound
    assert any("annealing" in name for name, *_ in found.rows())
