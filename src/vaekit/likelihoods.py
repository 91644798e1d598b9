"""Likelihoods p(x|z): from a decoder's parameters to a distribution over the data.

Each takes parameters (K, B, *outputs) and gives an `Event`, whose `log_prob(x, mask)` is (K, B),
in nats, summed over the values that are there. For the Gaussians and the continuous Bernoulli it
is a density, so it can be positive.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.distributions import constraints
from torch.nn.functional import softplus

from vaekit import events
from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.events import Event


class Likelihood(nn.Module, ABC):
    """The contract: how many parameters it needs, and where data may lie.

    needs: M, parameters a value. support: where a value may lie.
    counts: whether it gives probabilities of values that are counted, and reads others as such;
        not where it reads every grey as one of 256 levels.
    """

    needs: int = 1
    support: ClassVar[constraints.Constraint] = constraints.real
    counts: ClassVar[bool] = False

    def outputs(self, shape: Shape) -> Shape:
        """The shape of the parameters for data of a shape: (M, *shape) where values are alike."""
        return (self.needs, *shape)

    def fitted(self, shape: Shape) -> "Likelihood":
        """Itself, or one that has what it needs to know of the data's shape."""
        return self

    def holds(self, x: Tensor) -> Tensor:
        """Which values of x (B, *shape) may be, bool of its shape."""
        held: Tensor = self.support.check(x)  # type: ignore[no-untyped-call]
        return held

    @abstractmethod
    def forward(self, parameters: Tensor) -> Event:
        """The distribution over x for parameters (K, B, *outputs)."""


@final
class Bernoulli(Likelihood):
    """A coin per value, from its logit; grey values in [0, 1] count as probabilities."""

    support = constraints.unit_interval
    counts = True

    def forward(self, parameters: Tensor) -> Event:
        """Independent Bernoulli values."""
        return events.Coins(parameters.squeeze(2))


@final
class ContinuousBernoulli(Likelihood):
    """A proper density on [0, 1], from its logit.

    Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845
    """

    support = constraints.unit_interval

    def forward(self, parameters: Tensor) -> Event:
        """Independent continuous Bernoulli values."""
        return events.ContinuousCoins(parameters.squeeze(2))


