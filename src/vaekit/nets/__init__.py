"""Encoder and decoder bodies, as options that build them."""

from vaekit.contracts import Net, Shape
from vaekit.nets.attention import Transformer
from vaekit.nets.bands import Bands
from vaekit.nets.conv import Conv
from vaekit.nets.critic import Critic, Judgement
from vaekit.nets.mlp import MLP
from vaekit.nets.pyramid import Pyramid
from vaekit.nets.resnet import ResNet
from vaekit.nets.sequences import LSTM, Bars
from vaekit.nets.styles import Styled

__all__ = [
    "LSTM",
    "MLP",
    "Bands",
    "Bars",
    "Conv",
    "Critic",
    "Judgement",
    "Net",
    "Pyramid",
    "ResNet",
    "Shape",
    "Styled",
    "Transformer",
]
