"""Bodies for spectrograms: a first layer over all bands, then convolutions over time."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

from torch import Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.activations import ACTIVATIONS, Activation
from vaekit.nets.checks import check_options
from vaekit.nets.inputs import centred, heard, with_context


@final
@dataclass(frozen=True)
class Bands:
    """A first layer that spans all bands of a frame, then strided convolutions over time.

    Hsu, Zhang and Glass 2017, https://arxiv.org/abs/1704.04222

    Args:
        channels: Those of the first layer, and of each one after it, which halves the frames.
        dense: Width of the layer between convolutions and code; 0 for none.
        kernel: Frames that the kernels of the halving layers span.
        activation: Non-linearity after every layer but the last.
        batch_norm: Batch normalisation before every activation.
    """

    channels: tuple[int, ...] = (64, 128, 256)
    dense: int = 512
    kernel: int = 3
    activation: Activation = "relu"
    batch_norm: bool = True

    def __post_init__(self) -> None:
        sizes = check_options("`channels`", self.channels, self.activation)
        object.__setattr__(self, "channels", sizes)
        if self.kernel < 1 or not self.kernel % 2:
            raise BadInput(f"`kernel` must be odd, not {self.kernel}.")
        if self.dense < 0:
            raise BadInput(f"`dense` must be 0 or more, not {self.dense}.")

    def sizes(self, shape: Shape) -> list[int]:
        """Frames before the first halving layer and after each one.

        Raises BadInput where the data are no spectrograms.
        """
        if len(shape) != 3:
            raise BadInput(f"`net='bands'` needs rows (C, bands, frames), not of shape {shape}.")
        sizes = [shape[2]]
        for _ in self.channels[1:]:
            sizes.append((sizes[-1] + 1) // 2)
        return sizes

    def encoder(self, shape: Shape, context: int = 0) -> "BandsEncoder":
        """The body from rows (B, C, bands, frames) to features (B, F)."""
        frames = self.sizes(shape)[-1]
        layers: list[nn.Module] = [self._conv(shape[0] * shape[1], self.channels[0], 1, 1)]
        layers += self._tail(self.channels[0])
        for before, after in pairwise(self.channels):
            layers += [self._conv(before, after, self.kernel, 2), *self._tail(after)]
        features = self.channels[-1] * frames
        layers.append(nn.Flatten())
        if self.dense:
            linear = nn.Linear(features, self.dense, bias=not self.batch_norm)
            layers += [linear, *self._tail(self.dense)]
        embedding = nn.Linear(context, self.channels[0], bias=False) if context else None
        return BandsEncoder(nn.Sequential(*layers), self.dense or features, context, embedding)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "BandsDecoder":
        """The body from codes (K, B, D) to parameters (K, B, M, C, bands, frames)."""
        sizes = self.sizes(outputs[1:])[::-1]
        small = (self.channels[-1], sizes[0])
        width, layers = latent + context, list[nn.Module]()
        if self.dense:
            first = nn.Linear(width, self.dense)
            layers += [heard(first, context), *self._tail(self.dense)]
            layers.append(nn.Linear(self.dense, small[0] * small[1]))
        else:
            layers.append(heard(nn.Linear(width, small[0] * small[1]), context))
        layers += [nn.Unflatten(1, small), *self._tail(small[0])]
        back = self.channels[::-1]
        for (before, after), (few, many) in zip(pairwise(back), pairwise(sizes), strict=True):
            extra = many - (2 * few - 1)
            layers.append(
                nn.ConvTranspose1d(
                    before,
                    after,
                    self.kernel,
                    2,
                    self.kernel // 2,
                    output_padding=extra,
                    bias=not self.batch_norm,
                )
            )
            layers += self._tail(after)
        layers.append(nn.Conv1d(self.channels[0], outputs[0] * outputs[1] * outputs[2], 1))
        return BandsDecoder(nn.Sequential(*layers), outputs, context)

    def _conv(self, before: int, after: int, kernel: int, stride: int) -> nn.Conv1d:
        return nn.Conv1d(before, after, kernel, stride, kernel // 2, bias=not self.batch_norm)

    def _tail(self, channels: int) -> list[nn.Module]:
        norm = [nn.BatchNorm1d(channels)] if self.batch_norm else []
        return [*norm, ACTIVATIONS[self.activation]()]


@final
class BandsEncoder(nn.Module):
    """From rows (B, C, bands, frames) to features (B, F).

    embedding: what a context adds to each channel of the first layer, in every frame.
    """

    def __init__(
        self, layers: nn.Sequential, features: int, context: int, embedding: nn.Linear | None
    ) -> None:
        super().__init__()
        self.layers, self.features, self.context = layers, features, context
        self.embedding = embedding

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features of a batch."""
        first, *rest = self.layers.children()
        moved: Tensor = first(centred(x, 0.0, mask).flatten(1, 2))
        if context is not None and self.embedding is not None:
            moved = moved + self.embedding(context)[:, :, None]
        for layer in rest:
            moved = layer(moved)
        return moved


@final
class BandsDecoder(nn.Module):
    """From codes (K, B, D) to parameters (K, B, M, C, bands, frames)."""

    def __init__(self, layers: nn.Sequential, outputs: Shape, context: int) -> None:
        super().__init__()
        self.layers, self.outputs, self.context = layers, outputs, context

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters of the likelihood."""
        parameters: Tensor = self.layers(with_context(z, context).flatten(0, 1))
        return parameters.view(*z.shape[:2], *self.outputs)
