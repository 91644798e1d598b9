"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.codebook import Codebook
from vaekit.latents.deep import DeepLadder
from vaekit.latents.flow import FlowPosterior
from vaekit.latents.flow_prior import FlowPrior
from vaekit.latents.gaussian import ConditionalNormal, GaussianPosterior, StandardNormal
from vaekit.latents.hierarchy import Hierarchy
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent
from vaekit.latents.mixture import MixturePrior
from vaekit.latents.pseudo import ExemplarPrior, VampPrior

__all__ = [
    "Codebook",
    "ConditionalNormal",
    "DeepLadder",
    "Deterministic",
    "ExemplarPrior",
    "FlowPosterior",
    "FlowPrior",
    "GaussianPosterior",
    "Hierarchy",
    "Ladder",
    "Latent",
    "MixturePrior",
    "StandardNormal",
    "VampPrior",
]
