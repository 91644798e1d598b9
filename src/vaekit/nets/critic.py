"""A critic: tells real pictures from made ones, and shows what it looks at."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.checks import check_options


class Judgement(NamedTuple):
    """What a critic makes of N pictures.

    realness: logits (N,), positive where it takes a picture for a real one.
    features: activations (N, F, H', W') of one of its layers.
    """

    realness: Tensor
    features: Tensor


@final
@dataclass(frozen=True)
class Critic:
    """Strided convolutions with leaky activations and no normalisation, for any picture size.

    Without batch normalisation real and made pictures can be judged apart, and a picture's
    judgement does not depend on its company.

    Args:
        channels: Channels of each halving layer, from the picture inwards.
        layer: The layer, counted from 1, whose activations are its features.
        slope: Of the activation below zero.
        centre: Subtracted from the input before the first layer.

    Raises BadInput where an option makes no sense.
    """

    channels: tuple[int, ...] = (32, 64, 128, 256)
    layer: int = 3
    slope: float = 0.2
    centre: float = 0.5

    def __post_init__(self) -> None:
        sizes = check_options("`channels`", self.channels, "leaky-relu")
        object.__setattr__(self, "channels", sizes)
        if not 1 <= self.layer <= len(sizes):
            raise BadInput(f"`layer` must be one of the critic's 1 to {len(sizes)}.")

    def body(self, shape: Shape) -> "CriticBody":
        """The network for pictures of shape (C, H, W); raises BadInput for other data."""
        if len(shape) != 3 or min(shape[1:]) < 2:
            raise BadInput(f"A critic needs pictures (C, H, W), not data of shape {shape}.")
        layers: list[nn.Sequential] = []
        size: Shape = shape[1:]
        for inputs, outputs in pairwise((shape[0], *self.channels)):
            # An even kernel sees all places equally often; an odd one makes the decoder paint a
            # chequerboard. A single row or column is left to the odd one.
            odd = min(size) < 2
            convolution = nn.Conv2d(inputs, outputs, 3 if odd else 4, 2, 1)
            size = tuple((side + odd) // 2 for side in size)
            layers.append(nn.Sequential(convolution, nn.LeakyReLU(self.slope, inplace=True)))
        head = nn.Linear(self.channels[-1] * math.prod(size), 1)
        return CriticBody(layers[: self.layer], layers[self.layer :], head, self.centre)


@final
class CriticBody(nn.Module):
    """From pictures (N, C, H, W) to a Judgement.

    below, above: the layers up to the one that gives the features, and those after it.
    """

    def __init__(
        self, below: list[nn.Sequential], above: list[nn.Sequential], head: nn.Linear, centre: float
    ) -> None:
        super().__init__()
        self.below, self.above = nn.Sequential(*below), nn.Sequential(*above)
        self.head, self.centre = head, centre
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Judgement:
        """Realness and features of each picture."""
        pictures = (x - self.centre).contiguous(memory_format=torch.channels_last)
        features: Tensor = self.below(pictures)
        realness: Tensor = self.head(self.above(features).flatten(1))
        return Judgement(realness.squeeze(1), features)
