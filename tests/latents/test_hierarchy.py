"""Stochastic layers: their densities, and a linear one against its exact likelihood."""

import math
from typing import final

import pytest
import torch
from linear import Affine
from torch import Tensor, nn
from torch import distributions as td

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian, log_mean_exp
from vaekit.errors import BadInput
from vaekit.latents import Hierarchy, Ladder, SpherePrior, StandardNormal
from vaekit.likelihoods import Gaussian
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, IWAE, PIWAE, STL, DReG, Objective, check
from vaekit.recipes import layered_vae
from vaekit.records import Batch

F, B, SCALE = 4, 5, 0.6


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def never(batch: Batch) -> Tensor:
    raise AssertionError("a standard normal asks for no encoding")


def features() -> Tensor:
    return torch.randn(B, F, dtype=torch.float64, generator=seeded(1))


@final
class Same(nn.Module):
    """An encoder that hands the data on."""

    features, context = F, 0

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        return x


@final
class Halves:
    """Two Gaussians, each half of the time: of a kind whose rate is not known in closed form."""

    batch_shape = torch.Size()

    def __init__(self, one: DiagonalGaussian, other: DiagonalGaussian) -> None:
        self.parts = (one, other)

    def log_prob(self, value: Tensor) -> Tensor:
        return log_mean_exp(torch.stack([part.log_prob(value) for part in self.parts]))

    def sample(self, shape: tuple[int, ...] = (), generator=None, temperature=1.0) -> Tensor:
        one, other = (part.sample(shape, generator, temperature) for part in self.parts)
        return torch.where(torch.rand(*shape, 1, generator=generator) < 0.5, one, other)


@final
class OfInputs(nn.Module):
    """A prior made of the top posteriors of two learned inputs."""

    context, gives = 0, Halves

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.inputs = nn.Parameter(torch.randn(2, F, generator=seeded(5)))

    def forward(self, infer: Infer, context: Tensor | None = None) -> Halves:
        q = infer(Batch(self.inputs))
        assert isinstance(q, DiagonalGaussian)
        return Halves(*(DiagonalGaussian(q.loc[i], q.log_scale[i]) for i in range(2)))


def hierarchy(*sizes: int, top: nn.Module | None = None) -> Hierarchy:
    torch.manual_seed(0)
    latent = Hierarchy(F, sizes or (2, 3), (6,), "tanh", top).double()
    with torch.no_grad():
        for parameter in latent.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return latent


def normal(parameters: Tensor, z: Tensor) -> Tensor:
    loc, log_scale = parameters.chunk(2, -1)
    return td.Normal(loc, log_scale.exp()).log_prob(z).sum(-1)


def test_levels_are_scored_by_the_densities_that_they_come_from() -> None:
    latent = hierarchy(1, 2, 3)
    draw = latent(features(), never, draws=4)
    top, middle, lowest = draw.z.split([1, 2, 3], -1)
    expected = normal(latent.bottom.head(features()), lowest)
    expected = expected + normal(latent.posteriors[0](lowest), middle)
    expected = expected + normal(latent.posteriors[1](middle), top)
    torch.testing.assert_close(draw.log_q, expected)
    expected = td.Normal(0.0, 1.0).log_prob(top).sum(-1)
    expected = expected + normal(latent.priors[0](top), middle)
    expected = expected + normal(latent.priors[1](middle), lowest)
    torch.testing.assert_close(draw.log_p, expected)
    torch.testing.assert_close(draw.rate, (draw.log_q - draw.log_p).mean(0))
    torch.testing.assert_close(draw.still_log_q(), draw.log_q)
    assert torch.equal(latent.state(draw.z), lowest)
    assert draw.code.shape == (B, 6)


def test_samples_come_from_the_top_down() -> None:
    latent = hierarchy()
    with torch.no_grad():
        z = latent.sample(100_000, never, generator=seeded(3))
        top, lowest = z.split([2, 3], -1)
        loc, log_scale = latent.priors[0](top).chunk(2, -1)
    for noise in (top, (lowest - loc) / log_scale.exp()):
        assert noise.mean(0).abs().max() < 0.02
        assert (noise.std(0) - 1).abs().max() < 0.02
    still = latent.sample(2, never, temperature=0.0)
    assert torch.equal(still[0], still[1])


