"""What the experiment on speech trains and measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Sound
from vaekit.evaluation.bootstrap import Interval, bootstrap, mean_interval, share_interval
from vaekit.reports.denoise_results import paired
from vaekit.space import ClassMeans

Array = NDArray[Any]

LISTENERS = {"speaker": "speaker", "voice": "speaker", "digit": "digit"}
"""What each listener tells apart; the voice is the speaker without the mean spectrum."""

REAL, AGAIN, TURNED, SWAPPED = "original", "reconstruction", "transformation", "mean spectrum"
TOLD = "told who speaks"
LATENTS, BETAS = (16, 64, 128), (1.0, 4.0)
MAIN = (128, 1.0)  # the size of the code and beta of the model that all else is measured of


@final
@dataclass(frozen=True)
class Size:
    """How much is trained and measured.

    epochs: of a model; judge: of a listener.
    takes: test recordings of each speaker and digit; heard: those that go through a wave.
    scales: of the main model's steps; few: of the other models'. known: training recordings of
    each speaker and digit whose pitch is measured.
    """

    epochs: int
    judge: int
    takes: int
    heard: int
    scales: tuple[float, ...]
    few: tuple[float, ...]
    known: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way of making T versions of each of N recordings, and how they are heard.

    right: by listener, whether it hears what it should in every training run, (S, N, T) bool.
    """

    name: str
    right: dict[str, Tensor]

    def share(self, listener: str) -> Interval:
        """How often a listener hears what it should, with a 95% interval over recordings."""
        right = self.right[listener]
        if right.shape[0] == right.shape[2] == 1:
            return share_interval(right.flatten())
        return mean_interval(self.by_recording(listener))

    def by_recording(self, listener: str) -> Tensor:
        """The share of each recording's versions, (N,)."""
        return self.right[listener].double().mean(dim=(0, 2))

    def by_seed(self, listener: str) -> list[float]:
        """The share in every training run."""
        found: list[float] = self.right[listener].double().mean(dim=(1, 2)).tolist()
        return found

    def less(self, listener: str, other: "Way") -> Interval:
        """How much more often than in another way, paired by recording, bootstrapped over them."""
        return mean_interval(self.by_recording(listener) - other.by_recording(listener))

    def over_seeds(self, listener: str, other: "Way") -> Interval | None:
        """The same difference with its t interval over training runs; None where there is one."""
        ours, theirs = self.by_seed(listener), other.by_seed(listener)
        return paired(ours, theirs * len(ours) if len(theirs) == 1 else theirs)

    def with_seeds(self, others: Sequence["Way"]) -> "Way":
        """The same in this training run and in others."""
        ways = (self, *others)
        joint = {name: torch.cat([way.right[name] for way in ways]) for name in self.right}
        return Way(self.name, joint)


def widest(first: Interval, second: Interval | None) -> Interval:
    """A difference with what both of its intervals cover: it is clear where it is in both."""
    if second is None:
        return first
    return Interval(first.value, min(first.low, second.low), max(first.high, second.high))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Traded:
    """One model of the grid: what it costs, and how its versions are heard by their scale.

    rate, distortion: means over test segments, in nats. active: dimensions of the code in use.
    """

    latent: int
    beta: float
    rate: float
    distortion: float
    active: int
    again: Way
    ways: dict[float, Way]

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"latent {self.latent}, beta {self.beta:g}"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pitches:
    """How the pitch of N recordings moves when each is given T other voices.

    speakers: the median pitch of real recordings, in hertz.
    real: logarithms of the median pitch of the originals, (N,); NaN where no pitch is heard.
    before, after: the same of the reconstruction and of the transformation, (N, T).
    wanted: of the speaker asked for, (N, T).
    """

    speakers: dict[str, float]
    real: Tensor
    before: Tensor
    after: Tensor
    wanted: Tensor

    @staticmethod
    def joined(parts: "Sequence[Pitches]") -> "Pitches":
        """Those of several training runs, of the same recordings, side by side."""
        columns = ([part.before, part.after, part.wanted] for part in parts)
        joint = (torch.cat(each, dim=1) for each in zip(*columns, strict=True))
        return Pitches(parts[0].speakers, parts[0].real, *joint)

    @property
    def known(self) -> Tensor:
        """Where pitch is heard before and after, (N, T) bool."""
        return (self.before + self.after).isfinite()

    def heard(self) -> dict[str, Interval]:
        """How often there is a pitch at all, with intervals over recordings."""
        waves = {REAL: self.real[:, None], AGAIN: self.before, TURNED: self.after}
        return {
            name: mean_interval(each.isfinite().double().mean(1)) for name, each in waves.items()
        }

    def nearer(self) -> Interval | None:
        """How often the pitch comes nearer to the target's, with an interval over recordings."""
        known = self.known
        if not known.any():
            return None
        better = (self.after - self.wanted).abs() < (self.before - self.wanted).abs()
        sums, counts = (better & known).sum(1).double(), known.sum(1).double()
        return bootstrap(lambda hits, all_: hits.sum(1) / all_.sum(1), sums, counts)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A wave (samples,) in [-1, 1] and what it is."""

    wave: Array
    about: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One recording of every speaker in the voices of all.

    speakers: in the order of the rows. rows: of each its original and then its version in every
    voice, spectrograms (mels, T) of logarithms. clips: of each some, to be heard.
    tracks: pitches in hertz (T,) by what they are of, by pair of speakers.
    """

    digit: str
    speakers: tuple[str, ...]
    rows: list[list[Array]]
    clips: list[list[Clip]]
    tracks: dict[tuple[str, str], dict[str, Array]]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows.

    trained, measured, waved: recordings to train on, those measured, those that went through
    a wave. spoken, waves: ways, the model's transformation third, as spectrograms and through a
    wave. digits: ways of giving another digit. scales: the main model's first run by scale.
    pairs: of speakers (from, to) the transformation, by listener.
    """

    size: Size
    seeds: int
    sound: Sound
    trained: int
    measured: int
    waved: int
    spoken: list[Way]
    waves: list[Way]
    digits: list[Way]
    scales: dict[float, Way]
    grid: list[Traded]
    pairs: dict[tuple[str, str], Way]
    classes: ClassMeans
    pitches: Pitches
    shown: Shown


def semitones(ratio: float) -> float:
    """A ratio of pitches as semitones."""
    return float(12 * np.log2(ratio))
