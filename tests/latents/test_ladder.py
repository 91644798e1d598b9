"""The ladder: its rate against draws, its densities, its bounds after training."""

import math

import pytest
import torch
from torch import Tensor
from torch import distributions as td

from vaekit.data import load
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.latents import Ladder
from vaekit.latents.ladder import _product
from vaekit.nets import MLP
from vaekit.recipes import ladder_vae
from vaekit.records import Batch
from vaekit.training import Training, fit

B, F, SIZES = 4, 5, (2, 3)


def never(batch: Batch) -> Tensor:
    raise AssertionError("the top's prior asks for no encoding")


def ladder(*sizes: int, merged: bool = True) -> Ladder:
    torch.manual_seed(0)
    latent = Ladder(F, sizes or SIZES, 16, merged=merged).double()
    with torch.no_grad():
        for parameter in latent.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return latent


def features() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(B, F, dtype=torch.float64, generator=generator)


def test_levels_lie_side_by_side_and_every_number_has_its_shape() -> None:
    for sizes in ((3,), SIZES, (1, 2, 4)):
        latent = ladder(*sizes)
        draw, d = latent(features(), never, draws=6), sum(sizes)
        assert latent.size == d
        assert draw.z.shape == (6, B, d)
        assert draw.code.shape == (B, d)
        assert draw.log_q.shape == draw.log_p.shape == (6, B)
        assert draw.rates.shape == (B, d)
        torch.testing.assert_close(draw.rate, draw.rates.sum(-1))
        assert latent.sample(7, never).shape == (7, d)
        assert torch.equal(latent.encode(features()), draw.code)


@pytest.mark.parametrize("merged", [True, False])
def test_the_rate_is_the_mean_of_log_q_minus_log_p(merged: bool) -> None:
    draws = 100_000
    with torch.no_grad():
        draw = ladder(merged=merged)(features(), never, draws=draws)
    ratio = draw.log_q - draw.log_p
    error = ratio.std(0) / math.sqrt(draws)
    assert ((ratio.mean(0) - draw.rate).abs() < 4 * error).all()
    assert (draw.rate > 0).all()


def test_draws_are_scored_by_the_densities_they_come_from() -> None:
    latent = ladder()
    draw = latent(features(), never, draws=3)
    top, bottom = draw.z.split(SIZES, -1)
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(top).sum(-1)
    loc, log_scale = latent.priors[0](top).chunk(2, -1)
    expected = expected + td.Normal(loc, log_scale.exp()).log_prob(bottom).sum(-1)
    torch.testing.assert_close(draw.log_p, expected)


def test_without_the_product_a_posterior_reads_features_and_the_level_above() -> None:
    latent = ladder(1, 2, 3, merged=False)
    draw = latent(features(), never, draws=4)
    middle = latent.up[1](features())
    heights, above = [latent.up[0](middle), middle, features()], torch.zeros(4, B, 0)
    expected = torch.zeros(4, B, dtype=torch.float64)
    for posterior, height, z in zip(
        latent.posteriors, heights, draw.z.split([1, 2, 3], -1), strict=True
    ):
        q = posterior(torch.cat([height.expand(4, *height.shape), above], -1))
        expected, above = expected + td.Normal(q.loc, q.scale).log_prob(z).sum(-1), z
    torch.testing.assert_close(draw.log_q, expected)
    assert torch.equal(latent.encode(features()), draw.code)


def test_below_the_top_the_posterior_is_a_product() -> None:
    generator = torch.Generator().manual_seed(2)
    one, other = (
        DiagonalGaussian(*torch.randn(2, 5, dtype=torch.float64, generator=generator))
        for _ in range(2)
    )
    found = _product(one, other)
    z = torch.randn(50, 5, dtype=torch.float64, generator=generator)
    gap = found.log_prob(z) - one.log_prob(z) - other.log_prob(z)
    torch.testing.assert_close(gap, gap[:1].expand(50))


def test_codes_without_scores_are_the_same_codes_at_the_same_rate() -> None:
    latent = ladder()
    scored, bare = (
        latent(features(), never, None, 3, torch.Generator().manual_seed(1), how)
        for how in (True, False)
    )
    assert bare.log_q is bare.log_p is None
    assert torch.equal(bare.z, scored.z)
    assert torch.equal(bare.rate, scored.rate)


def test_samples_come_from_the_top_down() -> None:
    latent = ladder()
    z = latent.sample(100_000, never, generator=torch.Generator().manual_seed(3)).detach()
    top, bottom = z.split(SIZES, -1)
    assert top.mean().abs() < 0.02
    assert top.std().item() == pytest.approx(1, abs=0.02)
    loc, log_scale = latent.priors[0](top).detach().chunk(2, -1)
    noise = (bottom - loc) / log_scale.exp()
    assert noise.mean().abs() < 0.02
    assert noise.std().item() == pytest.approx(1, abs=0.02)
    still = latent.sample(3, never, temperature=0.0)
    torch.testing.assert_close(still[:, :2], torch.zeros(3, 2, dtype=torch.float64))
    assert torch.equal(still[0], still[1])


@pytest.mark.parametrize("sizes", [(), (0,), (3, -1)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="`latent` must be one size or more"):
        Ladder(F, sizes)
    with pytest.raises(BadInput, match="`hidden_ladder` must be 1 or more"):
        Ladder(F, SIZES, 0)


def test_after_training_both_levels_are_in_use_and_the_bound_rises_with_the_draws() -> None:
    data = load("digits")
    torch.manual_seed(0)
    model, objective = ladder_vae(data.shape, net=MLP((64,)), latent=(2, 6), warmup=20)
    fit(model, objective, data, Training(epochs=40, batch_size=64), progress=False)
    found = [evaluate(model, data.test, draws=k) for k in (1, 10, 200)]
    assert found[0].elbo is not None
    bounds = [each.bound.value for each in found if each.bound]
    assert bounds[0] < bounds[1] < bounds[2]
    assert all(each.elbo.value < bounds[2] for each in found if each.elbo)
    assert found[0].rates is not None
    assert min(sum(found[0].rates[:2]), sum(found[0].rates[2:])) > 0.1
