"""The linear-Gaussian VAE, where everything is known exactly.

With a linear decoder and Gaussian noise, p(x) is probabilistic PCA: x ~ N(b, W W' + s^2 I)
with the Gaussian posterior N(M^-1 W' (x - b), s^2 M^-1), M = W' W + s^2 I, and the parameters
of maximum likelihood follow from the eigenvectors of the data's covariance.
Tipping and Bishop 1999, https://doi.org/10.1111/1467-9868.00196
"""

import math
from typing import final

import pytest
import torch
from linear import Affine
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, kl_divergence

from vaekit.distributions import log_mean_exp
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Gaussian, Likelihood, SharedGaussian
from vaekit.model import Autoencoder
from vaekit.objectives import ELBO, IWAE, Objective

N, F, D = 400, 6, 2


@final
class Same(nn.Module):
    """An encoder that hands the data on."""

    features, context = F, 0

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        return x


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear_vae(likelihood: Likelihood, seed: int = 0) -> Autoencoder:
    torch.manual_seed(seed)
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    return Autoencoder(Same(), latent, Affine(D, F), likelihood).double()


@pytest.fixture(scope="module")
def data() -> Tensor:
    """Correlated data (N, F) with two strong directions and some noise in all."""
    generator = seeded(7)
    mixing = torch.randn(D, F, generator=generator, dtype=torch.float64)
    codes = torch.randn(N, D, generator=generator, dtype=torch.float64)
    noise = torch.randn(N, F, generator=generator, dtype=torch.float64)
    return codes @ mixing + 0.4 * noise + 0.2 * torch.arange(F)


