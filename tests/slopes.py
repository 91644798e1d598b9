"""Gradients beside finite differences."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def assert_gradients_are_right(value: Callable[[], Tensor], model: nn.Module) -> None:
    """Of a scalar in every parameter of a model of float64, along a random direction each."""
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(value(), parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        direction = torch.randn_like(parameter)
        with torch.no_grad():
            parameter += 1e-5 * direction
            above = value()
            parameter -= 2e-5 * direction
            below = value()
            parameter += 1e-5 * direction
        assert gradient.any()
        expected = (above - below) / 2e-5
        torch.testing.assert_close((gradient * direction).sum(), expected, rtol=1e-3, atol=1e-5)
