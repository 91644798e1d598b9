"""The normaliser of von Mises and Fisher's density: modified Bessel functions of any order."""

import math
from typing import Any, final

import torch
from torch import Tensor

_LARGE = 10.0  # an order from which on the uniform expansion of four terms is within 1e-6 nats


def sharpness(kappa: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """What a concentration makes of the uniform density on the sphere in `size` dimensions.

    The log-density at the mode over the uniform one, in nats, and 1 - A, where A is the mean
    cosine with the mode; in 64 bits where the device has them, of the concentration's shape.
    """
    found: tuple[Tensor, Tensor] = _Sharpness.apply(  # type: ignore[no-untyped-call]
        precise(kappa), size
    )
    return found


def precise(x: Tensor) -> Tensor:
    """Numbers of 64 bits, where the device has them."""
    return x if x.device.type == "mps" else x.double()


@final
class _Sharpness(torch.autograd.Function):
    """A' is 1 - A^2 - (D - 1) A / kappa."""

    @staticmethod
    def forward(ctx: Any, kappa: Tensor, size: int) -> tuple[Tensor, Tensor]:
        log_f, ratio = _bessel(kappa, size / 2 - 1)
        slack = 1 - kappa * ratio / size
        slope = slack * (2 - slack) - (size - 1) / size * ratio
        ctx.save_for_backward(slack, slope)
        return kappa - log_f, slack

    @staticmethod
    def backward(ctx: Any, to_peak: Tensor, to_slack: Tensor) -> tuple[Tensor, None]:
        slack, slope = ctx.saved_tensors
        return to_peak * slack - to_slack * slope, None


def _bessel(x: Tensor, order: float) -> tuple[Tensor, Tensor]:
    """Of I of an order v >= 0: log f = log(I_v(x) v! (2 / x)^v) and f_(v+1) / f_v, which at 0 are
    0 and 1.

    At a large order by the uniform expansion, and from there down by the recurrence of ratios,
    which is stable in this direction.
    """
    steps = max(0, math.ceil(_LARGE - order))
    top = order + steps
    square, product = x.square(), torch.ones_like(x)
    ratio = _gap(x, top).exp()
    for each in (order + place for place in range(steps - 1, -1, -1)):
        ratio = (1 + square * (ratio / (4 * (each + 1) * (each + 2)))).reciprocal()
        product = product * ratio
    return _expanded(x, top) - product.log(), ratio


def _expanded(x: Tensor, order: float) -> Tensor:
    """log f at a large order: https://dlmf.nist.gov/10.41.E3"""
    s = (1 + (x / order).square()).sqrt()
    grown = (x / order).square() / (1 + s)  # s - 1
    return order * (grown - (grown / 2).log1p()) - 0.5 * s.log() + _correction(s, order)


def _gap(x: Tensor, order: float) -> Tensor:
    """log f at the next order less that at this one, without losing figures where x is large."""
    above = order + 1
    root, next_root = (x.square() + order**2).sqrt(), (x.square() + above**2).sqrt()
    s, next_s = root / order, next_root / above
    return (
        (order + above) / (root + next_root)
        - 1
        - ((1 + next_s) / 2).log()
        + order * ((1 + s) / (1 + next_s)).log()
        - 0.5 * (next_s / s).log()
        + _correction(next_s, above)
        - _correction(s, order)
    )


def _correction(s: Tensor, order: float) -> Tensor:
    """The logarithm of the expansion's sum, and what Stirling's formula lacks of v!."""
    stirling = (order + 0.5) * math.log(order) - order + 0.5 * math.log(2 * math.pi)
    return _sum(1 / s, order).log() + (math.lgamma(order + 1) - stirling)


def _sum(t: Tensor, order: float) -> Tensor:
    """The sum of u_k(t) / order^k up to k = 4: https://dlmf.nist.gov/10.41.E10"""
    p, r = t.square(), t / order
    u1 = (3 - 5 * p) / 24
    u2 = (81 + p * (-462 + p * 385)) / 1152
    u3 = (30375 + p * (-369603 + p * (765765 - p * 425425))) / 414720
    u4 = (4465125 + p * (-94121676 + p * (349922430 + p * (-446185740 + p * 185910725)))) / 39813120
    return 1 + r * (u1 + r * (u2 + r * (u3 + r * u4)))
