"""A mixture of Gaussians fitted to codes: a prior after the fact."""

import warnings
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.plane import Array, points

_HELD_OUT = 0.1  # share of the codes that chooses between the kinds of covariance
_KINDS = ("full", "diag")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A mixture of Gaussians over codes: C components in D dimensions.

    covariance: "full" or "diag", the kind that gave held-out codes the higher density.
    held_out: mean log density of those codes, in nats.
    weights: (C,). means: (C, D). factors: Cholesky's, of the covariances, (C, D, D).
    """

    covariance: str
    held_out: float
    weights: Array
    means: Array
    factors: Array

    def sample(self, n: int, seed: int = 0, temperature: float = 1.0) -> Array:
        """Draws, shape (n, D); the temperature multiplies deviations from component means."""
        numbers = np.random.default_rng(seed)
        chosen = numbers.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        codes: Array = numbers.standard_normal((n, self.means.shape[1])) * temperature
        for number, (mean, factor) in enumerate(zip(self.means, self.factors, strict=True)):
            rows = chosen == number
            codes[rows] = mean + codes[rows] @ factor.T
        return codes

    def log_prob(self, codes: ArrayLike) -> Array:
        """The log density in nats of codes (N, D), shape (N,)."""
        from scipy.linalg import solve_triangular
        from scipy.special import logsumexp

        z = points(codes)
        densities = [
            np.log(weight)
            - np.square(solve_triangular(factor, (z - mean).T, lower=True)).sum(axis=0) / 2
            - np.log(np.diag(factor)).sum()
            for weight, mean, factor in zip(self.weights, self.means, self.factors, strict=True)
        ]
        whole = logsumexp(densities, axis=0) - z.shape[1] / 2 * np.log(2 * np.pi)
        return np.asarray(whole)


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
    fits = [_fit(rest, last, components, kind, seed) for kind in _KINDS]
    return max(fits, key=lambda fit: fit.held_out)


def _fit(rest: Array, last: Array, components: int, kind: str, seed: int) -> Mixture:
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
    spreads = [np.diag(each) if each.ndim == 1 else each for each in fitted.covariances_]
    factors = np.linalg.cholesky(np.stack(spreads))
    return Mixture(kind, float(fitted.score(last)), fitted.weights_, fitted.means_, factors)