def linear(lowest: int) -> tuple[Autoencoder, td.MultivariateNormal]:
    """A model whose every conditional is linear, with nearly its own posterior; and its p(x).

    The posterior is exact where the lowest level has one dimension, as the top always has.
    """
    torch.manual_seed(0)
    latent = Hierarchy(F, (1, lowest))
    latent.priors[0], latent.posteriors[0] = nn.Linear(1, 2 * lowest), nn.Linear(lowest, 2)
    model = Autoencoder(Same(), latent, Affine(lowest, F), Gaussian(SCALE)).double()
    with torch.no_grad():
        prior, decoder = latent.priors[0], model.decoder.layer
        slope, mean = prior.weight[:lowest], prior.bias[:lowest]
        prior.weight[lowest:] = 0.0
        spread = (2 * prior.bias[lowest:]).exp().diag()
        covariance, noise = slope @ slope.T + spread, SCALE**2 * torch.eye(F).double()
        w = decoder.weight
        of_x = w @ covariance @ w.T + noise
        gain = covariance @ w.T @ of_x.inverse()
        latent.bottom.head.weight[:lowest] = gain
        latent.bottom.head.bias[:lowest] = mean - gain @ (w @ mean + decoder.bias)
        latent.bottom.head.weight[lowest:] = 0.0
        left = covariance - gain @ w @ covariance
        latent.bottom.head.bias[lowest:] = left.diagonal().log() / 2
        up = slope.T @ covariance.inverse()
        latent.posteriors[0].weight[:1], latent.posteriors[0].weight[1:] = up, 0.0
        latent.posteriors[0].bias[:1] = -up @ mean
        latent.posteriors[0].bias[1:] = (1 - up @ slope).squeeze().log() / 2
        exact = td.MultivariateNormal(w @ mean + decoder.bias, of_x)  # type: ignore[no-untyped-call]
    return model, exact


@torch.no_grad()
def spoil(model: Autoencoder) -> None:
    """Widen the posterior and move it off."""
    for layer in (model.latent.bottom.head, model.latent.posteriors[0]):
        half = len(layer.bias) // 2
        layer.bias[:half] += 0.3
        layer.bias[half:] += 0.3


def test_of_a_linear_model_every_weight_is_the_likelihood_where_the_posterior_is_exact() -> None:
    model, exact = linear(1)
    x = exact.sample((20,))
    log_w = model(x, draws=3, generator=seeded()).log_w
    torch.testing.assert_close(log_w, exact.log_prob(x).expand(3, 20))


def test_of_a_linear_model_the_bounds_rise_to_the_likelihood_from_below() -> None:
    model, exact = linear(2)
    spoil(model)
    x, draws = exact.sample((200,)), 1024
    with torch.no_grad():
        log_w = model(x, draws=draws, generator=seeded(1)).log_w
    gaps = []
    for k in (1, 4, 16):
        short = exact.log_prob(x) - log_mean_exp(log_w.view(k, -1, len(x)))
        gaps.append(float(short.mean()))
        assert gaps[-1] > 4 * float(short.std()) / math.sqrt(short.numel())
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2]
    weights = (log_w - exact.log_prob(x)).exp()
    error = weights.std(0) / math.sqrt(draws)
    assert ((weights.mean(0) - 1) / error).abs().max() < 4.5


def inferring(model: Autoencoder) -> list[nn.Parameter]:
    return [*model.latent.bottom.parameters(), *model.latent.posteriors.parameters()]


def test_where_the_posterior_is_exact_sticking_the_landing_has_no_noise() -> None:
    model, exact = linear(1)
    x, weights = exact.sample((7,)), inferring(model)
    found = torch.autograd.grad(STL()(model(x)).total, weights)
    assert max(each.abs().max() for each in found) < 1e-12
    noisy = torch.autograd.grad(IWAE(1)(model(x)).total, weights)
    assert max(each.abs().max() for each in noisy) > 0.01


def test_doubly_reparameterised_gradients_have_the_bounds_mean_and_less_noise() -> None:
    model, exact = linear(2)
    spoil(model)
    x, weights, draws = exact.sample((1,)).expand(250, F), inferring(model), 4

    def gradients(objective: Objective) -> Tensor:
        found = []
        for seed in range(60):
            loss = objective(model(x, draws=draws, generator=seeded(seed))).total
            grads = torch.autograd.grad(loss, weights)
            found.append(torch.cat([grad.flatten() for grad in grads]))
        return torch.stack(found)

    plain, less = gradients(IWAE(draws)), gradients(DReG(draws))
    moving = plain.std(0) > 0
    error = ((plain.var(0) + less.var(0)) / len(plain)).sqrt()[moving]
    assert ((plain.mean(0) - less.mean(0))[moving] / error).abs().max() < 4.5
    assert less.var(0).sum() < 0.7 * plain.var(0).sum()


