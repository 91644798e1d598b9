"""Latents: a posterior, a prior and the code between encoder and decoder."""

from vaekit.latents.gaussian import ConditionalNormal, GaussianPosterior, StandardNormal
from vaekit.latents.latent import Deterministic, Latent

__all__ = ["ConditionalNormal", "Deterministic", "GaussianPosterior", "Latent", "StandardNormal"]
