"""The fully connected networks: shapes, sizes, options."""

import pytest
import torch
from torch import nn

from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior
from vaekit.nets import MLP
from vaekit.nets.activations import ACTIVATIONS


def count(*parts: nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 8, 8), (3, 5, 9)])
@pytest.mark.parametrize("needs", [1, 2])
def test_shapes_follow_the_contract(shape: tuple[int, ...], needs: int) -> None:
    net = MLP((16, 9))
    encoder, decoder = net.encoder(shape), net.decoder(4, (needs, *shape))
    assert encoder(torch.rand(6, *shape)).shape == (6, encoder.features)
    assert encoder.features == 9
    assert decoder(torch.randn(3, 6, 4)).shape == (3, 6, needs, *shape)


@pytest.mark.parametrize("size", [2, 10])
def test_the_article_network_has_the_parameters_counted_by_hand(size: int) -> None:
    net = MLP((500, 250))
    encoder, decoder = net.encoder((1, 28, 28)), net.decoder(size, (1, 1, 28, 28))
    into = 784 * 500 + 500 + 500 * 250 + 250
    back = size * 250 + 250 + 250 * 500 + 500 + 500 * 784 + 784
    assert count(encoder) == into == 517_750
    assert count(decoder) == back
    assert count(encoder, Deterministic(250, size), decoder) == into + 251 * size + back
    assert count(encoder, GaussianPosterior(250, size), decoder) == into + 502 * size + back


def test_the_input_is_centred_before_the_first_layer() -> None:
    encoder = MLP((3,), activation="tanh", centre=0.5).encoder((4,))
    first = encoder.layers[0]
    x = torch.rand(5, 4)
    expected = torch.tanh((x - 0.5) @ first.weight.T + first.bias)
    torch.testing.assert_close(encoder(x), expected)


def test_the_decoder_ends_without_an_activation() -> None:
    torch.manual_seed(0)
    decoder = MLP((8,)).decoder(2, (1, 30))
    given = decoder(10 * torch.randn(1, 50, 2, generator=torch.Generator().manual_seed(0)))
    assert (given < 0).any()
    assert (given > 0).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_option_trains_and_leaves_its_input_alone(activation: str, batch_norm: bool) -> None:
    net = MLP((6, 5), activation=activation, batch_norm=batch_norm)  # type: ignore[arg-type]
    encoder, decoder = net.encoder((4,)), net.decoder(5, (1, 4))
    x = torch.rand(8, 4)
    kept = x.clone()
    decoder(encoder(x).unsqueeze(0)).square().sum().backward()
    assert torch.equal(x, kept)
    assert all(p.grad is not None for p in [*encoder.parameters(), *decoder.parameters()])
    assert any(isinstance(layer, nn.BatchNorm1d) for layer in encoder.modules()) == batch_norm


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_row_does_not_depend_on_its_batch_once_trained(batch_norm: bool) -> None:
    net = MLP((16, 8), batch_norm=batch_norm)
    encoder, decoder = net.encoder((12,)), net.decoder(3, (1, 12))
    x, z = torch.rand(64, 12), torch.randn(1, 64, 3)
    encoder(x), decoder(z)  # moves the running statistics of batch normalisation
    encoder.eval(), decoder.eval()
    torch.testing.assert_close(encoder(x)[:1], encoder(x[:1]))
    torch.testing.assert_close(decoder(z)[:, :1], decoder(z[:, :1]))


@pytest.mark.parametrize("hidden", [(), (0,), (8, -1), (2.5,)])
def test_widths_that_make_no_network_are_refused_by_their_flag(hidden: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"^`hidden` "):
        MLP(hidden)


def test_an_unknown_activation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"^`activation` 'swish' .*relu.*silu"):
        MLP(activation="swish")  # type: ignore[arg-type]


def test_a_list_of_widths_becomes_a_tuple() -> None:
    assert MLP([8, 4]) == MLP((8, 4))  # type: ignore[arg-type]
    assert MLP([8, 4]).hidden == (8, 4)  # type: ignore[arg-type]
