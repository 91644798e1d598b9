"""A code of whole vectors chosen from a book."""

import math
from typing import final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Part, Read
from vaekit.distributions import full
from vaekit.errors import BadInput, zero_or_more
from vaekit.latents.spaces import EUCLIDEAN
from vaekit.records import Draw

_IDLE = 100  # steps that a code may go unused before it is revived


@final
class Codebook(nn.Module):
    """Every position of the code holds the vector of a book that lies nearest to its encoding.

        features ─▶ P encodings of width W ─▶ nearest of M vectors ─▶ side by side, D = P x W

    The decoder's gradient passes straight through to the encodings, which a penalty of
    commitment x |encoding - vector|^2 draws to the vectors, and the vectors follow the moving
    average of the encodings that chose them. One that none has chosen does not move; after 100
    steps it is given a new place, that of an encoding at random. With a uniform prior over M
    vectors the rate is P log M nats, whatever the data; there is no density.
    Van den Oord, Vinyals and Kavukcuoglu 2017, https://arxiv.org/abs/1711.00937

    features: F. positions: P. codes: M. width: W. decay: of the moving average.
    Raises BadInput where an option makes no sense.
    """

    book: Tensor
    counts: Tensor
    sums: Tensor
    idle: Tensor

    def __init__(
        self,
        features: int,
        positions: int = 16,
        codes: int = 256,
        width: int = 8,
        decay: float = 0.99,
        commitment: float = 0.25,
    ) -> None:
        super().__init__()
        for name, value in (("positions", positions), ("codes", codes), ("width", width)):
            if value < 1:
                raise BadInput(f"`{name}` must be 1 or more, not {value}.")
        if not 0 < decay < 1:
            raise BadInput(f"`decay` must be between 0 and 1, not {decay:g}.")
        zero_or_more("`commitment`", commitment)
        self.positions, self.width, self.size, self.context = positions, width, positions * width, 0
        self.decay, self.commitment, self.space = decay, commitment, EUCLIDEAN
        self.provides = frozenset({"z", "code", "rate", "penalty", "prior"})
        self.head = nn.Linear(features, self.size)
        self.register_buffer("book", torch.randn(codes, width))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, width))
        self.register_buffer("idle", torch.full((codes,), _IDLE))  # the first step places them

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """The same code for every draw, z (K, B, D); in training, the book takes a step."""
        encodings = self._encodings(features)
        chosen = self._nearest(encodings)
        vectors = self.book[chosen]
        distance = (encodings - vectors).square().sum((1, 2)).mean()
        through = (vectors + (encodings - encodings.detach())).flatten(1)
        if self.training:
            self._learn(encodings.detach().flatten(0, 1), chosen.flatten(), generator)
        return Draw(
            through.expand(draws, *through.shape),
            vectors.flatten(1),
            rate=self.nats.expand(len(features)),
            penalty=self.commitment * distance,
        )

    def encode(self, features: Tensor) -> Tensor:
        """The chosen vectors of each row of features (B, F), side by side, (B, D)."""
        return self.book[self._nearest(self._encodings(features))].flatten(1)

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes of vectors that are all equally likely, (n, D).

        Raises BadInput for a temperature: equal chances have none.
        """
        if temperature != 1:
            raise BadInput(f"`temperature` must be 1 for a codebook, not {temperature:g}.")
        shape = (n, self.positions)
        device = self.book.device
        chosen = torch.randint(len(self.book), shape, generator=generator, device=device)
        return self.book[chosen].flatten(1)

    def chosen(self, features: Tensor) -> Tensor:
        """The numbers of the vectors that each row of features (B, F) chooses, (B, P)."""
        return self._nearest(self._encodings(features))

    @property
    def nats(self) -> Tensor:
        """The rate of every row, a scalar."""
        return self.book.new_tensor(self.positions * math.log(len(self.book)))

    def _encodings(self, features: Tensor) -> Tensor:
        return full(self.head(features)).view(-1, self.positions, self.width)

    @torch.no_grad()
    def _nearest(self, encodings: Tensor) -> Tensor:
        # Products of 16 bits would confuse vectors that lie close together.
        with torch.autocast(encodings.device.type, enabled=False):
            products = encodings @ self.book.T
        return (self.book.square().sum(1) - 2 * products).argmin(-1)

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """Raises BadInput: codes of a book have no density."""
        raise BadInput("The codes of a book have no density: train a recipe such as vae.")

    def generating(self) -> tuple[Part, ...]:
        """Nothing: the book is no parameter."""
        return ()

    @torch.no_grad()
    def _learn(self, encodings: Tensor, chosen: Tensor, generator: Generator | None) -> None:
        """A step of the book after encodings (B P, W) and the numbers they chose (B P,)."""
        counts = torch.zeros_like(self.counts)
        counts.index_add_(0, chosen, counts.new_ones(len(chosen)))
        sums = torch.zeros_like(self.sums).index_add_(0, chosen, encodings)
        places = torch.randint(
            len(encodings), (len(self.book),), generator=generator, device=self.book.device
        )
        self.follow(counts, sums, encodings[places])

    @torch.no_grad()
    def follow(self, counts: Tensor, sums: Tensor, places: Tensor) -> None:
        """Move the book to what chose it: all that a step changes.

        counts, sums: how many encodings chose each vector, (M,), and their sums, (M, W).
        places: encodings at random, (M, W), where vectors go that have been idle for too long.
        """
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        used = counts > 0
        self.book.copy_(torch.where(used[:, None], self.sums / self.counts[:, None], self.book))
        self.idle.copy_(torch.where(used, 0, self.idle + 1))
        dead = self.idle >= _IDLE
        self.book.copy_(torch.where(dead[:, None], places, self.book))
        self.sums.copy_(torch.where(dead[:, None], places, self.sums))
        self.counts.masked_fill_(dead, 1)
        self.idle.masked_fill_(dead, 0)
