"""A description counts every parameter once and shows shapes as data pass them."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from vaekit.describe import describe, write_graph
from vaekit.recipes import LIKELIHOODS, NETS, RECIPES
from vaekit.spec import Spec


def test_the_articles_network_layer_by_layer() -> None:
    model, _ = Spec("vae", (1, 28, 28), {"latent": 2}).build()
    found = describe(model, (1, 28, 28))
    linear = [layer for layer in found.layers if layer.kind == "Linear"]
    widths = [(784, 500), (500, 250), (250, 4), (2, 250), (250, 500), (500, 784)]
    assert [layer.shape for layer in linear] == [(outputs,) for _, outputs in widths]
    assert [layer.parameters for layer in linear] == [(i + 1) * o for i, o in widths]
    parts = ["encoder", "encoder", "latent", "decoder", "decoder", "decoder"]
    assert [layer.part for layer in linear] == parts
    assert found.layers[-1].part == "likelihood"
    assert found.layers[-1].shape == (1, 28, 28)
    assert found.parameters == found.trainable == sum((i + 1) * o for i, o in widths)
    text = str(found)
    assert "392,500" in text
    assert f"{found.parameters:,} parameters" in text


OPTIONS: dict[str, dict[str, Any]] = {
    "mlp": {"batch_norm": True},
    "conv": {"channels": (4, 8)},
    "resnet": {"channels": (4, 8), "plain": 1},
    "pyramid": {"channels": (4, 8), "levels": (2, 1)},
    "bands": {"channels": (4, 8), "dense": 6},
    "lstm": {"units": 6},
    "bars": {"units": 6, "conductor": 5},
    "transformer": {"units": 8, "heads": 2, "memory": 5},
}
MELODIES = {"lstm", "bars", "transformer"}
CASES = [
    *(
        case
        for case in product(
            [recipe for recipe in RECIPES if recipe != "very-deep-vae"],
            [net for net in NETS if net not in MELODIES and net != "pyramid"],
            ["gaussian", "shared-gaussian"],
        )
        if case[0] != "sigma-vae" or case[2] == "shared-gaussian"
    ),
    ("very-deep-vae", "pyramid", "gaussian"),
    *product(["vae", "music-vae"], sorted(MELODIES), ["categorical"]),
]
SHAPES = {  # in place of colour pictures
    "bands": (1, 12, 8),
    **dict.fromkeys(MELODIES, (1, 32)),
}


@pytest.mark.parametrize(("recipe", "net", "likelihood"), CASES)
def test_rows_add_up_to_the_model(recipe: str, net: str, likelihood: str) -> None:
    assert likelihood in LIKELIHOODS
    options = OPTIONS[net]
    shape = SHAPES.get(net, (3, 12, 8))
    told = {"cvae": 3, "generator": 5}.get(recipe, 0)
    of = {"transformed": 0.0} if recipe == "generator" else {}
    if recipe == "music-vae" and net not in MELODIES:
        of = {"transposed": 0}
    spec = Spec(recipe, shape, of, net, options, likelihood, context=told)
    model, _ = spec.build()
    model.train()
    model.decoder.eval()
    state = torch.get_rng_state()
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    found = describe(model, shape)
    total = sum(parameter.numel() for parameter in model.parameters())
    assert sum(layer.parameters for layer in found.layers) == found.parameters == total
    assert all(layer.shape is not None for layer in found.layers)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.encoder.training
    assert not model.decoder.training
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, weights[name]), name


def test_frozen_parameters_are_not_trainable() -> None:
    model, _ = Spec("ae", (6,), {"latent": 2}, net_options={"hidden": (4,)}).build()
    model.encoder.requires_grad_(False)
    found = describe(model, (6,))
    assert found.parameters - found.trainable == 6 * 4 + 4


def graph_bytes(folder: Path, net: str, likelihood: str, shape: tuple[int, ...]) -> int:
    recipe = "very-deep-vae" if net == "pyramid" else "vae"
    model, _ = Spec(recipe, shape, {}, net, OPTIONS[net], likelihood).build()
    write_graph(folder, model, shape)
    (file,) = folder.iterdir()
    return file.stat().st_size


@pytest.mark.parametrize("net", [net for net in NETS if net not in MELODIES])
def test_every_net_has_a_graph(net: str, tmp_path: Path) -> None:
    assert graph_bytes(tmp_path, net, "", SHAPES.get(net, (3, 12, 8)))


@pytest.mark.parametrize("net", sorted(MELODIES))
def test_the_graph_of_melodies_does_not_grow_with_their_steps(net: str, tmp_path: Path) -> None:
    few, many = (graph_bytes(tmp_path, net, "categorical", (1, steps)) for steps in (16, 160))
    assert 0 < many < 1.1 * few
