"""Latents: a posterior, a prior and the code between encoder and decoder."""

from vaekit.latents.gaussian import GaussianPosterior, StandardNormal
from vaekit.latents.latent import Deterministic, Infer, Latent

__all__ = ["Deterministic", "GaussianPosterior", "Infer", "Latent", "StandardNormal"]
