"""The network of spectrograms: shapes, the paper's sizes, context, mistakes."""

import pytest
import torch
from torch import nn

from vaekit.errors import BadInput
from vaekit.nets import Bands


@pytest.mark.parametrize("frames", [20, 21, 7, 1])
@pytest.mark.parametrize("context", [0, 3])
def test_bodies_give_what_they_say(frames: int, context: int) -> None:
    net, shape = Bands(channels=(6, 8, 10), dense=12), (1, 16, frames)
    encoder, decoder = net.encoder(shape, context), net.decoder(4, (2, *shape), context)
    told = torch.randn(5, context) if context else None
    features = encoder(torch.randn(5, *shape), told)
    assert features.shape == (5, encoder.features)
    assert decoder(torch.randn(3, 5, 4), told).shape == (3, 5, 2, *shape)


def test_the_default_is_the_papers() -> None:
    encoder = Bands().encoder((1, 80, 20))
    convs = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv1d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0]) for c in convs] == [
        (80, 64, 1, 1),
        (64, 128, 3, 2),
        (128, 256, 3, 2),
    ]
    assert encoder.features == 512


def test_a_context_is_heard_and_missing_values_are_not() -> None:
    encoder = Bands(channels=(6, 8), dense=0, batch_norm=False).encoder((1, 4, 6), 2)
    x, told = torch.randn(2, 1, 4, 6), torch.eye(2)
    assert not torch.equal(encoder(x, told), encoder(x, told.flip(0)))
    mask = torch.rand(x.shape) > 0.5
    other = torch.where(mask, x, torch.full_like(x, 9.0))
    torch.testing.assert_close(encoder(x, told, mask), encoder(other, told, mask))


def test_mistakes_are_named() -> None:
    with pytest.raises(BadInput, match="`kernel` must be odd, not 4"):
        Bands(kernel=4)
    with pytest.raises(BadInput, match="`dense` must be 0 or more"):
        Bands(dense=-1)
    with pytest.raises(BadInput, match="needs rows"):
        Bands().encoder((12,))
