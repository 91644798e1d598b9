"""The published layer tables of the networks whose features are compared.

A table lists the layers in torchvision's order, so that layer i holds the tensors
`features.i.weight` and so on; a layer whose output can be asked for has a name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

Layers = list[tuple[str, nn.Module]]


@final
@dataclass(frozen=True)
class Network:
    """One network: its convolutional layers and what else its files hold.

    table: builds the layers with their names, "" for those without one.
    classifier: places of the layers behind them, whose tensors a file may hold too.
    layers: those whose features are compared by default.
    weight: of a layer's distance by default, so that the sum over layers balances a rate in
        nats; `weights` are those of layers that differ.
    pixels: weight of the distortion of pixels by default; more than 0 where the first layer
        skips pixels, and a decoder could draw patterns that it does not see.
    """

    table: Callable[[], Layers]
    classifier: tuple[int, ...]
    layers: tuple[str, ...]
    weight: float
    weights: Mapping[str, float] = field(default_factory=dict)
    pixels: float = 0.0


@final
class Fire(nn.Module):
    """SqueezeNet's block: a narrow 1 x 1 layer, then 1 x 1 and 3 x 3 layers side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, 2 expand, H, W) of x (N, inputs, H, W)."""
        narrow = self.squeeze(x).relu_()
        return torch.cat([self.expand1x1(narrow), self.expand3x3(narrow)], 1).relu_()


def squeezenet() -> Layers:
    """SqueezeNet 1.1: Iandola et al. 2016, https://arxiv.org/abs/1602.07360"""
    pool = partial(nn.MaxPool2d, 3, 2, ceil_mode=True)
    return [
        ("", nn.Conv2d(3, 64, 3, 2)),
        ("relu1", nn.ReLU(inplace=True)),
        ("", pool()),
        ("fire2", Fire(64, 16, 64)),
        ("fire3", Fire(128, 16, 64)),
        ("", pool()),
        ("fire4", Fire(128, 32, 128)),
        ("fire5", Fire(256, 32, 128)),
        ("", pool()),
        ("fire6", Fire(256, 48, 192)),
        ("fire7", Fire(384, 48, 192)),
        ("fire8", Fire(384, 64, 256)),
        ("fire9", Fire(512, 64, 256)),
    ]


def vgg(depths: tuple[int, ...]) -> Layers:
    """VGG: Simonyan and Zisserman 2015, https://arxiv.org/abs/1409.1556

    depths: the convolutions between two poolings.
    """
    layers: Layers = []
    inputs = 3
    for block, (depth, width) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        for place in range(1, depth + 1):
            layers.append(("", nn.Conv2d(inputs, width, 3, padding=1)))
            layers.append((f"relu{block}_{place}", nn.ReLU(inplace=True)))
            inputs = width
        layers.append(("", nn.MaxPool2d(2)))
    return layers


def alexnet() -> Layers:
    """AlexNet in one column: Krizhevsky 2014, https://arxiv.org/abs/1404.5997"""
    return [
        ("", nn.Conv2d(3, 64, 11, 4, 2)),
        ("relu1", nn.ReLU(inplace=True)),
        ("", nn.MaxPool2d(3, 2)),
        ("", nn.Conv2d(64, 192, 5, padding=2)),
        ("relu2", nn.ReLU(inplace=True)),
        ("", nn.MaxPool2d(3, 2)),
        ("", nn.Conv2d(192, 384, 3, padding=1)),
        ("relu3", nn.ReLU(inplace=True)),
        ("", nn.Conv2d(384, 256, 3, padding=1)),
        ("relu4", nn.ReLU(inplace=True)),
        ("", nn.Conv2d(256, 256, 3, padding=1)),
        ("relu5", nn.ReLU(inplace=True)),
    ]


_SHALLOW = ("relu1_1", "relu2_1", "relu3_1")  # VAE-123 of Hou et al.
# Hou et al. weigh 0.5 with pixels from 0 to 255; normalised ones are 255 x 0.226 times smaller.
_PUBLISHED = 0.5 * (255 * 0.226) ** 2
# 1000 over the mean square of each layer's features of 64 x 64 faces: all count alike.
_ALIKE = {
    "relu1": 1400.0,
    "fire2": 250.0,
    "fire3": 50.0,
    "fire4": 8.7,
    "fire5": 2.1,
    "fire6": 0.6,
    "fire7": 0.27,
    "fire8": 0.29,
    "fire9": 3.4,
}

NETWORKS: dict[str, Network] = {
    "vgg19": Network(partial(vgg, (2, 2, 4, 4, 4)), (0, 3, 6), _SHALLOW, _PUBLISHED),
    "vgg16": Network(partial(vgg, (2, 2, 3, 3, 3)), (0, 3, 6), _SHALLOW, _PUBLISHED),
    "squeezenet": Network(squeezenet, (1,), ("relu1", "fire2", "fire4"), 0.0, _ALIKE, 0.03),
    "alexnet": Network(alexnet, (1, 4, 6), ("relu1", "relu2", "relu3"), _PUBLISHED, pixels=0.03),
}
