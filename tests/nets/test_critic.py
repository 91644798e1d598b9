"""The critic's network: any picture size, the chosen layer's features, its options."""

import pytest
import torch
from torch import nn
from torch.nn.functional import leaky_relu

from vaekit.errors import BadInput
from vaekit.nets import Critic


def pictures(n: int, *shape: int) -> torch.Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("layer", [1, 2, 3])
@torch.no_grad()
def test_any_picture_size_is_judged(layer: int) -> None:
    critic = Critic((2, 3, 4), layer=layer)
    for size in range(2, 40):
        shape = (3, size, 41 - size)
        judged = critic.body(shape)(pictures(2, *shape))
        assert judged.realness.shape == (2,), shape
        assert judged.features.shape[:2] == (2, critic.channels[layer - 1]), shape


def test_realness_follows_from_the_features() -> None:
    body = Critic((4, 6, 8), layer=2).body((1, 16, 12))
    realness, features = body(pictures(3, 1, 16, 12))
    assert features.shape == (3, 6, 4, 3)
    last = body.above[0][0]
    above = leaky_relu(last(features), 0.2)
    torch.testing.assert_close(realness, body.head(above.flatten(1)).squeeze(1))


def test_the_features_of_the_first_layer_are_its_convolution() -> None:
    body = Critic((4, 6), layer=1, slope=0.3, centre=0.25).body((3, 8, 8))
    x = pictures(2, 3, 8, 8)
    convolved = leaky_relu(body.below[0][0](x - 0.25), 0.3)
    torch.testing.assert_close(body(x).features, convolved)


def test_a_picture_is_judged_apart_from_its_company() -> None:
    body = Critic((4, 6), layer=2).body((3, 16, 16))
    x = pictures(32, 3, 16, 16)
    together, alone = body(x), body(x[5:6])
    torch.testing.assert_close(together.realness[5:6], alone.realness, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(together.features[5:6], alone.features, rtol=1e-4, atol=1e-6)


def test_every_pixel_moves_the_judgement() -> None:
    # A pixel without influence is one that a decoder may paint as it likes.
    x = pictures(1, 3, 13, 10).requires_grad_()
    Critic((8, 8), layer=1).body((3, 13, 10))(x).realness.sum().backward()
    assert x.grad is not None
    assert x.grad.ne(0).all()


def test_the_default_has_four_layers_and_no_normalisation() -> None:
    body = Critic().body((3, 64, 64))
    convolutions = [part for part in body.modules() if isinstance(part, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [32, 64, 128, 256]
    assert not list(body.buffers())
    assert body(pictures(1, 3, 64, 64)).features.shape == (1, 128, 8, 8)


@pytest.mark.parametrize("shape", [(64,), (8, 8), (3, 1, 8)])
def test_data_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"^A critic needs pictures \(C, H, W\)"):
        Critic().body(shape)


@pytest.mark.parametrize("layer", [0, 5])
def test_a_layer_it_does_not_have_is_refused(layer: int) -> None:
    with pytest.raises(BadInput, match=r"^`layer` must be one of the critic's 1 to 4\."):
        Critic(layer=layer)


def test_channels_that_make_no_network_are_refused() -> None:
    with pytest.raises(BadInput, match=r"^`channels` "):
        Critic((8, 0))
