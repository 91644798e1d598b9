"""The one model class."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import Generator, Tensor, nn

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.records import Trace


@final
class Autoencoder(nn.Module):
    """Encoder, latent, decoder and likelihood, with a corruption of the input while training.

        x ─▶ corruption? ─▶ encoder ─▶ latent ─▶ decoder ─▶ likelihood ─▶ log p(x|z)

    `forward` is what training uses. The other public methods are for using a trained
    model: they run in evaluation mode, without gradients, and only those that take a
    generator are random.
    """

    def __init__(
        self,
        encoder: nn.Module,
        latent: nn.Module,
        decoder: nn.Module,
        likelihood: nn.Module,
        corruption: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.latent: Any = latent
        self.likelihood, self.corruption = likelihood, corruption

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        draws: int = 1,
        epoch: float = math.inf,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Trace:
        """One pass of a batch x (B, ...) with K = draws codes for each row.

        scored: whether the codes' log q and log p are wanted, which take time.
        """
        seen = self.corruption(x) if self.corruption and self.training else x
        features = self.encoder(seen, context)
        draw = self.latent(
            features, lambda x: self._infer(x, context), context, draws, generator, scored
        )
        px = self.likelihood(self.decoder(draw.z, context))
        return Trace(x, context, draw, px, px.log_prob(x), epoch)

    def encode(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """The posterior's mode for each row of x (B, ...), shape (B, D)."""
        with _evaluating(self):
            mode: Tensor = self._infer(x, context).mode
            return mode

    def decode(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """The likelihood's mean for each code (B, D), shape (B, ...)."""
        with _evaluating(self):
            mean: Tensor = self.likelihood(self.decoder(z.unsqueeze(0), context)).mean
            return mean.squeeze(0)

    def reconstruct(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """x (B, ...) after encoding and decoding, of the same shape."""
        return self.decode(self.encode(x, context), context)

    def sample(
        self,
        n: int,
        temperature: float = 1.0,
        generator: Generator | None = None,
        context: Tensor | None = None,
    ) -> Tensor:
        """Decoded draws from the prior, shape (n, ...).

        Raises BadInput where the latent is deterministic and so has no prior.
        """
        if self.latent.prior is None:
            raise BadInput(
                "A plain autoencoder has no prior to sample from: "
                "train a recipe with a stochastic latent, such as vae."
            )
        with _evaluating(self):
            prior: Any = self.latent.prior(lambda x: self._infer(x, context), context)
            return self.decode(prior.sample((n,), generator, temperature), context)

    def log_likelihood(
        self,
        x: Tensor,
        draws: int,
        generator: Generator | None = None,
        context: Tensor | None = None,
    ) -> Tensor:
        """The importance-weighted bound on log p(x) in nats with K = draws, shape (B,).

        A lower bound in expectation, tighter with more draws. Draws are made in portions,
        so memory does not grow with K. Burda et al. 2016, https://arxiv.org/abs/1509.00519

        Raises BadInput where the latent is deterministic or draws are not positive.
        """
        if "log_q" not in self.latent.provides:
            raise BadInput("A plain autoencoder has no likelihood: its code has no density.")
        traces = self.traces(x, draws, generator, context)
        return log_mean_exp(torch.cat([trace.log_w for trace in traces]))

    def traces(
        self,
        x: Tensor,
        draws: int,
        generator: Generator | None = None,
        context: Tensor | None = None,
    ) -> Iterator[Trace]:
        """Traces of x (B, ...) in portions of the K = draws codes, so that memory is bounded.

        Raises BadInput where draws are not positive.
        """
        if draws < 1:
            raise BadInput(f"`draws` must be 1 or more, not {draws}.")
        portion = max(1, min(draws, _VALUES // x.numel()))
        for start in range(0, draws, portion):
            with _evaluating(self):
                trace = self(x, context, min(portion, draws - start), generator=generator)
            yield trace

    def _infer(self, x: Tensor, context: Tensor | None = None) -> Any:
        return self.latent.posterior(self.encoder(x, context))


_VALUES = 2**24  # decoded values at once when many draws are scored: 64 MiB


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every part gets its own mode back afterwards."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training
