"""A deep ladder of maps: codes drawn at several resolutions on one way from the top down."""

from collections.abc import Callable
from math import prod
from typing import final

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from vaekit.contracts import Part, Read, Shape
from vaekit.distributions import BY_DIMENSION, DiagonalGaussian, full
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.nets import Pyramid
from vaekit.nets.pyramid import Added, as_maps, flattened, quieted
from vaekit.records import Draw

_QUIET = 0.01  # times the default weights of a prior's last layer: it starts close to N(0, 1)
_STIRRED = 0.1  # standard deviation of what states begin with: of nothing, blocks learn nothing
_rates = BY_DIMENSION[DiagonalGaussian, DiagonalGaussian]

Choose = Callable[[int, Tensor, DiagonalGaussian], Tensor]
"""The code (N, D of a level) at a level, from its number, the state there and the prior."""


@final
class DeepLadder(nn.Module):
    """Gaussian codes on a residual way from one place to the largest map.

        map of the encoder      state of the level above
              │                        │
              ▼                        ▼
        q(z | x, state) ─▶ z ◀── p(z | state)
                           ▼
                    state + z + a block of it ─▶ the level below

    At each resolution there are several levels; between resolutions the state is enlarged. The
    decoder reads the last state, and so does not go this way again; the code is all z side by
    side, the top first. It starts as the paper has it: what is added at a level is scaled by the
    root of their number, and priors are nearly standard normal. Child 2021,
    https://arxiv.org/abs/2011.10650

    net: what made the features; shape: of the data. latent: channels of every level's code.
    Raises BadInput where an option makes no sense.
    """

    def __init__(self, net: Pyramid, shape: Shape, latent: int = 4) -> None:
        super().__init__()
        self.maps, self.context = net.maps(shape), 0
        self.provides = frozenset({"z", "code", "log_q", "log_p", "rate", "rates", "prior"})
        # From the top: the place among the maps that each level has.
        self.places = [p for p in reversed(range(len(self.maps))) for _ in range(net.levels[p])]
        self.codes = [(latent, *self.maps[place][1:]) for place in self.places]
        self.sizes = [prod(code) for code in self.codes]
        self.space = EUCLIDEAN
        self.size, self.reads = net.code(shape, latent), prod(self.maps[0])
        quiet = len(self.places) ** -0.5
        self.posteriors, self.priors = nn.ModuleList(), nn.ModuleList()
        self.back, self.blocks = nn.ModuleList(), nn.ModuleList()
        for place in self.places:
            where = self.maps[place]
            width = where[0]
            self.posteriors.append(net.block(2 * width, 2 * latent, where))
            self.priors.append(net.block(width, 2 * latent + width, where, _QUIET))
            self.back.append(quieted(nn.Conv2d(latent, width, 1), quiet))
            self.blocks.append(Added(net.block(width, width, where, quiet)))
        self.starts = nn.ModuleList(map(_Start, self.maps))
        self.narrow = nn.ModuleList(
            nn.Conv2d(above[0], below[0], 1)
            for below, above in zip(self.maps, self.maps[1:], strict=False)
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes z (K, B, D) of all levels; rates are of each level given those above.

        In closed form given the upper draws, and the mean over these.
        """
        n = draws * len(features)
        rates: list[Tensor] = []
        log_q, log_p = features.new_zeros(n), features.new_zeros(n)
        infer, zs = self._inferring(features, draws), list[Tensor]()

        def draw(level: int, state: Tensor, p: DiagonalGaussian) -> Tensor:
            nonlocal log_q, log_p
            q = infer(level, state)
            z = q.rsample((), generator)
            rates.append(_rates(q, p).view(draws, -1, z.shape[-1]).mean(0))
            if scored:
                log_q, log_p = log_q + q.log_prob(z), log_p + p.log_prob(z)
            zs.append(z)
            return z

        state = self._descend(n, draw).view(draws, -1, self.reads)
        z, by_dimension = torch.cat(zs, 1).view(draws, -1, self.size), torch.cat(rates, 1)
        return Draw(
            z,
            lambda: self.encode(features),
            log_q.view(draws, -1) if scored else None,
            log_p.view(draws, -1) if scored else None,
            by_dimension.sum(-1),
            by_dimension,
            state=state,
        )

    def state(self, z: Tensor) -> Tensor:
        """The last state of the way, flat (K, B, reads), of codes (K, B, D)."""
        levels = torch.split(z.flatten(0, 1), self.sizes, 1)
        state = self._descend(len(levels[0]), lambda level, _, p: levels[level])
        return state.view(*z.shape[:2], self.reads)

    def encode(self, features: Tensor) -> Tensor:
        """The modes of all levels, each given those above, for features (B, F), (B, D)."""
        infer, zs = self._inferring(features, 1), list[Tensor]()

        def mode(level: int, state: Tensor, p: DiagonalGaussian) -> Tensor:
            zs.append(infer(level, state).mode)
            return zs[-1]

        self._descend(len(features), mode)
        return torch.cat(zs, 1)

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes (n, D), drawn from the top down."""
        zs: list[Tensor] = []

        def draw(level: int, state: Tensor, p: DiagonalGaussian) -> Tensor:
            zs.append(p.sample((), generator, temperature))
            return zs[-1]

        self._descend(n, draw)
        return torch.cat(zs, 1)

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """log p(z) of codes (K, B, D) of all levels in nats, (K, B)."""
        levels, scores = torch.split(z.flatten(0, 1), self.sizes, 1), list[Tensor]()

        def given(level: int, state: Tensor, p: DiagonalGaussian) -> Tensor:
            scores.append(p.log_prob(levels[level]))
            return levels[level]

        self._descend(len(levels[0]), given)
        return torch.stack(scores).sum(0).view(*z.shape[:2])

    def generating(self) -> tuple[Part, ...]:
        """The whole way from the top down, which the posteriors read, too."""
        return (self.priors, self.back, self.blocks, self.starts, self.narrow)

    def _inferring(self, features: Tensor, draws: int) -> Callable[[int, Tensor], DiagonalGaussian]:
        """From a level and its state (K * B, C, H, W) to its posterior, given features (B, F)."""
        sizes = [prod(each) for each in self.maps]
        maps = [
            as_maps(flat.expand(draws, *flat.shape), where)
            for flat, where in zip(torch.split(features, sizes, 1), self.maps, strict=True)
        ]

        def infer(level: int, state: Tensor) -> DiagonalGaussian:
            both = torch.cat([state, maps[self.places[level]]], 1)
            return self._gaussian(self.posteriors[level](both))

        return infer

    def _descend(self, n: int, choose: Choose) -> Tensor:
        """The last state, flat (n, reads), of a way on which codes are chosen level by level."""
        place = len(self.maps) - 1
        state = self.starts[place](next(self.parameters()).new_zeros(n, 1, 1, 1))
        for level, below in enumerate(self.places):
            if below != place:
                larger = functional.interpolate(self.narrow[below](state), self.maps[below][1:])
                state, place = self.starts[below](larger), below
            code, width = self.codes[level], self.maps[below][0]
            parameters, more = torch.split(self.priors[level](state), [2 * code[0], width], 1)
            z = choose(level, state, self._gaussian(parameters))
            state = state + more + self.back[level](as_maps(z, code))
            state = self.blocks[level](state)
        return flattened(state)

    @staticmethod
    def _gaussian(parameters: Tensor) -> DiagonalGaussian:
        """The Gaussian over flat codes (N, D), of maps of means and log scales (N, 2 L, H, W)."""
        loc, log_scale = full(parameters).chunk(2, 1)
        return DiagonalGaussian(flattened(loc), flattened(log_scale))


@final
class _Start(nn.Module):
    """What a resolution begins with, (C, H, W), beside what comes from above."""

    def __init__(self, where: Shape) -> None:
        super().__init__()
        self.map = nn.Parameter(_STIRRED * torch.randn(where))

    def forward(self, above: Tensor) -> Tensor:
        """The sum."""
        return above + self.map
