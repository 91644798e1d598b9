"""Residual encoder and decoder bodies: deep where pictures are small, thin where they are large."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.activations import ACTIVATIONS, Activation
from vaekit.nets.conv import Conv, ConvDecoder, ConvEncoder

# Widths of the halving and of the doubling layers. An even one doubles without chequerboards;
# on the way down three do at half the cost, which pays for the blocks.
_DOWN, _UP = 3, 4

_QUIET = 0.1  # times PyTorch's default weights of a block's last layer


@final
@dataclass(frozen=True)
class ResNet:
    """The convolutions of `Conv` with residual blocks between them, for any picture size.

    A block narrows its input to half the channels, convolves and widens it again, without
    normalisation: its output starts small and is added to what it was given (He et al. 2016,
    https://arxiv.org/abs/1512.03385). Large pictures, where a block costs most, have none.

    Args:
        channels: Channels of each halving layer, from the picture inwards.
        blocks: Residual blocks after each halving layer but the first ones.
        plain: Halving layers, from the picture inwards, that no block follows.
        activation: Non-linearity after every layer but the last.
        batch_norm: Batch normalisation of the halving layers.
        centre: Subtracted from the input before the first layer.
        embed: Whether a context moves the encoder's first channels by a linear layer, at hardly
            any cost; otherwise every number of it is one more channel of the picture.

    Raises BadInput where an option makes no sense.
    """

    channels: tuple[int, ...] = (32, 64, 128, 256)
    blocks: int = 1
    plain: int = 2
    activation: Activation = "relu"
    batch_norm: bool = True
    centre: float = 0.5
    embed: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", self._trunk(_UP).channels)
        for flag, value in (("`blocks`", self.blocks), ("`plain`", self.plain)):
            if value < 0:
                raise BadInput(f"{flag} must be zero or more, not {value}.")

    def encoder(self, shape: Shape, context: int = 0) -> ConvEncoder:
        """The body from pictures (B, C, H, W) to features (B, F)."""
        trunk = self._trunk(_DOWN).encoder(shape, context)
        trunk.layers = self._deepened(trunk.layers, self._stages)
        return trunk

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> ConvDecoder:
        """The body from codes (K, B, D) to parameters (K, B, M, C, H, W)."""
        trunk = self._trunk(_UP).decoder(latent, outputs, context)
        trunk.layers = self._deepened(trunk.layers, reversed(self._stages))
        return trunk

    @property
    def _stages(self) -> range:
        return range(len(self.channels))

    def _trunk(self, kernel: int) -> Conv:
        return Conv(
            self.channels,
            kernel,
            activation=self.activation,
            batch_norm=self.batch_norm,
            centre=self.centre,
            embed=self.embed,
        )

    def _deepened(self, layers: nn.Sequential, stages: Iterable[int]) -> nn.Sequential:
        """The layers with blocks after activations; stages: of each of these."""
        activation, stage = type(ACTIVATIONS[self.activation]()), iter(stages)
        found: list[nn.Module] = []
        for layer in layers:
            found.append(layer)
            if isinstance(layer, activation) and (index := next(stage)) >= self.plain:
                width = self.channels[index]
                found.extend(Residual(width, self.activation) for _ in range(self.blocks))
        return nn.Sequential(*found)


@final
class Residual(nn.Module):
    """x plus what a bottleneck makes of it, (N, C, H, W) to the same shape."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        inner = max(1, width // 2)
        self.layers = nn.Sequential(
            nn.Conv2d(width, inner, 1),
            ACTIVATIONS[activation](),
            nn.Conv2d(inner, inner, 3, 1, 1),
            ACTIVATIONS[activation](),
            last := nn.Conv2d(inner, width, 1),
        )
        with torch.no_grad():
            last.weight *= _QUIET
            last.bias.zero_()  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        change: Tensor = self.layers(x)
        return x + change
