"""Residual convolutions whose maps of several resolutions are all handed on."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.inputs import centred, heard

_SMALL = 2  # maps up to this size have nothing for wider kernels to see


@final
@dataclass(frozen=True)
class Pyramid:
    """Residual blocks at several resolutions, for a ladder that draws codes at each of them.

    The first resolution is half the picture's, and each further one half of that before it, but
    the last is a single place. Only very-deep-vae has such a ladder.

    Args:
        channels: Channels at each resolution, from the picture inwards.
        levels: Residual blocks on the way up, and codes on the way down, at each of them.
        narrowed: Channels over those within a block.
        centre: Subtracted from the input before the first layer.

    Raises BadInput where an option makes no sense.
    """

    channels: tuple[int, ...] = (32, 64, 96)
    levels: tuple[int, ...] = (1, 2, 2)
    narrowed: int = 2
    centre: float = 0.5

    def __post_init__(self) -> None:
        for name in ("channels", "levels"):
            numbers = tuple(getattr(self, name))
            if len(numbers) < 2 or any(type(each) is not int or each < 1 for each in numbers):
                raise BadInput(
                    f"`{name}` takes two or more positive whole numbers, not {list(numbers)}."
                )
            object.__setattr__(self, name, numbers)
        if len(self.channels) != len(self.levels):
            raise BadInput(
                f"`channels` has {len(self.channels)} resolutions and `levels` "
                f"{len(self.levels)}: give as many of both."
            )
        if not 1 <= self.narrowed <= min(self.channels):
            raise BadInput(
                f"`narrowed` must be from 1 to the fewest `channels`, {min(self.channels)}, not "
                f"{self.narrowed}."
            )

    def maps(self, shape: Shape) -> tuple[Shape, ...]:
        """The maps (C, H, W) at each resolution, from the picture inwards.

        Raises BadInput where the data are no pictures or too small for so many resolutions.
        """
        if len(shape) != 3:
            raise BadInput(f"`net='pyramid'` needs pictures (C, H, W), not data of shape {shape}.")
        height, width = shape[1:]
        found: list[Shape] = []
        for channels in self.channels[:-1]:
            if max(height, width) < 2 * _SMALL:
                raise BadInput(
                    f"`channels` has {len(self.channels)} resolutions, too many for pictures of "
                    f"{shape[1]} x {shape[2]}: give fewer."
                )
            height, width = -(-height // 2), -(-width // 2)
            found.append((channels, height, width))
        return (*found, (self.channels[-1], 1, 1))

    def code(self, shape: Shape, latent: int) -> int:
        """How many numbers the codes of all levels have, of `latent` channels each.

        Raises BadInput where that is none.
        """
        if latent < 1:
            raise BadInput(f"`latent` must be 1 or more, not {latent}.")
        maps = zip(self.maps(shape), self.levels, strict=True)
        return sum(latent * height * width * count for (_, height, width), count in maps)

    def block(self, inputs: int, outputs: int, where: Shape, scale: float = 1.0) -> "Block":
        """A block of the width that maps of this size have, from and to so many channels."""
        inner, kernel = max(1, where[0] // self.narrowed), 3 if max(where[1:]) > _SMALL else 1
        return Block(inputs, inner, outputs, kernel, scale)

    def encoder(self, shape: Shape, context: int = 0) -> "PyramidEncoder":
        """The body from pictures (B, C, H, W) to all maps, flat and side by side, (B, F)."""
        maps = self.maps(shape)
        scale = sum(self.levels) ** -0.5
        stages = [
            nn.Sequential(*(Added(self.block(each[0], each[0], each, scale)) for _ in range(count)))
            for each, count in zip(maps, self.levels, strict=True)
        ]
        return PyramidEncoder(shape[0], maps, stages, self.centre, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "PyramidDecoder":
        """The body from the largest map, flat (K, B, D), to parameters (K, B, M, C, H, W)."""
        first = self.maps(outputs[1:])[0]
        if latent != first[0] * first[1] * first[2]:
            raise BadInput(
                "`net='pyramid'` is for very-deep-vae, whose codes are maps: take conv or resnet."
            )
        return PyramidDecoder(first, Added(self.block(first[0], first[0], first)), outputs, context)


@final
class Block(nn.Module):
    """A bottleneck without normalisation, from maps (N, inputs, H, W) to (N, outputs, H, W).

    kernel: the width of what lies between narrowing and widening. scale: times PyTorch's default
    weights of the last layer.
    """

    def __init__(
        self, inputs: int, inner: int, outputs: int, kernel: int, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, inner, 1),
            nn.SiLU(),
            nn.Conv2d(inner, inner, kernel, 1, kernel // 2),
            nn.SiLU(),
            last := nn.Conv2d(inner, outputs, 1),
        )
        quieted(last, scale)

    def forward(self, x: Tensor) -> Tensor:
        """What it makes of maps."""
        change: Tensor = self.layers(x)
        return change


@final
class Added(nn.Module):
    """x plus what a block makes of it."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        change: Tensor = self.block(x)
        return x + change


