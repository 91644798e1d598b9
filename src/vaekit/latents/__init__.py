"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.categories import CategoricalPosterior, CategoricalPrior
from vaekit.latents.codebook import Codebook
from vaekit.latents.deep import DeepLadder
from vaekit.latents.flow import (
    Flow,
    FlowPosterior,
    MaskedAutoregressive,
    inverse_autoregressive,
    neural_spline,
)
from vaekit.latents.flow_prior import FlowPrior
from vaekit.latents.gaussian import (
    ConditionalNormal,
    FullPosterior,
    GaussianPosterior,
    StandardNormal,
)
from vaekit.latents.hamiltonian import Hamiltonian, Tempering
from vaekit.latents.hierarchy import Hierarchy
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent
from vaekit.latents.maps import Householder, Planar, Radial
from vaekit.latents.mixture import MixturePrior
from vaekit.latents.poincare import PoincarePosterior, PoincarePrior
from vaekit.latents.pseudo import ExemplarPrior, VampPrior
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.latents.sphere import PowerSpherical, SpherePosterior, SpherePrior, VonMisesFisher

__all__ = [
    "EUCLIDEAN",
    "CategoricalPosterior",
    "CategoricalPrior",
    "Codebook",
    "ConditionalNormal",
    "DeepLadder",
    "Deterministic",
    "ExemplarPrior",
    "Flow",
    "FlowPosterior",
    "FlowPrior",
    "FullPosterior",
    "GaussianPosterior",
    "Hamiltonian",
    "Hierarchy",
    "Householder",
    "Ladder",
    "Latent",
    "MaskedAutoregressive",
    "MixturePrior",
    "Planar",
    "PoincarePosterior",
    "PoincarePrior",
    "PowerSpherical",
    "Radial",
    "SpherePosterior",
    "SpherePrior",
    "StandardNormal",
    "Tempering",
    "VampPrior",
    "VonMisesFisher",
    "inverse_autoregressive",
    "neural_spline",
]
