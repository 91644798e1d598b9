"""Recordings in other voices: by a model's codes, by mean spectra, and how they are heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Sound, Split
from vaekit.evaluation.listening import Listener
from vaekit.evaluation.pitch import median_pitch, pitch_track
from vaekit.model import Told
from vaekit.records import Batch
from vaekit.reports.speech_results import LISTENERS, Clip, Pitches, Shown, Way
from vaekit.runs import Run
from vaekit.space import ClassMeans
from vaekit.workflow.sound import passed_all, sound_classes, whole_recordings

Array = NDArray[Any]

_EXAMPLES = 3  # of pitch tracks


@final
@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Spectrograms (mels, T) of N recordings, and who says what in each."""

    spectrograms: list[Array]
    speaker: tuple[str, ...]
    digit: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.spectrograms)

    @staticmethod
    def of(split: Split, sound: Sound) -> "Recordings":
        """Those of a split that are whole."""
        whole = whole_recordings(split, sound)
        firsts = [int(rows[0]) for _, rows, _ in whole]
        return Recordings(
            [sound.joined(split.x[rows], frames) for _, rows, frames in whole],
            tuple(str(split.table["speaker"][row]) for row in firsts),
            tuple(str(split.table["digit"][row]) for row in firsts),
        )

    def column(self, name: str) -> tuple[str, ...]:
        """The speaker or the digit of each."""
        return {"speaker": self.speaker, "digit": self.digit}[name]

    def take(self, numbers: Sequence[int]) -> "Recordings":
        """These recordings."""
        return Recordings(
            [self.spectrograms[n] for n in numbers],
            tuple(self.speaker[n] for n in numbers),
            tuple(self.digit[n] for n in numbers),
        )

    def first(self, takes: int) -> "Recordings":
        """The first so many of each speaker and digit."""
        seen: dict[tuple[str, str], list[int]] = {}
        for number, kind in enumerate(zip(self.speaker, self.digit, strict=True)):
            seen.setdefault(kind, []).append(number)
        return self.take(sorted(n for each in seen.values() for n in each[:takes]))

    def asked(self, column: str) -> list[tuple[int, str]]:
        """Each recording's number with each of the other values of a column, in its order."""
        values = self.column(column)
        known = sorted(set(values))
        return [(n, to) for n, own in enumerate(values) for to in known if to != own]


@final
class Voices:
    """A run's model and the mean codes of its classes."""

    def __init__(self, run: Run) -> None:
        self.told: Told = run.told()
        self.classes: ClassMeans = sound_classes(run)
        sound = run.sound
        assert sound is not None
        self.sound = sound

    def again(self, recordings: Recordings) -> list[Array]:
        """Reconstructions."""
        return passed_all(self.told, self.sound, recordings.spectrograms)

    def turned(
        self,
        recordings: Recordings,
        column: str,
        asked: Sequence[tuple[int, str]],
        scale: float = 1,
    ) -> list[Array]:
        """Recordings with the mean code of their own class exchanged for that of another."""
        own = recordings.column(column)
        ways = [scale * self.classes.way(column, own[n], to) for n, to in asked]
        spectrograms = [recordings.spectrograms[n] for n, _ in asked]
        return passed_all(self.told, self.sound, spectrograms, np.stack(ways))


@final
class Roles:
    """A run that is told who speaks: it reads a recording as its speaker's and says another's."""

    def __init__(self, run: Run) -> None:
        assert run.sound is not None
        self.sound, self.model = run.sound, run.model()
        (column,) = run.conditioned("speaker").columns
        names = column.spread(0)
        self.contexts = {name: _context(run, column.name, name) for name in names}

    def turned(self, recordings: Recordings, asked: Sequence[tuple[int, str]]) -> list[Array]:
        """Recordings whose codes are decoded as the speakers' that are asked for."""
        cut = [self.sound.segments(recordings.spectrograms[n]) for n, _ in asked]
        counts = [len(each) for each in cut]
        own = self._told([recordings.speaker[n] for n, _ in asked], counts)
        other = self._told([to for _, to in asked], counts)
        codes = self.model.encode(Batch(torch.from_numpy(np.concatenate(cut)), own))
        decoded = np.split(self.model.decode(codes, other).numpy(), np.cumsum(counts)[:-1])
        lengths = (recordings.spectrograms[n].shape[1] for n, _ in asked)
        return [self.sound.joined(*each) for each in zip(decoded, lengths, strict=True)]

    def _told(self, names: Sequence[str], counts: Sequence[int]) -> Tensor:
        """What every segment is told, where each name is that of so many."""
        rows = torch.stack([self.contexts[name] for name in names])
        return rows.repeat_interleave(torch.tensor(counts), 0)


def _context(run: Run, column: str, name: str) -> Tensor:
    context = run.context({column: name})
    assert context is not None
    return context


def mean_spectra(known: Recordings, column: str) -> dict[str, Array]:
    """By class the mean (mels,) over all frames of its recordings."""
    own = known.column(column)
    return {
        name: np.concatenate(
            [each for each, of in zip(known.spectrograms, own, strict=True) if of == name], axis=1
        ).mean(axis=1)
        for name in sorted(set(own))
    }


