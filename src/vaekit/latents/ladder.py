"""A hierarchy of Gaussian codes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Part, Read
from vaekit.distributions import BY_DIMENSION, DiagonalGaussian, full
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior, StandardNormal
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.records import Draw

_rates = BY_DIMENSION[DiagonalGaussian, DiagonalGaussian]


@final
class Ladder(nn.Module):
    """Gaussian codes one above the other: the upper ones say what to expect of the lower ones.

        features ─▶ upper features          p(top) = N(0, 1)
           │              │                        │
           ▼              ▼                        ▼
        q(bottom | x, top) ◀── top ◀── q(top | x)  p(bottom | top)

    Below the top, the posterior is the product of what the features say and of the prior given
    the level above. All levels side by side, the top first, are the code: what the decoder
    reads, what `encode` gives. Sønderby et al. 2016, https://arxiv.org/abs/1602.02282

    features: F. sizes: D of each level, from the top down. hidden_ladder: width of the networks
    between levels. Raises BadInput where an option makes no sense.
    """

    def __init__(self, features: int, sizes: Sequence[int], hidden_ladder: int = 128) -> None:
        super().__init__()
        if not sizes or min(sizes) < 1:
            raise BadInput(f"`latent` must be one size or more, from the top, not {list(sizes)}.")
        if hidden_ladder < 1:
            raise BadInput(f"`hidden_ladder` must be 1 or more, not {hidden_ladder}.")
        self.sizes, self.size, self.context = tuple(sizes), sum(sizes), 0
        self.space = EUCLIDEAN
        self.provides = frozenset({"z", "code", "log_q", "log_p", "rate", "rates", "prior"})
        widths = [hidden_ladder] * (len(sizes) - 1) + [features]  # of each level's features
        self.up = nn.ModuleList(
            nn.Sequential(nn.Linear(lower, upper), nn.ReLU()) for upper, lower in pairwise(widths)
        )
        self.posteriors = nn.ModuleList(map(GaussianPosterior, widths, sizes))
        self.top = StandardNormal(sizes[0])
        self.priors = nn.ModuleList(
            nn.Sequential(
                nn.Linear(upper, hidden_ladder),
                nn.ReLU(),
                nn.Linear(hidden_ladder, 2 * size),
            )
            for upper, size in pairwise(sizes)
        )

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes z (K, B, D) of all levels; rates are of each level given the one above.

        In closed form given the upper draws, and the mean over these.
        """
        levels = self._descend(features, draws, generator)
        z = torch.cat([z for _, _, z in levels], -1)
        rates = torch.cat(
            [_rates(q, p).expand(draws, *z.shape[1:]).mean(0) for q, p, z in levels], -1
        )
        log_q = log_p = None
        if scored:
            log_q = torch.stack([q.log_prob(z) for q, _, z in levels]).sum(0)
            log_p = torch.stack([p.log_prob(z) for _, p, z in levels]).sum(0)
        return Draw(z, self.encode(features), log_q, log_p, rates.sum(-1), rates)

    def encode(self, features: Tensor) -> Tensor:
        """The modes of all levels, each given that above, for features (B, F), (B, D)."""
        return torch.cat([z[0] for _, _, z in self._descend(features, None, None)], -1)

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes (n, D), drawn from the top down."""
        levels = [self.top().sample((n,), generator, temperature)]
        for place in range(len(self.priors)):
            p = self._expected(place, levels[-1])
            levels.append(p.sample((), generator, temperature))
        return torch.cat(levels, -1)

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """log p(z) of codes (K, B, D) of all levels in nats, (K, B)."""
        levels = torch.split(z, list(self.sizes), -1)
        found: Tensor = self.top().log_prob(levels[0])
        for place, (above, level) in enumerate(pairwise(levels)):
            found = found + self._expected(place, above).log_prob(level)
        return found

    def generating(self) -> tuple[Part, ...]:
        """The priors of all levels, which the posterior reads, too."""
        return (self.top, self.priors)

    def _descend(
        self, features: Tensor, draws: int | None, generator: Generator | None
    ) -> list[tuple[DiagonalGaussian, DiagonalGaussian, Tensor]]:
        """Posterior, prior and code (K, B, D) of every level, from the top; modes without draws."""
        heights = [features]
        for up in reversed(self.up):
            heights.insert(0, up(heights[0]))
        found: list[tuple[DiagonalGaussian, DiagonalGaussian, Tensor]] = []
        for place, posterior in enumerate(self.posteriors):
            q: DiagonalGaussian = posterior(heights[place])
            p = self.top()
            shape: tuple[int, ...] = (draws or 1,)
            if found:
                p, shape = self._expected(place - 1, found[-1][2]), ()
                q = _product(q, p)
            if draws is None:
                z = q.mode.expand(*shape, *q.mode.shape)
            else:
                z = q.rsample(shape, generator)
            found.append((q, p, z))
        return found

    def _expected(self, place: int, above: Tensor) -> DiagonalGaussian:
        """The prior of the level below one, given that one's code (..., D)."""
        loc, log_scale = full(self.priors[place](above)).chunk(2, -1)
        return DiagonalGaussian(loc, log_scale)


def _product(one: DiagonalGaussian, other: DiagonalGaussian) -> DiagonalGaussian:
    """The normalised product of two Gaussians: precisions add, means are weighted by them."""
    # Of precision 1 / s^2 = 1 / a^2 + 1 / b^2, in logarithms so that nothing overflows.
    log_scale = -0.5 * torch.logaddexp(-2 * one.log_scale, -2 * other.log_scale)
    weight = (2 * (log_scale - one.log_scale)).exp()
    return DiagonalGaussian(other.loc + weight * (one.loc - other.loc), log_scale)