@final
class Gaussian(Likelihood):
    """A Gaussian of one fixed standard deviation around the decoder's output.

    Args:
        scale: The standard deviation of every value.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = _positive("`scale`", scale)

    def forward(self, parameters: Tensor) -> Event:
        """Independent Gaussian values."""
        return events.Gaussians(parameters.squeeze(2), self.scale)


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

    def forward(self, parameters: Tensor) -> Event:
        """Independent Gaussian values."""
        scale = softplus(self.raw) + self.minimum
        return events.Gaussians(parameters.squeeze(2), scale)


@final
class BandGaussian(Likelihood):
    """A Gaussian with a standard deviation for each band, the last axis but one, that is learned.

    Of vectors each value is a band. A part that has not met its data has one for all.

    Args:
        initial: The standard deviations training starts from.
        minimum: What they stay above.
        bands: How many there are; as many as the data have by default.
    """

    def __init__(
        self, initial: float = 0.5, minimum: float = 0.01, bands: int | None = None
    ) -> None:
        super().__init__()
        self.initial, self.minimum = initial, _positive("`minimum`", minimum)
        if not initial > minimum:
            raise BadInput(f"`initial` must be above `minimum`, {minimum:g}, not {initial:g}.")
        if bands is not None and bands < 1:
            raise BadInput(f"`bands` must be 1 or more, not {bands}.")
        self.bands = bands
        raw = _inverse_softplus(_positive("`initial`", initial) - minimum)
        self.raw = nn.Parameter(torch.full((bands or 1,), raw))

    @property
    def scale(self) -> Tensor:
        """The standard deviations, (bands,)."""
        return softplus(self.raw) + self.minimum

    def fitted(self, shape: Shape) -> "BandGaussian":
        """One with as many bands as data of a shape have; raises BadInput where it has others."""
        there = shape[-2] if len(shape) > 1 else shape[0]
        if self.bands is None:
            return BandGaussian(self.initial, self.minimum, there)
        if self.bands != there:
            raise BadInput(f"`bands` are {self.bands}, but data of shape {shape} have {there}.")
        return self

    def forward(self, parameters: Tensor) -> Event:
        """Independent Gaussian values."""
        loc = parameters.squeeze(2)
        return events.ScaledGaussians(loc, self.scale if loc.ndim == 3 else self.scale[:, None])


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

    def forward(self, parameters: Tensor) -> Event:
        """Independent Gaussian values."""
        loc, raw = parameters.unbind(2)
        return events.ScaledGaussians(loc, softplus(raw) + self.minimum)


@final
class Categorical(Likelihood):
    """One of several classes for every value, which holds the number of its class.

    Args:
        classes: How many there are; 130 symbols make a melody.
    """

    counts = True

    def __init__(self, classes: int = 130) -> None:
        super().__init__()
        if classes < 2:
            raise BadInput(f"`classes` must be 2 or more, not {classes}.")
        self.needs = classes

    def holds(self, x: Tensor) -> Tensor:
        """Which values are numbers of classes."""
        return (x >= 0) & (x < self.needs) & (x == x.round())

    def forward(self, parameters: Tensor) -> Event:
        """Independent categories."""
        return events.Categories(parameters)


@final
class PixelCategorical(Likelihood):
    """One of 256 levels for every value of a picture, each with a probability of its own.

    Values in [0, 1] are those of the nearest level.
    """

    needs = events.LEVELS
    support = constraints.unit_interval

    def forward(self, parameters: Tensor) -> Event:
        """Independent levels."""
        return events.Levels(parameters)


@final
class DiscretisedLogistic(Likelihood):
    """One of 256 levels for every value of a picture, by mixtures of logistic densities.

    Values in [0, 1] are those of the nearest level. The channels are independent given the code.
    Kingma et al. 2016, https://arxiv.org/abs/1606.04934, with one component; Salimans et al.
    2017, https://arxiv.org/abs/1701.05517, with several.

    Args:
        components: Densities in a mixture.
        minimum: The scale they stay above; an eighth of a level.
    """

    support = constraints.unit_interval

    def __init__(self, components: int = 1, minimum: float = 0.0005) -> None:
        super().__init__()
        if not 1 <= components <= events.LEVELS:
            raise BadInput(f"`components` must be between 1 and 256, not {components}.")
        self.components, self.minimum = components, _positive("`minimum`", minimum)
        self.needs = 3 * components

    def forward(self, parameters: Tensor) -> Event:
        """Independent levels; centres begin spread over [0, 1]."""
        logits, loc, raw = parameters.chunk(3, 2)
        first = (torch.arange(self.components, device=loc.device) + 0.5) / self.components
        loc = loc + first.to(loc.dtype).view(-1, *[1] * (loc.ndim - 3))
        return events.Logistics(logits, loc, softplus(raw) + self.minimum)


def logistic_mixture(components: int = 10, minimum: float = 0.0005) -> Likelihood:
    """One of 256 levels for every value of a picture, by mixtures of logistic densities.

    Salimans et al. 2017, https://arxiv.org/abs/1701.05517, with independent channels.

    Args:
        components: Densities in a mixture.
        minimum: The scale they stay above; an eighth of a level.
    """
    return DiscretisedLogistic(components, minimum)


@final
class Laplace(Likelihood):
    """A Laplace density whose scale the decoder gives for every value.

    Args:
        minimum: The scale it stays above.
    """

    needs = 2

    def __init__(self, minimum: float = 0.004) -> None:
        super().__init__()
        self.minimum = _positive("`minimum`", minimum)

    def forward(self, parameters: Tensor) -> Event:
        """Independent Laplace values."""
        loc, raw = parameters.unbind(2)
        return events.Laplaces(loc, softplus(raw) + self.minimum)


@final
class StudentT(Likelihood):
    """A Student-t density, for outliers, whose scale the decoder gives for every value.

    Takahashi et al. 2018, https://doi.org/10.24963/ijcai.2018/374, with fixed freedom.

    Args:
        freedom: Degrees of freedom, above 1.
        minimum: The scale it stays above.
    """

    needs = 2

    def __init__(self, freedom: float = 5.0, minimum: float = 0.004) -> None:
        super().__init__()
        if not 1 < freedom < math.inf:
            raise BadInput(f"`freedom` must be above 1 and finite, not {freedom:g}.")
        self.freedom, self.minimum = freedom, _positive("`minimum`", minimum)

    def forward(self, parameters: Tensor) -> Event:
        """Independent Student-t values."""
        loc, raw = parameters.unbind(2)
        return events.StudentTs(loc, softplus(raw) + self.minimum, self.freedom)


@final
class Poisson(Likelihood):
    """A count whose mean is the exponential of the decoder's output."""

    support = constraints.nonnegative_integer
    counts = True

    def forward(self, parameters: Tensor) -> Event:
        """Independent Poisson counts."""
        return events.Poissons(_logarithm(parameters.squeeze(2)))


