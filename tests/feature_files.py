"""Weights of the published networks' names and shapes, written out by hand."""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]


def _shapes(kernels: dict[str, tuple[int, int, int]]) -> Shapes:
    """Tensors by place: outputs, inputs and width of the kernel."""
    shapes: Shapes = {}
    for place, (outputs, inputs, width) in kernels.items():
        shapes[f"features.{place}.weight"] = (outputs, inputs, width, width)
        shapes[f"features.{place}.bias"] = (outputs,)
    return shapes


def _vgg(places: list[int], widths: list[int]) -> Shapes:
    inputs = [3, *widths[:-1]]
    return _shapes({str(p): (o, i, 3) for p, o, i in zip(places, widths, inputs, strict=True)})


def _squeezenet() -> Shapes:
    kernels = {"0": (64, 3, 3)}
    for place, inputs, squeeze, expand in (
        (3, 64, 16, 64),
        (4, 128, 16, 64),
        (6, 128, 32, 128),
        (7, 256, 32, 128),
        (9, 256, 48, 192),
        (10, 384, 48, 192),
        (11, 384, 64, 256),
        (12, 512, 64, 256),
    ):
        kernels[f"{place}.squeeze"] = (squeeze, inputs, 1)
        kernels[f"{place}.expand1x1"] = (expand, squeeze, 1)
        kernels[f"{place}.expand3x3"] = (expand, squeeze, 3)
    return _shapes(kernels)


SHAPES = {
    "squeezenet": _squeezenet(),
    "vgg16": _vgg(
        [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
        [64, 64, 128, 128, 256, 256, 256, *[512] * 6],
    ),
    "vgg19": _vgg(
        [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34],
        [64, 64, 128, 128, 256, 256, 256, 256, *[512] * 8],
    ),
    "alexnet": _shapes(
        {
            "0": (64, 3, 11),
            "3": (192, 64, 5),
            "6": (384, 192, 3),
            "8": (256, 384, 3),
            "10": (256, 256, 3),
        }
    ),
}


def random_weights(network: str, seed: int = 0) -> dict[str, Tensor]:
    """Tensors of a network's names and shapes that keep the size of what passes through."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
        if len(shape) > 1
        else torch.zeros(shape)
        for name, shape in SHAPES[network].items()
    }


def squeezenet_file(path: Path) -> Path:
    """A file of random weights for SqueezeNet."""
    save_file(random_weights("squeezenet"), path)
    return path
