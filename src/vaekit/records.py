"""The records that parts hand to each other.

Axes: K draws, B batch, D latent size, C, H, W image, F features, N data points,
M parameters of the likelihood per value. All quantities are in nats.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.nn import Parameter


@dataclass(frozen=True, slots=True)
class Draw:
    """What a latent gives for a batch: codes and their cost.

    z: codes of shape (K, B, D).
    log_q, log_p: log-densities of z under posterior and prior, shape (K, B).
    rate: KL(q(z|x) || p(z)) in nats, shape (B,); None where the latent charges nothing.
    rates: the same by dimension, shape (B, D), where the posterior factorises.
    penalty: a scalar the latent asks to be added to the loss (a codebook's commitment, say).
    posterior, prior: the distributions themselves.
    """

    z: Tensor
    log_q: Tensor | None = None
    log_p: Tensor | None = None
    rate: Tensor | None = None
    rates: Tensor | None = None
    penalty: Tensor | None = None
    posterior: Any = None
    prior: Any = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One pass of a batch through an autoencoder.

    x: the clean batch, shape (B, ...).
    log_px: log p(x|z) in nats, shape (K, B).
    epoch: epochs trained so far, fractional; infinite outside training, so that
        every schedule reads as finished.
    """

    x: Tensor
    context: Tensor | None
    draw: Draw
    px: Any
    log_px: Tensor
    epoch: float = math.inf

    @property
    def log_w(self) -> Tensor:
        """Log importance weights log p(x|z) + log p(z) - log q(z|x) in nats, shape (K, B)."""
        assert self.draw.log_p is not None
        assert self.draw.log_q is not None
        return self.log_px + self.draw.log_p - self.draw.log_q


@dataclass(frozen=True, slots=True)
class Loss:
    """A scalar to minimise and the detached scalars that explain it, in nats."""

    total: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """One optimiser's share of a step: its name, its parameters and its loss."""

    name: str
    parameters: Sequence[Parameter]
    loss: Callable[[Trace], Loss]
