"""The Hamiltonian posterior on a linear-Gaussian model, whose likelihood is known exactly."""

import math
from itertools import pairwise

import pytest
import torch
from linear import Affine
from slopes import assert_gradients_are_right
from torch import Tensor
from torch.distributions import MultivariateNormal

from vaekit.data import load
from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.latents import (
    Deterministic,
    GaussianPosterior,
    Hamiltonian,
    Latent,
    StandardNormal,
    Tempering,
)
from vaekit.likelihoods import Categorical, Gaussian
from vaekit.model import Autoencoder
from vaekit.nets import LSTM, MLP
from vaekit.objectives import ELBO, IWAE, STL, DReG, check
from vaekit.recipes import assemble, gaussian, hvae
from vaekit.records import Batch
from vaekit.training import Training, fit

B, F, D = 4, 3, 2
SCALE = 0.6
TEMPERINGS: tuple[Tempering, ...] = ("fixed", "free", "none")
every_tempering = pytest.mark.parametrize("tempering", TEMPERINGS)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(part: Hamiltonian | None, seed: int = 0) -> Autoencoder:
    """A linear-Gaussian model whose posterior is off the exact one, and wider."""
    torch.manual_seed(seed)
    encoder = MLP((5,)).encoder((F,))
    latent = Latent(GaussianPosterior(5, D), StandardNormal(D))
    model = Autoencoder(encoder, latent, Affine(D, F), Gaussian(SCALE), refinement=part).double()
    with torch.no_grad():
        head = model.latent.posterior.head
        head.weight[:D] /= 4
        head.weight[D:] = 0
        head.bias[D:] = math.log(1.2)
    return model.train()


def moving(leapfrog: int, tempering: Tempering = "fixed", step: float = 0.2) -> Hamiltonian:
    """A refinement whose steps and factors all differ."""
    part = Hamiltonian(D, leapfrog, step, tempering)
    with torch.no_grad():
        for parameter in part.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=seeded(5))
    return part


def rows(n: int = B) -> Tensor:
    return torch.randn(n, F, generator=seeded(9), dtype=torch.float64)


def exact(model: Autoencoder, x: Tensor) -> Tensor:
    """log p(x) in nats, (B,)."""
    weight, bias = model.decoder.layer.weight, model.decoder.layer.bias
    covariance = weight @ weight.T + SCALE**2 * torch.eye(F, dtype=torch.float64)
    log_p: Tensor = MultivariateNormal(bias, covariance).log_prob(x)
    return log_p.detach()


@every_tempering
def test_weights_are_unbiased_estimates_of_the_likelihood(tempering: Tempering) -> None:
    model, x = linear(moving(3, tempering)), rows()
    with torch.no_grad():
        log_w = model(x, draws=20_000, generator=seeded(1)).log_w
    weights = (log_w - exact(model, x)).exp()
    error = weights.std(0) / math.sqrt(len(weights))
    assert (error < 0.02).all()
    assert ((weights.mean(0) - 1).abs() < 3 * error).all()


def test_with_no_steps_it_is_the_vae() -> None:
    plain, refined, x = linear(None), linear(moving(0)), rows()
    expected, found = (model(x, draws=5, generator=seeded(2)) for model in (plain, refined))
    assert torch.equal(found.draw.z, expected.draw.z)
    assert torch.equal(found.log_w, expected.log_w)
    assert torch.equal(found.draw.log_p, expected.draw.log_p)


def test_the_bound_rises_with_the_steps_and_stays_below_the_likelihood() -> None:
    x, bounds = rows(), []
    for leapfrog in (0, 1, 2, 4):
        model = linear(Hamiltonian(D, leapfrog, 0.25, "none"))
        with torch.no_grad():
            bounds.append(model(x, draws=5_000, generator=seeded(3)).log_w.mean(0))
    assert all((below + 0.01 < above).all() for below, above in pairwise(bounds))
    assert (bounds[-1] < exact(model, x)).all()


