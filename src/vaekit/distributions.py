"""What `torch.distributions` lacks: drawing and scoring together, with a generator.

All densities are in nats. Validation is off: these run in the training step.
"""

import math
from typing import Any, ClassVar, final

import torch
from torch import Generator, Tensor
from torch.distributions import Distribution, constraints, kl_divergence, register_kl
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@final
class DiagonalGaussian(Distribution):
    """A Gaussian with independent dimensions.

    loc, log_scale: mean and log standard deviation, shape (..., D).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, log_scale: Tensor) -> None:
        self.loc, self.log_scale = loc, log_scale
        self.scale = log_scale.exp()
        super().__init__(loc.shape[:-1], loc.shape[-1:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The mean, shape (..., D)."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The most likely point, shape (..., D)."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance by dimension, shape (..., D)."""
        return self.scale.square()

    def rsample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Reparameterised draws, shape (*sample_shape, ..., D).

        A temperature below 1 shrinks the standard deviation by that factor.
        """
        shape = (*sample_shape, *self.loc.shape)
        noise = torch.randn(
            shape, generator=generator, dtype=self.loc.dtype, device=self.loc.device
        )
        return torch.addcmul(self.loc, self.scale, noise, value=temperature)

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws without a gradient, shape (*sample_shape, ..., D)."""
        return self.rsample(sample_shape, generator, temperature)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats, summed over D."""
        standard = (value - self.loc) / self.scale
        return -(0.5 * standard.square() + self.log_scale + _HALF_LOG_2PI).sum(-1)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Sample and score together: z of shape (K, B, D) and log q(z) of shape (K, B)."""
        z = self.rsample((draws,), generator)
        return z, self.log_prob(z)

    def entropy(self) -> Tensor:
        """Differential entropy in nats, summed over D."""
        return (self.log_scale + 0.5 + _HALF_LOG_2PI).sum(-1)


@final
class BernoulliEvent(Distribution):
    """Independent coins as one event, from their logits.

    The same as PyTorch's Bernoulli within an Independent, in fewer passes over memory: a
    small network's training step is 2% faster. Values in [0, 1] count as probabilities.

    logits: shape (K, B, *event).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.unit_interval

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape[:2], logits.shape[2:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The probabilities, shape (K, B, *event)."""
        return self.logits.sigmoid()

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability of values (B, *event) in nats, shape (K, B)."""
        value = value.expand_as(self.logits)
        entropy = binary_cross_entropy_with_logits(self.logits, value, reduction="none")
        return -entropy.flatten(2).sum(-1)

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Zeros and ones, shape (*sample_shape, K, B, *event)."""
        shape = (*sample_shape, *self.logits.shape)
        return torch.bernoulli(self.mean.expand(shape), generator=generator)


@final
class GaussianEvent(Distribution):
    """Independent Gaussian values of one standard deviation as one event.

    The same as PyTorch's Normal within an Independent, in fewer passes over memory: with a
    learned scale a convolutional network's training step is 5% faster.

    loc: the means, shape (K, B, *event). scale: the standard deviation, a number or a scalar.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real

    def __init__(self, loc: Tensor, scale: Tensor | float) -> None:
        self.loc, self.scale = loc, scale
        super().__init__(loc.shape[:2], loc.shape[2:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The means, shape (K, B, *event)."""
        return self.loc

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of values (B, *event) in nats, shape (K, B)."""
        scale = self.scale
        log_scale = scale.log() if isinstance(scale, Tensor) else math.log(scale)
        squares = (self.loc - value).square().sum(tuple(range(2, self.loc.ndim)))
        constant = math.prod(self.event_shape) * (log_scale + _HALF_LOG_2PI)
        return -0.5 * squares / scale**2 - constant

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws, shape (*sample_shape, K, B, *event)."""
        loc = self.loc.expand(*sample_shape, *self.loc.shape)
        noise = torch.randn(loc.shape, generator=generator, dtype=loc.dtype, device=loc.device)
        return loc + self.scale * noise


@final
class ContinuousBernoulli(Distribution):
    """A density on [0, 1] proportional to exp(logit x), normalised for every logit.

    PyTorch's own clamps its parameter: in float32 it stops integrating to 1 beyond a logit of
    about 16. Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845

    logits: shape (...).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.unit_interval

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The mean, in (0, 1) and of shape (...)."""
        near, safe, square = self._split()
        series = 0.5 + self.logits / 12 * (1 - square / 60 * (1 - square / 42))
        return torch.where(near, series, 0.5 + 0.5 / (safe / 2).tanh() - 1 / safe)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats, for every value."""
        near, safe, square = self._split()
        series = math.log(2) + square / 12 * (1 - square * 7 / 120 * (1 - square * 31 / 441))
        log_norm = torch.where(near, series, (safe / (safe / 2).tanh()).log())
        return value * self.logits - softplus(self.logits) + log_norm

    def _split(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where a series is more accurate, logits away from there, and their squares."""
        near = self.logits.abs() < 0.2
        return near, self.logits.where(~near, 1.0), self.logits.square()


@final
class Point:
    """All mass on one code: the posterior of a plain autoencoder, without a density.

    mode: shape (B, D).
    """

    def __init__(self, mode: Tensor) -> None:
        self.mode = mode


def rate_by_dimension(q: Any, p: Any) -> Tensor | None:
    """KL(q || p) by dimension in nats, shape (B, D); None where it does not factorise."""
    if not (isinstance(q, DiagonalGaussian) and isinstance(p, DiagonalGaussian)):
        return None
    ratio = (q.variance + (q.loc - p.loc).square()) / p.variance
    return p.log_scale - q.log_scale + 0.5 * (ratio - 1)


def rate(q: Any, p: Any, log_q: Tensor, log_p: Tensor) -> Tensor:
    """KL(q || p) in nats, shape (B,): in closed form where registered, else Monte Carlo.

    log_q, log_p: log-densities of the same draws, shape (K, B).
    """
    try:
        return kl_divergence(q, p)
    except NotImplementedError:
        return (log_q - log_p).mean(0)


@register_kl(DiagonalGaussian, DiagonalGaussian)  # type: ignore[no-untyped-call,untyped-decorator]
def _kl_diagonal_gaussians(q: DiagonalGaussian, p: DiagonalGaussian) -> Tensor:
    rates = rate_by_dimension(q, p)
    assert rates is not None
    return rates.sum(-1)


def log_mean_exp(values: Tensor, dim: int = 0) -> Tensor:
    """log of the mean of exp(values) over a dimension, without overflow."""
    return values.logsumexp(dim) - math.log(values.shape[dim])
