"""What the two latents hand on."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents import (
    ConditionalNormal,
    Deterministic,
    GaussianPosterior,
    Latent,
    StandardNormal,
)
from vaekit.records import Batch, Draw

B, F, D = 4, 5, 3


def never(batch: Batch) -> Tensor:
    raise AssertionError("a standard normal prior asks for no encoding")


def same(batch: Batch) -> Tensor:
    """An encoder that hands the data on."""
    return batch.x


def features() -> Tensor:
    return torch.randn(B, F, generator=torch.Generator().manual_seed(0))


def filled(draw: Draw) -> set[str]:
    names = {each.name for each in dataclasses.fields(draw)} - {"coded"} | {"code"}
    return {name for name in names if getattr(draw, name) is not None}


def test_a_latent_gives_draws_their_densities_and_a_rate() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    draw = latent(features(), never, draws=6)
    assert latent.size == D
    assert draw.z.shape == (6, B, D)
    assert draw.log_q.shape == draw.log_p.shape == (6, B)
    assert draw.rate.shape == (B,)
    assert draw.rates.shape == (B, D)
    assert filled(draw) | {"prior"} == latent.provides


def test_a_latent_scores_its_codes_under_its_own_posterior_and_prior() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    draw = latent(features(), never, draws=6)
    loc, log_scale = latent.posterior.head(features()).chunk(2, -1)
    q = td.Independent(td.Normal(loc, log_scale.exp()), 1)
    p = td.Independent(td.Normal(torch.zeros(B, D), torch.ones(B, D)), 1)
    torch.testing.assert_close(draw.log_q, q.log_prob(draw.z))
    torch.testing.assert_close(draw.log_p, p.log_prob(draw.z))
    torch.testing.assert_close(draw.rate, td.kl_divergence(q, p))
    assert torch.equal(draw.code, loc)
    torch.testing.assert_close(draw.rate, draw.rates.sum(-1))


def test_codes_without_scores_are_the_same_codes_at_the_same_rate() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    scored, bare = (
        latent(features(), never, draws=6, generator=torch.Generator().manual_seed(1), scored=how)
        for how in (True, False)
    )
    assert filled(bare) == {"z", "code", "rate", "rates"}
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

    size, context, gives = D, 0, td.Independent

    def forward(self, infer: object = None, context: Tensor | None = None) -> td.Distribution:
        return td.Independent(td.Laplace(torch.zeros(D), torch.ones(D)), 1)


def test_a_latent_estimates_a_rate_without_a_closed_form_from_its_draws() -> None:
    latent = Latent(GaussianPosterior(F, D), LaplacePrior())
    assert "rates" not in latent.provides
    draw = latent(features(), never, draws=7, scored=False)
    assert draw.rates is None
    torch.testing.assert_close(draw.rate, (draw.log_q - draw.log_p).mean(0))


class AggregatePrior(nn.Module):
    """A prior that asks the encoder about one data point, as a mixture of posteriors does."""

    size, context, gives = D, 0, DiagonalGaussian

    def forward(self, infer: Infer, context: Tensor | None = None) -> DiagonalGaussian:
        q = infer(Batch(torch.ones(1, F), torch.full((1, 2), 7.0)))
        assert isinstance(q, DiagonalGaussian)
        return DiagonalGaussian(q.loc[0], q.log_scale[0])


def test_a_prior_may_reuse_the_encoder_with_a_context_of_its_own() -> None:
    latent = Latent(GaussianPosterior(F, D), AggregatePrior())
    contexts = []

    def read(batch: Batch) -> Tensor:
        contexts.append(batch.context)
        return batch.x

    draw = latent(torch.ones(B, F), read, context=torch.zeros(B, 2))
    torch.testing.assert_close(draw.rate, torch.zeros(B))
    assert [each.tolist() for each in contexts] == [[[7.0, 7.0]]]
    assert latent.sample(6, read).shape == (6, D)


def test_a_conditional_prior_gives_one_code_a_row() -> None:
    prior = ConditionalNormal(2, D)
    with torch.no_grad():
        prior.head.bias += torch.randn(2 * D)
        prior.head.weight += torch.randn(2 * D, 64)
    latent = Latent(GaussianPosterior(F, D), prior)
    assert latent.context == 2
    context = torch.randn(5, 2)
    z = latent.sample(5, never, context, temperature=0.0)
    torch.testing.assert_close(z, prior(context=context).loc)
    assert z.shape == (5, D)
    draw = latent(torch.randn(5, F), never, context, draws=3)
    assert draw.rates.shape == (5, D)
    log_p = td.Normal(prior(context=context).loc, prior(context=context).scale)
    torch.testing.assert_close(draw.log_p, log_p.log_prob(draw.z).sum(-1))


def test_parts_of_different_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="of 3 dimensions and the prior of 4"):
        Latent(GaussianPosterior(F, D), StandardNormal(D + 1))


def test_codes_and_their_scores_keep_32_bits_where_networks_have_16() -> None:
    torch.manual_seed(0)
    latent, x = Latent(GaussianPosterior(20, 100), StandardNormal(100)), torch.randn(B, 20)
    with torch.autocast("cpu", torch.bfloat16):
        draw = latent(x, same, draws=2)
        loc, log_scale = latent.posterior.head(x).double().chunk(2, -1)
    expected = td.Normal(loc, log_scale.exp()).log_prob(draw.z.double()).sum(-1)
    assert draw.z.dtype == draw.log_q.dtype == draw.rates.dtype == torch.float32
    # float32 keeps 24 bits of a sum of about 200 nats; in bfloat16 it is wrong by 0.4 nats.
    torch.testing.assert_close(draw.log_q.double(), expected, rtol=0, atol=1e-3)


def test_a_deterministic_latent_gives_a_code_and_nothing_else() -> None:
    latent = Deterministic(F, D)
    draw = latent(features(), never, draws=6)
    assert filled(draw) == {"z", "code"} == latent.provides
    assert draw.z.shape == (6, B, D)
    with pytest.raises(BadInput, match="no prior to sample from"):
        latent.sample(3, never)


def test_a_deterministic_code_is_the_mode_and_linear_in_the_features() -> None:
    latent = Deterministic(F, D)
    expected = features() @ latent.head.weight.T + latent.head.bias
    draw = latent(features(), never, draws=2)
    torch.testing.assert_close(draw.code, expected)
    assert torch.equal(draw.code, latent.encode(features()))
    assert torch.equal(draw.z, draw.code.expand(2, B, D))


def test_the_mode_of_a_gaussian_code_is_its_mean() -> None:
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    q = latent.posterior(features())
    assert torch.equal(q.mode, q.loc)
    assert q.mode.shape == (B, D)
