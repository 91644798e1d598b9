"""Categories against sums over all codes, and their gradient against exact ones."""

import math
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.distributions import kl_divergence
from torch.nn import functional as F

from vaekit.errors import BadInput
from vaekit.latents import CategoricalPosterior, CategoricalPrior
from vaekit.latents.categories import Categories


def some(
    categories: int, temperature: float = 0.5, positions: int = 1, rows: int = 1
) -> Categories:
    torch.manual_seed(categories)
    logits = torch.randn(rows, positions, categories, dtype=torch.float64)
    return Categories(logits, temperature)


def codes(categories: int, positions: int) -> Tensor:
    """All codes there are, one a row."""
    each = list(product(range(categories), repeat=positions))
    return F.one_hot(torch.tensor(each), categories).double().flatten(-2)


def test_chances_of_all_codes_sum_to_one() -> None:
    q = some(3, positions=4, rows=2)
    chances = q.log_prob(codes(3, 4)[:, None]).exp().sum(0)
    torch.testing.assert_close(chances, torch.ones(2, dtype=torch.float64))


def test_draws_are_whole_and_as_frequent_as_they_are_likely() -> None:
    q, n = some(4, positions=2, rows=3), 20_000
    z, log_q = q.draw(n, torch.Generator().manual_seed(0))
    assert z.shape == (n, 3, 8)
    assert torch.equal(z.unique(), torch.tensor([0.0, 1.0]).double())
    torch.testing.assert_close(q.log_prob(z), log_q)
    each, chances = z.unflatten(-1, (2, 4)), q.log_chances.exp()
    assert (each.sum(-1) == 1).all()
    assert ((each.mean(0) - chances).abs() < 4.5 * (chances * (1 - chances) / n).sqrt()).all()
    assert torch.equal(q.mode.unflatten(-1, (2, 4)).argmax(-1), q.log_chances.argmax(-1))


def test_the_rate_is_the_sum_over_all_codes() -> None:
    q, p = some(3, positions=4, rows=2), some(3, positions=4)
    every = codes(3, 4)[:, None]
    log_q = q.log_prob(every)
    exact = (log_q.exp() * (log_q - p.log_prob(every))).sum(0)
    torch.testing.assert_close(kl_divergence(q, p), exact)
    prior = CategoricalPrior(4, 3).double()()
    assert (kl_divergence(q, prior) < 4 * math.log(3)).all()
    torch.testing.assert_close(kl_divergence(prior, prior).item(), 0.0)


@pytest.mark.parametrize("nearly", [lambda v: v, F.softplus])
def test_the_gradient_comes_close_to_the_exact_mean(nearly) -> None:
    """Of what is linear in the code, or nearly: the direction, and most of the size."""
    weights = torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def value(z: Tensor) -> Tensor:
        return nearly(z @ weights).sum(-1)

    logits = torch.randn(1, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    logits.requires_grad_()
    q = Categories(logits, 0.5)
    every = codes(3, 2)[:, None]
    (exact,) = torch.autograd.grad((q.log_prob(every).exp() * value(every)).sum(), logits)
    z = Categories(logits, 0.5).rsample((20_000,), torch.Generator().manual_seed(3))
    (estimate,) = torch.autograd.grad(value(z).mean(), logits)
    along = F.cosine_similarity(exact.flatten(), estimate.flatten(), 0)
    assert along > 0.95
    assert 0.6 < estimate.norm() / exact.norm() < 1.5


def test_a_log_chance_has_a_gradient_through_the_draw() -> None:
    """Which bounds without a rate in closed form learn the posterior's entropy by."""
    logits = torch.tensor([[[2.0, 0.0, -1.0]]], dtype=torch.float64, requires_grad=True)
    _, log_q = Categories(logits, 0.3).draw(50_000, torch.Generator().manual_seed(0))
    (estimate,) = torch.autograd.grad(log_q.mean(), logits)
    chances = logits.softmax(-1)
    (exact,) = torch.autograd.grad((chances * chances.log()).sum(), logits)
    assert F.cosine_similarity(exact.flatten(), estimate.flatten(), 0) > 0.9


def test_logits_as_large_as_they_come_leave_draws_with_a_chance() -> None:
    posterior = CategoricalPosterior(1, 3, 10)
    with torch.no_grad():
        posterior.head.weight.fill_(0.0)[::10] = 1.0
    features = torch.tensor([[0.0], [30.0], [1e4], [1e30]])
    q, p = posterior(features), CategoricalPrior(3, 10)()
    z, log_q = q.draw(2_000)
    assert log_q.isfinite().all()
    ((z * z).sum() + kl_divergence(q, p).sum() + log_q.mean()).backward()
    assert all(weight.grad.isfinite().all() for weight in posterior.parameters())


def test_what_makes_no_sense_is_refused() -> None:
    for options, message in (
        ((0, 10), "`positions` must be 1 or more, not 0"),
        ((3, 1), "`categories` must be 2 or more, not 1"),
    ):
        for part in (CategoricalPrior, lambda *given: CategoricalPosterior(5, *given)):
            with pytest.raises(BadInput, match=message):
                part(*options)
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(BadInput, match=r"`temperature` must be from 0.1 to 10, not"):
            CategoricalPosterior(5, 3, 4, temperature)
    with pytest.raises(BadInput, match=r"equally likely categories, not 0.5"):
        CategoricalPrior()().sample((3,), temperature=0.5)
