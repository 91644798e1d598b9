"""The two simple latents: one that charges a rate and one that does not."""

from dataclasses import dataclass
from typing import final

from torch import Generator, Tensor, nn

from vaekit.contracts import (
    Choosy,
    OfRows,
    Part,
    Posterior,
    PosteriorDistribution,
    Prior,
    Read,
    Still,
)
from vaekit.distributions import BY_DIMENSION, drawn, full, rate, rate_by_dimension
from vaekit.errors import BadInput
from vaekit.latents.spaces import EUCLIDEAN, space_of
from vaekit.records import Batch, Draw


@final
class Latent(nn.Module):
    """A stochastic code: drawn from the posterior and charged against the prior.

    posterior: from features (B, F) to q. prior: from (infer, context) to p.

    Raises BadInput where they are of different sizes or spaces, or the prior makes no sense with
    such a posterior.
    """

    def __init__(self, posterior: Posterior, prior: Prior) -> None:
        super().__init__()
        if posterior.size != prior.size:
            raise BadInput(
                f"The posterior is of {posterior.size} dimensions and the prior of {prior.size}: "
                "give both the same size."
            )
        self.space = space_of(posterior)
        if self.space != (other := space_of(prior)):
            mine, its = type(posterior).__name__, type(prior).__name__
            raise BadInput(
                f"Codes of {mine} lie {self.space} and those of {its} {other}: "
                f"give {mine} a prior such as {self.space.prior}."
            )
        if isinstance(prior, Choosy):
            prior.check(posterior.gives)
        self.posterior, self.prior = posterior, prior
        self.size, self.context = posterior.size, prior.context
        closed = (posterior.gives, prior.gives) in BY_DIMENSION
        always = {"z", "code", "log_q", "log_p", "rate", "prior"}
        still = {"still_log_q"} if issubclass(posterior.gives, Still) else set()
        self.provides = frozenset(always | still | ({"rates"} if closed else set()))

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes z (K, B, D) with log q, log p (K, B) and the rate (B,), in nats.

        scored: whether log q and log p are wanted; a rate in closed form does without them.
        """
        q, p = self.posterior(features), self.prior(self._inferring(read), context)
        rates = rate_by_dimension(q, p)
        if rates is not None and not scored:
            z = q.rsample((draws,), generator)
            return Draw(z, q.mode, rate=rates.sum(-1), rates=rates)
        z, log_q = q.draw(draws, generator)
        log_p = p.log_prob(z)
        total = rate(q, p, log_q, log_p) if rates is None else rates.sum(-1)
        still = (lambda: q.still().log_prob(z)) if isinstance(q, Still) else None
        return Draw(z, q.mode, log_q, log_p, total, rates, still_log_q=still)

    def encode(self, features: Tensor) -> Tensor:
        """The posterior's mode for each row of features (B, F), shape (B, D)."""
        return self.posterior(features).mode

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes from the prior, shape (n, D); from a conditional one, a code for each row."""
        return drawn(self.prior(self._inferring(read), context), n, generator, temperature)

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """log p(z) of codes (K, B, D) in nats, (K, B)."""
        return self.prior(self._inferring(read), context).log_prob(z)

    def generating(self) -> tuple[Part, ...]:
        """The prior."""
        return (self.prior,)

    def _inferring(self, read: Read) -> "Inferring":
        return Inferring(self.posterior, read)


@final
@dataclass(frozen=True)
class Inferring:
    """From a batch, by way of its features, to its posterior; for the rows that `read` is for."""

    posterior: Posterior
    read: Read

    @property
    def rows(self) -> Tensor | None:
        """Numbers (B,) of the training rows whose codes are scored; None in use."""
        return self.read.rows if isinstance(self.read, OfRows) else None

    def __call__(self, batch: Batch) -> PosteriorDistribution:
        """The posterior of each row."""
        return self.posterior(self.read(batch))


@final
class Deterministic(nn.Module):
    """A plain autoencoder's code: linear in the features, free of charge, without a density.

    features: F. size: D.
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.size, self.context, self.space = size, 0, EUCLIDEAN
        self.provides = frozenset({"z", "code"})
        self.head = nn.Linear(features, size)

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """The same code for every draw, z (K, B, D)."""
        code = self.encode(features)
        return Draw(code.expand(draws, *code.shape), code)

    def encode(self, features: Tensor) -> Tensor:
        """The code of each row of features (B, F), shape (B, D)."""
        code: Tensor = full(self.head(features))
        return code

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Raises BadInput: there is no prior."""
        raise BadInput(
            "A plain autoencoder has no prior to sample from: "
            "train a recipe with a stochastic latent, such as vae."
        )

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """Raises BadInput: there is no prior."""
        raise BadInput("A plain autoencoder has no prior: train a recipe such as vae.")

    def generating(self) -> tuple[Part, ...]:
        """Nothing."""
        return ()
