"""Transformations of whole batches while training, which the decoder may be told of.

Objects on white with a mask, pictures (B, 4, H, W), are moved, turned, stretched and coloured.
A model in use is told of none, and so draws the object as it was. Melodies are transposed, and
nothing is told of it.
"""

import math
from typing import Self, final

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from vaekit.contracts import Shape
from vaekit.errors import BadInput

_PITCHES = 128
_GREY = (0.299, 0.587, 0.114)  # luminance of BT.601


@final
class Transformation(nn.Module):
    """A random shift, zoom, stretch, turn in the plane, hue, saturation and brightness a row.

    Each is drawn evenly from around nothing; what was drawn, as numbers from -1 to 1, is told.
    Dosovitskiy et al. 2015, https://arxiv.org/abs/1411.5928

    size: how many numbers it tells.

    strength: of all together: 1 moves by a tenth of the side, zooms and stretches by 15%, turns by
        15 degrees, rotates hues by 30 degrees, and changes saturation and brightness by a quarter.

    Raises BadInput for a strength that makes no sense.
    """

    size = 8

    def __init__(self, strength: float = 1.0) -> None:
        super().__init__()
        if not 0 <= strength <= 2:
            raise BadInput(f"`transformed` must be from 0 to 2, not {strength:g}.")
        self.strength = strength

    def check(self, shape: Shape) -> Self:
        """Itself; raises BadInput for data without a mask."""
        if len(shape) != 3 or shape[0] != 4:
            raise BadInput(
                "`transformed` needs pictures with the object's mask as a fourth channel, and "
                f"these data have the shape {shape}: give 0."
            )
        return self

    def drawn(self, rows: int, generator: Generator | None = None) -> Tensor:
        """What is told of so many rows, uniform in [-1, 1], shape (rows, size)."""
        place = torch.device("cpu") if generator is None else generator.device
        return 2 * torch.rand(rows, self.size, generator=generator, device=place) - 1

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Pictures (B, 4, H, W) transformed as they are told, (B, size)."""
        across, down, zoom, stretch, turn, hue, saturation, brightness = (
            told * self.strength
        ).unbind(1)
        # Premultiplied and black where nothing is, so that what moves in is nothing, too.
        object_, mask = x[:, :3] - 1 + x[:, 3:], x[:, 3:]
        where = _placed(0.2 * across, 0.2 * down, 0.15 * zoom, 0.15 * stretch, turn * math.pi / 12)
        grid = affine_grid(where, list(x.shape), align_corners=False)
        moved = grid_sample(torch.cat([object_, mask], 1), grid, align_corners=False)
        change = _coloured(hue * math.pi / 6, 1 + 0.25 * saturation, 1 + 0.25 * brightness)
        colours = torch.einsum("bij,bjhw->bihw", change, moved[:, :3])
        mask = moved[:, 3:]
        return torch.cat([colours.clamp(min=0).minimum(mask) + 1 - mask, mask], 1)


@final
class Transposition(nn.Module):
    """Melodies (B, V, T) moved by as many semitones in all their notes, drawn evenly for each.

    No note leaves the range of pitches by that; one that lies outside is not moved further.

    semitones: up or down at most. lowest, highest: the instrument's pitches, in MIDI's numbers.
    size: nothing is told of it.

    Raises BadInput for numbers that make no sense.
    """

    size = 0

    def __init__(self, semitones: int = 5, lowest: int = 36, highest: int = 96) -> None:
        super().__init__()
        if not 0 <= semitones <= _PITCHES:
            raise BadInput(f"`transposed` must be from 0 to {_PITCHES}, not {semitones}.")
        if not 0 <= lowest <= highest < _PITCHES:
            raise BadInput(f"`pitches` run from {lowest} to {highest}: give two from 0 to 127.")
        self.semitones, self.lowest, self.highest = semitones, lowest, highest

    def check(self, shape: Shape) -> Self:
        """Itself; raises BadInput for data that are no melodies."""
        if len(shape) != 2:
            raise BadInput(
                f"`transposed` is of melodies (V, T), and these data have the shape {shape}: "
                "give 0."
            )
        return self

    def drawn(self, rows: int, generator: Generator | None = None) -> Tensor:
        """Where in its own reach each row is moved to, uniform in [0, 1), shape (rows, 1)."""
        place = torch.device("cpu") if generator is None else generator.device
        return torch.rand(rows, 1, generator=generator, device=place)

    def forward(self, x: Tensor, drawn: Tensor) -> Tensor:
        """Symbols (B, V, T) transposed as was drawn, (B, 1)."""
        pitched = x < _PITCHES
        least = torch.where(pitched, x, _PITCHES - 1).flatten(1).amin(1)
        most = torch.where(pitched, x, 0).flatten(1).amax(1)
        down = (least - self.lowest).clamp(0, self.semitones)
        up = (self.highest - most).clamp(0, self.semitones)
        shift = (drawn[:, 0] * (down + up + 1)).floor() - down
        return torch.where(pitched, x + shift[:, None, None], x)


def _placed(across: Tensor, down: Tensor, zoom: Tensor, stretch: Tensor, turn: Tensor) -> Tensor:
    """Where a place of the new picture was in the old one, (B, 2, 3)."""
    wide, high = (-zoom - stretch).exp(), (-zoom + stretch).exp()
    cos, sin = turn.cos(), turn.sin()
    rows = (cos * wide, sin * wide, -across, -sin * high, cos * high, -down)
    return torch.stack(rows, 1).view(-1, 2, 3)


def _coloured(hue: Tensor, saturation: Tensor, brightness: Tensor) -> Tensor:
    """The change of colours as a matrix (B, 3, 3), which leaves greys grey.

    Hue turns around the axis of greys, and saturation goes away from the pixel's luminance.
    """
    ones = torch.full((3, 3), 1 / 3, device=hue.device)
    turned = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=hue.device) / math.sqrt(3)
    cos, sin = hue.cos()[:, None, None], hue.sin()[:, None, None]
    rotation = cos * (torch.eye(3, device=hue.device) - ones) + ones + sin * turned
    grey = torch.tensor(_GREY, device=hue.device).expand(3, 3)
    by = saturation[:, None, None]
    mixed = by * torch.eye(3, device=hue.device) + (1 - by) * grey
    return brightness[:, None, None] * (mixed @ rotation)
