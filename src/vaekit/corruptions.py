"""Corruptions p(x~|x): noise in what the encoder reads while training; the target stays clean.

Each takes rows (B, *shape) and gives noisy rows of the same shape, drawn from torch's generator
or the one it is given. None has weights. Strength 0 leaves rows as they are.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Self, final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput, lookup

Bounds = tuple[float, float]
_WIDEST = 100.0


class Corruption(nn.Module, ABC):
    """The contract. `bounds`: where the data's values lie, where they have bounds.

    A picture's file cannot hold what lies beyond them, so a corruption cuts it off.
    """

    bounds: Bounds | None = None

    def fitted(self, shape: Shape, bounds: Bounds | None) -> Self:
        """Itself, for data of a shape with such bounds; raises BadInput where it fits them not."""
        self.bounds = bounds
        return self

    @abstractmethod
    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Noisy rows (B, *shape)."""


@final
class GaussianNoise(Corruption):
    """Noise of one standard deviation on every value.

    Args:
        scale: The standard deviation of the noise.
    """

    def __init__(self, scale: float = 0.3) -> None:
        super().__init__()
        if not 0 <= scale < math.inf:
            raise BadInput(f"`scale` of noise must be 0 or more and finite, not {scale:g}.")
        self.scale = scale

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Rows with the noise added, cut off at the bounds."""
        if not self.scale:
            return x
        noisy = torch.empty_like(x).normal_(generator=generator).mul_(self.scale).add_(x)
        return noisy if self.bounds is None else noisy.clamp_(*self.bounds)


@final
class SaltAndPepper(Corruption):
    """Some pixels, chosen at random, turned black or white by a fair coin, in all channels.

    Args:
        share: Share of the pixels that are turned.
    """

    bounds: Bounds | None = (0.0, 1.0)

    def __init__(self, share: float = 0.1) -> None:
        super().__init__()
        self.share = _share(share)

    def fitted(self, shape: Shape, bounds: Bounds | None) -> Self:
        """Itself; raises BadInput for data without bounds, which have no black and white."""
        if bounds is None:
            raise BadInput(
                "Salt and pepper are the black and white of pictures, and these data are none: "
                "take gaussian or masking noise."
            )
        return super().fitted(shape, bounds)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Rows with salt and pepper on them."""
        if not self.share:
            return x
        assert self.bounds is not None
        coins = _by_pixel(x, generator)
        noisy = torch.where(coins < self.share / 2, self.bounds[0], x)
        return torch.where(coins >= 1 - self.share / 2, self.bounds[1], noisy)


