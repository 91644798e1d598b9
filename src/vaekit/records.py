"""The records that parts hand to each other, from the data to the optimiser.

Axes: K draws, B batch, D latent size, C, H, W image, F features, N data points,
M parameters of the likelihood per value. All quantities are in nats.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import Parameter

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.events import Event


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of data and what is known about each.

    x: the clean rows, float32 (B, *shape). Where a value is missing it says nothing.
    context: what encoder, decoder or prior may read beside x, float32 (B, size of the context).
    mask: which values of x are there, bool (B, *shape); None where all are.
    rows: the numbers of the rows in their split, int64 (B,).
    seen: what the encoder reads instead of x, where it shall see the same thing otherwise: a
        batch of as many rows.
    """

    x: Tensor
    context: Tensor | None = None
    mask: Tensor | None = None
    rows: Tensor | None = None
    seen: "Batch | None" = None

    def __len__(self) -> int:
        return len(self.x)

    def map(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The batch with a change made to every tensor in it."""

        def changed(value: "Tensor | Batch | None") -> Any:
            if value is None:
                return None
            return value.map(change) if isinstance(value, Batch) else change(value)

        return type(self)(*(changed(getattr(self, each.name)) for each in fields(self)))

    def to(self, device: torch.device) -> Self:
        """The batch on a device."""
        return self if self.x.device == device else self.map(lambda value: value.to(device))

    def split(self, rows: int) -> list[Self]:
        """The batch in portions of so many rows."""
        starts = range(0, len(self), rows)
        return [self.map(lambda value, i=i: value[i : i + rows]) for i in starts]  # type: ignore[misc]


def as_batch(x: Tensor | Batch) -> Batch:
    """Bare rows (B, *shape) as a batch; a batch as it is."""
    return x if isinstance(x, Batch) else Batch(x)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where training is, for what an objective makes of it.

    epoch: epochs trained so far, fractional; infinite outside training, so that every
        schedule reads as finished.
    step: steps taken. points: N, the data points of an epoch; 0 where there is no data set.
    """

    epoch: float = math.inf
    step: int = 0
    points: int = 0


ALWAYS = Moment()
"""The moment of everything outside training."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a latent gives for a batch: codes and their cost.

    z: codes, shape (K, B, D): what the decoder reads, but for what there is of `state`.
    coded: the one code that `encode` gives for each row, shape (B, D), or what gives it when
        called, where it takes a pass of its own; `code` is it either way.
    log_q, log_p: log-densities of z under posterior and prior, shape (K, B).
    rate: KL(q(z|x) || p(z)) in nats, shape (B,); None where the latent charges nothing.
    rates: the same by dimension, shape (B, D), where it factorises.
    penalty: a scalar the latent asks to be added to the loss (a codebook's commitment, say).
    still_log_q: when called, log_q with the posterior's parameters as constants, so that its
        gradient is that through z alone, shape (K, B); None where the posterior cannot.
    state: what a `Stateful` latent has made of z on its way, for the decoder to read,
        (K, B, reads); None where there is none, or it has not.
    """

    z: Tensor
    coded: Tensor | Callable[[], Tensor]
    log_q: Tensor | None = None
    log_p: Tensor | None = None
    rate: Tensor | None = None
    rates: Tensor | None = None
    penalty: Tensor | None = None
    still_log_q: Callable[[], Tensor] | None = None
    state: Tensor | None = None

    @property
    def code(self) -> Tensor:
        """The one code that `encode` gives for each row, shape (B, D)."""
        return self.coded if isinstance(self.coded, Tensor) else self.coded()

    @property
    def log_ratio(self) -> Tensor:
        """log p(z) - log q(z|x) of each code in nats, shape (K, B)."""
        assert self.log_p is not None
        assert self.log_q is not None
        return self.log_p - self.log_q

    def chosen(self, index: Tensor) -> "Draw":
        """The draws (S, B) of an index into the K of each row, and what is known of them."""

        def of(value: Tensor | None) -> Tensor | None:
            return None if value is None else value.take_along_dim(index, 0)

        def of_vectors(value: Tensor) -> Tensor:
            return value.take_along_dim(index.unsqueeze(-1), 0)

        return replace(
            self,
            z=of_vectors(self.z),
            log_q=of(self.log_q),
            log_p=of(self.log_p),
            state=None if self.state is None else of_vectors(self.state),
            still_log_q=None,
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """What the weights of draws are made of.

    log_px, log_ratio: log p(x|z) and log p(z) - log q(z|x) in nats, shape (K, B).
    """

    log_px: Tensor
    log_ratio: Tensor

    @property
    def log_w(self) -> Tensor:
        """Log importance weights in nats, shape (K, B)."""
        return self.log_px + self.log_ratio

    def charged(self, beta: float) -> Tensor:
        """Log weights in which log q(z|x) - log p(z) counts beta times, shape (K, B)."""
        return self.log_px + beta * self.log_ratio


Choose = Callable[[Scores], Tensor]
"""From the scores of K draws to the index (S, B) of those that count."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One pass of a batch through an autoencoder.

    px: the distribution over the data for each code.
    log_px: log p(x|z) of the values that are there, in nats, shape (K, B).
    among: the scores of all draws, without gradients, of which these were chosen; None where
        these are all.
    """

    batch: Batch
    draw: Draw
    px: Event
    log_px: Tensor
    at: Moment = ALWAYS
    among: Scores | None = None

    @property
    def x(self) -> Tensor:
        """The clean rows, shape (B, *shape)."""
        return self.batch.x

    @property
    def scores(self) -> Scores:
        """What is known of its draws."""
        return Scores(self.log_px, self.draw.log_ratio)

    @property
    def log_w(self) -> Tensor:
        """Log importance weights log p(x|z) + log p(z) - log q(z|x) in nats, shape (K, B)."""
        return self.scores.log_w


def importance_bound(traces: Iterable[Trace]) -> Tensor:
    """log of the mean importance weight over all draws of the traces, in nats, shape (B,).

    A lower bound on log p(x) in expectation, tighter with more draws; with one it is the ELBO.
    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519
    """
    return log_mean_exp(torch.cat([trace.log_w for trace in traces]))


_DRAWS = 10**6


def check_draws(draws: int) -> int:
    """A number of draws K; raises BadInput where it makes no sense."""
    if not 1 <= draws <= _DRAWS:
        raise BadInput(f"`draws` must be 1 or more, up to a million, not {draws}.")
    return draws


def check_seed(seed: int) -> int:
    """A seed of torch's generators; raises BadInput where they take no such."""
    if not 0 <= seed < 2**63:
        raise BadInput(f"`seed` must be a whole number from 0 to 2^63 - 1, not {seed}.")
    return seed


@dataclass(frozen=True, slots=True)
class Loss:
    """A scalar to minimise and the detached scalars that explain it, in nats."""

    total: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """One optimiser's share of a step: its name and the parameters that it alone moves."""

    name: str
    parameters: Sequence[Parameter]
