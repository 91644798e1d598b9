"""What every body makes of its inputs: data around a centre, without what is missing; a context."""

import torch
from torch import Tensor


def centred(x: Tensor, centre: float, mask: Tensor | None) -> Tensor:
    """x (B, *shape) less the centre; missing values, which have nothing to say, are 0."""
    return x - centre if mask is None else (x - centre) * mask


def with_context(z: Tensor, context: Tensor | None) -> Tensor:
    """Codes (K, B, D) with a context (B, E), the same for every draw, beside them."""
    if context is None:
        return z
    return torch.cat([z, context.expand(len(z), *context.shape)], -1)
