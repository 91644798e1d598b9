"""Flows of simple maps whose parameters the features give: planar, radial, Householder."""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus

from vaekit.distributions import full
from vaekit.latents.flow import Map, check_steps
from vaekit.latents.gaussian import quieten

_LOG_E_1 = math.log(math.e - 1)  # softplus is 1 there


@final
class Planar(nn.Module):
    """A flow of steps z + u tanh(w'z + b), each of which moves codes along u across a plane.

    u is moved along w so far that w'u > -1, which keeps a step invertible. The parameters of all
    steps are linear in the features. Rezende and Mohamed 2015, https://arxiv.org/abs/1505.05770

    features: F. size: D. Raises BadInput where the number of steps makes no sense.
    """

    def __init__(self, features: int, size: int, steps: int = 10) -> None:
        super().__init__()
        self.numbers, self.steps = (size, size, 1), check_steps(steps)
        self.head = nn.Linear(features, self.steps * sum(self.numbers))
        weight, bias = self.head.weight, self.head.bias
        quieten(*(each.view(steps, -1, *each.shape[1:])[:, :size] for each in (weight, bias)))  # u

    def forward(self, features: Tensor) -> list[Map]:
        """The maps for features (B, F)."""
        u, w, b = _parameters(self.head(features), self.steps, self.numbers)
        along = (w * u).sum(-1, keepdim=True)
        most = _positive(along)
        u = u + (most - 1 - along) * w / w.square().sum(-1, keepdim=True)
        numbers = (each.unbind(1) for each in (u, w, b, most))
        return [_Planar(*step) for step in zip(*numbers, strict=True)]


@final
class _Planar:
    """One step, with u, w (B, D), b and 1 + w'u (B, 1)."""

    def __init__(self, u: Tensor, w: Tensor, b: Tensor, most: Tensor) -> None:
        self.u, self.w, self.b, self.most = u, w, b, most.squeeze(-1)

    def call_and_ladj(self, x: Tensor, /) -> tuple[Tensor, Tensor]:
        """Where codes (..., B, D) go, and log |det| of the Jacobian there, (..., B)."""
        bent = ((self.w * x).sum(-1, keepdim=True) + self.b).tanh()
        square = bent.squeeze(-1).square()
        # 1 + (1 - tanh^2) w'u without the difference of what is nearly 1.
        return x + self.u * bent, (square + (1 - square) * self.most).log()


@final
class Radial(nn.Module):
    """A flow of steps z + b (z - c) / (a + |z - c|), which push codes from a point or pull them.

    a > 0 and b > -a, which keeps a step invertible. The parameters of all steps are linear in the
    features, but for that. Rezende and Mohamed 2015, https://arxiv.org/abs/1505.05770

    features: F. size: D. Raises BadInput where the number of steps makes no sense.
    """

    def __init__(self, features: int, size: int, steps: int = 10) -> None:
        super().__init__()
        self.numbers, self.steps = (1, 1, size), check_steps(steps)
        self.head = nn.Linear(features, self.steps * sum(self.numbers))
        weight, bias = self.head.weight, self.head.bias
        quieten(*(each.view(steps, -1, *each.shape[1:])[:, :1] for each in (weight, bias)))  # b

    def forward(self, features: Tensor) -> list[Map]:
        """The maps for features (B, F)."""
        push, near, centre = _parameters(self.head(features), self.steps, self.numbers)
        near = _positive(near)
        numbers = (each.unbind(1) for each in (near * (_positive(push) - 1), near, centre))
        return [_Radial(*step) for step in zip(*numbers, strict=True)]


@final
class _Radial:
    """One step, with b and a (B, 1) and c (B, D)."""

    def __init__(self, push: Tensor, near: Tensor, centre: Tensor) -> None:
        self.push, self.near, self.centre = push, near, centre

    def call_and_ladj(self, x: Tensor, /) -> tuple[Tensor, Tensor]:
        """Where codes (..., B, D) go, and log |det| of the Jacobian there, (..., B)."""
        away = x - self.centre
        far = self.near + torch.linalg.vector_norm(away, dim=-1, keepdim=True)
        pushed = self.push / far
        across, along = pushed.log1p(), (pushed * self.near / far).log1p()
        return x + pushed * away, ((x.shape[-1] - 1) * across + along).squeeze(-1)


@final
class Householder(nn.Module):
    """A flow of reflections z - 2 v v'z / |v|^2, which correlate dimensions and keep volumes.

    The v of all steps are linear in the features; together they turn a diagonal Gaussian into one
    of another orientation. Tomczak and Welling 2016, https://arxiv.org/abs/1611.09630

    features: F. size: D. Raises BadInput where the number of steps makes no sense.
    """

    def __init__(self, features: int, size: int, steps: int = 10) -> None:
        super().__init__()
        self.numbers, self.steps = (size,), check_steps(steps)
        self.head = nn.Linear(features, self.steps * size)
        # At first all rows are reflected alike, which costs nothing; of a long v, small changes
        # turn little.
        quieten(self.head.weight)
        nn.init.normal_(self.head.bias)

    def forward(self, features: Tensor) -> list[Map]:
        """The maps for features (B, F)."""
        (v,) = _parameters(self.head(features), self.steps, self.numbers)
        return [_Reflection(each) for each in normalize(v, dim=-1).unbind(1)]


@final
class _Reflection:
    """One step, with v (B, D) of length 1."""

    def __init__(self, v: Tensor) -> None:
        self.v = v

    def call_and_ladj(self, x: Tensor, /) -> tuple[Tensor, Tensor]:
        """Where codes (..., B, D) go, and 0 for every code, (..., B)."""
        return x - 2 * (self.v * x).sum(-1, keepdim=True) * self.v, x.new_zeros(x.shape[:-1])


def _parameters(numbers: Tensor, steps: int, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
    """The parameters (B, T, size) of all T steps by their kind, from a layer's output."""
    return torch.split(full(numbers).view(len(numbers), steps, -1), list(sizes), -1)


def _positive(x: Tensor) -> Tensor:
    """A number above 0 that is 1 at 0, where a step then does nothing."""
    return softplus(x + _LOG_E_1)
