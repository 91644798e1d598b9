"""Likelihoods p(x|z): from a decoder's parameters to a distribution over the data.

Each takes parameters (K, B, M, *event) and gives a distribution whose `log_prob(x)` is
(K, B), in nats, summed over the event. For the Gaussians and the continuous Bernoulli it
is a density, so it can be positive.
"""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.distributions import constraints
from torch.nn.functional import softplus

from vaekit import distributions
from vaekit.errors import BadInput


class Likelihood(nn.Module, ABC):
    """The contract: how many parameters a value needs, and where data may lie."""

    needs: ClassVar[int] = 1
    support: ClassVar[constraints.Constraint] = constraints.real

    @abstractmethod
    def forward(self, parameters: Tensor) -> Any:
        """The distribution over x, batch shape (K, B)."""


@final
class Bernoulli(Likelihood):
    """A coin per value, from its logit; grey values in [0, 1] count as probabilities."""

    support = constraints.unit_interval

    def forward(self, parameters: Tensor) -> td.Distribution:
        """Independent Bernoulli values."""
        return distributions.BernoulliEvent(parameters.squeeze(2))


@final
class ContinuousBernoulli(Likelihood):
    """A proper density on [0, 1], from its logit.

    Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845
    """

    support = constraints.unit_interval

    def forward(self, parameters: Tensor) -> td.Distribution:
        """Independent continuous Bernoulli values."""
        return _event(distributions.ContinuousBernoulli(parameters.squeeze(2)))


@final
class Gaussian(Likelihood):
    """A Gaussian of one fixed standard deviation around the decoder's output.

    Args:
        scale: The standard deviation of every value.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = _positive("`scale`", scale)

    def forward(self, parameters: Tensor) -> td.Distribution:
        """Independent Gaussian values."""
        return distributions.GaussianEvent(parameters.squeeze(2), self.scale)


@final
class SharedGaussian(Likelihood):
    """A Gaussian whose one standard deviation is learned with the network.

    Rybkin, Daniilidis and Levine 2021, https://arxiv.org/abs/2006.13202

    Args:
        initial: The standard deviation training starts from.
        minimum: The standard deviation it stays above; about one grey level of 256.
    """

    def __init__(self, initial: float = 0.1, minimum: float = 0.004) -> None:
        super().__init__()
        self.minimum = _positive("`minimum`", minimum)
        if not initial > minimum:
            raise BadInput(f"`initial` must be above `minimum`, {minimum:g}, not {initial:g}.")
        raw = _inverse_softplus(_positive("`initial`", initial) - minimum)
        self.raw = nn.Parameter(torch.tensor(raw))

    def forward(self, parameters: Tensor) -> td.Distribution:
        """Independent Gaussian values."""
        scale = softplus(self.raw) + self.minimum
        return distributions.GaussianEvent(parameters.squeeze(2), scale)


@final
class PixelGaussian(Likelihood):
    """A Gaussian whose standard deviation the decoder gives for every value.

    Args:
        minimum: The standard deviation it stays above; about one grey level of 256.
    """

    needs = 2

    def __init__(self, minimum: float = 0.004) -> None:
        super().__init__()
        self.minimum = _positive("`minimum`", minimum)

    def forward(self, parameters: Tensor) -> td.Distribution:
        """Independent Gaussian values."""
        loc, raw = parameters.unbind(2)
        return _event(td.Normal(loc, softplus(raw) + self.minimum, validate_args=False))


def _event(values: td.Distribution) -> td.Distribution:
    """All axes but (K, B) as one event."""
    return td.Independent(values, len(values.batch_shape) - 2, validate_args=False)


def _inverse_softplus(value: float) -> float:
    return value + math.log(-math.expm1(-value))


def _positive(flag: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise BadInput(f"{flag} must be positive and finite, not {value:g}.")
    return value
