"""Geometry of a latent space: the 99% ball, the lattice inscribed in it, and how empty it is."""

from vaekit.space.ball import Ball, ball, circle
from vaekit.space.emptiness import emptiness, empty_sites, spacing
from vaekit.space.lattice import lattice

__all__ = ["Ball", "ball", "circle", "emptiness", "empty_sites", "lattice", "spacing"]
