"""Relaxed categories against integrals and counts."""

import math

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.latents import ConcretePosterior, ConcretePrior
from vaekit.latents.concrete import Concrete


def some(categories: int, temperature: float = 0.67, positions: int = 1, rows: int = 1) -> Concrete:
    torch.manual_seed(categories)
    logits = torch.randn(rows, positions, categories, dtype=torch.float64, requires_grad=True)
    return Concrete(logits, temperature)


@pytest.mark.parametrize("temperature", [0.4, 0.67, 2.0])
def test_the_density_integrates_to_one_over_log_ratios(temperature: float) -> None:
    q = some(3, temperature)
    side = torch.linspace(-60, 60, 601, dtype=torch.float64)
    ratios = torch.cartesian_prod(side, side)
    logs = torch.cat([ratios, torch.zeros(len(ratios), 1)], 1).log_softmax(-1)
    total = q.log_prob(logs.exp()[:, None]).exp().sum() * (side[1] - side[0]) ** 2
    torch.testing.assert_close(total.item(), 1.0, rtol=1e-3, atol=0)


def test_the_largest_is_each_as_often_as_its_category_is_likely() -> None:
    q, n = some(4, positions=2, rows=3), 20_000
    z, log_q = q.draw(n, torch.Generator().manual_seed(0))
    assert z.shape == (n, 3, 8)
    torch.testing.assert_close(q.log_prob(z), log_q)
    each = z.unflatten(-1, (2, 4))
    torch.testing.assert_close(each.sum(-1), torch.ones_like(each[..., 0]))
    chances = q.logits.softmax(-1)
    often = torch.nn.functional.one_hot(each.argmax(-1), 4).double().mean(0)
    assert ((often - chances).abs() < 4.5 * (chances * (1 - chances) / n).sqrt()).all()
    assert torch.equal(q.mode.unflatten(-1, (2, 4)).argmax(-1), q.logits.argmax(-1))
    assert torch.equal(q.mode.unique(), torch.tensor([0.0, 1.0]).double())


def test_gradients_are_those_of_differences() -> None:
    def loss(logits: Tensor) -> Tensor:
        z, log_q = Concrete(logits, 0.5).draw(2, torch.Generator().manual_seed(1))
        p = Concrete(torch.zeros(2, 3, dtype=torch.float64), 0.5)
        return (log_q - p.log_prob(z)).mean() + z[..., 0].square().sum()

    assert torch.autograd.gradcheck(loss, (some(3, positions=2, rows=3).logits,))


def test_the_rate_is_not_below_that_of_the_categories_themselves() -> None:
    """And of two alike it is nothing."""
    q, p = some(5, rows=2), Concrete(torch.zeros(1, 5, dtype=torch.float64), 0.67)
    z, log_q = q.draw(20_000, torch.Generator().manual_seed(2))
    rates = log_q - p.log_prob(z)
    chances = q.logits.softmax(-1)
    hard = (chances * (chances.log() + math.log(5))).sum((-1, -2))
    error = rates.std(0) / len(rates) ** 0.5
    assert (rates.mean(0) > hard - 3 * error).all()
    z, log_p = p.draw(5, torch.Generator().manual_seed(2))
    torch.testing.assert_close(log_p, p.log_prob(z))


@pytest.mark.parametrize("temperature", [0.4, 0.67])
def test_logits_as_large_as_they_come_leave_draws_with_a_density(temperature: float) -> None:
    posterior = ConcretePosterior(1, 3, 10, temperature)
    with torch.no_grad():
        posterior.head.weight.fill_(0.0)[::10] = 1.0
    features = torch.tensor([[0.0], [30.0], [1e4], [1e30]])
    q, p = posterior(features), ConcretePrior(3, 10, temperature)()
    z, log_q = q.draw(2_000)
    assert (z > torch.finfo(z.dtype).tiny).all()
    torch.testing.assert_close(q.log_prob(z), log_q, rtol=1e-4, atol=1e-2)
    (log_q - p.log_prob(z)).sum().backward()
    assert all(weight.grad.isfinite().all() for weight in posterior.parameters())


def test_what_makes_no_sense_is_refused() -> None:
    for options, message in (
        ((0, 10, 0.67), "`positions` must be 1 or more, not 0"),
        ((3, 1, 0.67), "`categories` must be 2 or more, not 1"),
        ((3, 4, 0.0), "`temperature` must be from 0.4 to 10, not 0: below"),
        ((3, 4, -1.0), "`temperature` must be from 0.4 to 10, not -1"),
        ((3, 4, math.nan), "`temperature` must be from 0.4 to 10, not nan"),
    ):
        for part in (ConcretePrior, lambda *given: ConcretePosterior(5, *given)):
            with pytest.raises(BadInput, match=message):
                part(*options)
    with pytest.raises(BadInput, match=r"whose own is 0.67, not 0.5"):
        ConcretePrior()().sample((3,), temperature=0.5)
