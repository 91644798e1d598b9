"""The Gaussian and the rates against `torch.distributions`, closed forms and many draws."""

import math

import pytest
import torch
from torch import Tensor
from torch import distributions as td

from vaekit.distributions import (
    DiagonalGaussian,
    log_mean_exp,
    rate,
    rate_by_dimension,
)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> DiagonalGaussian:
    generator = seeded(seed)
    loc = torch.randn(shape, generator=generator, dtype=dtype)
    log_scale = 0.5 * torch.randn(shape, generator=generator, dtype=dtype)
    return DiagonalGaussian(loc, log_scale)


def reference(q: DiagonalGaussian) -> td.Independent:
    return td.Independent(td.Normal(q.loc, q.log_scale.exp()), 1)


def within(samples: Tensor, expected: Tensor, errors: float = 4.0) -> bool:
    """Whether means over the first axis are that close, in standard errors."""
    error = samples.std(0) / math.sqrt(len(samples))
    return bool(((samples.mean(0) - expected).abs() <= errors * error).all())


def test_density_entropy_and_moments_match_torch() -> None:
    q = gaussian(0, 7, 3)
    z = torch.randn(5, 7, 3, generator=seeded(1), dtype=torch.float64)
    torch.testing.assert_close(q.log_prob(z), reference(q).log_prob(z), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(q.entropy(), reference(q).entropy(), rtol=1e-12, atol=1e-12)
    assert torch.equal(q.mean, q.loc)
    assert torch.equal(q.mode, q.loc)
    torch.testing.assert_close(q.variance, reference(q).variance)
    assert q.batch_shape == (7,)
    assert q.event_shape == (3,)


def test_kl_matches_torch_and_broadcasts_a_prior_over_one_code() -> None:
    q, p = gaussian(2, 7, 3), gaussian(3, 3)
    expected = td.kl_divergence(reference(q), reference(p).expand((7,)))
    torch.testing.assert_close(td.kl_divergence(q, p), expected, rtol=1e-12, atol=1e-12)
    assert td.kl_divergence(q, p).shape == (7,)


def test_rates_by_dimension_sum_to_the_kl_and_match_it_one_by_one() -> None:
    q, p = gaussian(4, 7, 3), gaussian(5, 3)
    rates = rate_by_dimension(q, p)
    assert rates is not None
    assert rates.shape == (7, 3)
    torch.testing.assert_close(rates.sum(-1), td.kl_divergence(q, p))
    by_dimension = td.kl_divergence(td.Normal(q.loc, q.scale), td.Normal(p.loc, p.scale))
    torch.testing.assert_close(rates, by_dimension)


def test_kl_is_zero_only_between_equals() -> None:
    q = gaussian(6, 7, 3)
    assert torch.equal(td.kl_divergence(q, q), torch.zeros(7, dtype=torch.float64))
    assert (td.kl_divergence(q, gaussian(7, 7, 3)) > 0).all()


def test_closed_form_kl_agrees_with_many_draws() -> None:
    q, p = gaussian(8, 6, 2), gaussian(9, 2)
    z, log_q = q.draw(100_000, seeded(10))
    assert within(log_q - p.log_prob(z), td.kl_divergence(q, p))


def test_draw_scores_its_own_codes() -> None:
    q = gaussian(11, 4, 3)
    z, log_q = q.draw(6, seeded(12))
    assert z.shape == (6, 4, 3)
    assert log_q.shape == (6, 4)
    torch.testing.assert_close(log_q, reference(q).log_prob(z))


@pytest.mark.parametrize("temperature", [1.0, 0.5, 0.0])
def test_draws_have_the_mean_and_the_tempered_variance(temperature: float) -> None:
    q = gaussian(13, 4, 3)
    z = q.sample((100_000,), seeded(14), temperature)
    if temperature == 0:
        assert torch.equal(z, q.loc.expand_as(z))
        return
    assert within(z, q.loc)
    assert within((z - q.loc).square(), temperature**2 * q.variance)
    products = (z - q.loc)[..., 0] * (z - q.loc)[..., 1]
    assert within(products, torch.zeros(4, dtype=torch.float64))


def test_draws_carry_the_gradients_of_location_and_scale() -> None:
    loc = torch.zeros(5, 2, requires_grad=True)
    log_scale = torch.full((5, 2), -1.0, requires_grad=True)
    q = DiagonalGaussian(loc, log_scale)
    z, _ = q.draw(3, seeded(15))
    z.sum().backward()
    torch.testing.assert_close(loc.grad, torch.full((5, 2), 3.0))
    torch.testing.assert_close(log_scale.grad, (z - loc).sum(0).detach())
    assert not q.sample((3,), seeded(15)).requires_grad


def test_a_generator_repeats_draws_and_leaves_the_global_state_alone() -> None:
    q = gaussian(16, 4, 3)
    before = torch.get_rng_state()
    first, _ = q.draw(5, seeded(17))
    second, _ = q.draw(5, seeded(17))
    assert torch.equal(first, second)
    assert not torch.equal(first, q.draw(5, seeded(18))[0])
    assert torch.equal(before, torch.get_rng_state())


def test_without_a_generator_draws_follow_the_global_seed() -> None:
    q = gaussian(19, 4, 3)
    with torch.random.fork_rng():
        torch.manual_seed(20)
        first, _ = q.draw(5)
        torch.manual_seed(20)
        assert torch.equal(first, q.draw(5)[0])
        assert not torch.equal(first, q.draw(5)[0])


def test_rate_is_closed_form_where_one_is_known() -> None:
    q, p = gaussian(21, 4, 3), gaussian(22, 3)
    nonsense = torch.full((5, 4), torch.nan, dtype=torch.float64)
    torch.testing.assert_close(rate(q, p, nonsense, nonsense), td.kl_divergence(q, p))


def test_rate_falls_back_to_the_draws_for_an_unknown_pair() -> None:
    q = gaussian(23, 4, 2)
    family = td.Independent(td.Laplace(torch.zeros(2).double(), torch.ones(2).double()), 1)
    mixture = td.MixtureSameFamily(
        td.Categorical(torch.ones(2)),
        td.Independent(td.Normal(torch.tensor([[-1.0, 0.0], [1.0, 0.5]]).double(), 1.0), 1),
    )
    assert rate_by_dimension(q, family) is None
    assert rate_by_dimension(q, mixture) is None
    z, log_q = q.draw(50, seeded(24))
    log_p = mixture.log_prob(z)
    torch.testing.assert_close(rate(q, mixture, log_q, log_p), (log_q - log_p).mean(0))


def test_log_mean_exp_matches_the_naive_formula() -> None:
    values = torch.randn(6, 4, generator=seeded(26), dtype=torch.float64)
    torch.testing.assert_close(log_mean_exp(values), values.exp().mean(0).log())
    torch.testing.assert_close(log_mean_exp(values, dim=1), values.exp().mean(1).log())
    assert torch.equal(log_mean_exp(values[:1]), values[0])


@pytest.mark.parametrize("shift", [-2000.0, 2000.0])
def test_log_mean_exp_survives_values_whose_exponentials_do_not(shift: float) -> None:
    values = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    expected = values.exp().mean().log() + shift
    torch.testing.assert_close(log_mean_exp(values + shift), expected)


def test_log_mean_exp_ignores_impossible_draws() -> None:
    values = torch.tensor([-math.inf, 0.0])
    torch.testing.assert_close(log_mean_exp(values), torch.tensor(-math.log(2)))
    assert log_mean_exp(torch.full((3,), -math.inf)) == -math.inf