@every_tempering
def test_steps_keep_volumes_but_for_the_cooling(tempering: Tempering) -> None:
    """Of positions and momenta, against autograd's Jacobian."""
    torch.manual_seed(0)
    model, part = hvae((F,), net=MLP((5,)), latent=D)[0].double(), moving(3, tempering).double()
    batch = Batch(rows(1))

    def both(start: Tensor) -> Tensor:
        z, momentum = start.view(2, 1, 1, D)
        z, momentum, _ = part._moved(z, momentum, lambda z: model.joint(z, batch))
        return torch.cat([z.flatten(), momentum.flatten()])

    start = torch.randn(2 * D, generator=seeded(4), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(both, start)
    expected = D * part.cooling().log().sum()
    assert (expected < -0.05) == (tempering != "none")
    torch.testing.assert_close(torch.linalg.slogdet(jacobian).logabsdet, expected.double())
    if tempering == "none":  # backwards it goes where it came from
        moved = both(start).detach() * torch.tensor([1.0, -1.0]).repeat_interleave(D)
        back = both(moved) * torch.tensor([1.0, -1.0]).repeat_interleave(D)
        torch.testing.assert_close(back, start)


@every_tempering
def test_gradients_pass_through_the_steps(tempering: Tempering) -> None:
    """Of the bound under fixed noise, in every parameter."""
    torch.manual_seed(0)
    model = hvae((F,), net=MLP((5,), "tanh"), latent=D, likelihood=Gaussian(SCALE))[0]
    model.refinement = moving(3, tempering)
    model.double()

    def value() -> Tensor:
        bound: Tensor = model(rows(), draws=3, generator=seeded(6)).log_w.mean()
        return bound

    assert_gradients_are_right(value, model)


def test_in_use_the_bound_is_the_refined_one_and_nothing_is_left_behind() -> None:
    model, x = linear(moving(3)), rows()
    log_w = model.eval()(x, draws=6, generator=seeded(7)).log_w
    found = model.log_likelihood(x, 6, seeded(7))
    torch.testing.assert_close(found, log_mean_exp(log_w.detach()))
    (trace,) = model.traces(x, 6, seeded(7))
    draw = trace.draw
    assert not any(each.requires_grad for each in (draw.z, draw.log_q, draw.log_p, trace.log_px))
    assert torch.equal(draw.code, model.encode(x))
    assert all(parameter.grad is None for parameter in model.parameters())
    measured = evaluate(model.float(), x.float(), draws=50)
    assert measured.rates is None
    assert measured.elbo is not None
    assert measured.bound is not None
    assert measured.elbo.value < measured.bound.value < float(exact(model.double(), x).mean()) + 0.1


def test_a_frozen_encoder_does_not_stop_the_codes() -> None:
    model, x = linear(moving(2)), rows()
    model.encoder.requires_grad_(False)
    model.latent.requires_grad_(False)
    model(x, generator=seeded(8)).log_w.mean().backward()
    assert model.decoder.layer.weight.grad.any()
    assert model.refinement.step_size.grad.any()


def test_training_leads_to_steps_that_serve_the_bound() -> None:
    """From steps that are too small, those are learned that raise the bound."""
    model, x = linear(Hamiltonian(D, 2, 0.01)), rows(30)
    for part in (model.encoder, model.latent, model.decoder, model.likelihood):
        part.requires_grad_(False)
    optimiser = torch.optim.Adam(model.refinement.parameters(), 0.1)
    generator, bounds = seeded(10), []
    for _ in range(100):
        loss = ELBO(draws=5)(model(x, 5, generator=generator))
        bounds.append(float(loss.metrics["elbo"]))
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
    assert sum(bounds[-10:]) / 10 > sum(bounds[:10]) / 10 + 0.2


def test_what_it_provides_and_pairs_that_make_no_sense() -> None:
    model, objective = hvae((F,), latent=D)
    assert model.latent.provides - model.provides == {"rates", "still_log_q"}
    for fits in (objective, IWAE(2), ELBO(free_rate=1.0)):
        check(model, fits)
    for refused, words in (
        (
            ELBO(free_bits=0.1),
            "ELBO needs rates .* Hamiltonian, .*: use no refinement, or `free_ra",
        ),
        (DReG(2), "DReG needs still_log_q .* Hamiltonian, .*: use no refinement, or IWAE"),
        (STL(), "STL needs still_log_q .* Hamiltonian, .*: use no refinement, or IWAE or ELBO"),
    ):
        with pytest.raises(BadInput, match=words):
            check(model, refused)
    with pytest.raises(BadInput, match=r"Hamiltonian moves codes .* of Deterministic have none"):
        assemble((F,), None, None, 0, Deterministic, D, refinement=Hamiltonian(D))
    with pytest.raises(BadInput, match="Hamiltonian is of 3 dimensions and Latent of 2"):
        assemble((F,), None, None, 0, gaussian, D, refinement=Hamiltonian(3))
    with pytest.raises(BadInput, match=r"second derivatives, which .* does not give everywhere"):
        hvae((1, 16), net=LSTM(units=4), likelihood=Categorical())


def test_a_compiled_decoder_is_refused() -> None:
    data = load(torch.rand(20, 1, 4, 4))
    with pytest.raises(BadInput, match="`compile`: Hamiltonian needs second derivatives"):
        fit(*hvae((1, 4, 4)), data, Training(epochs=1, compile=True), progress=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"leapfrog": -1}, "`leapfrog` must be between 0 and 100, not -1"),
        ({"leapfrog": 101}, "`leapfrog` must be between 0 and 100"),
        ({"step_size": 0.0}, "`step_size` must be above 0 and below 0.5, not 0"),
        ({"step_size": 0.5}, "`step_size` must be above 0 and below 0.5"),
        ({"tempering": "hot"}, "`tempering` 'hot' is unknown: use fixed, free, none"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        hvae((F,), **options)
