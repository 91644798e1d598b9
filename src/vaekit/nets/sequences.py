"""Recurrent nets of melodies: V voices of T symbols, each step given those before it."""

from dataclasses import dataclass
from typing import Protocol, final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.inputs import heard, with_context

SYMBOLS = 130
_THREES = 12  # steps of a bar where the steps of a row are a multiple of 3, and where not:
_FOURS = 16
_SURE = 1e4  # the logit of a symbol that was drawn, over all others


@final
@dataclass(frozen=True)
class LSTM:
    """A long short-term memory that reads a melody both ways, and one that plays it from the code.

    The features are the last states of both directions. The decoder reads the code in every step,
    beside the symbols of the step before. Roberts et al. 2018, https://arxiv.org/abs/1803.05428

    Args:
        units: Width of the encoder's memory, one way, and of the decoder's.
        depth: Memories one on the other in the decoder.
        embedding: Numbers that stand for a symbol.
        scheduled: Share of steps in training whose step before is the model's own guess rather
            than the data's (Bengio et al. 2015); such training takes two passes.
        symbols: How many there are.

    Raises BadInput where an option makes no sense.
    """

    units: int = 256
    depth: int = 1
    embedding: int = 64
    scheduled: float = 0.0
    symbols: int = SYMBOLS

    def __post_init__(self) -> None:
        check_memory(self.units, self.depth, self.embedding, self.scheduled, self.symbols)

    def encoder(self, shape: Shape, context: int = 0) -> "LSTMEncoder":
        """The body from symbols (B, V, T) to features (B, F)."""
        return LSTMEncoder(voices_of(shape), self.units, self.embedding, self.symbols, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "FlatDecoder":
        """The body from codes (K, B, D) to logits (K, B, M, V, T)."""
        check_outputs(outputs, self.symbols)
        player = LSTMPlayer(latent + context, outputs, self.units, self.depth, self.embedding)
        return FlatDecoder(player, self.scheduled, context)


@final
@dataclass(frozen=True)
class Bars:
    """A net of melodies whose decoder is hierarchical: a conductor makes a vector for every bar.

    A second memory plays the bar from its vector alone; its state is made anew for each, so that
    what bars have in common must come from the code. Roberts et al. 2018,
    https://arxiv.org/abs/1803.05428

    Args:
        units: Width of the encoder's memory, one way, and of the one that plays.
        depth: Memories one on the other that play.
        embedding: Numbers that stand for a symbol.
        conductor: Width of the conductor's memory.
        plan: Numbers of the vector of a bar.
        bar: Steps of a bar; 12 where those of a row are a multiple of 3, and 16 where not.
        scheduled: Share of steps in training whose step before is the model's own guess rather
            than the data's (Bengio et al. 2015); such training takes two passes.
        symbols: How many there are.

    Raises BadInput where an option makes no sense.
    """

    units: int = 256
    depth: int = 1
    embedding: int = 64
    conductor: int = 256
    plan: int = 128
    bar: int | None = None
    scheduled: float = 0.0
    symbols: int = SYMBOLS

    def __post_init__(self) -> None:
        check_memory(self.units, self.depth, self.embedding, self.scheduled, self.symbols)
        for name in ("conductor", "plan", "bar"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"`{name}` must be 1 or more, not {value}.")

    def encoder(self, shape: Shape, context: int = 0) -> "LSTMEncoder":
        """The body from symbols (B, V, T) to features (B, F)."""
        return LSTMEncoder(voices_of(shape), self.units, self.embedding, self.symbols, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> "BarsDecoder":
        """The body from codes (K, B, D) to logits (K, B, M, V, T)."""
        check_outputs(outputs, self.symbols)
        classes, voices, steps = outputs
        bar = self.bar or (_FOURS if steps % 3 else _THREES)
        if steps % bar:
            raise BadInput(f"`bar={bar}` does not divide the {steps} steps of a row: give another.")
        player = LSTMPlayer(
            self.plan, (classes, voices, bar), self.units, self.depth, self.embedding
        )
        return BarsDecoder(
            Conductor(latent + context, self.conductor, self.plan, steps // bar),
            player,
            self.scheduled,
            context,
        )


@final
class LSTMEncoder(nn.Module):
    """From symbols (B, V, T) to features (B, F): the last states of both directions."""

    def __init__(
        self, voices: int, hidden: int, embedding: int, symbols: int, context: int = 0
    ) -> None:
        super().__init__()
        self.features, self.context, self.symbols = 2 * hidden, context, symbols
        self.embedding = VoiceEmbedding(voices, symbols, embedding)
        inputs = voices * embedding + context
        self.memory = nn.LSTM(inputs, hidden, batch_first=True, bidirectional=True)

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features of a batch; a symbol that is missing is none of them."""
        read = x.round().clamp(0, self.symbols - 1).long()
        if mask is not None:
            read = read.masked_fill(~mask, self.symbols)
        steps = self.embedding(read)
        if context is not None:
            steps = torch.cat([steps, context[:, None].expand(-1, steps.shape[1], -1)], 2)
        _, (last, _) = self.memory(steps)
        return torch.cat([last[0], last[1]], 1)


@final
class VoiceEmbedding(nn.Module):
    """Numbers for the symbols of V voices, (N, V, T) to (N, T, V x E); one more symbol is none."""

    first: Tensor

    def __init__(self, voices: int, symbols: int, size: int) -> None:
        super().__init__()
        self.table = nn.Embedding(voices * (symbols + 1), size)
        self.register_buffer(
            "first", torch.arange(voices)[:, None] * (symbols + 1), persistent=False
        )

    def forward(self, symbols: Tensor) -> Tensor:
        """The numbers, voice beside voice."""
        found: Tensor = self.table((symbols + self.first).transpose(1, 2))
        return found.flatten(2)


class Player(Protocol):
    """What plays T steps from a vector (N, D), one after another; `classes` symbols there are.

    start: the layer that reads the vector first.
    """

    classes: int
    steps: int
    start: nn.Linear

    def __call__(self, vector: Tensor, target: Tensor) -> Tensor:
        """Logits (N, M, V, T) of each step of a target (N, V, T), given those before it."""

    def generated(
        self, vector: Tensor, temperature: float, generator: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """What it plays of itself: symbols (N, V, T), and their logits (N, M, V, T)."""


@final
class LSTMPlayer(nn.Module):
    """A memory that plays T steps from a vector (N, D), which it reads in every step.

    Its state begins as the vector says, and the step before the first one is none.
    """

    def __init__(self, size: int, outputs: Shape, hidden: int, layers: int, embedding: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.classes, self.voices, self.steps = outputs
        self.hidden, self.layers = hidden, layers
        self.embedding = VoiceEmbedding(self.voices, self.classes, embedding)
        self.start = nn.Linear(size, 2 * layers * hidden)
        self.memory = nn.LSTM(
            self.voices * embedding + size, hidden, num_layers=layers, batch_first=True
        )
        self.out = nn.Linear(hidden, self.voices * self.classes)

    def forward(self, vector: Tensor, target: Tensor) -> Tensor:
        """Logits (N, M, V, T) of each step of a target (N, V, T), given those before it."""
        before = target.new_full((*target.shape[:2], 1), self.classes)
        previous = torch.cat([before, target[:, :, :-1]], 2)
        logits, _ = self._played(vector, previous, self._begun(vector))
        return logits

    def generated(
        self, vector: Tensor, temperature: float, generator: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """What it plays of itself: symbols (N, V, T), and their logits (N, M, V, T)."""
        state = self._begun(vector)
        previous = torch.full(
            (len(vector), self.voices, 1), self.classes, dtype=torch.long, device=vector.device
        )
        symbols, logits = list[Tensor](), list[Tensor]()
        for _ in range(self.steps):
            step, state = self._played(vector, previous, state)
            previous = chosen(step, temperature, generator)
            symbols.append(previous)
            logits.append(step)
        return torch.cat(symbols, 2), torch.cat(logits, 3)

    def _begun(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        first = self.start(vector).tanh().view(len(vector), 2, self.layers, self.hidden)
        hidden, cell = first.permute(1, 2, 0, 3).contiguous()
        return hidden, cell

    def _played(
        self, vector: Tensor, previous: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits (N, M, V, T) after symbols (N, V, T), and the state then."""
        steps = previous.shape[2]
        read = torch.cat([self.embedding(previous), vector[:, None].expand(-1, steps, -1)], 2)
        played, state = self.memory(read, state)
        logits = self.out(played).view(len(vector), steps, self.voices, self.classes)
        return logits.permute(0, 3, 2, 1), state


@final
class Conductor(nn.Module):
    """A memory that makes a vector for every bar of a code, (N, D) to (N, bars, P)."""

    def __init__(self, size: int, hidden: int, plan: int, bars: int) -> None:
        super().__init__()
        self.bars = bars
        self.start = nn.Linear(size, 2 * hidden)
        self.memory = nn.LSTM(size, hidden, batch_first=True)
        self.out = nn.Linear(hidden, plan)

    def forward(self, code: Tensor) -> Tensor:
        """The vectors of the bars."""
        hidden, cell = self.start(code).tanh().unsqueeze(0).chunk(2, 2)
        read = code[:, None].expand(-1, self.bars, -1)
        played, _ = self.memory(read, (hidden.contiguous(), cell.contiguous()))
        plans: Tensor = self.out(played).tanh()
        return plans


@final
class FlatDecoder(nn.Module):
    """From codes (K, B, D) to logits (K, B, M, V, T): a player of all steps, and its code."""

    def __init__(self, player: Player, scheduled: float, context: int = 0) -> None:
        super().__init__()
        self.player, self.scheduled, self.context = player, scheduled, context
        heard(player.start, context)

    def forward(
        self,
        z: Tensor,
        context: Tensor | None = None,
        target: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Logits of a target (B, V, T), each step given those before; without, of what it plays."""
        if target is None:
            return self.generate(z, context)
        vector, symbols = _folded(z, context, target, self.player.classes)
        share = self.scheduled if self.training else 0.0
        logits = _taught(self.player, vector, symbols, share, generator)
        return logits.view(*z.shape[:2], *logits.shape[1:])

    def generate(
        self,
        z: Tensor,
        context: Tensor | None = None,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Tensor:
        """Logits whose largest are what it plays: its likeliest symbols, or draws."""
        vector = with_context(z, context).flatten(0, 1)
        logits = _sure(*self.player.generated(vector, temperature, generator), temperature)
        return logits.view(*z.shape[:2], *logits.shape[1:])


@final
class BarsDecoder(nn.Module):
    """From codes (K, B, D) to logits (K, B, M, V, T), bar by bar of a conductor's vectors."""

    def __init__(
        self, conductor: Conductor, player: Player, scheduled: float, context: int = 0
    ) -> None:
        super().__init__()
        self.conductor, self.player = conductor, player
        self.scheduled, self.context = scheduled, context
        heard(conductor.start, context)

    def forward(
        self,
        z: Tensor,
        context: Tensor | None = None,
        target: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Logits of a target (B, V, T), each step given those before it in its bar; without a
        target, of what it plays."""
        if target is None:
            return self.generate(z, context)
        code, symbols = _folded(z, context, target, self.player.classes)
        plans = self.conductor(code).flatten(0, 1)
        bars = symbols.view(*symbols.shape[:2], self.conductor.bars, self.player.steps)
        bars = bars.transpose(1, 2).flatten(0, 1)
        share = self.scheduled if self.training else 0.0
        logits = _taught(self.player, plans, bars, share, generator)
        return self._joined(logits, z)

    def generate(
        self,
        z: Tensor,
        context: Tensor | None = None,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Tensor:
        """Logits whose largest are what it plays: its likeliest symbols, or draws."""
        plans = self.conductor(with_context(z, context).flatten(0, 1)).flatten(0, 1)
        found = self.player.generated(plans, temperature, generator)
        return self._joined(_sure(*found, temperature), z)

    def _joined(self, logits: Tensor, z: Tensor) -> Tensor:
        """Logits (K x B x bars, M, V, S) as (K, B, M, V, T)."""
        rows = logits.reshape(*z.shape[:2], self.conductor.bars, *logits.shape[1:])
        return rows.permute(0, 1, 3, 4, 2, 5).flatten(4)


def chosen(logits: Tensor, temperature: float, generator: Generator | None) -> Tensor:
    """The likeliest symbols (N, V, T) of logits (N, M, V, T), or draws at a temperature."""
    if not temperature:
        return logits.argmax(1)
    shares = (logits / temperature).softmax(1).movedim(1, -1)
    place = shares.device if generator is None else generator.device
    drawn = torch.multinomial(shares.flatten(0, -2).to(place), 1, generator=generator)
    return drawn.view(shares.shape[:-1]).to(shares.device)


def _taught(
    player: Player, vector: Tensor, target: Tensor, scheduled: float, generator: Generator | None
) -> Tensor:
    """Logits of a target, in which some steps are the player's own guesses where it is read.

    The guesses are those of a first pass, so that no pass goes step by step (Mihaylova and
    Martins 2019, https://arxiv.org/abs/1906.07651).
    """
    if not scheduled:
        return player(vector, target)
    with torch.no_grad():
        guessed = chosen(player(vector, target), 1.0, generator)
    place = target.device if generator is None else generator.device
    drawn = torch.rand(len(target), 1, target.shape[2], generator=generator, device=place)
    own = drawn.to(target.device) < scheduled
    return player(vector, torch.where(own, guessed, target))


def _sure(symbols: Tensor, logits: Tensor, temperature: float) -> Tensor:
    """Logits whose largest are the symbols: as they are for the likeliest, certain for draws."""
    if not temperature:
        return logits
    return torch.zeros_like(logits).scatter_(1, symbols.unsqueeze(1), _SURE)


def _folded(
    z: Tensor, context: Tensor | None, target: Tensor, classes: int
) -> tuple[Tensor, Tensor]:
    """Codes with their context (K x B, D + E) and the symbols (K x B, V, T) that go with them."""
    symbols = target.round().clamp(0, classes - 1).long()
    symbols = symbols.expand(len(z), *symbols.shape)
    return with_context(z, context).flatten(0, 1), symbols.flatten(0, 1)


def voices_of(shape: Shape) -> int:
    """The V of rows (V, T); raises BadInput where rows have another shape."""
    if len(shape) != 2:
        raise BadInput(f"This `net` reads voices of symbols (V, T), not {shape}: take another.")
    return shape[0]


def check_outputs(outputs: Shape, symbols: int) -> None:
    """Raises BadInput where parameters are not logits (M, V, T) of so many symbols."""
    if len(outputs) != 3 or outputs[0] != symbols:
        raise BadInput(
            f"This `net` gives logits of {symbols} symbols for voices (V, T), not {outputs}: take "
            f"the likelihood categorical with `classes={symbols}`, or another `net`."
        )


def check_memory(units: int, depth: int, embedding: int, scheduled: float, symbols: int) -> None:
    """Raises BadInput where an option that all nets of melodies share makes no sense."""
    for name, value, least in (
        ("units", units, 1),
        ("depth", depth, 1),
        ("embedding", embedding, 1),
        ("symbols", symbols, 2),
    ):
        if value < least:
            raise BadInput(f"`{name}` must be {least} or more, not {value}.")
    if not 0 <= scheduled <= 1:
        raise BadInput(f"`scheduled` must be a share from 0 to 1, not {scheduled:g}.")