@final
class NegativeBinomial(Likelihood):
    """A count that varies by more than a Poisson one; the decoder gives mean and how much.

    Args:
        zeros: Whether the decoder also gives how likely a zero is that tells nothing.
    """

    support = constraints.nonnegative_integer
    counts = True

    def __init__(self, zeros: bool = False) -> None:
        super().__init__()
        self.needs = 3 if zeros else 2

    def forward(self, parameters: Tensor) -> Event:
        """Independent counts."""
        log_mean, log_r, *zero = parameters.unbind(2)
        return events.NegativeBinomials(_logarithm(log_mean), log_r.clamp(-_MOST_R, _MOST_R), *zero)


def zero_inflated() -> Likelihood:
    """A negative binomial count, or a zero that tells nothing; the decoder gives all of it.

    Lopez et al. 2018, https://doi.org/10.1038/s41592-018-0229-2
    """
    return NegativeBinomial(zeros=True)


@final
class Columns(Likelihood):
    """Several likelihoods side by side in one row, each for a stretch of its columns.

    Columns are the first axis of a row: of a picture (C, H, W) they are its channels.

    parts: likelihoods with the number of columns of each, from the first.
    """

    def __init__(self, parts: Sequence[tuple[Likelihood, int]]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(part for part, _ in parts)
        self.widths = tuple(width for _, width in parts)
        if not parts or min(self.widths) < 1:
            raise BadInput("`parts` must be likelihoods with one column or more each.")

    def outputs(self, shape: Shape) -> Shape:
        """All parameters in the axis of the columns; raises BadInput for other data than such."""
        if shape[0] != sum(self.widths):
            raise BadInput(
                f"This `likelihood` is of {sum(self.widths)} columns or channels, not of data "
                f"{shape}: take another."
            )
        within = shape[1:]
        return (1, sum(self._sizes), *within) if within else (sum(self._sizes),)

    def holds(self, x: Tensor) -> Tensor:
        """Which values their own column's likelihood allows."""
        stretches = zip(self._likelihoods, torch.split(x, list(self.widths), 1), strict=True)
        return torch.cat([part.holds(stretch) for part, stretch in stretches], 1)

    def forward(self, parameters: Tensor) -> Event:
        """All columns' distributions, as one."""
        if parameters.ndim > 3:
            parameters = parameters.squeeze(2)
        within = parameters.shape[3:]
        stretches = torch.split(parameters, self._sizes, 2)
        given = zip(self._likelihoods, stretches, self.widths, strict=True)
        return events.Columns(
            [
                part(own.reshape(*own.shape[:2], part.needs, width, *within))
                for part, own, width in given
            ]
        )

    @property
    def _likelihoods(self) -> list[Likelihood]:
        return list(self.parts)  # type: ignore[arg-type]

    @property
    def _sizes(self) -> list[int]:
        pairs = zip(self._likelihoods, self.widths, strict=True)
        return [part.needs * width for part, width in pairs]


def cutout(colour_weight: float = 0.0) -> Likelihood:
    """Colours on white and a mask of where the object is: pictures with four channels.

    Args:
        colour_weight: Weight of the colours' squared error against the mask's, which is 1: both
            are Gaussians of a fixed standard deviation. At 0 that of the colours is learned,
            and every pixel of the mask is a coin.
    """
    if not 0 <= colour_weight < math.inf:
        raise BadInput(f"`colour_weight` must be 0 or more and finite, not {colour_weight:g}.")
    if not colour_weight:
        return Columns([(SharedGaussian(), 3), (Bernoulli(), 1)])
    colours, mask = (Gaussian(math.sqrt(0.5 / weight)) for weight in (colour_weight, 1.0))
    return Columns([(colours, 3), (mask, 1)])


_MOST = 25.0  # a count's mean is below e^25: beyond, float32 and the drawing of counts fail
_MOST_R = 14.0  # with a larger r a count is Poisson's to six digits, and gamma functions cancel


def _logarithm(raw: Tensor) -> Tensor:
    """The logarithm of a count's mean."""
    return raw.clamp(-_MOST, _MOST)


def _inverse_softplus(value: float) -> float:
    return value + math.log(-math.expm1(-value))


def _positive(flag: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise BadInput(f"{flag} must be positive and finite, not {value:g}.")
    return value
