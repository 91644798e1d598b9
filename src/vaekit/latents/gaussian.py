"""Gaussian posteriors and priors."""

from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian, FullGaussian, full, gaussian_of
from vaekit.errors import BadInput

_SPREAD = 4.0  # times PyTorch's default weights of the means
_LOG_SCALE = -3.0  # log standard deviation at the start
_QUIET = 0.01  # times the default weights of a last layer that starts close to saying nothing


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
        _start(self.head, size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """The posterior of each row of features (B, F), over (B, D)."""
        return gaussian_of(self.head(features))


@final
class FullPosterior(nn.Module):
    """q(z|x): a Gaussian of full covariance, whose Cholesky factor is the features'.

    Mean, log of the diagonal and what is below it, as a multiple of its row's diagonal so that
    small changes do not drown a narrow code, are linear in the features; it starts as
    `GaussianPosterior` does, with next to nothing below. Kingma and Welling 2019,
    https://arxiv.org/abs/1906.02691

    features: F. size: D.
    """

    places: Tensor

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.size, self.gives = size, FullGaussian
        rows, columns = torch.tril_indices(size, size, -1)
        self.register_buffer("places", rows * size + columns, persistent=False)
        self.head = nn.Linear(features, 2 * size + len(rows))
        _start(self.head, size)
        quieten(self.head.weight[2 * size :], self.head.bias[2 * size :])

    def forward(self, features: Tensor) -> FullGaussian:
        """The posterior of each row of features (B, F), over (B, D)."""
        sizes = [self.size, self.size, len(self.places)]
        loc, log_scale, numbers = torch.split(full(self.head(features)), sizes, -1)
        flat = numbers.new_zeros(len(features), self.size**2)
        below = flat.index_copy(1, self.places, numbers).view(-1, self.size, self.size)
        return FullGaussian(loc, log_scale, below)


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
        quieten(self.head.weight, self.head.bias)

    def forward(
        self, infer: Infer | None = None, context: Tensor | None = None
    ) -> DiagonalGaussian:
        """The prior over a code for each row of the context (B, E), over (B, D)."""
        assert context is not None
        return gaussian_of(self.head(self.hidden(context).relu()))


@torch.no_grad()
def _start(head: nn.Linear, size: int) -> None:
    """Spread means, which come first, and narrow scales, which come next."""
    head.weight[:size] *= _SPREAD
    head.bias[size : 2 * size] += _LOG_SCALE


@torch.no_grad()
def quieten(*weights: Tensor) -> None:
    """Have weights of a last layer say next to nothing at the start."""
    for each in weights:
        each.mul_(_QUIET)
