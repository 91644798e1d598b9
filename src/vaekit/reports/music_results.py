"""What the experiment on music trains and measures, and the statistics of melodies it rests on."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data.melodies import Lines
from vaekit.data.music import notes
from vaekit.evaluation.bootstrap import Interval, half_interval, mean_interval, mean_intervals
from vaekit.reports.denoise_results import paired
from vaekit.workflow.music import Played

Array = NDArray[Any]

RIGHT, WRONG, PRIOR = "its own", "another's", "the prior's"
CODES = (RIGHT, WRONG, PRIOR)
"""Whose code a melody is decoded from."""

BLEND, DECODED, CODED = "blend of the ends", "blend of the played ends", "codes"
"""Ways between two melodies."""

STEPS = 11  # of a way, its ends included
SHORT, LONG = 2, 16  # bars
BARS = (SHORT, LONG)

FLAT, HIERARCHICAL, ATTENDING = "flat", "hierarchical", "transformer"

PUBLISHED = {FLAT: (0.883, 0.620), HIERARCHICAL: (0.919, 0.812)}
"""Accuracy a step of 16-bar melodies, teacher-forced and sampled, of Roberts et al. 2018: quoted
from memory and not held against the paper."""
SOURCE = "https://arxiv.org/abs/1803.05428"

_GRAM = 8  # notes in a row that twins share
_TWINS = 0.5  # of the shorter tune's
_WIDEST = 12  # semitones: intervals beyond count as such
_LONGEST = 16  # steps: notes beyond count as such
_DENSEST = 16  # notes a bar


@final
@dataclass(frozen=True, slots=True)
class Case:
    """One of the nets that are compared: its name in the report, and what builds it."""

    name: str
    net: str
    options: dict[str, Any]


CASES = (
    Case(FLAT, "lstm", {"units": 113}),
    Case(HIERARCHICAL, "bars", {"units": 96, "conductor": 96, "plan": 48}),
    Case(ATTENDING, "transformer", {"units": 64, "depth": 2, "memory": 116}),
)
CHORALES = (
    Case(FLAT, "lstm", {"units": 107}),
    Case(HIERARCHICAL, "bars", {"units": 96, "conductor": 96, "plan": 48}),
)
"""The same sizes where there are four voices, whose symbols take more of the weights."""

LANGUAGE = Case("language model", "lstm", {"units": 113})
"""Its code costs so much that it carries nothing: what is left is a model of melodies alone."""


@final
@dataclass(frozen=True)
class Size:
    """How much is trained and measured.

    epochs: by bars of a window. language: those of the language model. chorales: those on them.
    pairs: of test windows to go between. edited: test windows to which attributes are added.
    samples: of every model, by bars. seeds: training runs of each net.
    """

    seeds: int
    epochs: dict[int, int]
    language: dict[int, int]
    chorales: int
    pairs: int
    edited: int
    samples: dict[int, int]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """The share of steps that are right, by voice (V,): each given those before it, and played.

    begun_forced, begun_played: the same of the steps in which a note begins.
    """

    forced: Array
    played: Array
    begun_forced: Array
    begun_played: Array

    def of(self, played: bool, begun: bool = False) -> Array:
        """One of the four."""
        if begun:
            return self.begun_played if played else self.begun_forced
        return self.played if played else self.forced


@final
@dataclass(frozen=True, slots=True, eq=False)
class OfRun:
    """What was measured of one training run on test windows.

    elbo, rate: means in nats a window. active: dimensions of the code in use.
    silent: the share of windows in which it plays no note. accuracy: by whose code.
    """

    parameters: int
    elbo: float
    rate: float
    active: int
    silent: float
    accuracy: dict[str, Accuracy]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What lies on P ways between melodies, by K models.

    distance: the share of steps that differ from the first melody and from the last, (K, P, S, 2).
    cost: negative log-likelihood under the language model, in nats a step, (K, P, S).
    """

    distance: Tensor
    cost: Tensor

    @property
    def excess(self) -> Tensor:
        """Costs beyond those of the ends, mixed as the way is, in nats a step, (K, P, S)."""
        share = torch.linspace(0, 1, self.cost.shape[-1], dtype=self.cost.dtype)
        ends = (1 - share) * self.cost[..., :1] + share * self.cost[..., -1:]
        return self.cost - ends

    @property
    def between(self) -> Tensor:
        """The mean excess of what lies between the ends, (K, P)."""
        return self.excess[..., 1:-1].mean(-1)

    def less(self, other: "Way") -> tuple[Interval, Interval | None]:
        """How much less its melodies cost than another's, over pairs and over models."""
        gain = other.between - self.between
        ours, theirs = (way.between.mean(1).tolist() for way in (self, other))
        over = paired(*(each * (len(gain) // len(each)) for each in (theirs, ours)))
        return mean_interval(gain.mean(0)), over


@final
@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """What attributes that are added to the codes of N windows do to what is measured of them.

    names: the A attributes. scales: S of them, 0 among them. values: (K, A, S, N, A), the measure
    of the last axis where the attribute of the second is added. spread: the standard deviations
    of the measures in the windows as they are, (A,).
    """

    names: tuple[str, ...]
    scales: tuple[float, ...]
    values: Tensor
    spread: Array

    @property
    def changes(self) -> Tensor:
        """By window, the mean over models, in standard deviations from scale 0, (A, S, N, A)."""
        start = self.values[:, :, [self.scales.index(0)]]
        return (self.values - start).mean(0) / torch.from_numpy(self.spread)

    def curve(self, place: int) -> list[Interval]:
        """What a direction does to its own measure, by scale, with intervals over windows."""
        return mean_intervals(self.changes[place, :, :, place].T)

    def matrix(self, scale: float = 1.0) -> list[list[Interval]]:
        """What each direction does to every measure, with intervals over windows."""
        found = self.changes[:, self.scales.index(scale)]
        return [mean_intervals(each) for each in found]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """How far samples of one kind are from data: total variation by distribution, from 0 to 1."""

    name: str
    distances: dict[str, Interval]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Tunes to be seen and heard.

    names: of the test windows. again: each of them as it is and then as every case plays it.
    ways: by case, from one melody to another, both as they are at its ends. samples: by case.
    """

    names: list[str]
    again: list[list[Played]]
    ways: dict[str, list[Played]]
    samples: dict[str, list[Played]]


@final
@dataclass(frozen=True, slots=True, eq=False)
class OfLength:
    """What was measured of melodies of so many bars.

    steps: of a window. trained, tested, sampled: windows.
    common: the share of the commonest symbol in the test windows. runs: by case.
    language: the language model. blend: the way that needs no model; ways: the others, by case.
    edits: by case; none of long melodies. samples: the data's own floor first.
    """

    bars: int
    steps: int
    trained: int
    tested: int
    common: float
    runs: dict[str, list[OfRun]]
    language: OfRun
    blend: Way
    ways: dict[str, dict[str, Way]]
    edits: dict[str, Edits]
    samples: list[Sampled]
    sampled: int
    shown: Shown


@final
@dataclass(frozen=True, slots=True, eq=False)
class OfChorales:
    """What was measured of chorales, four voices at once; see `OfLength`."""

    trained: int
    tested: int
    common: float
    runs: dict[str, list[OfRun]]
    shown: Shown


@final
@dataclass(frozen=True, slots=True)
class Twins:
    """How many tunes have a near-twin in another split, and test tunes one among the trained."""

    tunes: int
    apart: int
    tested: int
    known: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows. options: of the recipe, equal for all nets."""

    size: Size
    options: dict[str, Any]
    lengths: dict[int, OfLength]
    chorales: OfChorales
    twins: Twins


def accuracy(runs: Sequence[OfRun], code: str, played: bool, begun: bool = False) -> list[float]:
    """The share of steps that are right, by run, the mean over voices; begun: of notes' first."""
    return [float(run.accuracy[code].of(played, begun).mean()) for run in runs]


def distributions(rows: Array) -> dict[str, Tensor]:
    """How often each value comes in every row of symbols (n, V, T): counts (n, values), by what.

    Pitch classes; intervals from a note to the next of its voice, in semitones up or down, from
    -12 to 12 and beyond; durations in steps, from 1 to 16 and beyond; notes a bar of 16 steps.
    """
    lines = Lines.of(rows)
    n, voices, steps = lines.shape
    jumps = np.diff(lines.pitches, prepend=0).clip(-_WIDEST, _WIDEST) + _WIDEST
    bars = lines.first // _LONGEST
    density = np.zeros((n, -(-steps // _LONGEST)), np.int64)
    np.add.at(density, (lines.rows, bars), 1)
    density = (density / voices).round().astype(np.int64).clip(0, _DENSEST)
    places = np.arange(n).repeat(density.shape[1])
    kept = lines.follows
    counted = {
        "pitch classes": _counts(n, lines.rows, lines.pitches % 12, 12),
        "intervals": _counts(n, lines.rows[kept], jumps[kept], 2 * _WIDEST + 1),
        "durations": _counts(n, lines.rows, lines.length.clip(1, _LONGEST) - 1, _LONGEST),
        "notes a bar": _counts(n, places, density.ravel(), _DENSEST + 1),
    }
    return {name: torch.from_numpy(each).double() for name, each in counted.items()}


def _counts(n: int, rows: Array, values: Array, most: int) -> Array:
    found = np.bincount(rows * most + values, minlength=n * most)
    return np.asarray(found.reshape(n, most))


def total_variation(one: Tensor, other: Tensor) -> float:
    """Half the sum of differences between the shares of two sets of counts (n, values), (m, …)."""
    shares = [each.sum(0) / each.sum().clamp(min=1) for each in (one, other)]
    return float((shares[0] - shares[1]).abs().sum() / 2)


def away(data: Array, samples: Sequence[Array]) -> dict[str, Interval]:
    """How far samples of K models are from data, the mean, by distribution; see `half_interval`."""
    known, others = distributions(data), [distributions(each) for each in samples]

    def mean(real: Tensor, *drawn: Tensor) -> float:
        return float(np.mean([total_variation(real, each) for each in drawn]))

    return {
        name: half_interval(mean, counts, *(each[name] for each in others))
        for name, counts in known.items()
    }


def twins(tunes: Mapping[str, Array], parts: Mapping[str, str]) -> Twins:
    """Near-twins among melodies (T,), whatever their key: tunes of which one has half of the
    other's figures or more, a figure being the intervals and durations of eight notes in a row.

    parts: the split of every tune.
    """
    figures = {name: _figures(line) for name, line in tunes.items()}
    holders = defaultdict[Any, list[str]](list)
    for name, known in figures.items():
        for each in known:
            holders[each].append(name)
    shared = Counter(pair for names in holders.values() for pair in combinations(names, 2))
    pairs = [
        {one, other}
        for (one, other), count in shared.items()
        if count >= _TWINS * max(1, min(len(figures[one]), len(figures[other])))
        and parts[one] != parts[other]
    ]
    apart = {name for pair in pairs for name in pair}
    met = {name for pair in pairs if "train" in {parts[each] for each in pair} for name in pair}
    tested = {name for name in tunes if parts[name] == "test"}
    return Twins(len(tunes), len(apart), len(tested), len(met & tested))


def _figures(line: Array) -> set[Any]:
    found = notes(line)
    moves = list(zip(np.diff(found[:, 2]).tolist(), np.diff(found[:, 0]).tolist(), strict=True))
    return {tuple(moves[first : first + _GRAM]) for first in range(len(moves) - _GRAM + 1)}
