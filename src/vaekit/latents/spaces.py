"""Where codes lie."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from vaekit.contracts import Part, Space

EDGE = 1e-5  # of the ball's radius: nearer to its edge, float32 cannot tell points apart


@final
@dataclass(frozen=True, slots=True)
class Euclidean:
    """All of R^D."""

    prior: ClassVar[str] = "StandardNormal"

    def __str__(self) -> str:
        return "anywhere"

    def onto(self, z: Tensor) -> Tensor:
        """The codes as they are."""
        return z


@final
@dataclass(frozen=True, slots=True)
class Sphere:
    """The sphere of radius sqrt(D) around the origin, where most of a standard normal lies.

    So decoders, which start as if for that, see codes of the usual size.
    """

    prior: ClassVar[str] = "SpherePrior"

    def __str__(self) -> str:
        return "on the sphere"

    def onto(self, z: Tensor) -> Tensor:
        """The nearest points of the sphere to points (..., D); of the origin, itself."""
        return F.normalize(z, dim=-1) * math.sqrt(z.shape[-1])


@final
@dataclass(frozen=True, slots=True)
class PoincareBall:
    """The ball of radius 1 / sqrt(curvature), whose edge is infinitely far away."""

    curvature: float
    prior: ClassVar[str] = "PoincarePrior"

    def __str__(self) -> str:
        return f"in the Poincaré ball of curvature {self.curvature:g}"

    def onto(self, z: Tensor) -> Tensor:
        """The nearest points of the ball to points (..., D), short of its edge."""
        radius = (1 - EDGE) / self.curvature**0.5
        length = z.square().sum(-1, keepdim=True).clamp(min=radius**2).sqrt()
        kept: Tensor = z * (radius / length)
        return kept


@final
@dataclass(frozen=True, slots=True)
class Simplices:
    """Chances of categories, those of several positions side by side."""

    categories: int
    prior: ClassVar[str] = "CategoricalPrior"

    def __str__(self) -> str:
        return f"among chances of {self.categories} categories"

    def onto(self, z: Tensor) -> Tensor:
        """The nearest chances to points (..., P x M).

        Duchi et al. 2008, https://doi.org/10.1145/1390156.1390191
        """
        each = z.view(*z.shape[:-1], -1, self.categories)
        falling = each.sort(-1, descending=True).values
        ranks = torch.arange(1, self.categories + 1, dtype=z.dtype, device=z.device)
        excess = (falling.cumsum(-1) - 1) / ranks
        kept = (falling > excess).sum(-1, keepdim=True) - 1
        return (each - excess.gather(-1, kept)).clamp(min=0).view_as(z)


EUCLIDEAN = Euclidean()


def space_of(part: Part) -> Space:
    """Where the codes of a posterior or prior lie: anywhere, unless it says otherwise."""
    space: Space = getattr(part, "space", EUCLIDEAN)
    return space
