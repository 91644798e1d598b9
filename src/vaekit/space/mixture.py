"""A mixture of Gaussians fitted to codes: a prior after the fact."""

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.ball import Array, points

_HELD_OUT = 0.1  # share of the codes that chooses between the kinds of covariance
_KINDS = ("full", "diag")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A mixture of Gaussians over codes.

    covariance: "full" or "diag", the kind that gave held-out codes the higher density.
    held_out: mean log density of those codes, in nats.
    fitted: scikit-learn's mixture.
    """

    covariance: str
    held_out: float
    fitted: Any

    def sample(self, n: int, seed: int = 0, temperature: float = 1.0) -> Array:
        """Draws, shape (n, D); the temperature multiplies deviations from component means."""
        numbers = np.random.default_rng(seed)
        fitted = self.fitted
        chosen = numbers.choice(len(fitted.weights_), n, p=fitted.weights_ / fitted.weights_.sum())
        codes: Array = numbers.standard_normal((n, fitted.means_.shape[1])) * temperature
        for number, (mean, spread) in enumerate(
            zip(fitted.means_, fitted.covariances_, strict=True)
        ):
            matrix = np.diag(spread) if spread.ndim == 1 else spread
            rows = chosen == number
            codes[rows] = mean + codes[rows] @ np.linalg.cholesky(matrix).T
        return codes

    def log_prob(self, codes: ArrayLike) -> Array:
        """The log density in nats of codes (N, D), shape (N,)."""
        return np.asarray(self.fitted.score_samples(points(codes)))


def mixture(codes: ArrayLike, components: int = 20, seed: int = 0) -> Mixture:
    """Fit a mixture of Gaussians to codes (N, D).

    Samples decoded from the prior of a VAE are poor where the codes of data are not
    distributed as the prior; those decoded from this mixture lie where codes of data lie.
    Full covariances and diagonal ones are both fitted to nine tenths of the codes, and the
    better for the last tenth is taken. Ghosh et al. 2020, https://arxiv.org/abs/1903.12436

    Raises BadInput for fewer than one component, or more than codes to fit them to.
    """
    array = points(codes)
    order = np.random.default_rng(seed).permutation(len(array))
    held = max(1, round(_HELD_OUT * len(array)))
    rest, last = array[order[held:]], array[order[:held]]
    if not 1 <= components <= len(rest):
        raise BadInput(f"`components` must be from 1 to {len(rest)} here, not {components}.")
    fits = [Mixture(kind, *_fit(rest, last, components, kind, seed)) for kind in _KINDS]
    return max(fits, key=lambda fit: fit.held_out)


def _fit(rest: Array, last: Array, components: int, kind: str, seed: int) -> tuple[float, Any]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    # A floor on variances in units of the codes: collapsed dimensions hardly vary.
    floor = max(1e-6 * float(rest.var(axis=0).mean()), 1e-12)
    with warnings.catch_warnings(), threadpool_limits(1):  # more threads are no faster here
        # The last digits of the likelihood are of no use here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = GaussianMixture(
            components, covariance_type=kind, reg_covar=floor, random_state=seed
        ).fit(rest)
    return float(fitted.score(last)), fitted
