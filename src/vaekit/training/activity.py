"""How much of the code is in use."""

from typing import Any, final

import torch
from torch import Tensor

from vaekit.records import Draw
from vaekit.training.group import Group

ACTIVE = 0.01
"""Variance over the data of the posterior mean above which a unit is active.

Burda et al. 2016, https://arxiv.org/abs/1509.00519
"""

IDLE = ACTIVE / 2
"""Nats a dimension may cost and still count as idle.

A Gaussian posterior of variance s and mean m costs at least m^2 / 2 against a standard
normal prior, so a unit at the border of activity costs at least half of that border. One whose
prior moves with the data, the lower level of a ladder, varies for nothing where it costs less.
"""

PATIENT = 500
"""Steps after which an unused code counts as collapsed: a new network has used none yet."""

COLLAPSED = (
    "The posterior has collapsed onto the prior: no latent dimension tells data points apart. "
    "Charge for the rate slowly (`warmup=10`) or leave some of it free (`free_bits=0.1`)."
)


@final
class Activity:
    """Mean rate and variance of the code for each dimension, over batches."""

    def __init__(self) -> None:
        self._points = 0
        self._rate: Tensor | float = 0.0
        self._rates: Tensor | None = None
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0
        self._size = 0

    def add(self, draw: Draw) -> None:
        """Take in one batch; does nothing for a latent that charges no rate."""
        if draw.rate is None:
            return
        code = _precise(draw.code)
        self._points += len(code)
        self._size = code.shape[-1]
        self._rate = self._rate + _precise(draw.rate).sum()
        self._sum, self._squares = self._sum + code.sum(0), self._squares + code.square().sum(0)
        if draw.rates is not None:
            rates = _precise(draw.rates).sum(0)
            self._rates = rates if self._rates is None else self._rates + rates

    def reduce(self, group: Group) -> None:
        """Take in what the other processes have."""
        if not self._points or group.world == 1:
            return
        points = torch.tensor(float(self._points))
        sums = [torch.as_tensor(each) for each in (self._rate, self._sum, self._squares)]
        sums += [] if self._rates is None else [self._rates]
        group.add([points, *sums])
        self._points = int(points)
        self._rate, self._sum, self._squares, *rates = sums
        self._rates = rates[0] if rates else None

    def report(self) -> dict[str, Any]:
        """`active_units`, which ones are `active`, and `rates` in nats where there are any."""
        if not self._points:
            return {}
        active = self._active().tolist()
        report: dict[str, Any] = {"active_units": sum(active), "active": active}
        if self._rates is not None:
            # Rounding takes an unused dimension below nothing.
            report["rates"] = (self._rates / self._points).clamp(min=0).tolist()
        return report

    def collapsed(self) -> bool:
        """Whether the posterior is the prior: no unit is active and the code costs nothing."""
        if not self._points:
            return False
        rate = float(self._rate) / self._points
        return not self._active().any() and rate < IDLE * self._size

    def _active(self) -> Tensor:
        mean = torch.as_tensor(self._sum) / self._points
        variance = torch.as_tensor(self._squares) / self._points - mean.square()
        # A direction varies even where it is all chance, but then it costs nothing.
        active = (variance > ACTIVE) & (torch.as_tensor(self._rate) / self._points >= IDLE)
        if self._rates is not None:
            active &= self._rates / self._points >= IDLE
        return active


def _precise(values: Tensor) -> Tensor:
    return values.detach() if values.device.type == "mps" else values.detach().double()
