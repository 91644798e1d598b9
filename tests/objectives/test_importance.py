"""The importance-weighted bound: its value, its order in K and its gradient."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Bernoulli
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, IWAE
from vaekit.records import Batch, Draw, Trace

B, D, SHAPE = 8, 2, (6,)


def autoencoder(seed: int = 0) -> Autoencoder:
    torch.manual_seed(seed)
    net = MLP((7,), activation="tanh")
    latent = Latent(GaussianPosterior(7, D), StandardNormal(D))
    parts = net.encoder(SHAPE), latent, net.decoder(D, (1, *SHAPE)), Bernoulli()
    model = Autoencoder(*parts).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)  # far enough from the prior for the weights to differ
    return model


def data(n: int = B) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(n, *SHAPE, generator=generator, dtype=torch.float64).round()


def traced(model: Autoencoder, draws: int, n: int = B) -> Trace:
    trace: Trace = model(data(n), draws=draws, generator=torch.Generator().manual_seed(2))
    return trace


def gradients(model: Autoencoder, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.parameters())))


def test_the_loss_is_minus_the_log_of_the_mean_weight() -> None:
    trace = traced(autoencoder(), draws=5)
    weights = (trace.log_px + trace.draw.log_p - trace.draw.log_q).exp()
    loss = IWAE(5)(trace)
    torch.testing.assert_close(loss.total, -weights.mean(0).log().mean())
    torch.testing.assert_close(loss.metrics["iwae"], -loss.total.detach())
    torch.testing.assert_close(loss.metrics["elbo"], trace.log_w.mean().detach())
    torch.testing.assert_close(
        loss.metrics["rate"], (trace.draw.log_q - trace.draw.log_p).mean().detach()
    )


def test_with_one_draw_it_is_the_elbo_of_that_draw() -> None:
    model = autoencoder()
    trace = traced(model, draws=1)
    torch.testing.assert_close(IWAE(1)(trace).total, -trace.log_w.mean())


def test_with_one_draw_it_is_the_closed_form_elbo_on_average() -> None:
    model, repeats = autoencoder(), 20_000
    trace = traced(model, draws=repeats, n=1)
    difference = trace.log_w[:, 0] - (trace.log_px[:, 0] - trace.draw.rate)
    elbo = ELBO()(trace).metrics["elbo"]
    assert (trace.log_w.mean() - elbo).abs() < 4 * difference.std() / math.sqrt(repeats)


def test_the_bound_rises_with_the_number_of_draws() -> None:
    """On average over data, from independent draws, by more than the standard error."""
    model, n = autoencoder(), 400
    bounds = [
        model.log_likelihood(data(n), draws, torch.Generator().manual_seed(draws))
        for draws in (1, 4, 16, 64)
    ]
    for fewer, more in pairwise(bounds):
        gain = more - fewer
        assert gain.mean() > 2 * gain.std() / math.sqrt(n)


def test_the_gradient_is_that_of_the_finite_differences_of_the_bound() -> None:
    model, objective = autoencoder(), IWAE(4)
    analytic = gradients(model, objective(traced(model, 4)).total)
    step, generator = 1e-5, torch.Generator().manual_seed(3)
    for parameter, gradient in zip(model.parameters(), analytic, strict=True):
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter.add_(direction, alpha=sign * step)
                ends.append(objective(traced(model, 4)).total)
                parameter.sub_(direction, alpha=sign * step)
        numeric = (ends[0] - ends[1]) / (2 * step)
        torch.testing.assert_close((gradient * direction).sum(), numeric, rtol=1e-5, atol=1e-8)


def test_the_gradient_weighs_each_draw_by_its_normalised_weight() -> None:
    """Equation 14 of the paper."""
    model = autoencoder()
    log_w = traced(model, 4).log_w
    expected = gradients(model, -(log_w.softmax(0).detach() * log_w).sum(0).mean())
    given = gradients(model, IWAE(4)(traced(model, 4)).total)
    for gradient, reference in zip(given, expected, strict=True):
        torch.testing.assert_close(gradient, reference)


def test_the_bound_survives_weights_whose_exponentials_do_not() -> None:
    z = torch.zeros(2, 1, D)
    draw = Draw(z, z[0], log_q=torch.zeros(2, 1), log_p=torch.zeros(2, 1))
    log_px = torch.tensor([[-5000.0], [-5001.0]])
    bound = -IWAE(2)(Trace(Batch(torch.zeros(1, 1)), draw, None, log_px)).total  # type: ignore[arg-type]
    assert bound.item() == pytest.approx(-5000 + math.log((1 + math.exp(-1)) / 2))


def test_a_penalty_is_added_to_the_loss_and_not_to_the_bound() -> None:
    zeros = torch.zeros(2, 1)
    z = torch.zeros(2, 1, D)
    draw = Draw(z, z[0], zeros, zeros, penalty=torch.tensor(0.5))
    loss = IWAE(2)(Trace(Batch(torch.zeros(1, 1)), draw, None, zeros - 1))  # type: ignore[arg-type]
    assert loss.total == 1.5
    assert loss.metrics["loss"] == 1.5
    assert loss.metrics["iwae"] == -1.0
    assert loss.metrics["penalty"] == 0.5


def test_metrics_are_detached_scalars() -> None:
    loss = IWAE(3)(traced(autoencoder(), 3))
    assert set(loss.metrics) == {"loss", "distortion", "rate", "elbo", "iwae"}
    assert loss.total.requires_grad
    assert all(not value.requires_grad and value.ndim == 0 for value in loss.metrics.values())


def test_a_number_of_draws_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^`draws` must be 1 or more, .*not 0\."):
        IWAE(0)
