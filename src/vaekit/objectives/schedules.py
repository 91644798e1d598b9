"""Weights that change while training, as functions of the epochs trained."""

import math
from dataclasses import dataclass
from typing import Protocol, final

from vaekit.errors import BadInput, zero_or_more


class Schedule(Protocol):
    """A weight for every moment of training; at infinity it gives its final value."""

    def __call__(self, epoch: float) -> float:
        """The weight after so many epochs, fractional."""


@final
@dataclass(frozen=True)
class Constant:
    """Always the same weight."""

    value: float = 1.0

    def __call__(self, epoch: float) -> float:
        """The weight."""
        return self.value


@final
@dataclass(frozen=True)
class Linear:
    """From 0 to `value` over the first `epochs`. Bowman et al. 2016, arXiv 1511.06349."""

    value: float
    epochs: float

    def __call__(self, epoch: float) -> float:
        """The weight."""
        return self.value * min(1.0, epoch / self.epochs)


@final
@dataclass(frozen=True)
class Cubic:
    """From 0 to `value` over the first `epochs` as time's cube, so that at first there is none."""

    value: float
    epochs: float

    def __call__(self, epoch: float) -> float:
        """The weight."""
        return self.value * min(1.0, epoch / self.epochs) ** 3


@final
@dataclass(frozen=True)
class Cyclical:
    """`cycles` ramps over `epochs`, each rising for its first half and then level.

    Fu et al. 2019, https://arxiv.org/abs/1903.10145
    """

    value: float
    epochs: float
    cycles: int

    def __call__(self, epoch: float) -> float:
        """The weight."""
        if epoch >= self.epochs:
            return self.value
        position = math.fmod(epoch * self.cycles / self.epochs, 1.0)
        return self.value * min(1.0, 2 * position)


@final
@dataclass(frozen=True)
class Exponential:
    """From 0 towards `value`, of which 63% are reached after `epochs`, and 95% after three times
    as many. Roberts et al. 2018, https://arxiv.org/abs/1803.05428"""

    value: float
    epochs: float

    def __call__(self, epoch: float) -> float:
        """The weight."""
        return -self.value * math.expm1(-epoch / self.epochs)


@final
@dataclass(frozen=True)
class Geometric:
    """From 1 to `value` over the first `epochs`: its power of time's cube, so late."""

    value: float
    epochs: float

    def __call__(self, epoch: float) -> float:
        """The number."""
        return math.pow(self.value, min(1.0, epoch / self.epochs) ** 3)


def schedule_of(weight: Schedule | float) -> Schedule:
    """A schedule as it is, and a number as one that stays."""
    return Constant(weight) if isinstance(weight, int | float) else weight


def cubic(value: float, epochs: float) -> Schedule:
    """The schedule of `beta` that rises so; raises BadInput as `warm_up`."""
    steady = warm_up(value, epochs)
    return Cubic(value, epochs) if epochs else steady


def exponential(value: float, epochs: float) -> Schedule:
    """The schedule of `beta` that rises so; raises BadInput as `warm_up`."""
    steady = warm_up(value, epochs)
    return Exponential(value, epochs) if epochs else steady


def geometric(value: float, epochs: float) -> Schedule:
    """The schedule of a number that `rising` describes; raises BadInput where it makes no sense."""
    zero_or_more("`rising`", epochs)
    return Geometric(value, epochs) if epochs else Constant(value)


def warm_up(value: float, epochs: float = 0.0, cycles: int = 1) -> Schedule:
    """The schedule that `beta`, `warmup` and `cycles` describe.

    Raises BadInput where one of them makes no sense.
    """
    zero_or_more("`beta`", value)
    zero_or_more("`warmup`", epochs)
    if cycles < 1:
        raise BadInput(f"`cycles` must be 1 or more, not {cycles}.")
    if cycles > 1 and not epochs:
        raise BadInput("`cycles` needs `warmup`: the epochs over which the cycles run.")
    if not epochs:
        return Constant(value)
    return Linear(value, epochs) if cycles == 1 else Cyclical(value, epochs, cycles)
