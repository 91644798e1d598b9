"""The palette is safe for the colour-blind, and the user's matplotlib is left alone."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest

from vaekit import figures
from vaekit.figures.style import PALETTE, colours

# Machado, Oliveira and Fernandes 2009, full severity, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def oklab(linear: np.ndarray) -> np.ndarray:
    """Colours (n, 3) in linear RGB as OKLab (Ottosson 2020)."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.cbrt(linear.clip(0, 1) @ np.transpose(to_cones)) @ np.transpose(to_lab)


@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_from_each_other_and_from_the_page(vision: str) -> None:
    rgb = np.array([mpl.colors.to_rgb(colour) for colour in (*PALETTE, "white")])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = oklab(linear @ np.transpose(VISION[vision]))
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.09


def test_more_classes_than_the_palette_still_differ() -> None:
    assert len({tuple(colour) for colour in colours(30)}) == 30


def draw() -> str:
    """A hash of the bytes of two figures."""
    scatter = figures.encodings(np.random.default_rng(0).normal(size=(50, 2)), np.arange(50) % 3)
    rates = figures.rates([1.0, 0.2])
    found = b"".join(
        form(figure) for figure in (scatter, rates) for form in (figures.png, figures.svg)
    )
    return sha256(found).hexdigest()


@pytest.fixture(scope="module")
def plain() -> str:
    return draw()


def test_dollars_in_a_title_are_no_formula() -> None:
    (axes,) = figures.rates([1.0], title="between $5$ and $6$").axes
    assert not axes.title.get_parse_math()


def test_the_users_settings_are_neither_changed_nor_used(plain: str) -> None:
    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.hashsalt": "other"}):
        before = dict(mpl.rcParams)
        assert draw() == plain
        assert dict(mpl.rcParams) == before


def test_another_process_draws_the_same_bytes_without_torch_or_pyplot(plain: str) -> None:
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import test_figure_style as here;"
        "print(json.dumps([here.draw(), [m for m in ('torch', 'matplotlib.pyplot', 'sklearn')"
        " if m in sys.modules]]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(__file__)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert json.loads(run.stdout) == [plain, []]
