"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.codebook import Codebook
from vaekit.latents.deep import DeepLadder
from vaekit.latents.flow import FlowPosterior
from vaekit.latents.gaussian import ConditionalNormal, GaussianPosterior, StandardNormal
from vaekit.latents.hierarchy import Hierarchy
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent

__all__ = [
    "Codebook",
    "ConditionalNormal",
    "DeepLadder",
    "Deterministic",
    "FlowPosterior",
    "GaussianPosterior",
    "Hierarchy",
    "Ladder",
    "Latent",
    "StandardNormal",
]
