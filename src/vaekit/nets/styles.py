"""A net without an encoder: the code of a row is learned for its style, which it is told."""

import math
from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from vaekit.contracts import Decoder, Encoder, Net, Shape
from vaekit.errors import BadInput
from vaekit.nets.inputs import with_context


@final
@dataclass(frozen=True)
class Styled:
    """A net of which only the decoder is used: the context's first numbers are the style's.

    net: the decoder's. view: how many numbers at the context's end are not the style's; the
        decoder reads these. told: so many of them are of transformations.
    """

    net: Net
    view: int
    told: int = 0

    def encoder(self, shape: Shape, context: int = 0) -> Encoder:
        """What is told of the style, as features; raises BadInput where nothing is."""
        if context <= self.view:
            raise BadInput(
                f"The last {self.view - self.told} numbers that are told are the view's, and of "
                f"{max(context - self.told, 0)} none says the style: add `condition`, such as id "
                "elevation azimuth:angle."
            )
        return StyleEncoder(context - self.view, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> Decoder:
        """The net's decoder of the code and what is told, but for the style, as one."""
        return StyleDecoder(self.net.decoder(latent + self.view, outputs), self.view, context)


@final
class StyleEncoder(nn.Module):
    """The first F numbers of a context (B, E) as features: what a row shows is not looked at.

    They are scaled so that codes start as large as what else a decoder reads.
    """

    def __init__(self, features: int, context: int) -> None:
        super().__init__()
        self.features, self.context = features, context

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features (B, F)."""
        assert context is not None
        return context[:, : self.features] * math.sqrt(self.features)


@final
class StyleDecoder(nn.Module):
    """A decoder that reads the last numbers of a context beside a code, and no others."""

    def __init__(self, decoder: Decoder, view: int, context: int) -> None:
        super().__init__()
        self.decoder, self.view, self.context = decoder, view, context

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters (K, B, *outputs) of codes (K, B, D)."""
        assert context is not None
        return self.decoder(with_context(z, context[:, self.context - self.view :]))
