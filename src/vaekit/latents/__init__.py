"""Latents: the code between encoder and decoder, of whatever kind."""

from vaekit.latents.codebook import Codebook
from vaekit.latents.flow import (
    Flow,
    FlowPosterior,
    MaskedAutoregressive,
    inverse_autoregressive,
    neural_spline,
)
from vaekit.latents.gaussian import (
    ConditionalNormal,
    FullPosterior,
    GaussianPosterior,
    StandardNormal,
)
from vaekit.latents.hamiltonian import Hamiltonian, Tempering
from vaekit.latents.ladder import Ladder
from vaekit.latents.latent import Deterministic, Latent
from vaekit.latents.maps import Householder, Planar, Radial

__all__ = [
    "Codebook",
    "ConditionalNormal",
    "Deterministic",
    "Flow",
    "FlowPosterior",
    "FullPosterior",
    "GaussianPosterior",
    "Hamiltonian",
    "Householder",
    "Ladder",
    "Latent",
    "MaskedAutoregressive",
    "Planar",
    "Radial",
    "StandardNormal",
    "Tempering",
    "inverse_autoregressive",
    "neural_spline",
]