@final
class Masking(Corruption):
    """Some pixels, or values of vectors, chosen at random and set to 0, in all channels.

    Args:
        share: Share of the pixels that are set to 0.
    """

    def __init__(self, share: float = 0.25) -> None:
        super().__init__()
        self.share = _share(share)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Rows with gaps."""
        return x * (_by_pixel(x, generator) >= self.share) if self.share else x


@final
class Blocks(Corruption):
    """Square blocks of pixels set to 0: cells of a grid that lies elsewhere in every picture.

    Args:
        share: Share of the blocks that are set to 0.
        size: Side of a block in pixels.
    """

    def __init__(self, share: float = 0.25, size: int = 6) -> None:
        super().__init__()
        self.share, self.size = _share(share), size
        if size < 1:
            raise BadInput(f"`size` of blocks must be 1 or more, not {size}.")

    def fitted(self, shape: Shape, bounds: Bounds | None) -> Self:
        """Itself; raises BadInput for data that are no pictures, or smaller than a block."""
        _check_pictures("blocks", shape)
        if self.size > min(shape[1:]):
            raise BadInput(
                f"`size` of blocks is {self.size}, but pictures are {shape[1]} x {shape[2]}: "
                "take a smaller one."
            )
        return super().fitted(shape, bounds)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Pictures (B, C, H, W) with gaps."""
        if not self.share:
            return x
        rows, (height, width) = len(x), x.shape[2:]
        cells = [side // self.size + 2 for side in (height, width)]
        kept = torch.rand(rows, *cells, generator=generator, device=x.device) >= self.share
        start = torch.randint(self.size, (2, rows, 1), generator=generator, device=x.device)
        down, across = (
            (torch.arange(side, device=x.device) + offset) // self.size
            for side, offset in zip((height, width), start, strict=True)
        )
        pictures = torch.arange(rows, device=x.device)[:, None, None]
        return x * kept[pictures, down[:, :, None], across[:, None, :]].unsqueeze(1)


@final
class Blur(Corruption):
    """A Gaussian blur, the same for every picture; what lies beyond an edge mirrors the inside.

    Values that are missing count as 0.

    Args:
        sigma: The standard deviation of the blur in pixels.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        if not 0 <= sigma <= _WIDEST:
            raise BadInput(f"`sigma` of blur must be from 0 to {_WIDEST:g} pixels, not {sigma:g}.")
        self.sigma = sigma

    def fitted(self, shape: Shape, bounds: Bounds | None) -> Self:
        """Itself; raises BadInput for data that are no pictures."""
        _check_pictures("blur", shape)
        return super().fitted(shape, bounds)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Pictures (B, C, H, W), blurred."""
        if not self.sigma:
            return x
        down, across = (_blurring(side, self.sigma).to(x) for side in x.shape[2:])
        return down @ x @ across.T


SINGLE: dict[str, Callable[..., Corruption]] = {
    "gaussian": GaussianNoise,
    "salt-and-pepper": SaltAndPepper,
    "masking": Masking,
    "blocks": Blocks,
    "blur": Blur,
}


@final
class Several(Corruption):
    """One of several corruptions for every row, all equally likely.

    Args:
        parts: The corruptions with their strengths, as NAME:STRENGTH.
    """

    def __init__(
        self, parts: tuple[str, ...] = ("gaussian:0.3", "salt-and-pepper:0.1", "masking:0.25")
    ) -> None:
        super().__init__()
        if not parts:
            raise BadInput("`parts` are empty: give corruptions such as gaussian:0.3.")
        self.parts = nn.ModuleList(corruption(part) for part in parts)

    def fitted(self, shape: Shape, bounds: Bounds | None) -> Self:
        """Itself; raises BadInput where one of its parts does not fit."""
        for part in self.parts:
            assert isinstance(part, Corruption)
            part.fitted(shape, bounds)
        return super().fitted(shape, bounds)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Rows, each with the noise that it drew."""
        # Drawn where no device has to be waited for, so that each part sees its own rows only.
        place = torch.device("cpu") if generator is None else generator.device
        chosen = torch.randint(len(self.parts), (len(x),), generator=generator, device=place)
        noisy = torch.empty_like(x)
        for number, part in enumerate(self.parts):
            rows = (chosen == number).nonzero().squeeze(1).to(x.device)
            noisy[rows] = part(x[rows], generator)
        return noisy


def corruption(text: str) -> Corruption:
    """The corruption that NAME:STRENGTH means, such as gaussian:0.3; NAME alone has the usual one.

    Raises BadInput for an unknown name, suggesting the nearest, and for a strength out of range.
    """
    name, colon, strength = text.partition(":")
    part: Callable[..., Corruption] = lookup("corruption", SINGLE, name)
    if not colon:
        return part()
    try:
        value = float(strength)
    except ValueError:
        raise BadInput(
            f"{text!r} is no corruption with a strength: give one such as {name}:0.3."
        ) from None
    return part(value)


def _share(share: float) -> float:
    if not 0 <= share < 1:
        raise BadInput(f"`share` of what is corrupted must be from 0 to below 1, not {share:g}.")
    return share


def _by_pixel(x: Tensor, generator: Generator | None) -> Tensor:
    """Uniform numbers: one a value of x (B, *shape), or one for all channels of a pixel."""
    shape = (len(x), 1, *x.shape[2:]) if x.ndim == 4 else x.shape
    return torch.rand(shape, generator=generator, device=x.device)


def _check_pictures(name: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise BadInput(
            f"The corruption {name} needs pictures of rows and columns, and these data have the "
            f"shape {shape}: take gaussian or masking noise."
        )


@lru_cache(maxsize=16)
def _blurring(side: int, sigma: float) -> Tensor:
    """The blur along a side as a matrix (side, side), whose rows and columns sum to 1."""
    reach = math.ceil(4 * sigma)
    steps = torch.arange(-reach, reach + 1)
    weights = (-0.5 * (steps / sigma).double().square()).softmax(0)
    places = (torch.arange(side)[:, None] + steps).remainder(2 * side)
    mirrored = torch.minimum(places, 2 * side - 1 - places)
    matrix = torch.zeros(side, side, dtype=torch.float64)
    return matrix.scatter_add_(1, mirrored, weights.expand(side, -1)).float()
