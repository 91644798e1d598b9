"""What the two latents hand on."""

import torch
from torch import Tensor, nn
from torch import distributions as td

from vaekit.distributions import DiagonalGaussian
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.records import Draw

B, F, D = 4, 5, 3


def never(x: Tensor) -> None:
    raise AssertionError("a standard normal prior asks for no encoding")


def features() -> Tensor:
    return torch.randn(B, F, generator=torch.Generator().manual_seed(0))


def filled(draw: Draw) -> set[str]:
    names = ("z", "log_q", "log_p", "rate", "rates", "penalty")
    return {name for name in names if getattr(draw, name) is not None}


def test_a_latent_gives_draws_their_densities_and_a_rate() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    draw = latent(features(), never, draws=6)
    assert latent.size == D
    assert draw.z.shape == (6, B, D)
    assert draw.log_q.shape == draw.log_p.shape == (6, B)
    assert draw.rate.shape == (B,)
    assert draw.rates.shape == (B, D)
    assert filled(draw) == latent.provides


def test_a_latent_scores_its_codes_under_its_own_posterior_and_prior() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    draw = latent(features(), never, draws=6)
    torch.testing.assert_close(draw.log_q, draw.posterior.log_prob(draw.z))
    torch.testing.assert_close(draw.log_p, draw.prior.log_prob(draw.z))
    torch.testing.assert_close(draw.rate, td.kl_divergence(draw.posterior, draw.prior))
    torch.testing.assert_close(draw.rate, draw.rates.sum(-1))


def test_codes_without_scores_are_the_same_codes_at_the_same_rate() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    scored, bare = (
        latent(features(), never, draws=6, generator=torch.Generator().manual_seed(1), scored=how)
        for how in (True, False)
    )
    assert filled(bare) == {"z", "rate", "rates"}
    for field in ("z", "rate", "rates"):
        assert torch.equal(getattr(bare, field), getattr(scored, field))


def test_a_latent_repeats_its_draws_with_a_generator() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    first, second = (
        latent(features(), never, draws=2, generator=torch.Generator().manual_seed(1)).z
        for _ in range(2)
    )
    assert torch.equal(first, second)


class LaplacePrior(nn.Module):
    """A prior without a closed-form rate against a Gaussian."""

    def forward(self, infer: object = None, context: Tensor | None = None) -> td.Distribution:
        return td.Independent(td.Laplace(torch.zeros(D), torch.ones(D)), 1)


def test_a_latent_estimates_a_rate_without_a_closed_form_from_its_draws() -> None:
    latent = Latent(GaussianPosterior(F, D), LaplacePrior())
    draw = latent(features(), never, draws=7, scored=False)
    assert draw.rates is None
    torch.testing.assert_close(draw.rate, (draw.log_q - draw.log_p).mean(0))


class AggregatePrior(nn.Module):
    """A prior that asks the encoder about one data point, as a mixture of posteriors does."""

    def forward(self, infer: object, context: Tensor | None = None) -> DiagonalGaussian:
        q = infer(torch.ones(1, F))  # type: ignore[operator]
        return DiagonalGaussian(q.loc[0], q.log_scale[0])


def test_a_prior_may_reuse_the_encoder() -> None:
    posterior = GaussianPosterior(F, D)
    latent = Latent(posterior, AggregatePrior())
    draw = latent(torch.ones(B, F), posterior)
    torch.testing.assert_close(draw.rate, torch.zeros(B))


def test_a_deterministic_latent_gives_a_code_and_nothing_else() -> None:
    latent = Deterministic(F, D)
    draw = latent(features(), never, draws=6)
    assert filled(draw) == {"z"} == latent.provides
    assert draw.z.shape == (6, B, D)
    assert latent.prior is None


def test_a_deterministic_code_is_the_mode_and_linear_in_the_features() -> None:
    latent = Deterministic(F, D)
    expected = features() @ latent.head.weight.T + latent.head.bias
    draw = latent(features(), never, draws=2)
    torch.testing.assert_close(draw.posterior.mode, expected)
    assert torch.equal(draw.z, draw.posterior.mode.expand(2, B, D))


def test_the_mode_of_a_gaussian_code_is_its_mean() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    q = latent.posterior(features())
    assert torch.equal(q.mode, q.loc)
    assert q.mode.shape == (B, D)
