import pytest
import torch
from torch import Tensor

from vaekit.distributions import DiagonalGaussian, rate_by_dimension
from vaekit.records import Draw
from vaekit.training.activity import Activity


def draw(mean: Tensor, scale: Tensor) -> Draw:
    posterior = DiagonalGaussian(mean, scale.log().expand_as(mean))
    prior = DiagonalGaussian(torch.zeros(mean.shape[-1]), torch.zeros(mean.shape[-1]))
    rates = rate_by_dimension(posterior, prior)
    assert rates is not None
    return Draw(mean.unsqueeze(0), mean, rate=rates.sum(-1), rates=rates)


def test_units_and_rates_over_uneven_batches() -> None:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(1000, 4, generator=generator) * torch.tensor([1.0, 0.11, 0.09, 0.0]) + 5
    scale = torch.tensor([0.5, 0.5, 1.0, 2.0])
    activity = Activity()
    for part in mean.split(300):
        activity.add(draw(part, scale))
    report = activity.report()
    assert report["active_units"] == int((mean.var(0, unbiased=False) > 0.01).sum()) == 2
    by_hand = 0.5 * (mean.square() + scale.square() - 1).mean(0) - scale.log()
    assert report["rates"] == pytest.approx(by_hand.tolist(), rel=1e-5)
    assert not activity.collapsed()


@pytest.mark.parametrize(
    ("spread", "scale", "collapsed"),
    [(0.0, 1.0, True), (0.05, 1.0, True), (1.0, 0.5, False), (0.0, 0.5, False)],
)
def test_collapsed_means_no_active_unit_and_no_cost(
    spread: float, scale: float, collapsed: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    activity = Activity()
    activity.add(draw(spread * torch.randn(500, 3, generator=generator), torch.tensor(scale)))
    assert activity.collapsed() == collapsed


def test_one_active_unit_among_many_is_no_collapse() -> None:
    mean = torch.zeros(500, 200)
    mean[:, 0] = 0.3 * torch.randn(500, generator=torch.Generator().manual_seed(0))
    activity = Activity()
    activity.add(draw(mean, torch.tensor(1.0)))
    assert activity.report()["active_units"] == 1
    assert not activity.collapsed()


def test_a_unit_that_only_follows_its_prior_is_idle() -> None:
    code = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    rates = torch.tensor([0.0, 0.5]).expand(500, 2)  # the first one's posterior is its prior
    activity = Activity()
    activity.add(Draw(code[None], code, rate=rates.sum(-1), rates=rates))
    assert activity.report()["active"] == [False, True]


def test_a_codebook_s_constant_rate_is_no_collapse() -> None:
    activity = Activity()
    activity.add(Draw(torch.zeros(1, 9, 4), torch.zeros(9, 4), rate=torch.full((9,), 5.5)))
    assert activity.report() == {"active_units": 0, "active": [False] * 4}
    assert not activity.collapsed()


def test_a_latent_that_charges_nothing_has_no_activity() -> None:
    activity = Activity()
    activity.add(Draw(torch.zeros(1, 5, 2), torch.zeros(5, 2)))
    assert activity.report() == {}
    assert not activity.collapsed()
