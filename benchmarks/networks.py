"""The networks of the tasks as one writes them by hand, for the peer and the plain loop."""

import itertools
from collections.abc import Callable

from torch import Tensor, nn

CHANNELS = (3, 32, 64, 128, 256)
SIDE = 4  # of the smallest map


class Shift(nn.Module):
    """The data, centred on zero."""

    def forward(self, x: Tensor) -> Tensor:
        """x in [0, 1] becomes [-0.5, 0.5]."""
        return x - 0.5


def mlp(latent: int, inplace: bool) -> tuple[nn.Module, int, nn.Module]:
    """Encoder, its features and decoder of 784-500-250 and back."""
    encoder = [nn.Flatten(), Shift(), nn.Linear(784, 500), nn.ReLU(inplace)]
    encoder += [nn.Linear(500, 250), nn.ReLU(inplace)]
    decoder = [nn.Linear(latent, 250), nn.ReLU(inplace), nn.Linear(250, 500), nn.ReLU(inplace)]
    return nn.Sequential(*encoder), 250, nn.Sequential(*decoder, nn.Linear(500, 784))


def published(latent: int) -> tuple[nn.Module, int, nn.Module]:
    """The importance-weighted paper's encoder, its features and decoder: 784-200-200 and back."""
    encoder = [nn.Flatten(), nn.Linear(784, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh()]
    decoder = [nn.Linear(latent, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh()]
    return nn.Sequential(*encoder), 200, nn.Sequential(*decoder, nn.Linear(200, 784))


def conv(latent: int, inplace: bool) -> tuple[nn.Module, int, nn.Module]:
    """Encoder, its features and decoder of four strided convolutions and back."""
    encoder: list[nn.Module] = [Shift()]
    for inputs, outputs in itertools.pairwise(CHANNELS):
        encoder += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
        encoder += [nn.BatchNorm2d(outputs), nn.ReLU(inplace)]
    features = CHANNELS[-1] * SIDE * SIDE
    widths = CHANNELS[::-1]
    decoder: list[nn.Module] = [nn.Linear(latent, features), nn.Unflatten(1, (-1, SIDE, SIDE))]
    for inputs, outputs in itertools.pairwise(widths):
        decoder += [nn.BatchNorm2d(inputs), nn.ReLU(inplace)]
        decoder += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=outputs == CHANNELS[0])]
    return nn.Sequential(*encoder, nn.Flatten()), features, nn.Sequential(*decoder)


NETWORKS: dict[str, Callable[[int, bool], tuple[nn.Module, int, nn.Module]]] = {
    "MLP": mlp,
    "Conv": conv,
}
