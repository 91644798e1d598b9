"""The Gaussian posterior and the standard normal prior."""

import pytest
import torch
from torch import distributions as td

from vaekit.latents import GaussianPosterior, StandardNormal


def test_the_posterior_is_linear_in_the_features() -> None:
    posterior = GaussianPosterior(features=5, size=3)
    features = torch.randn(4, 5)
    q = posterior(features)
    both = features @ posterior.head.weight.T + posterior.head.bias
    torch.testing.assert_close(q.loc, both[:, :3])
    torch.testing.assert_close(q.scale, both[:, 3:].exp())
    assert posterior.size == 3


def test_the_prior_is_standard_normal_without_parameters_or_weights_to_store() -> None:
    prior = StandardNormal(3)
    z = torch.randn(6, 4, 3)
    expected = td.Normal(0.0, 1.0).log_prob(z).sum(-1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(prior().log_prob(z), expected)
    assert not list(prior.parameters())
    assert not prior.state_dict()


def test_the_prior_follows_the_precision_of_its_model() -> None:
    assert StandardNormal(3).double()().sample((2,)).dtype == torch.float64


def test_the_posterior_starts_narrow_and_its_means_spread() -> None:
    torch.manual_seed(0)
    posterior = GaussianPosterior(400, 50)
    with torch.no_grad():
        q = posterior(torch.randn(2000, 400))
    assert float(q.log_scale.mean()) == pytest.approx(-3, abs=0.1)
    # PyTorch's default weights have a variance of 1 / (3 F); these are four times as large.
    assert float(q.loc.std(0).mean()) == pytest.approx(4 / 3**0.5, rel=0.05)
