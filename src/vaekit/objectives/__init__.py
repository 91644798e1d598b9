"""Objectives: what training minimises."""

from vaekit.objectives.adversarial import Adversarial, Stabiliser
from vaekit.objectives.base import Objective, check
from vaekit.objectives.elbo import ELBO
from vaekit.objectives.factor import Factor
from vaekit.objectives.importance import IWAE
from vaekit.objectives.perceptual import Perceptual
from vaekit.objectives.schedules import (
    Constant,
    Cyclical,
    Exponential,
    Linear,
    Schedule,
    exponential,
    warm_up,
)

__all__ = [
    "ELBO",
    "IWAE",
    "Adversarial",
    "Constant",
    "Cyclical",
    "Exponential",
    "Factor",
    "Linear",
    "Objective",
    "Perceptual",
    "Schedule",
    "Stabiliser",
    "check",
    "exponential",
    "warm_up",
]
