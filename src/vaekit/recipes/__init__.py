"""Published variants: functions of at most ten lines that combine parts.

A recipe's signature is its configuration: flags, `run.json` and documentation derive
from it. `net` and `likelihood` are parts; left out, they follow from the data's shape.
`context` is the size of the context that encoder and decoder read beside the data.
"""

from collections.abc import Callable

from vaekit.recipes.assembly import (
    CORRUPTIONS,
    LIKELIHOODS,
    NETS,
    Parts,
    assemble,
    gaussian,
    paper,
    part_for,
)
from vaekit.recipes.basic import ae, cvae, vae
from vaekit.recipes.bounds import ciwae, dreg_iwae, iwae, miwae, piwae, renyi_vae, stl_vae
from vaekit.recipes.codes import gumbel_vae, poincare_vae, power_svae, svae, vq_vae
from vaekit.recipes.hierarchies import (
    hvamp_vae,
    ladder_vae,
    layered_iwae,
    layered_vae,
    very_deep_vae,
)
from vaekit.recipes.melodies import music_vae
from vaekit.recipes.pictures import dfc_vae, generator, vae_gan
from vaekit.recipes.posteriors import (
    full_rank_vae,
    householder,
    hvae,
    iaf_vae,
    maf_vae,
    planar_vae,
    radial_vae,
    spline_vae,
)
from vaekit.recipes.priors import exemplar_vae, maf_prior_vae, mog_vae, realnvp_vae, vamp_vae
from vaekit.recipes.rates import beta_vae, capacity_vae, factor_vae, geco_vae, sigma_vae

GROUPS: dict[str, dict[str, Callable[..., Parts]]] = {
    "plain": {
        "ae": ae,
        "vae": vae,
        "cvae": cvae,
    },
    "other bounds": {
        "iwae": iwae,
        "miwae": miwae,
        "ciwae": ciwae,
        "piwae": piwae,
        "dreg-iwae": dreg_iwae,
        "renyi-vae": renyi_vae,
        "stl-vae": stl_vae,
    },
    "the price of the rate": {
        "beta-vae": beta_vae,
        "capacity-vae": capacity_vae,
        "geco-vae": geco_vae,
        "sigma-vae": sigma_vae,
        "factor-vae": factor_vae,
    },
    "posteriors": {
        "iaf-vae": iaf_vae,
        "maf-vae": maf_vae,
        "spline-vae": spline_vae,
        "planar-vae": planar_vae,
        "radial-vae": radial_vae,
        "householder": householder,
        "full-rank-vae": full_rank_vae,
        "hvae": hvae,
    },
    "priors": {
        "mog-vae": mog_vae,
        "vamp-vae": vamp_vae,
        "exemplar-vae": exemplar_vae,
        "realnvp-vae": realnvp_vae,
        "maf-prior-vae": maf_prior_vae,
    },
    "other codes": {
        "vq-vae": vq_vae,
        "gumbel-vae": gumbel_vae,
        "svae": svae,
        "power-svae": power_svae,
        "poincare-vae": poincare_vae,
    },
    "hierarchies": {
        "ladder-vae": ladder_vae,
        "hvamp-vae": hvamp_vae,
        "layered-vae": layered_vae,
        "layered-iwae": layered_iwae,
        "very-deep-vae": very_deep_vae,
    },
    "pictures": {
        "dfc-vae": dfc_vae,
        "vae-gan": vae_gan,
        "generator": generator,
    },
    "melodies": {
        "music-vae": music_vae,
    },
}
"""Recipes by what sets them apart."""

RECIPES: dict[str, Callable[..., Parts]] = {
    name: recipe for group in GROUPS.values() for name, recipe in group.items()
}


def called(name: str) -> str:
    """The name of the recipe that is meant: iaf is iaf-vae; any other stays as it is."""
    return f"{name}-vae" if name not in RECIPES and f"{name}-vae" in RECIPES else name


__all__ = [
    "CORRUPTIONS",
    "GROUPS",
    "LIKELIHOODS",
    "NETS",
    "RECIPES",
    "Parts",
    "ae",
    "assemble",
    "beta_vae",
    "called",
    "capacity_vae",
    "ciwae",
    "cvae",
    "dfc_vae",
    "dreg_iwae",
    "exemplar_vae",
    "factor_vae",
    "full_rank_vae",
    "gaussian",
    "geco_vae",
    "generator",
    "gumbel_vae",
    "householder",
    "hvae",
    "hvamp_vae",
    "iaf_vae",
    "iwae",
    "ladder_vae",
    "layered_iwae",
    "layered_vae",
    "maf_prior_vae",
    "maf_vae",
    "miwae",
    "mog_vae",
    "music_vae",
    "paper",
    "part_for",
    "piwae",
    "planar_vae",
    "poincare_vae",
    "power_svae",
    "radial_vae",
    "realnvp_vae",
    "renyi_vae",
    "spline_vae",
    "stl_vae",
    "svae",
    "vae",
    "vae_gan",
    "vamp_vae",
    "very_deep_vae",
    "vq_vae",
]
