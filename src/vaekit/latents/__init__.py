"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.codebook import Codebook
from vaekit.latents.concrete import ConcretePosterior, ConcretePrior
from vaekit.latents.flow import FlowPosterior
from vaekit.latents.gaussian import ConditionalNormal, GaussianPosterior, StandardNormal
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent
from vaekit.latents.poincare import PoincarePosterior, PoincarePrior
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.latents.sphere import PowerSpherical, SpherePosterior, SpherePrior, VonMisesFisher

__all__ = [
    "EUCLIDEAN",
    "Codebook",
    "ConcretePosterior",
    "ConcretePrior",
    "ConditionalNormal",
    "Deterministic",
    "FlowPosterior",
    "GaussianPosterior",
    "Ladder",
    "Latent",
    "PoincarePosterior",
    "PoincarePrior",
    "PowerSpherical",
    "SpherePosterior",
    "SpherePrior",
    "StandardNormal",
    "VonMisesFisher",
]
