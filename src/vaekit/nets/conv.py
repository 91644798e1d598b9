"""Convolutional encoder and decoder bodies: every layer halves or doubles the picture."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.activations import ACTIVATIONS, Activation
from vaekit.nets.checks import check_options
from vaekit.nets.inputs import centred, heard, with_context


@final
@dataclass(frozen=True)
class Conv:
    """Strided convolutions down to a small map, and transposed ones back, for any picture size.

    Args:
        channels: Channels of each halving layer, from the picture inwards.
        kernel: Width of every kernel.
        activation: Non-linearity after every layer but the last.
        batch_norm: Batch normalisation before every activation.
        centre: Subtracted from the input before the first layer.
        hidden_conv: Widths of full layers between the code and the decoder's smallest map.
        embed: Whether a context moves the encoder's first channels by a linear layer, at hardly
            any cost; otherwise every number of it is one more channel of the picture.
    """

    channels: tuple[int, ...] = (32, 64, 128, 256)
    kernel: int = 4
    activation: Activation = "relu"
    batch_norm: bool = True
    centre: float = 0.5
    embed: bool = True
    hidden_conv: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        sizes = check_options("`channels`", self.channels, self.activation)
        object.__setattr__(self, "channels", sizes)
        if self.kernel < 3:
            raise BadInput(f"`kernel` must be at least 3, not {self.kernel}.")

    def sizes(self, shape: Shape) -> list[tuple[int, int]]:
        """Height and width before the first layer and after each one.

        Raises BadInput where the data are no pictures or too small for so many layers.
        """
        if len(shape) != 3:
            raise BadInput(f"`net='conv'` needs pictures (C, H, W), not data of shape {shape}.")
        sizes = [(shape[1], shape[2])]
        for _ in self.channels:
            height, width = (self._halved(size) for size in sizes[-1])
            if min(height, width) < 1:
                raise BadInput(
                    f"`channels` has {len(self.channels)} halving layers, too many for pictures "
                    f"of {shape[1]} x {shape[2]}: give fewer."
                )
            sizes.append((height, width))
        return sizes

    def encoder(self, shape: Shape, context: int = 0) -> "ConvEncoder":
        """The body from pictures (B, C, H, W) to features (B, F)."""
        sizes = self.sizes(shape)
        layers: list[nn.Module] = []
        maps = 0 if self.embed else context
        for inputs, outputs in pairwise((shape[0] + maps, *self.channels)):
            layers.append(
                nn.Conv2d(inputs, outputs, self.kernel, 2, self._padding, bias=not self.batch_norm)
            )
            layers.extend(self._tail(outputs))
        features = self.channels[-1] * math.prod(sizes[-1])
        embedded = self.embed and context > 0
        embedding = nn.Linear(context, self.channels[0], bias=False) if embedded else None
        return ConvEncoder(nn.Sequential(*layers), features, self.centre, context, embedding)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "ConvDecoder":
        """The body from codes (K, B, D) to parameters (K, B, M, C, H, W)."""
        sizes = self.sizes(outputs[1:])[::-1]
        smallest = (self.channels[-1], *sizes[0])
        layers: list[nn.Module] = [*self._tail(smallest[0])]
        widths = (*reversed(self.channels), outputs[0] * outputs[1])
        for index, (before, after) in enumerate(pairwise(widths)):
            last = index == len(self.channels) - 1
            layers.append(
                nn.ConvTranspose2d(
                    before,
                    after,
                    self.kernel,
                    2,
                    self._padding,
                    output_padding=self._output_padding(sizes[index], sizes[index + 1]),
                    bias=last or not self.batch_norm,
                )
            )
            layers.extend([] if last else self._tail(after))
        head: list[nn.Module] = []
        for before, after in pairwise((latent + context, *self.hidden_conv, math.prod(smallest))):
            head += [nn.Linear(before, after), ACTIVATIONS[self.activation]()]
        first = head[0]
        assert isinstance(first, nn.Linear)
        heard(first, context)
        whole = first if len(head) == 2 else nn.Sequential(*head[:-1])
        return ConvDecoder(whole, smallest, nn.Sequential(*layers), outputs, context)

    @property
    def _padding(self) -> int:
        return (self.kernel - 1) // 2

    def _halved(self, size: int) -> int:
        return (size + 2 * self._padding - self.kernel) // 2 + 1

    def _output_padding(self, small: tuple[int, int], large: tuple[int, int]) -> tuple[int, int]:
        bare = [(size - 1) * 2 - 2 * self._padding + self.kernel for size in small]
        return large[0] - bare[0], large[1] - bare[1]

    def _tail(self, channels: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(channels)] if self.batch_norm else []
        return [*norm, ACTIVATIONS[self.activation]()]


@final
class ConvEncoder(nn.Module):
    """From pictures (B, C, H, W) to features (B, F).

    embedding: what a context adds to each channel of the first layer, the same everywhere, as
        constant channels of the picture would; without it the context is such channels.
    """

    def __init__(
        self,
        layers: nn.Sequential,
        features: int,
        centre: float,
        context: int = 0,
        embedding: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.layers, self.features, self.centre, self.context = layers, features, centre, context
        self.embedding = embedding
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features of a batch."""
        pictures = centred(x, self.centre, mask)
        if context is not None and self.embedding is None:
            maps = context[:, :, None, None].expand(-1, -1, *x.shape[2:])
            pictures = torch.cat([pictures, maps], 1)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        if context is None or self.embedding is None:
            features: Tensor = self.layers(pictures)
            return features.flatten(1)
        first, *rest = self.layers.children()
        moved: Tensor = first(pictures) + self.embedding(context)[:, :, None, None]
        for layer in rest:
            moved = layer(moved)
        return moved.flatten(1)


@final
class ConvDecoder(nn.Module):
    """From codes (K, B, D) to parameters (K, B, M, C, H, W)."""

    def __init__(
        self,
        head: nn.Module,
        smallest: Shape,
        layers: nn.Sequential,
        outputs: Shape,
        context: int = 0,
    ) -> None:
        super().__init__()
        self.head, self.smallest, self.layers = head, smallest, layers
        self.outputs, self.context = outputs, context
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters of the likelihood."""
        given: Tensor = self.head(with_context(z, context).flatten(0, 1))
        small = given.view(-1, *self.smallest)
        pictures: Tensor = self.layers(small.contiguous(memory_format=torch.channels_last))
        return pictures.view(*z.shape[:2], *self.outputs)
