"""Distributions over rows of data: log-densities by value, masked and summed in one place."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, softplus

from vaekit.distributions import HALF_LOG_2PI


class Terms(NamedTuple):
    """Log-densities of values, taken apart: -(weight x energy + constant), in nats.

    energy: by value, shape (K, B, *event). weight, constant: the same for all values, so that
    what a sum over them needs is computed once.
    """

    energy: Tensor
    weight: Tensor | float = 1.0
    constant: Tensor | float = 0.0


class Event(ABC):
    """A distribution over rows of data whose values are independent given the code.

    shape: that of the rows, (*event).
    """

    shape: tuple[int, ...]

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """The best guess of every value, shape (K, B, *event): the mean, of a category the mode."""

    @abstractmethod
    def terms(self, x: Tensor) -> Terms:
        """The log-density of every value of x (B, *event)."""

    @abstractmethod
    def sample(self, generator: Generator | None = None) -> Tensor:
        """One draw of every value without a gradient, shape (K, B, *event)."""

    @final
    def values(self, x: Tensor) -> Tensor:
        """The log-density of every value of x (B, *event) in nats, shape (K, B, *event)."""
        energy, weight, constant = self.terms(x)
        return -(weight * energy + constant)

    @final
    def log_prob(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The log-density in nats of the values of x (B, *event) that are there, shape (K, B).

        mask: which values are, bool (B, *event); all where None.
        """
        energy, weight, constant = self.terms(x)
        count: Tensor | int = math.prod(self.shape)
        if mask is not None:
            energy = energy * mask
            count = mask.flatten(1).sum(1)
        return -(weight * energy.flatten(2).sum(-1)) - constant * count


@final
class Coins(Event):
    """Coins, from their logits; values in [0, 1] count as probabilities.

    logits: shape (K, B, *event).
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits, self.shape = logits, tuple(logits.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The probabilities, shape (K, B, *event)."""
        return self.logits.sigmoid()

    def terms(self, x: Tensor) -> Terms:
        """Binary cross-entropies."""
        x = x.expand_as(self.logits)
        return Terms(binary_cross_entropy_with_logits(self.logits, x, reduction="none"))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Zeros and ones, shape (K, B, *event)."""
        return torch.bernoulli(self.mean, generator=generator)


@final
class Gaussians(Event):
    """Gaussian values of one standard deviation.

    Squares are summed before they are weighed: with a learned scale a convolutional network's
    training step is 5% faster.

    loc: the means, shape (K, B, *event). scale: the standard deviation, a number or a scalar.
    """

    def __init__(self, loc: Tensor, scale: Tensor | float) -> None:
        self.loc, self.scale, self.shape = loc, scale, tuple(loc.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.loc

    def terms(self, x: Tensor) -> Terms:
        """Squared distances."""
        scale = self.scale
        log_scale = scale.log() if isinstance(scale, Tensor) else math.log(scale)
        return Terms((self.loc - x).square(), 0.5 / scale**2, log_scale + HALF_LOG_2PI)

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws, shape (K, B, *event)."""
        return self.loc + self.scale * _noise(self.loc, generator)


