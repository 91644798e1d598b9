"""Fully connected encoder and decoder bodies."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Shape
from vaekit.nets.activations import ACTIVATIONS, Activation
from vaekit.nets.checks import check_options
from vaekit.nets.inputs import centred, heard, with_context


@final
@dataclass(frozen=True)
class MLP:
    """Fully connected networks: `hidden` from the data to the code, mirrored on the way back.

    Args:
        hidden: Widths of the hidden layers, from the data inwards.
        activation: Non-linearity after every hidden layer.
        batch_norm: Batch normalisation before every activation.
        centre: Subtracted from the input before the first layer.
    """

    hidden: tuple[int, ...] = (500, 250)
    activation: Activation = "relu"
    batch_norm: bool = False
    centre: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", check_options("`hidden`", self.hidden, self.activation))

    def encoder(self, shape: Shape, context: int = 0) -> "MLPEncoder":
        """The body from data of shape (B, *shape) to features (B, F)."""
        widths = (math.prod(shape) + context, *self.hidden)
        return MLPEncoder(_hidden_layers(widths, self), widths[-1], self.centre, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "MLPDecoder":
        """The body from codes (K, B, D) to parameters (K, B, *outputs)."""
        widths = (latent + context, *reversed(self.hidden))
        last = nn.Linear(widths[-1], math.prod(outputs))
        layers = nn.Sequential(*_hidden_layers(widths, self), last)
        assert isinstance(layers[0], nn.Linear)
        heard(layers[0], context)
        return MLPDecoder(layers, outputs, context)

    def layers(self, inputs: int, outputs: int) -> nn.Sequential:
        """A plain network from rows (N, inputs) to rows (N, outputs)."""
        widths = (inputs, *self.hidden)
        return nn.Sequential(*_hidden_layers(widths, self), nn.Linear(widths[-1], outputs))


@final
class MLPEncoder(nn.Module):
    """From data (B, *shape) to features (B, F)."""

    def __init__(
        self, layers: nn.Sequential, features: int, centre: float, context: int = 0
    ) -> None:
        super().__init__()
        self.layers, self.features, self.centre, self.context = layers, features, centre, context

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features of a batch."""
        rows = centred(x, self.centre, mask).flatten(1)
        features: Tensor = self.layers(rows if context is None else torch.cat([rows, context], 1))
        return features


@final
class MLPDecoder(nn.Module):
    """From codes (K, B, D) to parameters (K, B, *outputs)."""

    def __init__(self, layers: nn.Sequential, outputs: Shape, context: int = 0) -> None:
        super().__init__()
        self.layers, self.outputs, self.context = layers, outputs, context

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters of the likelihood."""
        parameters: Tensor = self.layers(with_context(z, context).flatten(0, 1))
        return parameters.view(*z.shape[:2], *self.outputs)


def _hidden_layers(widths: Shape, net: MLP) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers.append(nn.Linear(inputs, outputs, bias=not net.batch_norm))
        if net.batch_norm:
            layers.append(nn.BatchNorm1d(outputs))
        layers.append(ACTIVATIONS[net.activation]())
    return nn.Sequential(*layers)
