"""Codes in the Poincaré ball, a model of hyperbolic space: wrapped normals."""

import math
from typing import ClassVar, final

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Distribution, constraints

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior
from vaekit.latents.spaces import EDGE, PoincareBall

_TINY = 1e-15  # a squared length that counts as none
_ROOM = 4.0  # standard deviations that draws of the prior may lie beyond their usual distance
_SMALL = 1e-3  # a distance below which the volume is that of flat space


@final
class WrappedNormal(Distribution):
    """A Gaussian of the directions and distances in which draws lie from a point of the ball.

    Its density is with respect to hyperbolic volume. Nagano et al. 2019,
    https://arxiv.org/abs/1902.02992; Mathieu et al. 2019, https://arxiv.org/abs/1901.06033

    base: a Gaussian in flat space, whose mean says in which direction from the ball's centre,
        and how far, the point lies, and whose scales are those of the Gaussian around it.
    space: the ball.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, base: DiagonalGaussian, space: PoincareBall) -> None:
        self.space, self.root = space, space.curvature**0.5
        self.loc = self._placed(base.loc)
        self.noise = DiagonalGaussian(torch.zeros_like(base.loc), base.log_scale)
        super().__init__(self.loc.shape[:-1], self.loc.shape[-1:], validate_args=False)

    @property
    def mode(self) -> Tensor:
        """The points (..., D) around which draws lie."""
        return self.loc

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (*sample_shape, ..., D)."""
        return self._moved(self.noise.rsample(sample_shape, generator))

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws (*sample_shape, ..., D); a temperature below 1 keeps them nearer by that factor."""
        return self._moved(self.noise.rsample(sample_shape, generator, temperature))

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats."""
        way = self.noise.rsample((draws,), generator)
        return self._moved(way), self._scored(way)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities in nats of codes (..., D)."""
        away = self._added(-self.loc, self.space.onto(value))
        reach = _length(away)
        ratio = (self.root * reach).clamp(max=1 - EDGE / 10)
        way: Tensor = (2 / self.root) * ratio.atanh() / reach * away
        return self._scored(way)

    def still(self) -> "WrappedNormal":
        """The same with its parameters as constants."""
        found = WrappedNormal(self.noise.still(), self.space)
        found.loc = self.loc.detach()
        return found

    def _scored(self, way: Tensor) -> Tensor:
        """Log-densities of what lies in directions and at distances (..., D) from the point."""
        far = (self.root * _length(way).squeeze(-1)).clamp(min=_SMALL)
        # The logarithm of sinh(far) / far, by which hyperbolic volume outgrows flat volume.
        growth: Tensor = far + (-(-2 * far).expm1() / (2 * far)).log()
        return self.noise.log_prob(way) - (way.shape[-1] - 1) * growth

    def _placed(self, way: Tensor) -> Tensor:
        """The points in directions and at distances (..., D) from the ball's centre."""
        length = _length(way)
        return self.space.onto(way * ((self.root * length / 2).tanh() / (self.root * length)))

    def _moved(self, way: Tensor) -> Tensor:
        """The points in directions and at distances (..., D) from the point."""
        return self.space.onto(self._added(self.loc, self._placed(way)))

    def _added(self, x: Tensor, y: Tensor) -> Tensor:
        """Möbius addition: y after the movement of the ball that takes its centre to x."""
        c = self.space.curvature
        product = 2 * c * (x * y).sum(-1, keepdim=True)
        xx, yy = (c * each.square().sum(-1, keepdim=True) for each in (x, y))
        below = (1 + product + xx * yy).clamp(min=_TINY)
        found: Tensor = ((1 + product + yy) * x + (1 - xx) * y) / below
        return found


@final
class PoincarePosterior(nn.Module):
    """q(z|x) in the ball: a wrapped normal whose place and log scale are linear in the features.

    features: F. size: D. curvature: how fast space grows with the distance from a point.
    Raises BadInput where an option makes no sense.
    """

    def __init__(self, features: int, size: int, curvature: float = 1.0) -> None:
        super().__init__()
        self.size, self.gives, self.space = size, WrappedNormal, ball_of(curvature, size)
        self.base = GaussianPosterior(features, size)

    def forward(self, features: Tensor) -> WrappedNormal:
        """The posterior of each row of features (B, F), over (B, D)."""
        return WrappedNormal(self.base(features), self.space)


@final
class PoincarePrior(nn.Module):
    """p(z): a standard wrapped normal around the ball's centre, without parameters."""

    zeros: Tensor
    context = 0

    def __init__(self, size: int, curvature: float = 1.0) -> None:
        super().__init__()
        self.size, self.gives, self.space = size, WrappedNormal, ball_of(curvature, size)
        self.register_buffer("zeros", torch.zeros(size), persistent=False)

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> WrappedNormal:
        """The prior over one code of shape (D,)."""
        return WrappedNormal(DiagonalGaussian(self.zeros, self.zeros), self.space)


def ball_of(curvature: float, size: int) -> PoincareBall:
    """The ball of a curvature, with room for codes of D numbers before float32 ends at its edge.

    Raises BadInput for a curvature that leaves no such.
    """
    most = (2 * math.atanh(1 - EDGE) / (math.sqrt(size) + _ROOM)) ** 2
    if not 0 < curvature <= most:
        raise BadInput(
            f"`curvature` must be above 0, up to {math.floor(100 * most) / 100:g} for codes of "
            f"{size} numbers, not {curvature:g}."
        )
    return PoincareBall(curvature)


def _length(x: Tensor) -> Tensor:
    """Lengths (..., 1) of vectors (..., D), above 0 so that they can be divided by."""
    return x.square().sum(-1, keepdim=True).clamp(min=_TINY).sqrt()