@final
class ScaledGaussians(Event):
    """Gaussian values with standard deviations of their own.

    loc: the means, shape (K, B, *event). scale: of that shape, or one that broadcasts to it.
    """

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.loc, self.scale, self.shape = loc, scale, tuple(loc.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.loc

    def terms(self, x: Tensor) -> Terms:
        """Squared distances in standard deviations, and the logarithms of these."""
        energy = 0.5 * ((x - self.loc) / self.scale).square() + self.scale.log()
        return Terms(energy, constant=HALF_LOG_2PI)

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws, shape (K, B, *event)."""
        return self.loc + self.scale * _noise(self.loc, generator)


@final
class ContinuousCoins(Event):
    """Densities on [0, 1] proportional to exp(logit x), normalised for every logit.

    PyTorch's own continuous Bernoulli clamps its parameter: in float32 it stops integrating to 1
    beyond a logit of about 16. Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845

    logits: shape (K, B, *event).
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits, self.shape = logits, tuple(logits.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, in (0, 1) and of shape (K, B, *event)."""
        near, safe, square = self._split()
        series = 0.5 + self.logits / 12 * (1 - square / 60 * (1 - square / 42))
        return torch.where(near, series, 0.5 + 0.5 / (safe / 2).tanh() - 1 / safe)

    def terms(self, x: Tensor) -> Terms:
        """Energies of an exponential family with its logarithmic normaliser."""
        near, safe, square = self._split()
        series = math.log(2) + square / 12 * (1 - square * 7 / 120 * (1 - square * 31 / 441))
        log_norm = torch.where(near, series, (safe / (safe / 2).tanh()).log())
        return Terms(softplus(self.logits) - x * self.logits - log_norm)

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws by the inverse of the distribution function, shape (K, B, *event)."""
        logits = self.logits
        u = torch.rand(logits.shape, generator=generator, dtype=logits.dtype, device=logits.device)
        # The falling density of -|logit| can't overflow; the rising one is its mirror image.
        steep = logits.abs().clamp(min=1e-4)  # flat enough to be uniform
        falling = torch.log1p(u * torch.expm1(-steep)) / -steep
        return torch.where(logits > 0, 1 - falling, falling).clamp(0, 1)

    def _split(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where a series is more accurate, logits away from there, and their squares."""
        near = self.logits.abs() < 0.2
        return near, self.logits.where(~near, 1.0), self.logits.square()


@final
class Categories(Event):
    """One of M classes for every value, which holds the number of the class.

    logits: shape (K, B, M, *event).
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits, self.shape = logits, tuple(logits.shape[3:])

    @property
    def mean(self) -> Tensor:
        """The most likely classes, shape (K, B, *event)."""
        return self.logits.argmax(2).to(self.logits.dtype)

    def terms(self, x: Tensor) -> Terms:
        """Cross-entropies."""
        chosen = x.long().expand(len(self.logits), *x.shape).unsqueeze(2)
        return Terms(-self.logits.log_softmax(2).gather(2, chosen).squeeze(2))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Numbers of classes, shape (K, B, *event)."""
        probabilities = self.logits.softmax(2).movedim(2, -1)
        drawn = torch.multinomial(
            probabilities.reshape(-1, probabilities.shape[-1]), 1, generator=generator
        )
        return drawn.view(probabilities.shape[:-1]).to(self.logits.dtype)


@final
class Levels(Event):
    """One of 256 levels of grey or colour for every value in [0, 1], by a category of its own.

    Values are those of the nearest level v / 255.

    logits: shape (K, B, 256, *event).
    """

    def __init__(self, logits: Tensor) -> None:
        self.categories, self.shape = Categories(logits), tuple(logits.shape[3:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        shares = self.categories.logits.softmax(2).movedim(2, -1)
        return shares @ torch.linspace(0, 1, LEVELS, dtype=shares.dtype, device=shares.device)

    def terms(self, x: Tensor) -> Terms:
        """Cross-entropies."""
        return self.categories.terms(_level(x))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Levels in [0, 1], shape (K, B, *event)."""
        return self.categories.sample(generator) / (LEVELS - 1)


@final
class Logistics(Event):
    """Mixtures of logistic densities, of which each of 256 levels in [0, 1] has its stretch.

    A level v / 255 has what lies within half a step of it, the first and the last also what lies
    beyond, so that the 256 probabilities sum to one. Salimans et al. 2017,
    https://arxiv.org/abs/1701.05517, without the colours' dependence on each other.

    logits, loc, scale: weights, centres and scales of the n components, (K, B, n, *event).
    """

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor) -> None:
        self.logits, self.loc, self.scale = logits, loc, scale
        self.shape = tuple(loc.shape[3:])

    @property
    def mean(self) -> Tensor:
        """The means of the densities cut to [0, 1], within half a level, (K, B, *event)."""
        loc, scale = self.loc, self.scale
        cut = scale * (softplus(loc / scale) - softplus((loc - 1) / scale))
        return (self.logits.softmax(2) * cut).sum(2).clamp(0, 1)

    def terms(self, x: Tensor) -> Terms:
        """Logarithms of the levels' probabilities."""
        level = _level(x).unsqueeze(1)
        step = 1 / (LEVELS - 1)
        below = ((level - 0.5) * step - self.loc) / self.scale
        above = ((level + 0.5) * step - self.loc) / self.scale
        # s(b) - s(a) is s(b) s(-a) (1 - exp(a - b)) for the sigmoid s: no two equals subtracted.
        up_to, beyond = logsigmoid(above), logsigmoid(-below)
        between = up_to + beyond + torch.log(-torch.expm1(-step / self.scale))
        log_p = torch.where(level == LEVELS - 1, beyond, between)
        log_p = torch.where(level == 0, up_to, log_p)
        return Terms(-(self.logits.log_softmax(2) + log_p).logsumexp(2))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Levels in [0, 1], shape (K, B, *event)."""
        which = Categories(self.logits).sample(generator).long().unsqueeze(2)
        loc, scale = self.loc.gather(2, which).squeeze(2), self.scale.gather(2, which).squeeze(2)
        u = _uniform(loc, generator)
        return _level((loc + scale * (u.log() - (-u).log1p())).clamp(0, 1)) / (LEVELS - 1)


@final
class Laplaces(Event):
    """Laplace values. loc: the means, (K, B, *event). scale: of that shape."""

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.loc, self.scale, self.shape = loc, scale, tuple(loc.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.loc

    def terms(self, x: Tensor) -> Terms:
        """Distances in scales, and the logarithms of these."""
        return Terms((x - self.loc).abs() / self.scale + self.scale.log(), constant=math.log(2))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws, shape (K, B, *event)."""
        u = 2 * _uniform(self.loc, generator) - 1
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()


@final
class StudentTs(Event):
    """Student-t values.

    loc: the means, (K, B, *event). scale: of that shape. freedom: degrees of it, above 1.
    """

    def __init__(self, loc: Tensor, scale: Tensor, freedom: float) -> None:
        self.loc, self.scale, self.freedom = loc, scale, freedom
        self.shape = tuple(loc.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.loc

    def terms(self, x: Tensor) -> Terms:
        """Logarithms of distances in scales, and of these."""
        n = self.freedom
        squares = ((x - self.loc) / self.scale).square() / n
        energy = 0.5 * (n + 1) * squares.log1p() + self.scale.log()
        return Terms(
            energy,
            constant=math.lgamma(n / 2) - math.lgamma((n + 1) / 2) + 0.5 * math.log(n * math.pi),
        )

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws by the polar method, (K, B, *event). Bailey 1994, https://doi.org/10.2307/2153537"""
        u, v = _uniform(self.loc, generator), _uniform(self.loc, generator)
        radius = (self.freedom * torch.expm1(-2 / self.freedom * u.log())).sqrt()
        return self.loc + self.scale * radius * (2 * math.pi * v).cos()


@final
class Poissons(Event):
    """Poisson counts. log_mean: shape (K, B, *event)."""

    def __init__(self, log_mean: Tensor) -> None:
        self.log_mean, self.shape = log_mean, tuple(log_mean.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.log_mean.exp()

    def terms(self, x: Tensor) -> Terms:
        """Logarithms of probabilities, in 64 bits: large counts cancel."""
        log_mean, x = self.log_mean.double(), x.double()
        energy = log_mean.exp() - x * log_mean + (x + 1).lgamma()
        return Terms(energy.to(self.log_mean.dtype))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Counts, shape (K, B, *event)."""
        return torch.poisson(self.mean, generator=generator)


@final
class NegativeBinomials(Event):
    """Counts of a variance m + m^2 / r, m the mean, some of which may be zero for another reason.

    log_mean, log_r: logarithms of m and r, shape (K, B, *event). zero: logits of being zero in
    any case, of that shape; None where none are.
    """

    def __init__(self, log_mean: Tensor, log_r: Tensor, zero: Tensor | None = None) -> None:
        self.log_mean, self.log_r, self.zero = log_mean, log_r, zero
        self.shape = tuple(log_mean.shape[2:])

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        mean = self.log_mean.exp()
        return mean if self.zero is None else mean * (-self.zero).sigmoid()

    def terms(self, x: Tensor) -> Terms:
        """Logarithms of probabilities, in 64 bits: large counts cancel."""
        log_mean, log_r, x = self.log_mean.double(), self.log_r.double(), x.double()
        r = log_r.exp()
        log_p = (x + r).lgamma() - r.lgamma() - (x + 1).lgamma()
        log_p = log_p - r * softplus(log_mean - log_r) - x * softplus(log_r - log_mean)
        if self.zero is not None:
            zero = self.zero.double()
            log_p = log_p + logsigmoid(-zero)
            log_p = torch.where(x == 0, torch.logaddexp(logsigmoid(zero), log_p), log_p)
        return Terms(-log_p.to(self.log_mean.dtype))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Counts, shape (K, B, *event): Poisson ones of a rate that is gamma distributed."""
        r = self.log_r.exp()
        rates = torch._standard_gamma(r, generator=generator) * self.log_mean.exp() / r
        counts = torch.poisson(rates, generator=generator)
        if self.zero is None:
            return counts
        return counts * (_uniform(counts, generator) > self.zero.sigmoid())


@final
class Columns(Event):
    """Values of several kinds side by side in one row: an event for each stretch of columns.

    Columns are the first axis of a row: of a picture (C, H, W) they are its channels.
    """

    def __init__(self, parts: Sequence[Event]) -> None:
        self.parts = tuple(parts)
        first = self.parts[0].shape
        self.shape = (sum(part.shape[0] for part in self.parts), *first[1:])

    @property
    def mean(self) -> Tensor:
        """Every part's best guesses, shape (K, B, *event)."""
        return torch.cat([part.mean for part in self.parts], 2)

    def terms(self, x: Tensor) -> Terms:
        """Every part's log-densities, in whole."""
        stretches = torch.split(x, [part.shape[0] for part in self.parts], 1)
        pairs = zip(self.parts, stretches, strict=True)
        return Terms(-torch.cat([part.values(stretch) for part, stretch in pairs], 2))

    @torch.no_grad()
    def sample(self, generator: Generator | None = None) -> Tensor:
        """Draws from every part, shape (K, B, *event)."""
        return torch.cat([part.sample(generator) for part in self.parts], 2)


LEVELS = 256
"""Levels of a value in a picture of bytes."""


def _level(x: Tensor) -> Tensor:
    """The numbers of the levels nearest to values in [0, 1]."""
    return (x * (LEVELS - 1)).round()


def _uniform(like: Tensor, generator: Generator | None) -> Tensor:
    """Uniform draws inside (0, 1), the ends left out."""
    u = torch.rand(like.shape, generator=generator, dtype=like.dtype, device=like.device)
    least = torch.finfo(like.dtype).eps / 2
    return u.clamp(least, 1 - least)


def _noise(like: Tensor, generator: Generator | None) -> Tensor:
    return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)
