"""Gaussian posterior and prior."""

from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian, gaussian_of
from vaekit.errors import BadInput

_SPREAD = 4.0  # times PyTorch's default weights of the means
_LOG_SCALE = -3.0  # log standard deviation at the start
_QUIET = 0.01  # times the default weights of a conditional prior's last layer


@final
class GaussianPosterior(nn.Module):
    """q(z|x): a diagonal Gaussian whose mean and log scale are linear in the features.

    It starts narrow, with means spread wider than PyTorch's default: drowned in noise, some
    dimensions would lose to the prior in the first epochs and never come back. On MNIST with
    D = 10 that cost one or two units and up to four nats, depending on the seed.

    features: F. size: D. Kingma and Welling 2014, https://arxiv.org/abs/1312.6114
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.gives = DiagonalGaussian
        self.head = nn.Linear(features, 2 * size)
        with torch.no_grad():
            self.head.weight[:size] *= _SPREAD
            self.head.bias[size:] += _LOG_SCALE

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """The posterior of each row of features (B, F), over (B, D)."""
        return gaussian_of(self.head(features))


@final
class StandardNormal(nn.Module):
    """p(z): independent standard normals in D dimensions, without parameters."""

    zeros: Tensor
    context = 0

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.gives = size, DiagonalGaussian
        self.register_buffer("zeros", torch.zeros(size), persistent=False)

    def forward(
        self, infer: Infer | None = None, context: Tensor | None = None
    ) -> DiagonalGaussian:
        """The prior over one code of shape (D,)."""
        return DiagonalGaussian(self.zeros, self.zeros)


@final
class ConditionalNormal(nn.Module):
    """p(z|context): a diagonal Gaussian whose mean and log scale are a small network's.

    It starts close to the standard normal. Sohn, Lee and Yan 2015,
    https://papers.nips.cc/paper/5775

    context: numbers of the context, E. size: D. hidden_prior: width of the network.
    Raises BadInput where an option makes no sense.
    """

    def __init__(self, context: int, size: int, hidden_prior: int = 64) -> None:
        super().__init__()
        if hidden_prior < 1:
            raise BadInput(f"`hidden_prior` must be 1 or more, not {hidden_prior}.")
        self.context, self.size, self.gives = context, size, DiagonalGaussian
        self.hidden = nn.Linear(context, hidden_prior)
        self.head = nn.Linear(hidden_prior, 2 * size)
        with torch.no_grad():
            self.head.weight.mul_(_QUIET)
            self.head.bias.mul_(_QUIET)

    def forward(
        self, infer: Infer | None = None, context: Tensor | None = None
    ) -> DiagonalGaussian:
        """The prior over a code for each row of the context (B, E), over (B, D)."""
        assert context is not None
        return gaussian_of(self.head(self.hidden(context).relu()))
