"""Objectives: what training minimises."""

from vaekit.objectives.base import Objective, check
from vaekit.objectives.elbo import ELBO
from vaekit.objectives.importance import IWAE
from vaekit.objectives.schedules import Constant, Cyclical, Linear, Schedule, warm_up

__all__ = [
    "ELBO",
    "IWAE",
    "Constant",
    "Cyclical",
    "Linear",
    "Objective",
    "Schedule",
    "check",
    "warm_up",
]
