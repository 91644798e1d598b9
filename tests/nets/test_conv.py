"""The convolutional networks: any picture size, the article's networks, options."""

import pytest
import torch
from torch import nn

from vaekit.errors import BadInput
from vaekit.nets import Conv
from vaekit.nets.activations import ACTIVATIONS


def count(*parts: nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("colours", [1, 3])
@torch.no_grad()
def test_the_decoder_gives_every_picture_size_back(kernel: int, colours: int) -> None:
    net = Conv((2, 3, 4), kernel=kernel)
    for size in range(8, 71):
        shape = (colours, size, 78 - size)
        encoder, decoder = net.encoder(shape).eval(), net.decoder(2, (2, *shape)).eval()
        features = encoder(torch.rand(1, *shape))
        assert features.shape == (1, encoder.features), shape
        assert decoder(torch.zeros(1, 1, 2)).shape == (1, 1, 2, *shape), shape


@pytest.mark.parametrize("kernel", [3, 4, 5, 6, 7])
def test_every_layer_halves_the_picture(kernel: int) -> None:
    halved = Conv((2, 2), kernel=kernel).sizes((1, 64, 32))
    assert halved == [(64, 32), (32, 16), (16, 8)]


def test_draws_and_batch_keep_their_places() -> None:
    decoder = Conv((4, 8)).decoder(3, (2, 3, 16, 12)).eval()
    z = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(0))
    together = decoder(z)
    assert together.shape == (5, 7, 2, 3, 16, 12)
    torch.testing.assert_close(together[3:4, 2:3], decoder(z[3:4, 2:3]))


def test_the_article_network_for_digits() -> None:
    net = Conv((16, 32), batch_norm=False)
    encoder, decoder = net.encoder((1, 28, 28)), net.decoder(2, (1, 1, 28, 28))
    assert net.sizes((1, 28, 28)) == [(28, 28), (14, 14), (7, 7)]
    assert encoder.features == 32 * 7 * 7
    assert count(encoder) == (16 * 16 + 16) + (16 * 16 * 32 + 32)
    features = 32 * 7 * 7
    assert count(decoder) == (3 * features) + (32 * 16 * 16 + 16) + (16 * 16 + 1)
    assert decoder(torch.zeros(2, 3, 2)).shape == (2, 3, 1, 1, 28, 28)


def test_the_article_network_for_faces_is_the_default() -> None:
    net = Conv()
    encoder, decoder = net.encoder((3, 64, 64)), net.decoder(10, (1, 3, 64, 64))
    assert net.channels == (32, 64, 128, 256)
    assert encoder.features == 256 * 4 * 4
    widths = ((3, 32), (32, 64), (64, 128), (128, 256))
    assert count(encoder) == sum(16 * a * b + 2 * b for a, b in widths)
    assert decoder(torch.zeros(1, 2, 10)).shape == (1, 2, 1, 3, 64, 64)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_option_trains_and_leaves_its_input_alone(activation: str, batch_norm: bool) -> None:
    net = Conv((3, 4), activation=activation, batch_norm=batch_norm)  # type: ignore[arg-type]
    encoder, decoder = net.encoder((1, 9, 8)), net.decoder(16, (1, 1, 9, 8))
    x = torch.rand(4, 1, 9, 8)
    kept = x.clone()
    decoder(encoder(x).unsqueeze(0)).square().sum().backward()
    assert torch.equal(x, kept)
    assert all(p.grad is not None for p in [*encoder.parameters(), *decoder.parameters()])
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in decoder.modules()) == batch_norm


def test_the_input_is_centred_before_the_first_layer() -> None:
    encoder = Conv((4,), batch_norm=False, centre=0.25).encoder((1, 8, 8)).eval()
    first = encoder.layers[0]
    expected = nn.functional.relu(first.bias)[:, None].expand(4, 16).flatten()
    torch.testing.assert_close(encoder(torch.full((1, 1, 8, 8), 0.25)), expected[None])


def test_a_row_does_not_depend_on_its_batch_once_trained() -> None:
    net = Conv((8, 8))
    encoder, decoder = net.encoder((3, 16, 16)), net.decoder(3, (1, 3, 16, 16))
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(64, 3, 16, 16, generator=generator)
    z = torch.randn(1, 64, 3, generator=generator)
    encoder(x), decoder(z)  # moves the running statistics of batch normalisation
    encoder.eval(), decoder.eval()
    torch.testing.assert_close(encoder(x)[:1], encoder(x[:1]), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(decoder(z)[:, :1], decoder(z[:, :1]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(64,), (8, 8)])
def test_data_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"^`net='conv'` needs pictures \(C, H, W\)"):
        Conv().encoder(shape)


def test_too_many_layers_for_a_picture_are_refused_by_their_flag() -> None:
    with pytest.raises(BadInput, match=r"^`channels` has 4 halving layers.*8 x 30.*fewer"):
        Conv().decoder(2, (1, 1, 8, 30))


@pytest.mark.parametrize("channels", [(), (0,), (8, -1)])
def test_channels_that_make_no_network_are_refused_by_their_flag(
    channels: tuple[int, ...],
) -> None:
    with pytest.raises(BadInput, match=r"^`channels` "):
        Conv(channels)


def test_a_kernel_too_small_to_halve_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^`kernel` must be at least 3, not 2"):
        Conv(kernel=2)


def test_an_unknown_activation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"^`activation` 'swish' .*relu.*silu"):
        Conv(activation="swish")  # type: ignore[arg-type]


def test_a_context_moves_the_first_channels_by_what_a_linear_layer_makes_of_it() -> None:
    plain, told = (Conv((4, 8)).encoder((3, 16, 16), context) for context in (0, 5))
    few = Conv((4, 8), embed=False).encoder((3, 16, 16), 5)
    assert count(told) == count(plain) + 5 * 4
    assert count(few) == count(plain) + 5 * 4 * 4 * 4
    told.load_state_dict(plain.state_dict() | {"embedding.weight": torch.zeros(4, 5)})
    x, context = torch.rand(6, 3, 16, 16), torch.randn(6, 5)
    torch.testing.assert_close(told(x, context), plain(x))
    with torch.no_grad():
        told.embedding.weight.normal_()
    shifts = told.layers[0](x - 0.5) + told.embedding(context)[:, :, None, None]
    torch.testing.assert_close(told(x, context), told.layers[1:](shifts).flatten(1))
