"""A hierarchy of Gaussian codes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import CodeDistribution, Infer, Part, Prior, Read
from vaekit.distributions import (
    BY_DIMENSION,
    DiagonalGaussian,
    gaussian_of,
    rate,
    rate_by_dimension,
)
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior
from vaekit.latents.levels import check_sizes, log_levels, on_top, sampled
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
    between levels. top: the top level's prior, standard normal where it is left out; one that
    asks for a batch's posterior gets q(top|x). merged: whether posteriors are such products;
    otherwise a network reads features and the level above together, as in Tomczak and Welling
    2018, https://arxiv.org/abs/1705.07120. Raises BadInput where an option makes no sense.
    """

    def __init__(
        self,
        features: int,
        sizes: Sequence[int],
        hidden_ladder: int = 128,
        top: Prior | None = None,
        merged: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(sizes)
        if hidden_ladder < 1:
            raise BadInput(f"`hidden_ladder` must be 1 or more, not {hidden_ladder}.")
        self.sizes, self.size, self.merged = tuple(sizes), sum(sizes), merged
        self.space = EUCLIDEAN
        widths = [hidden_ladder] * (len(sizes) - 1) + [features]  # of each level's features
        self.up = nn.ModuleList(
            nn.Sequential(nn.Linear(lower, upper), nn.ReLU()) for upper, lower in pairwise(widths)
        )
        joined = len(sizes) if merged else 1  # the first that reads the level above, too
        self.posteriors = nn.ModuleList(map(GaussianPosterior, widths[:joined], sizes))
        for place in range(joined, len(sizes)):
            read = widths[place] + sizes[place - 1]
            self.posteriors.append(_joint(read, hidden_ladder, sizes[place]))
        self.top: Prior = on_top(sizes, top)
        self.priors = nn.ModuleList(
            nn.Sequential(
                nn.Linear(upper, hidden_ladder),
                nn.ReLU(),
                nn.Linear(hidden_ladder, 2 * size),
            )
            for upper, size in pairwise(sizes)
        )
        self.context = self.top.context
        closed = {"rates"} if (DiagonalGaussian, self.top.gives) in BY_DIMENSION else set()
        self.provides = frozenset({"z", "code", "log_q", "log_p", "rate", "prior"} | closed)

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

        In closed form given the upper draws, where there is one, and the mean over these.
        """
        qs, lower, zs = self._descend(features, draws, generator)
        ps: list[CodeDistribution] = [self._expected_top(read, context), *lower]
        below = [_rates(q, p) for q, p in zip(qs[1:], lower, strict=True)]
        top, rates = rate_by_dimension(qs[0], ps[0]), None
        if top is None:
            z = zs[0]
            total = rate(qs[0], ps[0], qs[0].log_prob(z), ps[0].log_prob(z))
            total = total + sum(each.sum(-1).mean(0) for each in below)
        else:
            by_level = zip([top, *below], zs, strict=True)
            rates = torch.cat([r.expand(draws, *z.shape[1:]).mean(0) for r, z in by_level], -1)
            total = rates.sum(-1)
        log_q = log_p = None
        if scored:
            log_q = torch.stack([q.log_prob(z) for q, z in zip(qs, zs, strict=True)]).sum(0)
            log_p = torch.stack([p.log_prob(z) for p, z in zip(ps, zs, strict=True)]).sum(0)
        return Draw(torch.cat(zs, -1), lambda: self.encode(features), log_q, log_p, total, rates)

    def encode(self, features: Tensor) -> Tensor:
        """The modes of all levels, each given that above, for features (B, F), (B, D)."""
        return torch.cat([z[0] for z in self._descend(features, None, None)[2]], -1)

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
        """The priors of all levels, which the posterior reads, too."""
        return (self.top, self.priors)

    def _descend(
        self, features: Tensor, draws: int | None, generator: Generator | None
    ) -> tuple[list[DiagonalGaussian], list[DiagonalGaussian], list[Tensor]]:
        """Posteriors and codes (K, B, D) of every level, from the top, and priors of all below it.

        Codes are modes without draws.
        """
        qs: list[DiagonalGaussian] = []
        ps: list[DiagonalGaussian] = []
        zs: list[Tensor] = []
        for posterior, height in zip(self.posteriors, self._heights(features), strict=True):
            shape: tuple[int, ...] = () if zs else (draws or 1,)
            if zs:
                ps.append(gaussian_of(self.priors[len(ps)](zs[-1])))
            if zs and not self.merged:
                height = torch.cat([height.expand(len(zs[-1]), *height.shape), zs[-1]], -1)
            q: DiagonalGaussian = posterior(height)
            if zs and self.merged:
                q = _product(q, ps[-1])
            qs.append(q)
            zs.append(
                q.mode.expand(*shape, *q.mode.shape)
                if draws is None
                else q.rsample(shape, generator)
            )
        return qs, ps, zs

    def _heights(self, features: Tensor) -> list[Tensor]:
        """The features (B, F) that each level reads, from the top."""
        heights = [features]
        for up in reversed(self.up):
            heights.insert(0, up(heights[0]))
        return heights

    def _expected_top(self, read: Read, context: Tensor | None) -> CodeDistribution:
        """The prior of the top level, which may ask for the posterior of a batch."""
        infer: Infer = lambda batch: self.posteriors[0](self._heights(read(batch))[0])  # noqa: E731
        return self.top(infer, context)


def _joint(inputs: int, hidden: int, size: int) -> nn.Sequential:
    """A posterior that reads features and the level above it, side by side."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), GaussianPosterior(hidden, size))


def _product(one: DiagonalGaussian, other: DiagonalGaussian) -> DiagonalGaussian:
    """The normalised product of two Gaussians: precisions add, means are weighted by them."""
    # Of precision 1 / s^2 = 1 / a^2 + 1 / b^2, in logarithms so that nothing overflows.
    log_scale = -0.5 * torch.logaddexp(-2 * one.log_scale, -2 * other.log_scale)
    weight = (2 * (log_scale - one.log_scale)).exp()
    return DiagonalGaussian(other.loc + weight * (one.loc - other.loc), log_scale)
