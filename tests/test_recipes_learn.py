"""Every recipe for digits learns of real ones, and its run is kept, opened and sampled from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaekit as vk
from vaekit.recipes import RECIPES
from vaekit.recipes.costs import NEEDS, STEPS
from vaekit.spec import options_of

SIZES: dict[str, Any] = {
    "latent": 4,
    "warmup": 0.0,
    "draws": 4,
    "groups": 2,
    "draws_each": 2,
    "pseudo_inputs": 20,
    "exemplars": 60,
    "exemplars_each": 30,
    "gaussians": 5,
    "hidden_flow": 16,
    "positions": 6,
    "codes": 16,
    "width": 3,
}
LEVELS = (3, 4)
OTHERS = {"cvae", "dfc-vae", "vae-gan", "generator", "music-vae"}  # tried where their data are


def test_every_recipe_for_digits_says_what_a_step_costs() -> None:
    assert set(RECIPES) - OTHERS == set(STEPS)
    assert set(NEEDS) <= set(RECIPES)


def sized(recipe: str) -> dict[str, Any]:
    taken = options_of(RECIPES[recipe])
    found = {name: size for name, size in SIZES.items() if name in taken}
    if "latent" in taken and isinstance(taken["latent"].default, tuple):
        found["latent"] = LEVELS
    return found


@pytest.mark.parametrize("recipe", STEPS)
def test_it_learns_and_its_run_is_kept(recipe: str, tmp_path: Path) -> None:
    deep = recipe == "very-deep-vae"
    run = vk.train(
        recipe,
        "digits",
        root=tmp_path,
        name="run",
        net_options={} if deep else {"hidden": (32,)},
        options=sized(recipe),
        data_options={"limit": 600, "binarise": "dynamic"},
        training=vk.Training(epochs=2 if deep else 6, batch_size=50, learning_rate=3e-3),
        progress=False,
    )
    first, *_, last = (record["validation"] for record in run.records())
    if "elbo" in first:
        assert last["elbo"] > first["elbo"] + 0.5
    else:
        assert last["loss"] < first["loss"] - 0.5
    opened = vk.open_run(tmp_path / "run")
    codes = opened.model().encode(opened.dataset(progress=False).test)
    np.testing.assert_array_equal(codes, run.model().encode(run.dataset(progress=False).test))
    if "prior" in opened.model().provides:
        assert vk.sample(opened, 3).shape == (3, 1, 8, 8)