def spectrum(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, largest first, and eigenvectors of the covariance of x."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    return values.flip(0), vectors.flip(1)


def best_scale(x: Tensor) -> float:
    """The noise of maximum likelihood: the mean of the discarded eigenvalues, as a scale."""
    return float(spectrum(x)[0][D:].mean().sqrt())


def best_log_likelihood(x: Tensor) -> float:
    """The maximum over parameters of the mean log p(x)."""
    values, _ = spectrum(x)
    noise = math.log(best_scale(x) ** 2)
    return -0.5 * (F * math.log(2 * math.pi) + float(values[:D].log().sum()) + (F - D) * noise + F)


@torch.no_grad()
def solved(x: Tensor) -> Autoencoder:
    """The VAE with every weight at its closed-form optimum for x."""
    scale = best_scale(x)
    model = linear_vae(Gaussian(scale))
    values, vectors = spectrum(x)
    weight = vectors[:, :D] * (values[:D] - scale**2).sqrt()
    model.decoder.layer.weight.copy_(weight)
    model.decoder.layer.bias.copy_(x.mean(0))
    match_posterior(model, scale)
    return model


@torch.no_grad()
def match_posterior(model: Autoencoder, scale: float) -> None:
    """Set the encoder to the model's own posterior, whose covariance must be diagonal."""
    weight, bias = model.decoder.layer.weight, model.decoder.layer.bias
    inverse = (weight.T @ weight + scale**2 * torch.eye(D, dtype=torch.float64)).inverse()
    head = model.latent.posterior.head
    head.weight[:D] = inverse @ weight.T
    head.bias[:D] = -head.weight[:D] @ bias
    head.weight[D:] = 0.0
    head.bias[D:] = (scale**2 * inverse.diagonal()).log() / 2


def exact(model: Autoencoder, x: Tensor, scale: float) -> Tensor:
    """log p(x) of a linear-Gaussian VAE in nats, shape (N,)."""
    weight, bias = model.decoder.layer.weight, model.decoder.layer.bias
    covariance = weight @ weight.T + scale**2 * torch.eye(F, dtype=torch.float64)
    log_p: Tensor = MultivariateNormal(bias, covariance).log_prob(x)  # type: ignore[no-untyped-call]
    return log_p.detach()


def exact_gap(model: Autoencoder, x: Tensor, scale: float) -> Tensor:
    """log p(x) - ELBO, which is KL(q(z|x) || p(z|x)), in nats, shape (N,)."""
    weight, bias = model.decoder.layer.weight, model.decoder.layer.bias
    inverse = (weight.T @ weight + scale**2 * torch.eye(D, dtype=torch.float64)).inverse()
    posterior = MultivariateNormal((x - bias) @ weight @ inverse, scale**2 * inverse)
    q = model.latent.posterior(x)
    return kl_divergence(MultivariateNormal(q.loc, q.variance.diag_embed()), posterior).detach()


@torch.no_grad()
def spoil(model: Autoencoder) -> None:
    """Move the posterior off and widen it, so that its weights vary but stay bounded."""
    head = model.latent.posterior.head
    head.bias[:D] += 0.1
    head.bias[D:] += 0.3


@pytest.mark.parametrize("seed", range(4))
def test_the_elbo_is_below_the_likelihood_by_the_kl_between_posteriors(
    data: Tensor, seed: int
) -> None:
    scale, draws = 0.8, 2000
    model = linear_vae(Gaussian(scale), seed)
    with torch.no_grad():
        trace = model(data[:50], draws=draws, generator=seeded(seed))
        elbo = trace.log_px - trace.draw.rate
    log_p = exact(model, data[:50], scale)
    error = elbo.std(0) / math.sqrt(draws)
    gap = exact_gap(model, data[:50], scale)
    assert (gap > 0).all()
    assert ((log_p - elbo.mean(0) - gap).abs() < 4.5 * error).all()
    objective = ELBO()(trace).metrics["elbo"]
    torch.testing.assert_close(objective, elbo.mean())
    assert objective < log_p.mean()


def test_at_the_optimum_every_weight_is_the_likelihood(data: Tensor) -> None:
    model, scale = solved(data), best_scale(data)
    log_p = exact(model, data, scale)
    assert log_p.mean().item() == pytest.approx(best_log_likelihood(data), abs=1e-9)
    with torch.no_grad():
        trace = model(data, draws=3, generator=seeded(0))
    torch.testing.assert_close(trace.log_w, log_p.expand(3, N), rtol=0, atol=1e-9)
    for bound in (IWAE(3)(trace).metrics["iwae"], IWAE(3)(trace).metrics["elbo"]):
        assert bound.item() == pytest.approx(best_log_likelihood(data), abs=1e-9)


def test_at_the_optimum_the_closed_form_elbo_is_the_likelihood_on_average(data: Tensor) -> None:
    model, draws = solved(data), 1000
    with torch.no_grad():
        trace = model(data, draws=draws, generator=seeded(0))
    error = trace.log_px.std(0).square().mean().sqrt() / math.sqrt(draws * N)
    difference = ELBO()(trace).metrics["elbo"] - best_log_likelihood(data)
    assert abs(difference) < 4 * error < 0.01


@pytest.mark.parametrize("part", ["decoder", "latent"])
def test_no_step_away_from_the_optimum_gains(data: Tensor, part: str) -> None:
    best = best_log_likelihood(data)
    for seed in range(5):
        model, generator = solved(data), seeded(seed)
        with torch.no_grad():
            for parameter in getattr(model, part).parameters():
                step = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.add_(step, alpha=0.1)
            trace = model(data, draws=50, generator=generator)
        assert trace.log_w.mean() < best


def test_importance_weighting_closes_the_gap_from_below(data: Tensor) -> None:
    model, scale, draws = solved(data), best_scale(data), 2048
    spoil(model)
    with torch.no_grad():
        log_w = model(data, draws=draws, generator=seeded(1)).log_w
    log_p = exact(model, data, scale)
    gaps = []
    for k in (1, 8, 64):
        short = log_p - log_mean_exp(log_w.view(k, -1, N))
        gaps.append(float(short.mean()))
        error = float(short.std()) / math.sqrt(short.numel())
        assert gaps[-1] > 4 * error, "a bound above the likelihood"
    assert gaps[0] == pytest.approx(float(exact_gap(model, data, scale).mean()), rel=0.02)
    assert gaps[0] > 4 * gaps[1] > 16 * gaps[2]  # the gap shrinks as 1 / K, Domke and Sheldon 2018


def test_log_likelihood_matches_the_exact_one_under_a_wrong_posterior(data: Tensor) -> None:
    model, scale, draws = solved(data), best_scale(data), 4000
    spoil(model)
    x = data[:100]
    given = model.log_likelihood(x, draws, seeded(2))
    with torch.no_grad():
        log_w = model(x, draws=draws, generator=seeded(3)).log_w
    weights = (log_w - log_mean_exp(log_w)).exp()
    error = weights.std(0) / math.sqrt(draws)
    z = (given - exact(model, x, scale)) / error
    assert z.abs().max() < 4.5
    assert z.mean().abs() < 4 / math.sqrt(len(x))


def trained(model: Autoencoder, objective: Objective, x: Tensor, steps: int = 600) -> None:
    (phase,) = objective.phases(model)
    optimiser = torch.optim.Adam(phase.parameters, 0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    generator = seeded(4)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = objective(model(x, draws=objective.draws, generator=generator))
        loss.total.backward(inputs=list(phase.parameters))
        optimiser.step()
        schedule.step()


@pytest.mark.parametrize("objective", [ELBO(draws=4), IWAE(4)])
def test_training_reaches_the_optimum(data: Tensor, objective: Objective) -> None:
    scale, best = best_scale(data), best_log_likelihood(data)
    model = linear_vae(Gaussian(scale))
    trained(model, objective, data)
    log_p = float(exact(model, data, scale).mean())
    assert best - 0.01 < log_p < best
    with torch.no_grad():
        elbo = float(model(data, draws=200, generator=seeded(5)).log_w.mean())
    assert best - 0.05 < elbo < best
    axes = torch.linalg.qr(model.decoder.layer.weight.detach()).Q
    principal = spectrum(data)[1][:, :D]
    torch.testing.assert_close(axes @ axes.T, principal @ principal.T, rtol=0, atol=0.02)


def test_training_finds_the_noise_of_maximum_likelihood(data: Tensor) -> None:
    likelihood = SharedGaussian(initial=1.0)
    model = linear_vae(likelihood)
    trained(model, ELBO(draws=4), data)
    with torch.no_grad():
        peak = likelihood(torch.zeros(1, 1, 1, 1).double()).log_prob(torch.zeros(1, 1).double())
    scale = math.exp(-float(peak)) / math.sqrt(2 * math.pi)
    assert scale == pytest.approx(best_scale(data), rel=0.02)
