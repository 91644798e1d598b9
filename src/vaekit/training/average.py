"""Averaged weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor, nn


@final
class Average:
    """An exponential moving average of a model's weights and floating-point buffers.

    After step t the average moves by 1 - min(decay, (1 + t) / (10 + t)) towards the weights,
    so that a short run's average forgets where it started.
    Polyak and Juditsky 1992, https://doi.org/10.1137/0330046
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._model = model
        self.tensors = {name: t.detach().clone() for name, t in model.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights as they are after a step, counted from 1."""
        weights = self._model.state_dict()
        floating = [name for name, t in weights.items() if t.is_floating_point()]
        torch._foreach_lerp_(
            [self.tensors[name] for name in floating],
            [weights[name] for name in floating],
            1 - min(self.decay, (1 + step) / (10 + step)),
        )
        for name in weights.keys() - set(floating):
            self.tensors[name].copy_(weights[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model holds the average inside this context and its own weights after it."""
        own = {name: t.detach().clone() for name, t in self._model.state_dict().items()}
        overwrite(self._model, self.tensors)
        try:
            yield
        finally:
            overwrite(self._model, own)


@torch.no_grad()
def overwrite(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy tensors into a model's weights and buffers, by name."""
    for name, weight in model.state_dict().items():
        weight.copy_(tensors[name])
