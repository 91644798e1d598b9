"""A latent space: its geometry, directions of attributes in it, edits, ways through it."""

from vaekit.space.ball import Ball, ball, circle
from vaekit.space.classes import ClassMeans, class_means
from vaekit.space.directions import Directions, directions
from vaekit.space.editing import edit, traverse
from vaekit.space.emptiness import emptiness, empty_sites, spacing
from vaekit.space.emptiness import normal_emptiness as normal_emptiness
from vaekit.space.interpolation import check_steps, linear, spherical
from vaekit.space.lattice import lattice
from vaekit.space.mixture import Mixture, mixture
from vaekit.space.plane import Plane, coordinates, principal

__all__ = [
    "Ball",
    "ClassMeans",
    "Directions",
    "Mixture",
    "Plane",
    "ball",
    "check_steps",
    "circle",
    "class_means",
    "coordinates",
    "directions",
    "edit",
    "emptiness",
    "empty_sites",
    "lattice",
    "linear",
    "mixture",
    "normal_emptiness",
    "principal",
    "spacing",
    "spherical",
    "traverse",
]
