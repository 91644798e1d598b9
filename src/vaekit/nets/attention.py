"""A net of melodies whose decoder attends to every step that it has played."""

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from vaekit.contracts import Shape
from vaekit.errors import BadInput
from vaekit.nets.sequences import (
    SYMBOLS,
    FlatDecoder,
    LSTMEncoder,
    VoiceEmbedding,
    check_memory,
    check_outputs,
    chosen,
    voices_of,
)

_WIDER = 4  # times the units, between the two layers that follow attention
_POSITION = 0.02  # spread of what stands for a position, at first


@final
@dataclass(frozen=True)
class Transformer:
    """A small causal transformer that plays a melody, its code being what comes before step one.

    The encoder is that of LSTM. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Args:
        units: Width of the decoder.
        depth: Blocks, each of attention and two layers.
        heads: Of each attention.
        memory: Width of the encoder's memory, one way.
        embedding: Numbers that stand for a symbol.
        scheduled: Share of steps in training whose step before is the model's own guess rather
            than the data's (Bengio et al. 2015); such training takes two passes.
        symbols: How many there are.

    Raises BadInput where an option makes no sense.
    """

    units: int = 128
    depth: int = 3
    heads: int = 4
    memory: int = 256
    embedding: int = 64
    scheduled: float = 0.0
    symbols: int = SYMBOLS

    def __post_init__(self) -> None:
        check_memory(self.units, self.depth, self.embedding, self.scheduled, self.symbols)
        if self.memory < 1:
            raise BadInput(f"`memory` must be 1 or more, not {self.memory}.")
        if self.heads < 1 or self.units % self.heads:
            raise BadInput(f"`heads={self.heads}` does not divide `units={self.units}`.")

    def encoder(self, shape: Shape, context: int = 0) -> LSTMEncoder:
        """The body from symbols (B, V, T) to features (B, F)."""
        return LSTMEncoder(voices_of(shape), self.memory, self.embedding, self.symbols, context)

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> FlatDecoder:
        """The body from codes (K, B, D) to logits (K, B, M, V, T)."""
        check_outputs(outputs, self.symbols)
        player = AttentionPlayer(
            latent + context, outputs, self.units, self.depth, self.heads, self.embedding
        )
        return FlatDecoder(player, self.scheduled, context)


@final
class AttentionPlayer(nn.Module):
    """Plays T steps, each of which attends to a vector (N, D) and to the steps before it."""

    def __init__(
        self, size: int, outputs: Shape, units: int, depth: int, heads: int, embedding: int
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.classes, self.voices, self.steps = outputs
        self.embedding = VoiceEmbedding(self.voices, self.classes, embedding)
        self.start = nn.Linear(size, units)
        self.read = nn.Linear(self.voices * embedding, units)
        self.positions = nn.Parameter(_POSITION * torch.randn(self.steps, units))
        self.blocks = nn.ModuleList(Block(units, heads, depth) for _ in range(depth))
        self.norm = nn.LayerNorm(units)
        self.out = nn.Linear(units, self.voices * self.classes)

    def forward(self, vector: Tensor, target: Tensor) -> Tensor:
        """Logits (N, M, V, T) of each step of a target (N, V, T), given those before it."""
        before = self.read(self.embedding(target[:, :, :-1]))
        h = torch.cat([self.start(vector)[:, None], before], 1) + self.positions
        for block in self.blocks:
            h = block(h)
        return self._logits(h)

    def generated(
        self, vector: Tensor, temperature: float, generator: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """What it plays of itself: symbols (N, V, T), and their logits (N, M, V, T)."""
        pasts = [Past(self.steps) for _ in self.blocks]
        token, symbols, logits = self.start(vector)[:, None], list[Tensor](), list[Tensor]()
        for step in range(self.steps):
            h = token + self.positions[step]
            for block, past in zip(self.blocks, pasts, strict=True):
                h = block(h, past)
            logits.append(self._logits(h))
            symbols.append(chosen(logits[-1], temperature, generator))
            token = self.read(self.embedding(symbols[-1]))
        return torch.cat(symbols, 2), torch.cat(logits, 3)

    def _logits(self, h: Tensor) -> Tensor:
        played = self.out(self.norm(h)).view(*h.shape[:2], self.voices, self.classes)
        logits: Tensor = played.permute(0, 3, 2, 1)
        return logits


@final
class Past:
    """Keys and values (N, heads, steps, size) of the steps so far, with room for the others."""

    def __init__(self, steps: int) -> None:
        self.steps, self.at = steps, 0
        self.keys = self.values = torch.empty(0)

    def then(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Those with one more step's (N, heads, 1, size)."""
        if not self.at:
            shape = (*key.shape[:2], self.steps, key.shape[3])
            self.keys, self.values = key.new_empty(shape), value.new_empty(shape)
        self.keys[:, :, self.at], self.values[:, :, self.at] = key[:, :, 0], value[:, :, 0]
        self.at += 1
        return self.keys[:, :, : self.at], self.values[:, :, : self.at]


@final
class Block(nn.Module):
    """Causal attention and two layers, each added to what it reads, (N, T, U) to (N, T, U)."""

    def __init__(self, units: int, heads: int, depth: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(units), nn.LayerNorm(units)
        self.asked = nn.Linear(units, 3 * units)
        self.attended = nn.Linear(units, units)
        self.wide = nn.Linear(units, _WIDER * units)
        self.narrow = nn.Linear(_WIDER * units, units)
        with torch.no_grad():  # what all blocks add is no larger than what one would
            for last in (self.attended, self.narrow):
                last.weight /= (2 * depth) ** 0.5

    def forward(self, h: Tensor, past: Past | None = None) -> Tensor:
        """What follows h; past: of the steps before, where h is of one step alone."""
        n, steps, units = h.shape
        asked = self.asked(self.before(h)).view(n, steps, 3, self.heads, units // self.heads)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = past.then(key, value)
        found = F.scaled_dot_product_attention(query, key, value, is_causal=past is None)
        h = h + self.attended(found.transpose(1, 2).flatten(2))
        later: Tensor = h + self.narrow(F.gelu(self.wide(self.between(h))))
        return later
