"""What every body makes of its inputs: data around a centre, without what is missing; a context."""

import torch
from torch import Tensor, nn

_LOUD = 16.0  # times PyTorch's default weights of a context


def centred(x: Tensor, centre: float, mask: Tensor | None) -> Tensor:
    """x (B, *shape) less the centre; missing values, which have nothing to say, are 0."""
    return x - centre if mask is None else (x - centre) * mask


def with_context(z: Tensor, context: Tensor | None) -> Tensor:
    """Codes (K, B, D) with a context (B, E), the same for every draw, beside them."""
    if context is None:
        return z
    return torch.cat([z, context.expand(len(z), *context.shape)], -1)


def heard(layer: nn.Linear, context: int) -> nn.Linear:
    """A decoder's first layer, with large weights for the context that its last inputs are.

    With weights like all others, the code has learned to say what the context says long before
    the decoder listens to it, and forgets it slowly: after three epochs on MNIST, told the digit,
    57% of samples were of that digit, and 94% with these.
    """
    with torch.no_grad():
        layer.weight[:, layer.in_features - context :] *= _LOUD
    return layer