def swapped(
    recordings: Recordings,
    column: str,
    asked: Sequence[tuple[int, str]],
    means: Mapping[str, Array],
) -> list[Array]:
    """Recordings with the difference of the classes' mean spectra added to every frame."""
    own = recordings.column(column)
    return [recordings.spectrograms[n] + (means[to] - means[own[n]])[:, None] for n, to in asked]


def heard_as(
    listeners: Mapping[str, Listener],
    name: str,
    versions: Sequence[Array],
    recordings: Recordings,
    column: str = "",
    asked: Sequence[tuple[int, str]] = (),
) -> Way:
    """How often listeners hear in versions what was asked for, and beside that what it was.

    asked: of each version its recording and the class of the column that it was given; left out,
        the versions are one of each recording, to be heard as it is.
    """
    of = [n for n, _ in asked] or list(range(len(recordings)))
    right = {}
    for each, listener in listeners.items():
        own = recordings.column(LISTENERS[each])
        names = [to for _, to in asked] if LISTENERS[each] == column else [own[n] for n in of]
        right[each] = listener.agrees(versions, names).reshape(1, len(recordings), -1)
    return Way(name, right)


def through_wave(sound: Sound, spectrograms: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Waves by Griffin and Lim's method, and what of each spectrogram is left in them."""
    waves = [said(sound, each) for each in spectrograms]
    back = [sound.spectrogram(wave) for wave in waves]
    return waves, back


def said(sound: Sound, spectrogram: Array) -> Array:
    """The wave (samples,) of a spectrogram (mels, T)."""
    return sound.wave(spectrogram, (spectrogram.shape[1] - 1) * sound.hop)


def pitch_of_speakers(known: Recordings, sound: Sound) -> dict[str, float]:
    """By speaker the median over recordings of the median pitch in hertz, through a wave."""
    found: dict[str, list[float]] = {}
    for spectrogram, speaker in zip(known.spectrograms, known.speaker, strict=True):
        pitch = median_pitch(said(sound, spectrogram), sound)
        found.setdefault(speaker, []).append(pitch)
    return {name: float(np.nanmedian(each)) for name, each in found.items()}


def pitches_of(
    sound: Sound,
    speakers: dict[str, float],
    recordings: Recordings,
    asked: Sequence[tuple[int, str]],
    waves: tuple[Sequence[Array], Sequence[Array], Sequence[Array]],
) -> Pitches:
    """How pitch moves in the waves of N recordings, their reconstructions and their versions."""

    def logs(waves: Sequence[Array]) -> Tensor:
        return torch.tensor([median_pitch(wave, sound) for wave in waves]).log()

    shape = len(recordings), -1
    real, before, after = map(logs, waves)
    return Pitches(
        speakers,
        real,
        torch.stack([before[n] for n, _ in asked]).reshape(shape),
        after.reshape(shape),
        torch.tensor([speakers[to] for _, to in asked]).log().reshape(shape),
    )


def shown(
    voices: Voices, recordings: Recordings, means: Mapping[str, Array], speakers: dict[str, float]
) -> Shown:
    """One recording of every speaker, of one digit, in all voices."""
    sound, digit = voices.sound, sorted(set(recordings.digit))[-1]
    there = [n for n, said_ in enumerate(recordings.digit) if said_ == digit]
    some = recordings.take(there).first(1)
    names = some.speaker
    asked = some.asked("speaker")
    turned = dict(zip(asked, voices.turned(some, "speaker", asked), strict=True))
    filtered = dict(zip(asked, swapped(some, "speaker", asked, means), strict=True))
    again = voices.again(some)
    rows, clips = [], []
    for n, name in enumerate(names):
        original = some.spectrograms[n]
        rows.append([original, *(again[n] if to == name else turned[n, to] for to in names)])
        to = names[(n + 1) % len(names)]
        parts = {
            f"{name}, original": original,
            f"{name}, reconstruction": again[n],
            f"{name} to {to}": turned[n, to],
            f"{name} to {to}, by mean spectra alone": filtered[n, to],
        }
        clips.append([Clip(said(sound, each), about) for about, each in parts.items()])
    tracks = {}
    for n, to in _farthest(names, speakers):
        three = {"original": some.spectrograms[n], "reconstruction": again[n]}
        three["transformation"] = turned[n, to]
        tracks[names[n], to] = {what: _track(sound, each) for what, each in three.items()}
    return Shown(digit, names, rows, clips, tracks)


def _track(sound: Sound, spectrogram: Array) -> Array:
    return pitch_track(said(sound, spectrogram), sound)


def _farthest(names: Sequence[str], speakers: Mapping[str, float]) -> list[tuple[int, str]]:
    """The pairs of speakers whose pitches lie farthest apart, of different speakers."""
    pairs = [(n, to) for n, name in enumerate(names) for to in names if to != name]
    pairs.sort(key=lambda pair: -abs(np.log(speakers[names[pair[0]]] / speakers[pair[1]])))
    found: list[tuple[int, str]] = []
    for n, to in pairs:
        if all(n != other for other, _ in found) and len(found) < _EXAMPLES:
            found.append((n, to))
    return found
