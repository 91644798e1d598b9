"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.codebook import Codebook
from vaekit.latents.flow import FlowPosterior
from vaekit.latents.flow_prior import FlowPrior
from vaekit.latents.gaussian import ConditionalNormal, GaussianPosterior, StandardNormal
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent
from vaekit.latents.mixture import MixturePrior
from vaekit.latents.pseudo import ExemplarPrior, VampPrior

__all__ = [
    "Codebook",
    "ConditionalNormal",
    "Deterministic",
    "ExemplarPrior",
    "FlowPosterior",
    "FlowPrior",
    "GaussianPosterior",
    "Ladder",
    "Latent",
    "MixturePrior",
    "StandardNormal",
    "VampPrior",
]
