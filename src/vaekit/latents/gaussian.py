"""Gaussian posterior and prior."""

from typing import Any, final

import torch
from torch import Tensor, nn

from vaekit.distributions import DiagonalGaussian


@final
class GaussianPosterior(nn.Module):
    """q(z|x): a diagonal Gaussian whose mean and log scale are linear in the features.

    features: F. size: D. Kingma and Welling 2014, https://arxiv.org/abs/1312.6114
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.head = nn.Linear(features, 2 * size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """The posterior of each row of features (B, F), over (B, D)."""
        loc, log_scale = self.head(features).chunk(2, -1)
        return DiagonalGaussian(loc, log_scale)


@final
class StandardNormal(nn.Module):
    """p(z): independent standard normals in D dimensions, without parameters."""

    zeros: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.zeros(size), persistent=False)

    def forward(self, infer: Any = None, context: Tensor | None = None) -> DiagonalGaussian:
        """The prior over one code of shape (D,)."""
        return DiagonalGaussian(self.zeros, self.zeros)
