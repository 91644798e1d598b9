"""What `torch.distributions` lacks: drawing and scoring together, with a generator.

All densities are in nats. Validation is off: these run in the training step.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, final

import torch
from torch import Generator, Tensor
from torch.distributions import Distribution, constraints, kl_divergence, register_kl

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


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
        return -(0.5 * standard.square() + self.log_scale + HALF_LOG_2PI).sum(-1)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Sample and score together: z of shape (K, B, D) and log q(z) of shape (K, B)."""
        z = self.rsample((draws,), generator)
        return z, self.log_prob(z)

    def still(self) -> "DiagonalGaussian":
        """The same with its parameters as constants."""
        return DiagonalGaussian(self.loc.detach(), self.log_scale.detach())

    def entropy(self) -> Tensor:
        """Differential entropy in nats, summed over D."""
        return (self.log_scale + 0.5 + HALF_LOG_2PI).sum(-1)


@final
class FullGaussian(Distribution):
    """A Gaussian of any covariance L L', by its Cholesky factor L.

    loc, log_scale: mean and log of L's diagonal, shape (..., D). below: what L has below its
    diagonal, in units of the row's diagonal, and zeros, shape (..., D, D).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, log_scale: Tensor, below: Tensor) -> None:
        self.loc, self.log_scale, self.below = loc, log_scale, below
        self.scale = log_scale.exp()
        super().__init__(loc.shape[:-1], loc.shape[-1:], validate_args=False)

    @property
    def mode(self) -> Tensor:
        """The most likely point, shape (..., D)."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance of each dimension, whatever the others, shape (..., D)."""
        return self.scale.square() * (1 + self.below.square().sum(-1))

    @property
    def factor(self) -> Tensor:
        """L, shape (..., D, D)."""
        return self.scale.unsqueeze(-1) * self.below + self.scale.diag_embed()

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Reparameterised draws, shape (*sample_shape, ..., D)."""
        return self._placed(self._noise(sample_shape, generator))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats, summed over D."""
        away = _columns((value - self.loc) / self.scale, self.loc)
        standard = torch.linalg.solve_triangular(self.below, away, upper=False, unitriangular=True)
        return self._scored(standard.movedim(-1, 0).reshape(value.shape))

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Sample and score together: z of shape (K, B, D) and log q(z) of shape (K, B)."""
        noise = self._noise((draws,), generator)
        return self._placed(noise), self._scored(noise)

    def _noise(self, sample_shape: tuple[int, ...], generator: Generator | None) -> Tensor:
        shape, kind = (*sample_shape, *self.loc.shape), self.loc
        return torch.randn(shape, generator=generator, dtype=kind.dtype, device=kind.device)

    def _placed(self, noise: Tensor) -> Tensor:
        """Where standard normal noise (K, ..., D) goes."""
        with torch.autocast(noise.device.type, enabled=False):  # products of 16 bits are others
            mixed = self.below @ _columns(noise, self.loc)
        spread = noise + mixed.movedim(-1, 0).reshape(noise.shape)
        return torch.addcmul(self.loc, self.scale, spread)

    def _scored(self, noise: Tensor) -> Tensor:
        """The log-density where noise (K, ..., D) goes."""
        return -(0.5 * noise.square() + self.log_scale + HALF_LOG_2PI).sum(-1)

    def still(self) -> "FullGaussian":
        """The same with its parameters as constants."""
        return FullGaussian(self.loc.detach(), self.log_scale.detach(), self.below.detach())


def _columns(values: Tensor, like: Tensor) -> Tensor:
    """K vectors (K, ..., D) of each row side by side, (..., D, K), for one product of matrices."""
    return values.reshape(-1, *like.shape).movedim(0, -1)


def rate_by_dimension(q: Any, p: Any) -> Tensor | None:
    """KL(q || p) by dimension in nats, shape (B, D); None where it is not known to factorise."""
    closed = BY_DIMENSION.get((type(q), type(p)))
    return None if closed is None else closed(q, p)


def _gaussian_rates(q: DiagonalGaussian | FullGaussian, p: DiagonalGaussian) -> Tensor:
    ratio = (q.variance + (q.loc - p.loc).square()) / p.variance
    return p.log_scale - q.log_scale + 0.5 * (ratio - 1)


BY_DIMENSION: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {
    (DiagonalGaussian, DiagonalGaussian): _gaussian_rates
}
"""Rates in closed form by dimension, for pairs of posterior and prior."""


def rate(q: Any, p: Any, log_q: Tensor, log_p: Tensor) -> Tensor:
    """KL(q || p) in nats, shape (B,): in closed form where registered, else Monte Carlo.

    log_q, log_p: log-densities of the same draws, shape (K, B).
    """
    try:
        return kl_divergence(q, p)
    except NotImplementedError:
        return (log_q - log_p).mean(0)


# By L's diagonal and the variances, a full covariance has the same sum, whose terms are then no
# rates of the dimensions: these are correlated.
@register_kl(FullGaussian, DiagonalGaussian)  # type: ignore[no-untyped-call,untyped-decorator]
@register_kl(DiagonalGaussian, DiagonalGaussian)  # type: ignore[no-untyped-call,untyped-decorator]
def _kl_gaussians(q: DiagonalGaussian | FullGaussian, p: DiagonalGaussian) -> Tensor:
    return _gaussian_rates(q, p).sum(-1)


def drawn(p: Any, n: int, generator: Generator | None, temperature: float) -> Tensor:
    """n codes (n, D) from a prior; from one over a code a row, that of each row."""
    codes: Tensor = p.sample(() if p.batch_shape else (n,), generator, temperature)
    return codes


def gaussian_of(parameters: Tensor) -> DiagonalGaussian:
    """The Gaussian of means and log scales that lie side by side, (..., 2 D)."""
    loc, log_scale = full(parameters).chunk(2, -1)
    return DiagonalGaussian(loc, log_scale)


def full(x: Tensor) -> Tensor:
    """Numbers of 32 bits or more: what networks give in bfloat16 has too few for densities."""
    return x if x.dtype.itemsize >= 4 else x.float()


def log_mean_exp(values: Tensor, dim: int = 0) -> Tensor:
    """log of the mean of exp(values) over a dimension, without overflow."""
    return values.logsumexp(dim) - math.log(values.shape[dim])
