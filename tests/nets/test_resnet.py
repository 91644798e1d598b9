"""The residual network: any picture size, where its blocks are, its options."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vaekit.errors import BadInput
from vaekit.nets import Conv, ResNet
from vaekit.nets.resnet import Residual


def pictures(n: int, *shape: int) -> torch.Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0))


def widths(body: nn.Module) -> list[int]:
    """The channels of each block, in order."""
    blocks = [part for part in body.modules() if isinstance(part, Residual)]
    convolutions = [[p for p in block.modules() if isinstance(p, nn.Conv2d)] for block in blocks]
    assert all(layers[0].in_channels == layers[-1].out_channels for layers in convolutions)
    return [layers[0].in_channels for layers in convolutions]


@pytest.mark.parametrize("colours", [1, 3])
@torch.no_grad()
def test_the_decoder_gives_every_picture_size_back(colours: int) -> None:
    net = ResNet((2, 4, 6), plain=1)
    for size in range(8, 71):
        shape = (colours, size, 78 - size)
        encoder, decoder = net.encoder(shape).eval(), net.decoder(2, (2, *shape)).eval()
        features = encoder(torch.rand(1, *shape))
        assert features.shape == (1, encoder.features), shape
        assert decoder(torch.zeros(1, 1, 2)).shape == (1, 1, 2, *shape), shape


def test_blocks_follow_small_maps_only() -> None:
    net = ResNet((4, 8, 8, 16), blocks=2, plain=2)
    assert widths(net.encoder((3, 32, 32))) == [8, 8, 16, 16]
    assert widths(net.decoder(3, (1, 3, 32, 32))) == [16, 16, 8, 8]
    assert widths(ResNet((4, 8), plain=0).encoder((3, 8, 8))) == [4, 8]


def test_without_blocks_it_is_the_convolutional_network() -> None:
    shape, x = (3, 16, 16), pictures(4, 3, 16, 16)
    features = []
    for net in (ResNet((4, 8), blocks=0), Conv((4, 8), kernel=3)):
        torch.manual_seed(0)
        features.append(net.encoder(shape)(x))
    assert torch.equal(features[0], features[1])


def test_a_block_adds_a_small_change_to_its_input() -> None:
    torch.manual_seed(0)
    block = Residual(8, "relu")
    x = pictures(4, 8, 5, 5)
    change = block(x) - x
    torch.testing.assert_close(change, block.layers(x))
    assert 0 < change.norm() < 0.1 * x.norm()


def test_draws_and_batch_keep_their_places() -> None:
    decoder = ResNet((4, 8), plain=0).decoder(3, (2, 3, 16, 12)).eval()
    z = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(0))
    together = decoder(z)
    assert together.shape == (5, 7, 2, 3, 16, 12)
    torch.testing.assert_close(together[3:4, 2:3], decoder(z[3:4, 2:3]))


def multiplications(net: Conv | ResNet) -> int:
    shape = (3, 64, 64)
    with FlopCounterMode(display=False) as counter:
        net.encoder(shape)(pictures(1, *shape))
        net.decoder(100, (1, *shape)).eval()(torch.zeros(1, 1, 100))
    return int(counter.get_total_flops())


def test_the_default_costs_little_more_than_the_convolutional_network() -> None:
    assert 1 < multiplications(ResNet()) / multiplications(Conv()) < 1.3


@pytest.mark.parametrize("flag", ["blocks", "plain"])
def test_numbers_below_zero_are_refused_by_their_flag(flag: str) -> None:
    with pytest.raises(BadInput, match=f"^`{flag}` must be zero or more, not -1"):
        ResNet(**{flag: -1})


def test_channels_that_make_no_network_are_refused_by_their_flag() -> None:
    with pytest.raises(BadInput, match=r"^`channels` "):
        ResNet((8, -1))
