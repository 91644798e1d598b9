"""What the article's experiment on MNIST measures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vaekit.evaluation.generation import Generation
from vaekit.runs import Run
from vaekit.workflow.looks import Look


@final
@dataclass(frozen=True, slots=True)
class Case:
    """One of the article's four models: its recipe, latent size and printed loss."""

    recipe: str
    latent: int
    article: float
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's short name, such as VAE-2."""
        return f"{self.recipe.upper()}-{self.latent}"


ARTICLE = {"distortion_weight": 0.5}
CASES = (
    Case("ae", 2, 129.86),
    Case("vae", 2, 72.73, ARTICLE),
    Case("ae", 10, 206.05),
    Case("vae", 10, 62.72, ARTICLE),
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One trained model and what was measured of it.

    loss: the article's objective in the last epoch, mean over the training set, in nats.
    empty: share of lattice sites that lie in a hole. lattice, samples: how well the
    decoded lattice and the samples pass for digits.
    """

    case: Case
    run: Run
    loss: float
    empty: float
    lattice: Generation
    samples: Generation


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows.

    measured: by case, one entry a seed. looks: by case, of the first seed. real: real
    held-out digits judged like generated ones. bounds: by latent size, one test
    evaluation in the true ELBO a seed.
    """

    epochs: int
    elbo_epochs: int
    seeds: int
    judge_accuracy: float
    real: tuple[Generation, Generation]
    measured: dict[str, list[Measured]]
    looks: dict[str, Look]
    bounds: dict[int, list[dict[str, float]]]


def mean_and_error(values: Sequence[float]) -> tuple[float, float] | float:
    """The mean over seeds with its standard error, or the one value there is."""
    array: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return float(array.mean())
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array)))
