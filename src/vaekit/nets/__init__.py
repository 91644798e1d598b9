"""Encoder and decoder bodies, as options that build them."""

from typing import Protocol

from torch import nn

from vaekit.nets.conv import Conv
from vaekit.nets.critic import Critic, Judgement
from vaekit.nets.mlp import MLP, Shape
from vaekit.nets.resnet import ResNet

__all__ = ["MLP", "Conv", "Critic", "Judgement", "Net", "ResNet", "Shape"]


class Net(Protocol):
    """Options of a network that can build both of its halves."""

    def encoder(self, shape: Shape) -> nn.Module:
        """The body from data (B, *shape) to features (B, F), with F as `.features`."""

    def decoder(self, latent: int, shape: Shape, needs: int) -> nn.Module:
        """The body from codes (K, B, D) to parameters (K, B, M, *shape)."""
