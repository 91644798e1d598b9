"""Stochastic layers, inferred from the data up and generated from the top down."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Generator, Tensor, nn
from torch.func import functional_call

from vaekit.contracts import CodeDistribution, Part, Prior, Read
from vaekit.distributions import DiagonalGaussian, gaussian_of
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior
from vaekit.latents.levels import check_sizes, log_levels, on_top, sampled
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.nets import MLP
from vaekit.nets.activations import Activation
from vaekit.records import Draw


@final
class Hierarchy(nn.Module):
    """Gaussian codes one above the other, each inferred from the one below it.

        features ─▶ q(h1 | x) ─▶ h1 ─▶ q(h2 | h1) ─▶ h2
                                                      │
        decoder ◀────── h1 ◀── p(h1 | h2) ◀───────────┘   p(h2) = N(0, 1)

    The decoder reads the lowest level alone; the code has all of them side by side, the top
    first. The rate is an estimate from the draws. Burda, Grosse and Salakhutdinov 2016,
    https://arxiv.org/abs/1509.00519

    features: F. sizes: D of each level, from the top down. hidden_levels, activation_levels:
    widths, upwards, of the network from each level to the one above, mirrored on the way back.
    top: the top level's prior, standard normal where it is left out; one that asks for a batch's
    posterior gets that of the top given the modes of the levels below.

    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self,
        features: int,
        sizes: Sequence[int],
        hidden_levels: Sequence[int] = (100, 100),
        activation_levels: Activation = "tanh",
        top: Prior | None = None,
    ) -> None:
        super().__init__()
        check_sizes(sizes)
        if not hidden_levels or min(hidden_levels) < 1:
            raise BadInput(f"`hidden_levels` must be widths above 0, not {list(hidden_levels)}.")
        self.sizes, self.size, self.reads = tuple(sizes), sum(sizes), sizes[-1]
        self.space = EUCLIDEAN
        up = MLP(tuple(hidden_levels), activation_levels, centre=0.0)
        down = MLP(tuple(reversed(hidden_levels)), activation_levels, centre=0.0)
        self.bottom = GaussianPosterior(features, sizes[-1])
        self.posteriors = nn.ModuleList(
            up.layers(lower, 2 * upper) for upper, lower in reversed(list(pairwise(sizes)))
        )
        self.top = on_top(sizes, top)
        self.priors = nn.ModuleList(
            down.layers(upper, 2 * lower) for upper, lower in pairwise(sizes)
        )
        self.context = self.top.context
        self.provides = frozenset({"z", "code", "log_q", "log_p", "rate", "prior", "still_log_q"})

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes z (K, B, D) with log q, log p (K, B) and the rate (B,), in nats."""
        lowest = self.bottom(features)
        h, log_q = lowest.draw(draws, generator)
        levels = [h]
        for posterior in self.posteriors:
            q = gaussian_of(posterior(levels[0]))
            levels.insert(0, q.rsample((), generator))
            log_q = log_q + q.log_prob(levels[0])
        z = torch.cat(levels, -1)
        log_p = self.log_prior(z, read, context)
        return Draw(
            z,
            lambda: self.encode(features),
            log_q,
            log_p,
            rate=(log_q - log_p).mean(0),
            still_log_q=lambda: self._still(lowest, z),
        )

    def state(self, z: Tensor) -> Tensor:
        """The lowest level (K, B, reads) of codes (K, B, D)."""
        return z[..., self.size - self.reads :]

    def encode(self, features: Tensor) -> Tensor:
        """The modes of all levels, each given that below, for features (B, F), (B, D)."""
        levels = [self.bottom(features).mode]
        for posterior in self.posteriors:
            levels.insert(0, gaussian_of(posterior(levels[0])).mode)
        return torch.cat(levels, -1)

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes (n, D), drawn from the top down."""
        top = self._expected_top(read, context)
        return sampled(top, self.priors, n, generator, temperature)

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """log p(z) of codes (K, B, D) of all levels in nats, (K, B)."""
        top = self._expected_top(read, context)
        return log_levels(top, self.priors, torch.split(z, list(self.sizes), -1))

    def generating(self) -> tuple[Part, ...]:
        """The priors of all levels."""
        return (self.top, self.priors)

    def _expected_top(self, read: Read, context: Tensor | None) -> CodeDistribution:
        """The prior of the top level, which may ask for the posterior of a batch."""
        return self.top(lambda batch: self._topmost(read(batch)), context)

    def _topmost(self, features: Tensor) -> DiagonalGaussian:
        """The posterior of the top, given the modes of the levels below."""
        q: DiagonalGaussian = self.bottom(features)
        for posterior in self.posteriors:
            q = gaussian_of(posterior(q.mode))
        return q

    def _still(self, lowest: DiagonalGaussian, z: Tensor) -> Tensor:
        """log q of codes whose gradient passes through the codes alone, upper levels' too."""
        levels = torch.split(z, list(self.sizes), -1)
        found = lowest.still().log_prob(levels[-1])
        upwards = pairwise(reversed(levels))
        for posterior, (below, level) in zip(self.posteriors, upwards, strict=True):
            weights = {name: weight.detach() for name, weight in posterior.named_parameters()}
            q = gaussian_of(functional_call(posterior, weights, (below,)))
            found = found + q.log_prob(level)
        return found
