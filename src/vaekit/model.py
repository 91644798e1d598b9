"""The one model class."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, final, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vaekit.contracts import (
    Autoregressive,
    Decoder,
    Encoder,
    LatentPart,
    Refining,
    Stateful,
    Transforming,
)
from vaekit.corruptions import Corruption
from vaekit.data import Split, as_input
from vaekit.distributions import full
from vaekit.errors import BadInput
from vaekit.events import Event
from vaekit.likelihoods import Likelihood
from vaekit.records import (
    ALWAYS,
    Batch,
    Choose,
    Draw,
    Moment,
    Scores,
    Trace,
    as_batch,
    check_draws,
    importance_bound,
)

Rows = Tensor | Batch
Array = NDArray[Any]
Held = Array | Split | list[Any]
"""Rows outside torch: an array, a split or a list of pictures, as `vaekit.data.load` takes them."""


@final
class Autoencoder(nn.Module):
    """Encoder, latent, decoder and likelihood, with a corruption of the input while training.

        batch ─▶ corruption? ─▶ encoder ─▶ latent ─▶ refinement? ─▶ decoder ─▶ likelihood
                                                                                  │
                                                            log p(x|z) ◀──────────┘

    `forward` is what training uses. The other public methods are for using a trained model:
    they run in evaluation mode, without gradients, take any number of rows in portions, bring
    them to the model's device and results back to where the rows lay; only those that take a
    generator are random.

    transformation: of the data while training, which the parts are told of: what it tells comes
        after the context, and is 0 in use.
    refinement: of the codes that are drawn, by what decoder, likelihood and prior say of them;
        what `encode` gives are the latent's.
    An autoregressive decoder reads the rows that are scored in `forward`, each step those before
    it; in use it plays what is likeliest.
    Raises BadInput where two parts read contexts of different sizes, and for a refinement of codes
    of another size or without a density.
    """

    def __init__(
        self,
        encoder: Encoder,
        latent: LatentPart,
        decoder: Decoder,
        likelihood: Likelihood,
        corruption: Corruption | None = None,
        transformation: Transforming | None = None,
        refinement: Refining | None = None,
    ) -> None:
        super().__init__()
        # In this order: a checkpoint keeps optimisers' moments by the number of their weight.
        self.encoder, self.decoder, self.latent = encoder, decoder, latent
        self.likelihood, self.corruption = likelihood, corruption
        self.transformation, self.refinement = transformation, refinement
        _check_refinement(refinement, latent, decoder)
        sizes = {part.context for part in (encoder, latent, decoder)} - {0}
        if len(sizes) > 1:
            raise BadInput(f"Parts read contexts of sizes {sorted(sizes)}: build all for one.")
        self._reads = max(sizes, default=0)

    def forward(
        self,
        batch: Rows,
        draws: int = 1,
        at: Moment = ALWAYS,
        generator: Generator | None = None,
        scored: bool = True,
        choose: Choose | None = None,
    ) -> Trace:
        """One pass of a batch, or of bare rows (B, *shape), with K = draws codes for each row.

        scored: whether the codes' log q and log p are wanted, which take time.
        choose: from the scores of all draws, which of them (S, B) the trace is of: the others are
            decoded without gradients and in portions, for less time and memory.
        Raises BadInput where the batch has a context that no part reads, or lacks one.
        """
        batch = self._transformed(self._checked(batch), generator)
        features = self._read(self._corrupted(batch, generator))
        scored = scored or self.refinement is not None
        read = _Aside(self._read, self.encoder, batch.rows if self.training else None)
        draw = self.latent(features, read, batch.context, draws, generator, scored)
        given = _Given(self, batch, generator)
        if self.refinement is not None:
            draw = self.refinement(draw, given.joint, generator)
        if choose is None:
            return Trace(batch, draw, *given.scored(draw.z, draw.state), at)
        with torch.no_grad():
            scores = Scores(self._scored(draw, batch, generator), draw.log_ratio)
        draw = draw.chosen(choose(scores))
        return Trace(batch, draw, *given.scored(draw.z, draw.state), at, scores)

    @overload
    def encode(self, rows: Rows) -> Tensor:
        """A tensor for tensors."""

    @overload
    def encode(self, rows: Held) -> Array:
        """An array for other rows."""

    def encode(self, rows: Rows | Held) -> Tensor | Array:
        """The code that stands for each row (B, *shape), shape (B, D).

        Rows that are no tensors are read as `vaekit.data.load` does, so that bytes become
        numbers in [0, 1] and (B, H, W) or (B, H, W, C) become (B, C, H, W); they give an array.
        """
        if not isinstance(rows, Tensor | Batch):
            return self._each(rows, self._encoded)
        return self._encoded(rows)

    @overload
    def decode(
        self,
        z: Tensor,
        context: Tensor | None = None,
        *,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Tensor:
        """A tensor for a tensor."""

    @overload
    def decode(
        self,
        z: Array,
        context: Array | Tensor | None = None,
        *,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Array:
        """An array for an array."""

    def decode(
        self,
        z: Tensor | Array,
        context: Tensor | Array | None = None,
        *,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Tensor | Array:
        """The likelihood's mean for each code (B, D), shape (B, *shape); an array for arrays.

        Numbers that are no code, off the sphere say, are decoded as the nearest one.

        temperature: of the steps that an autoregressive decoder draws; at 0 it plays what is
            likeliest in each. generator: that they are drawn with.
        Raises BadInput for a temperature of other decoders.
        """
        if not isinstance(z, Tensor):
            given = None if context is None else torch.as_tensor(context, dtype=torch.float32)
            codes = torch.as_tensor(z, dtype=torch.float32)
            found = self.decode(codes, given, temperature=temperature, generator=generator)
            return found.numpy()
        given = None if context is None else torch.as_tensor(context)
        batch = self._untouched(self._checked(Batch(z, given)))
        use = self._playing(temperature, generator) if temperature else self.px
        onto = self.latent.space.onto
        return self._used(batch, lambda part: use(onto(part.x)[None], part.context).mean.squeeze(0))

    @overload
    def reconstruct(self, rows: Rows) -> Tensor:
        """A tensor for tensors."""

    @overload
    def reconstruct(self, rows: Held) -> Array:
        """An array for other rows."""

    def reconstruct(self, rows: Rows | Held) -> Tensor | Array:
        """Rows (B, *shape) after encoding and decoding, of the same shape, with nothing missing.

        Rows that are no tensors are read as `encode` does, and give an array (B, *shape).
        """
        if not isinstance(rows, Tensor | Batch):
            return self._each(rows, self.reconstruct)
        return self.decode(self.encode(rows), as_batch(rows).context)

    def sample(
        self,
        n: int,
        temperature: float = 1.0,
        generator: Generator | None = None,
        context: Tensor | None = None,
    ) -> Tensor:
        """Decoded draws from the prior, shape (n, *shape), on the model's device.

        context: of every sample, shape (n, E), where the model reads one.
        Raises BadInput where the latent is deterministic and so has no prior.
        """
        return self.decode(self.sample_codes(n, temperature, generator, context), context)

    def sample_codes(
        self,
        n: int,
        temperature: float = 1.0,
        generator: Generator | None = None,
        context: Tensor | None = None,
    ) -> Tensor:
        """Codes from the prior, shape (n, D), on the model's device; as `sample`."""
        self._check_context(context)
        if context is not None:
            context = context.to(self.device)
        with evaluating(self):
            told = self._with_told(context, n)
            return self.latent.sample(n, self._aside, told, generator, temperature)

    def log_likelihood(self, rows: Rows, draws: int, generator: Generator | None = None) -> Tensor:
        """The importance-weighted bound on log p(x) in nats with K = draws, shape (B,).

        A lower bound in expectation, tighter with more draws; of what is there, where values are
        missing. Draws are made in portions, so memory does not grow with K. Burda et al. 2016,
        https://arxiv.org/abs/1509.00519

        Raises BadInput where the latent has no density or draws are not positive.
        """
        if "log_q" not in self.provides:
            raise BadInput(
                f"A model with the latent {type(self.latent).__name__} has no likelihood: "
                "its code has no density."
            )
        batch = self._checked(rows)
        return self._used(batch, lambda part: importance_bound(self.traces(part, draws, generator)))

    def traces(self, rows: Rows, draws: int, generator: Generator | None = None) -> Iterator[Trace]:
        """Traces of rows (B, *shape) in portions of the K = draws codes, so memory is bounded.

        Raises BadInput where draws are not positive.
        """
        batch, draws = as_batch(rows), check_draws(draws)
        portion = self._portion(batch, draws)
        for start in range(0, draws, portion):
            with evaluating(self):
                trace: Trace = self(batch, min(portion, draws - start), generator=generator)
            yield trace

    def drawn(
        self, z: Tensor, context: Tensor | None = None, generator: Generator | None = None
    ) -> Tensor:
        """One draw of p(x|z) for each code (B, D), with the likelihood's noise, (B, *shape).

        Raises BadInput where the decoder is autoregressive, as steps would not see the draws.
        """
        if isinstance(self.decoder, Autoregressive):
            raise BadInput("Rows with noise are not drawn from a decoder that plays its own steps.")
        self._check_context(context)
        told = self._with_told(context, len(z))
        return self.px(z.unsqueeze(0), told).sample(generator).squeeze(0)

    def px(self, z: Tensor, context: Tensor | None = None) -> Event:
        """p(x|z) of codes (K, B, D), with gradients, given all that its decoder reads beside."""
        return self._read_off(self._state(z), context)

    def joint(self, z: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """log p(x|z) and log p(z), (K, B) each, of codes (K, B, D) for a batch, with gradients.

        Raises BadInput where the batch has another context than the parts read.
        """
        return _Given(self, self._untouched(self._checked(batch)), None).joint(z)

    @property
    def provides(self) -> frozenset[str]:
        """The fields of `Draw` that `forward` fills, and "prior" where there is one."""
        refined = {"rates", "still_log_q"} if self.refinement is not None else set[str]()
        return self.latent.provides - refined

    @property
    def context(self) -> int:
        """The size E of the context that every row must have, 0 where no part reads one."""
        return self._reads - self._told

    @property
    def _told(self) -> int:
        """How many numbers its parts read of a transformation, after the context."""
        return 0 if self.transformation is None else self.transformation.size

    @property
    def device(self) -> torch.device:
        """Where its parameters lie."""
        return next(self.parameters()).device

    def _each(self, rows: Held, use: Callable[[Rows], Tensor]) -> Array:
        """What a use gives for all rows, as one array; in portions, as they may lie on disk."""
        from vaekit.data import rows_of

        split = rows_of(rows)
        starts = range(0, max(len(split), 1), _HELD)
        found = [use(split.batch(slice(first, first + _HELD))).numpy() for first in starts]
        return np.concatenate(found)

    def _encoded(self, rows: Rows) -> Tensor:
        batch = self._untouched(self._checked(rows))
        return self._used(batch, lambda part: self.latent.encode(self._read(part)))

    @property
    def _aside(self) -> "_Aside":
        return _Aside(self._read, self.encoder)

    def _read(self, batch: Batch) -> Tensor:
        seen = batch.seen or batch
        return self.encoder(seen.x, seen.context, seen.mask)

    def _transformed(self, batch: Batch, generator: Generator | None) -> Batch:
        """A batch as it is trained on: transformed, and told how; in use as it is."""
        part = self.transformation
        if part is None or not self.training:
            return self._untouched(batch)
        drawn = part.drawn(len(batch), generator).to(batch.x)
        seen = None if batch.seen is None else self._untouched(batch.seen)
        context = _beside(batch.context, drawn[:, : part.size]) if part.size else batch.context
        return replace(batch, x=part(batch.x, drawn), context=context, seen=seen)

    def _untouched(self, batch: Batch) -> Batch:
        """A batch that is told of no transformation."""
        seen = None if batch.seen is None else self._untouched(batch.seen)
        return replace(batch, context=self._with_told(batch.context, len(batch)), seen=seen)

    def _with_told(self, context: Tensor | None, n: int) -> Tensor | None:
        if not self._told:
            return context
        device = self.device if context is None else context.device
        return _beside(context, torch.zeros(n, self._told, device=device))

    def _corrupted(self, batch: Batch, generator: Generator | None) -> Batch:
        """What the encoder sees of a batch."""
        if self.corruption is None or not self.training:
            return batch
        seen = batch.seen or batch
        return replace(batch, seen=replace(seen, x=self.corruption(seen.x, generator), seen=None))

    def _portion(self, batch: Batch, draws: int) -> int:
        """How many of the draws for each row of a batch are decoded at once."""
        read = self.latent.reads * len(batch) if isinstance(self.latent, Stateful) else 0
        return max(1, min(draws, _VALUES // max(batch.x.numel(), read)))

    def _scored(self, draw: Draw, batch: Batch, generator: Generator | None) -> Tensor:
        """log p(x|z) of draws in nats, (K, B), decoded in portions."""
        state = self._state(draw.z) if draw.state is None else draw.state
        portions = torch.split(state, self._portion(batch, len(state)))
        decoded = (self._px(part, batch, generator) for part in portions)
        return torch.cat([px.log_prob(batch.x, batch.mask) for px in decoded])

    def _state(self, z: Tensor) -> Tensor:
        """What the decoder reads of codes (K, B, D)."""
        return self.latent.state(z) if isinstance(self.latent, Stateful) else z

    def _px(self, state: Tensor, batch: Batch, generator: Generator | None) -> Event:
        """p(x|z) where x are the rows of a batch, which an autoregressive decoder reads."""
        if not isinstance(self.decoder, Autoregressive):
            return self._read_off(state, batch.context)
        px: Event = self.likelihood(full(self.decoder(state, batch.context, batch.x, generator)))
        return px

    def _read_off(self, state: Tensor, context: Tensor | None) -> Event:
        px: Event = self.likelihood(full(self.decoder(state, context)))
        return px

    def _playing(
        self, temperature: float, generator: Generator | None
    ) -> Callable[[Tensor, Tensor | None], Event]:
        """How codes become rows whose steps are drawn one after the other."""
        decoder = self.decoder
        if not isinstance(decoder, Autoregressive):
            raise BadInput("`temperature`: this decoder gives all of a row at once: leave it out.")
        if not 0 < temperature < math.inf:
            raise BadInput(f"`temperature` must be zero or more, not {temperature:g}.")

        def play(z: Tensor, context: Tensor | None) -> Event:
            played = decoder.generate(self._state(z), context, temperature, generator)
            px: Event = self.likelihood(full(played))
            return px

        return play

    def _used(self, batch: Batch, use: Callable[[Batch], Tensor]) -> Tensor:
        with evaluating(self):
            portions = batch.split(_ROWS) or [batch]
            found = [use(part.to(self.device)).to(batch.x.device) for part in portions]
        return found[0] if len(found) == 1 else torch.cat(found)

    def _checked(self, rows: Rows) -> Batch:
        batch = as_batch(rows)
        if batch.seen is not None:
            batch = replace(batch, seen=self._checked(batch.seen))
        if batch.x.dtype == torch.uint8:
            batch = replace(batch, x=as_input(batch.x))
        self._check_context(batch.context)
        return batch

    def _check_context(self, context: Tensor | None) -> None:
        size = 0 if context is None else context.shape[-1]
        if size != self.context:
            raise BadInput(
                f"This model reads a context of {self.context} numbers a row, not of {size}: "
                "give it what its parts were built for."
            )


@final
@dataclass(frozen=True, slots=True)
class _Aside:
    """The encoder as a prior reads rows of its own: batch normalisation, by the statistics of
    data, learns nothing of them.

    rows: numbers (B,) of the training rows whose codes are about to be scored; None in use.
    """

    read: Callable[[Batch], Tensor]
    encoder: Encoder
    rows: Tensor | None = None

    def __call__(self, batch: Batch) -> Tensor:
        """Features (B, F)."""
        norms = [part for part in self.encoder.modules() if isinstance(part, _BatchNorm)]
        with as_they_were(norms):
            for part in norms:
                part.training = False
            return self.read(batch)


@final
class _Given:
    """What a model says of codes (K, B, D) given a batch; of the last ones it is kept."""

    def __init__(self, model: Autoencoder, batch: Batch, generator: Generator | None) -> None:
        self.model, self.batch, self.generator = model, batch, generator
        self._last: tuple[Tensor, Event, Tensor] | None = None

    def scored(self, z: Tensor, state: Tensor | None = None) -> tuple[Event, Tensor]:
        """p(x|z), and its log-density (K, B) at the batch's rows, in nats.

        state: what the decoder reads of the codes, where it is known.
        """
        if self._last is None or self._last[0] is not z:
            state = self.model._state(z) if state is None else state
            px = self.model._px(state, self.batch, self.generator)
            self._last = z, px, px.log_prob(self.batch.x, self.batch.mask)
        return self._last[1:]

    def joint(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """log p(x|z) and log p(z) in nats, (K, B) each."""
        read, context = self.model._aside, self.batch.context
        return self.scored(z)[1], self.model.latent.log_prior(z, read, context)


@final
class Told:
    """A model that is told the same of every row: a context (E,), or nothing where None."""

    def __init__(self, model: Autoencoder, context: Tensor | None) -> None:
        self.model, self.context = model, context

    def encode(self, x: Tensor) -> Tensor:
        """Codes (B, D) of bare rows (B, *shape)."""
        return self.model.encode(Batch(x, self.contexts(len(x))))

    def decode(
        self, z: Tensor, *, temperature: float = 0.0, generator: Generator | None = None
    ) -> Tensor:
        """Means (B, *shape) of codes (B, D); see `Autoencoder.decode`.

        Raises BadInput for codes so large that the numbers overflow on the way.
        """
        contexts = self.contexts(len(z))
        decoded = self.model.decode(z, contexts, temperature=temperature, generator=generator)
        if not torch.isfinite(decoded).all():
            for name, weight in self.model.named_parameters():
                if not torch.isfinite(weight).all():
                    raise BadInput(f"The weights {name} are not finite: train the model again.")
            raise BadInput(
                f"Codes as large as {float(z.abs().max()):.3g} cannot be decoded, as numbers "
                "overflow: give some nearer to those of data."
            )
        return decoded

    def sample_codes(
        self, n: int, temperature: float = 1.0, generator: Generator | None = None
    ) -> Tensor:
        """Codes from the prior, shape (n, D)."""
        return self.model.sample_codes(n, temperature, generator, self.contexts(n))

    def contexts(self, n: int) -> Tensor | None:
        """The context of n rows, (n, E)."""
        return None if self.context is None else self.context.expand(n, -1)


def _check_refinement(part: Refining | None, latent: LatentPart, decoder: Decoder) -> None:
    """Refuse a refinement that the other parts don't allow."""
    if part is None:
        return
    name, other = type(part).__name__, type(latent).__name__
    if not {"log_q", "log_p"} <= latent.provides:
        raise BadInput(
            f"{name} moves codes by their densities, and those of {other} have none: "
            "give it a stochastic latent, such as vae's."
        )
    if part.size != latent.size:
        raise BadInput(
            f"{name} is of {part.size} dimensions and {other} of {latent.size}: "
            "give both the same size."
        )
    if isinstance(decoder, Autoregressive):
        raise BadInput(
            f"{name} needs second derivatives, which {type(decoder).__name__} does not give "
            "everywhere: use a network that decodes all of a row at once, such as MLP."
        )


def _beside(context: Tensor | None, told: Tensor) -> Tensor:
    return told if context is None else torch.cat([context, told], 1)


_ROWS = 100  # rows a pass when a model is used: activations that fit the cache are much faster
_HELD = 1_000  # rows that are no tensors, in memory at once
# Values decoded, or read for it, at once when many draws are scored: 8 MiB, near the caches.
_VALUES = 2**21


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every part gets its own mode back afterwards."""
    with as_they_were(model.modules()), torch.no_grad():
        model.eval()
        yield


@contextmanager
def as_they_were(parts: Iterable[nn.Module]) -> Iterator[None]:
    """Every part gets its mode back, training or evaluation."""
    modes = [(part, part.training) for part in parts]
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
