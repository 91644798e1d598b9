"""Objectives: what training minimises."""

from vaekit.objectives.adversarial import Adversarial, Stabiliser
from vaekit.objectives.base import Objective, check
from vaekit.objectives.constrained import GECO, Capacity
from vaekit.objectives.elbo import ELBO
from vaekit.objectives.factor import Factor
from vaekit.objectives.importance import CIWAE, IWAE, MIWAE, PIWAE, STL, DReG, Renyi
from vaekit.objectives.perceptual import Perceptual
from vaekit.objectives.schedules import (
    Constant,
    Cubic,
    Cyclical,
    Exponential,
    Geometric,
    Linear,
    Schedule,
    cubic,
    exponential,
    warm_up,
)

__all__ = [
    "CIWAE",
    "ELBO",
    "GECO",
    "IWAE",
    "MIWAE",
    "PIWAE",
    "STL",
    "Adversarial",
    "Capacity",
    "Constant",
    "Cubic",
    "Cyclical",
    "DReG",
    "Exponential",
    "Factor",
    "Geometric",
    "Linear",
    "Objective",
    "Perceptual",
    "Renyi",
    "Schedule",
    "Stabiliser",
    "check",
    "cubic",
    "exponential",
    "warm_up",
]
