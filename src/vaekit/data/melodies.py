"""What is said of melodies: how many notes, how high, how far apart, how far off the beat.

Each is a number for every row of symbols (n, V, T), of all its voices together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data.music import HOLD
from vaekit.data.stored import Stored

Array = npt.NDArray[Any]
_BLOCK = 4_096  # rows looked at at a time
_BEAT = 4  # steps
_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], np.int64)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The notes of n rows of V voices with T steps each.

    rows, first, length, pitches: of every note, its row, first step, steps and pitch, in order.
    follows: whether the note before it is of the same voice.
    """

    shape: tuple[int, int, int]
    rows: Array
    first: Array
    length: Array
    pitches: Array
    follows: Array

    @staticmethod
    def of(symbols: Array) -> "Lines":
        """Those of symbols (n, V, T)."""
        n, voices, steps = symbols.shape
        flat = symbols.reshape(n * voices, steps)
        ends = np.full((n * voices, steps + 1), steps)
        ends[:, :-1][flat != HOLD] = np.nonzero(flat != HOLD)[1]
        following = np.minimum.accumulate(ends[:, ::-1], 1)[:, ::-1]
        lines, first = np.nonzero(flat < HOLD)
        length = following[lines, first + 1] - first
        follows = np.diff(lines, prepend=-1) == 0
        pitches = flat[lines, first].astype(np.int64)
        return Lines((n, voices, steps), lines // voices, first, length, pitches, follows)

    @property
    def counts(self) -> Array:
        """The notes of every row, (n,)."""
        return np.asarray(np.bincount(self.rows, minlength=self.shape[0]))

    def mean(self, values: Array, kept: Array | None = None) -> Array:
        """The mean in every row of a value for each note, or for those that are kept; 0 of none."""
        rows = self.rows if kept is None else self.rows[kept]
        taken = values if kept is None else values[kept]
        total = np.bincount(rows, taken, minlength=self.shape[0])
        return np.asarray(total / np.maximum(np.bincount(rows, minlength=self.shape[0]), 1))


def note_density(lines: Lines) -> Array:
    """Notes a step and voice."""
    return np.asarray(lines.counts / (lines.shape[1] * lines.shape[2]))


def pitch_range(lines: Lines) -> Array:
    """From the lowest note to the highest, in semitones."""
    lowest, highest = np.full(lines.shape[0], HOLD), np.full(lines.shape[0], -1)
    np.minimum.at(lowest, lines.rows, lines.pitches)
    np.maximum.at(highest, lines.rows, lines.pitches)
    return np.asarray(np.maximum(highest - lowest, 0), np.float64)


def average_interval(lines: Lines) -> Array:
    """From one note of a voice to the next, in semitones on average."""
    return lines.mean(np.abs(np.diff(lines.pitches, prepend=0)), lines.follows)


def syncopation(lines: Lines) -> Array:
    """The share of notes that begin off a beat and sound through the next one."""
    within = lines.first % _BEAT
    return lines.mean(((within > 0) & (within + lines.length > _BEAT)).astype(np.float64))


def diatonic_share(lines: Lines) -> Array:
    """The largest share of notes that one major scale holds."""
    places = lines.rows * 12 + lines.pitches % 12
    classes = np.bincount(places, minlength=12 * lines.shape[0]).reshape(-1, 12)
    scales = np.stack([np.roll(_MAJOR, key) for key in range(12)], 1)
    return np.asarray((classes @ scales).max(1) / np.maximum(lines.counts, 1))


MEASURES: dict[str, Callable[[Lines], Array]] = {
    "note-density": note_density,
    "pitch-range": pitch_range,
    "syncopation": syncopation,
    "average-interval": average_interval,
    "diatonic-share": diatonic_share,
}


def measured(rows: Array | Stored) -> dict[str, Array]:
    """Every measure of every row of symbols (n, V, T), by name, (n,)."""
    found: dict[str, list[Array]] = {name: [] for name in MEASURES}
    for first in range(0, len(rows), _BLOCK):
        lines = Lines.of(np.asarray(rows[first : first + _BLOCK]))
        for name, measure in MEASURES.items():
            found[name].append(measure(lines))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def marks(rows: Array | Stored) -> dict[str, npt.NDArray[np.bool_]]:
    """Attributes of every row: whether a measure is above the median of all.

    Where most rows have the largest there is, that is what has the attribute.
    """
    found = {}
    for name, values in measured(rows).items():
        middle = np.median(values)
        found[name] = values >= middle if middle == values.max() else values > middle
    return found
