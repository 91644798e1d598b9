"""Activations by name, in place where that saves a pass over memory."""

from collections.abc import Callable
from typing import Literal

from torch import nn

Activation = Literal["relu", "leaky-relu", "elu", "silu", "gelu", "tanh"]

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky-relu": lambda: nn.LeakyReLU(0.01, inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "silu": nn.SiLU,  # its backward needs the input, so in place saves nothing
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
}