def test_the_decoder_reads_the_lowest_level_alone() -> None:
    model, _ = layered_vae((1, 4, 4), net=MLP((8,)), latent=(2, 3), hidden_levels=(5,))
    z = torch.randn(6, 5, generator=seeded())
    other = torch.cat([z[:, :2] + 1, z[:, 2:]], 1)
    assert torch.equal(model.decode(z), model.decode(other))
    trace = model(torch.rand(3, 1, 4, 4), draws=2)
    assert torch.equal(model.px(trace.draw.z).mean, trace.px.mean)


@pytest.mark.parametrize("make", [Hierarchy, Ladder])
def test_the_prior_on_top_may_be_made_of_posteriors(make: type) -> None:
    torch.manual_seed(0)
    latent = make(F, (2, 3), top=OfInputs(2))
    assert "rates" not in latent.provides
    assert "rates" in Ladder(F, (2, 3)).provides
    with pytest.raises(BadInput, match="ELBO needs rates"):
        check(Autoencoder(Same(), latent, Affine(3, F), Gaussian()), ELBO(free_bits=0.1))
    rows, k = features().float(), 20_000
    with torch.no_grad():
        draw = latent(rows, lambda batch: batch.x, draws=k, generator=seeded(2))
    assert draw.rates is None
    ratio = draw.log_q - draw.log_p
    assert ((ratio.mean(0) - draw.rate).abs() < 4 * ratio.std(0) / math.sqrt(k)).all()
    torch.testing.assert_close(latent.log_prior(draw.z, lambda batch: batch.x), draw.log_p)
    z = latent.sample(50_000, lambda batch: batch.x, generator=seeded(3)).detach()
    parts = latent._expected_top(lambda batch: batch.x, None).parts
    mean = sum(part.loc for part in parts) / 2
    torch.testing.assert_close(z[:, :2].mean(0), mean, atol=0.03, rtol=0)
    latent(rows, lambda batch: batch.x).rate.sum().backward()
    assert latent.top.inputs.grad is not None
    assert latent.top.inputs.grad.isfinite().all()
    assert latent.top.inputs.grad.abs().max() > 0
    with pytest.raises(BadInput, match="`top` is a prior of 2 dimensions and the top level has 4"):
        make(F, (4, 3), top=OfInputs(2))


def test_levels_belong_to_the_side_that_they_are_on() -> None:
    model, _ = layered_vae((1, 4, 4), net=MLP((8,)), latent=(2, 3), hidden_levels=(5,))
    encoder, decoder = PIWAE(2, 2).phases(model)
    inferred, generated = ({id(p) for p in phase.parameters} for phase in (encoder, decoder))
    assert {id(p) for p in model.latent.priors.parameters()} <= generated
    assert {id(p) for p in inferring(model)} <= inferred


def test_what_makes_no_sense_is_refused() -> None:
    assert isinstance(Hierarchy(F, (2,)).top, StandardNormal)
    for sizes in ((), (0, 2), (3, -1)):
        with pytest.raises(BadInput, match="`latent` must be one size or more"):
            Hierarchy(F, sizes)
    for hidden in ((), (0,)):
        with pytest.raises(BadInput, match="`hidden_levels` must be widths above 0"):
            Hierarchy(F, (2, 3), hidden)
    with pytest.raises(BadInput, match="ELBO needs rates from the latent, but Hierarchy"):
        check(layered_vae((1, 4, 4))[0], ELBO(free_bits=0.1))


@pytest.mark.parametrize("levels", [Hierarchy, Ladder])
def test_a_top_that_makes_no_sense_is_refused(levels: type) -> None:
    with pytest.raises(BadInput, match=r"on the sphere.* give a `top` such as StandardNormal"):
        levels(4, (2, 3), top=SpherePrior(2))
    with pytest.raises(BadInput, match="`top` is a prior of 3 dimensions and the top level has 2"):
        levels(4, (2, 3), top=StandardNormal(3))
