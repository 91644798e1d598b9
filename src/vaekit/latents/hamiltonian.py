"""Codes moved by Hamiltonian dynamics to where the model finds them likelier."""

import math
from collections.abc import Callable
from typing import Literal, final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Joint
from vaekit.errors import BadInput
from vaekit.records import Draw

Tempering = Literal["fixed", "free", "none"]

_LARGEST = 0.5  # step size, which is learned below that
_MOST = 100  # leapfrog steps
_COOLED = 0.9  # the root of the inverse temperature at the start


@final
class Hamiltonian(nn.Module):
    """Leapfrog steps from q(z|x) along the slope of log p(x, z), for a tighter bound.

        z0 ~ q(z|x), r0 ~ N(0, T) ─▶ K times: leapfrog, r cooled ─▶ z, r; T falls to 1

    Momenta r are part of the model, as N(0, 1), and of the posterior. A leapfrog step keeps
    volumes and cooling shrinks them by what is known, so that the density of what comes out is
    known as well, and w = p(x, z) N(r) / q(z, r | x) is an unbiased estimate of p(x). With no
    steps it is that of the posterior. Caterini, Doucet and Sejdinovic 2018,
    https://arxiv.org/abs/1805.11328

    size: D. leapfrog: K. step_size: at the start; learned for every dimension, below 0.5.
    tempering: "fixed" learns the first temperature, from which it falls with the square of the
        step's number; "free" learns what every step cools by; "none" leaves it at 1.

    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self,
        size: int,
        leapfrog: int = 3,
        step_size: float = 0.05,
        tempering: Tempering = "fixed",
    ) -> None:
        super().__init__()
        if size < 1:
            raise BadInput(f"`latent` must be 1 or more, not {size}.")
        if not 0 <= leapfrog <= _MOST:
            raise BadInput(f"`leapfrog` must be between 0 and {_MOST}, not {leapfrog}.")
        if not 0 < step_size < _LARGEST:
            raise BadInput(f"`step_size` must be above 0 and below {_LARGEST}, not {step_size:g}.")
        if tempering not in _TEMPERINGS:
            raise BadInput(f"`tempering` {tempering!r} is unknown: use {', '.join(_TEMPERINGS)}.")
        self.size, self.leapfrog = size, leapfrog
        self.step_size = nn.Parameter(torch.full((size,), _logit(step_size / _LARGEST)))
        self.cooling = _TEMPERINGS[tempering](leapfrog) if leapfrog else _Untempered(0)

    def forward(self, draw: Draw, joint: Joint, generator: Generator | None = None) -> Draw:
        """Codes moved, with log q, log p (K, B) and a rate (B,), an estimate, with the momenta's.

        joint: log p(x|z) and log p(z), (K, B) each, of codes (K, B, D). Gradients pass through
        the slopes where they are on.
        """
        assert draw.log_q is not None
        assert draw.log_p is not None
        z, log_p = draw.z, draw.log_p
        noise = torch.randn(z.shape, generator=generator, dtype=z.dtype, device=z.device)
        momentum = noise / self.cooling().prod()
        if self.leapfrog:
            z, momentum, log_p = self._moved(z, momentum, joint)
        # The volume by which all cooling shrinks r is that by which r0 was wider than its noise.
        log_q = draw.log_q + 0.5 * (momentum.square() - noise.square()).sum(-1)
        return Draw(z, draw.coded, log_q, log_p, (log_q - log_p).mean(0), penalty=draw.penalty)

    def _moved(self, z: Tensor, momentum: Tensor, joint: Joint) -> tuple[Tensor, Tensor, Tensor]:
        """Codes (K, B, D) and momenta after all steps, and log p(z) there, (K, B)."""
        step = self.step_size.sigmoid() * _LARGEST
        log_p, slope = _height(joint, z)
        for factor in self.cooling():
            momentum = momentum + 0.5 * step * slope
            z = z + step * momentum
            log_p, slope = _height(joint, z)
            momentum = factor * (momentum + 0.5 * step * slope)
        return z, momentum, log_p


def _height(joint: Joint, z: Tensor) -> tuple[Tensor, Tensor]:
    """log p(z), (K, B), and the slope of log p(x, z) at codes (K, B, D)."""
    graph = torch.is_grad_enabled()
    with torch.enable_grad():
        if not z.requires_grad:
            z = z.detach().requires_grad_()
        log_px, log_p = joint(z)
        (slope,) = torch.autograd.grad((log_px + log_p).sum(), z, create_graph=graph)
    return (log_p if graph else log_p.detach()), slope


@final
class _Fixed(nn.Module):
    """Factors of the momenta that follow from the first temperature, which is learned."""

    squares: Tensor

    def __init__(self, leapfrog: int) -> None:
        super().__init__()
        self.root = nn.Parameter(torch.tensor(_logit(_COOLED)))
        squares = (torch.arange(leapfrog + 1) / leapfrog).square()
        self.register_buffer("squares", squares, persistent=False)

    def forward(self) -> Tensor:
        """What each step multiplies momenta by, (leapfrog,)."""
        start = 1 / self.root.sigmoid()  # the root of the first temperature
        roots = start + (1 - start) * self.squares
        return roots[1:] / roots[:-1]


@final
class _Free(nn.Module):
    """Factors of the momenta that are learned one by one."""

    def __init__(self, leapfrog: int) -> None:
        super().__init__()
        each = _COOLED ** (1 / leapfrog)
        self.factors = nn.Parameter(torch.full((leapfrog,), _logit(each)))

    def forward(self) -> Tensor:
        """What each step multiplies momenta by, (leapfrog,)."""
        return self.factors.sigmoid()


@final
class _Untempered(nn.Module):
    """No cooling."""

    ones: Tensor

    def __init__(self, leapfrog: int) -> None:
        super().__init__()
        self.register_buffer("ones", torch.ones(leapfrog), persistent=False)

    def forward(self) -> Tensor:
        """What each step multiplies momenta by, (leapfrog,)."""
        return self.ones


_TEMPERINGS: dict[str, Callable[[int], nn.Module]] = {
    "fixed": _Fixed,
    "free": _Free,
    "none": _Untempered,
}


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
