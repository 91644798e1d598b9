"""The two latents: one that charges a rate and one that does not."""

from collections.abc import Callable
from typing import Any, ClassVar, final

from torch import Generator, Tensor, nn

from vaekit.distributions import Point, rate, rate_by_dimension
from vaekit.records import Draw

Infer = Callable[[Tensor], Any]


@final
class Latent(nn.Module):
    """A stochastic code: drawn from the posterior and charged against the prior.

    posterior: a module from features (B, F) to q, with `.size`.
    prior: a module from (infer, context) to p.
    """

    provides: ClassVar[frozenset[str]] = frozenset({"z", "log_q", "log_p", "rate", "rates"})

    def __init__(self, posterior: nn.Module, prior: nn.Module) -> None:
        super().__init__()
        self.posterior, self.prior = posterior, prior
        self.size: int = posterior.size  # type: ignore[assignment]

    def forward(
        self,
        features: Tensor,
        infer: Infer,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes z (K, B, D) with log q, log p (K, B) and the rate (B,), in nats.

        scored: whether log q and log p are wanted; a rate in closed form does without them.
        """
        q, p = self.posterior(features), self.prior(infer, context)
        rates = rate_by_dimension(q, p)
        if rates is not None and not scored:
            z = q.rsample((draws,), generator)
            return Draw(z, rate=rates.sum(-1), rates=rates, posterior=q, prior=p)
        z, log_q = q.draw(draws, generator)
        log_p = p.log_prob(z)
        total = rate(q, p, log_q, log_p) if rates is None else rates.sum(-1)
        return Draw(z, log_q, log_p, total, rates, posterior=q, prior=p)


@final
class Deterministic(nn.Module):
    """A plain autoencoder's code: linear in the features, free of charge, without a density.

    features: F. size: D.
    """

    provides: ClassVar[frozenset[str]] = frozenset({"z"})
    prior: ClassVar[None] = None

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.head = nn.Linear(features, size)

    def posterior(self, features: Tensor) -> Point:
        """All mass on one code (B, D)."""
        return Point(self.head(features))

    def forward(
        self,
        features: Tensor,
        infer: Infer,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """The same code for every draw, z (K, B, D)."""
        q = self.posterior(features)
        return Draw(q.mode.expand(draws, *q.mode.shape), posterior=q)
