"""Objectives that hold one half of the ELBO at a value: the rate, or the distortion."""

import math
from typing import final

import torch
from torch import Tensor

from vaekit.errors import BadInput, zero_or_more
from vaekit.objectives.base import Objective
from vaekit.objectives.elbo import explained
from vaekit.objectives.schedules import warm_up
from vaekit.records import Loss, Trace, check_draws

_LEAST, _MOST = -14.0, 14.0  # of the multiplier's logarithm: between 1e-6 and 1e6


@final
class Capacity(Objective):
    """distortion + gamma |rate - C|, the means over the batch in nats, where C rises.

    Burgess et al. 2018, https://arxiv.org/abs/1804.03599

    capacity: nats of the rate in the end. epochs: over which C rises from 0 to them.
    gamma: price of a nat that the rate is away from C. draws: codes drawn for each data point.

    Raises BadInput where one of them makes no sense.
    """

    needs = frozenset({"z", "rate"})

    def __init__(
        self, capacity: float = 25.0, epochs: float = 50.0, gamma: float = 100.0, draws: int = 1
    ) -> None:
        super().__init__()
        for name, value in (("capacity", capacity), ("gamma", gamma), ("warmup", epochs)):
            zero_or_more(f"`{name}`", value)
        self.capacity, self.gamma = warm_up(capacity, epochs), gamma
        self.draws = check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The loss; `elbo` among the metrics is the bound itself."""
        distortion, rate, metrics = _halves(trace)
        capacity = self.capacity(trace.at.epoch)
        metrics["capacity"] = rate.new_tensor(capacity)
        total = distortion + self.gamma * (rate - capacity).abs()
        return explained(total, metrics, trace.draw.penalty)


@final
class GECO(Objective):
    """rate + multiplier x (distortion - tolerance): the least rate at a distortion that is given.

    The multiplier, 1 at first, rises while the constraint's moving average is above zero and
    falls below, by the constraint a value, which counts as one nat at most; it is part of the
    state that a checkpoint keeps.
    Rezende and Viola 2018, https://arxiv.org/abs/1810.00597

    tolerance: the distortion to reach, in nats a value of a row.
    speed: of the multiplier: its logarithm moves by this times the constraint a value in a step.
    momentum: of the moving average. draws: codes drawn for each data point.

    Raises BadInput where one of them makes no sense.
    """

    needs = frozenset({"z", "rate"})
    log_multiplier: Tensor
    average: Tensor
    steps: Tensor

    def __init__(
        self,
        tolerance: float = 0.1,
        speed: float = 0.01,
        momentum: float = 0.99,
        draws: int = 1,
    ) -> None:
        super().__init__()
        if not math.isfinite(tolerance):
            raise BadInput(f"`tolerance` must be finite, not {tolerance:g}.")
        zero_or_more("`speed`", speed)
        if not 0 <= momentum < 1:
            raise BadInput(f"`momentum` must be from 0 to below 1, not {momentum:g}.")
        self.tolerance, self.speed, self.momentum = tolerance, speed, momentum
        self.draws = check_draws(draws)
        for name in ("log_multiplier", "average", "steps"):
            self.register_buffer(name, torch.tensor(0.0))

    def forward(self, trace: Trace) -> Loss:
        """The loss; in training, the multiplier moves with it."""
        distortion, rate, metrics = _halves(trace)
        values = math.prod(trace.x.shape[1:])
        constraint = distortion / values - self.tolerance
        if self.training and torch.is_grad_enabled():
            self._move(constraint.detach())
        multiplier = self.log_multiplier.exp()
        metrics |= {"constraint": constraint, "multiplier": multiplier}
        total = rate + multiplier * values * constraint
        return explained(total, metrics, trace.draw.penalty)

    @torch.no_grad()
    def _move(self, constraint: Tensor) -> None:
        momentum = torch.where(self.steps > 0, self.momentum, 0.0)  # the first is all there is
        self.average.copy_(momentum * self.average + (1 - momentum) * constraint)
        moved = self.log_multiplier + self.speed * self.average.clamp(-1, 1)
        self.log_multiplier.copy_(moved.clamp(_LEAST, _MOST))
        self.steps.fill_(1.0)


def _halves(trace: Trace) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Distortion and rate, and with the ELBO their metrics."""
    assert trace.draw.rate is not None
    distortion, rate = -trace.log_px.mean(), trace.draw.rate.mean()
    return distortion, rate, {"distortion": distortion, "rate": rate, "elbo": -(distortion + rate)}
