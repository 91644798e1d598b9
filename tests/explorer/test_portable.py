"""A decoder's program gives in the browser what the model gives."""

import re
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
import torch

from vaekit.explorer.portable import Unportable, program_of, rounded
from vaekit.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Likelihood,
    PixelGaussian,
    SharedGaussian,
    cutout,
)
from vaekit.model import Autoencoder
from vaekit.nets import LSTM, MLP, Conv, Net, ResNet
from vaekit.nets.activations import ACTIVATIONS
from vaekit.recipes import vae

CODES = 3
CASES: dict[str, tuple[Net, Likelihood, tuple[int, ...], int]] = {
    **{f"mlp-{name}": (MLP((9, 7), name), Bernoulli(), (1, 6, 5), 0) for name in ACTIVATIONS},
    "normed": (MLP((9,), batch_norm=True), ContinuousBernoulli(), (1, 6, 6), 0),
    "vectors": (MLP((9,)), Gaussian(), (7,), 2),
    "conv": (Conv((6, 9)), SharedGaussian(), (3, 16, 16), 0),
    "odd": (Conv((6, 9), kernel=3, batch_norm=False), PixelGaussian(), (1, 13, 18), 0),
    "cut-out": (Conv((6, 9), hidden_conv=(5,)), cutout(), (4, 16, 16), 3),
    "residual": (ResNet((6, 8), plain=1, activation="leaky-relu"), Bernoulli(), (1, 16, 16), 0),
}


def model_of(case: str) -> Autoencoder:
    """A model whose every weight and running statistic counts."""
    net, likelihood, shape, context = CASES[case]
    torch.manual_seed(0)
    model, _ = vae(shape, net=net, likelihood=likelihood, latent=4, context=context)
    with torch.no_grad():
        for each in model.parameters():
            each += 0.1 * torch.randn_like(each)
        for name, each in model.named_buffers():
            if "running" in name:
                each += 0.3 * torch.rand_like(each)
    return model.eval()


def script() -> str:
    text = files("vaekit.explorer").joinpath("page", "portable.js").read_text("utf-8")
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


RUN = """
const [facts, halves, wholes, codes, told] = arguments;
const program = new Program(facts, Float32Array.from(halves), Float32Array.from(wholes));
const floats = (each) => each && Float32Array.from(each);
return codes.map((code, k) => Array.from(program.run(floats(code), floats(told && told[k]))));
"""


def ran(browser: Any, model: Autoencoder, codes: Any, told: Any, half: bool = False) -> Any:
    """What the browser makes of codes."""
    program = program_of(model, None if told is None else told[:1])
    facts, halves, wholes = program.packed(half)
    lists = (each.astype(np.float32).tolist() for each in (halves, wholes))
    given = None if told is None else told.tolist()
    return np.array(browser.execute_script(script() + RUN, facts, *lists, codes.tolist(), given))


@pytest.mark.parametrize("case", CASES)
def test_the_browser_decodes_as_the_model_does(case: str, browser: Any) -> None:
    model, context = model_of(case), CASES[case][3]
    codes = torch.randn(CODES, 4, generator=torch.Generator().manual_seed(1))
    told = torch.randn(CODES, context) if context else None
    wanted = model.decode(codes, told).flatten(1).numpy()
    assert np.ptp(wanted) > 0.05
    np.testing.assert_allclose(ran(browser, model, codes, told), wanted, atol=2e-5)


def test_rounded_weights_are_those_that_the_browser_has(browser: Any) -> None:
    torch.manual_seed(0)
    model, _ = vae((1, 28, 28), net=MLP((90,)), latent=4)
    codes = torch.randn(CODES, 4)
    exact, near = (each.decode(codes).flatten(1).numpy() for each in (model, rounded(model)))
    found = ran(browser, model, codes, None, half=True)
    np.testing.assert_allclose(found, near, atol=1e-6)
    assert not np.allclose(exact, near, atol=1e-6)


def test_what_plays_step_by_step_is_refused() -> None:
    model, _ = vae((1, 8), net=LSTM(4, embedding=3), likelihood=None, latent=2)
    with pytest.raises(Unportable, match="step by step"):
        program_of(model)


def test_the_model_is_left_as_it_was() -> None:
    model = model_of("conv").train()
    weights = {name: each.clone() for name, each in model.state_dict().items()}
    program_of(model)
    assert model.training
    assert all(torch.equal(each, weights[name]) for name, each in model.state_dict().items())