@final
class PyramidEncoder(nn.Module):
    """From pictures (B, C, H, W) to the maps of all resolutions, flat and side by side, (B, F)."""

    def __init__(
        self,
        inputs: int,
        maps: tuple[Shape, ...],
        stages: list[nn.Sequential],
        centre: float,
        context: int = 0,
    ) -> None:
        super().__init__()
        self.features, self.centre, self.context = (
            sum(c * h * w for c, h, w in maps),
            centre,
            context,
        )
        self.sizes = [(height, width) for _, height, width in maps]
        self.first = nn.Conv2d(inputs, maps[0][0], 3, 2, 1)
        self.embedding = nn.Linear(context, maps[0][0], bias=False) if context else None
        self.stages = nn.ModuleList(stages)
        self.widen = nn.ModuleList(nn.Conv2d(a[0], b[0], 1) for a, b in pairwise(maps))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features of a batch."""
        pictures = centred(x, self.centre, mask).contiguous(memory_format=torch.channels_last)
        moved: Tensor = self.first(pictures)
        if context is not None and self.embedding is not None:
            moved = moved + self.embedding(context)[:, :, None, None]
        found = []
        for place, stage in enumerate(self.stages):
            if place:
                shrunk = functional.adaptive_avg_pool2d(moved, self.sizes[place])
                moved = self.widen[place - 1](shrunk)
            moved = stage(moved)
            found.append(flattened(moved))
        return torch.cat(found, 1)


@final
class PyramidDecoder(nn.Module):
    """From the largest map, flat (K, B, D), to parameters (K, B, M, C, H, W)."""

    def __init__(self, first: Shape, block: Added, outputs: Shape, context: int = 0) -> None:
        super().__init__()
        self.first, self.outputs, self.context = first, outputs, context
        self.embedding = heard(nn.Linear(context, first[0]), context) if context else None
        self.block = block
        inner = max(8, first[0] // 2)
        self.layers = nn.Sequential(
            nn.SiLU(),
            nn.ConvTranspose2d(first[0], inner, 4, 2, 1),
            nn.SiLU(),
            nn.Conv2d(inner, outputs[0] * outputs[1], 3, 1, 1),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters of the likelihood."""
        maps = as_maps(z, self.first)
        if context is not None and self.embedding is not None:
            told = self.embedding(context)[:, :, None, None]
            maps = maps + told.expand(len(z), *told.shape).flatten(0, 1)
        pictures: Tensor = self.layers(self.block(maps))
        height, width = self.outputs[-2:]
        return pictures[..., :height, :width].reshape(*z.shape[:2], *self.outputs)


def quieted(layer: nn.Conv2d, scale: float) -> nn.Conv2d:
    """A layer whose weights are scaled, and which adds nothing of its own at the start."""
    with torch.no_grad():
        layer.weight.mul_(scale)
        assert layer.bias is not None
        layer.bias.zero_()
    return layer


def flattened(maps: Tensor) -> Tensor:
    """Maps (N, C, H, W) as rows (N, H * W * C): as they lie where channels come last."""
    return maps.permute(0, 2, 3, 1).flatten(1)


def as_maps(rows: Tensor, where: Shape) -> Tensor:
    """Rows (..., H * W * C) as maps (N, C, H, W), of the size that `where` says."""
    channels, height, width = where
    return rows.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
