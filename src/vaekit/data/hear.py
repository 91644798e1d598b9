"""Recordings as spectrograms in a file of frames; also the program that a worker runs."""

import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data import pool
from vaekit.data.reading import Read, reader
from vaekit.data.sound import Sound

_QUIET = 1e-4  # of the largest value: what stays below all along is silence
_SLACK = 1  # bytes that a file's padding may lack


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """How every recording becomes frames.

    source: where the files are. folder: where the frames of every chunk of files go.
    sound: as `Sound.to_json` gives it.
    """

    source: str
    folder: str
    sound: Mapping[str, Any]


@final
@dataclass(slots=True)
class Heard:
    """What became of one chunk of files.

    digest: of the files' bytes. sizes: the frames of every file, none of one that is left out.
    broken: the number and the reason of every file that can't be read.
    silent, clipped, resampled, short: the numbers of files that are silence, that went beyond
    [-1, 1], that had another rate, and that are shorter than a segment.
    error: why the frames couldn't be written.
    """

    digest: str = ""
    sizes: list[int] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    clipped: list[int] = field(default_factory=list)
    resampled: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    error: str = ""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A wave (samples,) float32 in [-1, 1] at `rate` hertz.

    own_rate: that of its file. clipped: how many values of the file lay outside.
    """

    wave: npt.NDArray[np.float32]
    rate: int
    own_rate: int
    clipped: int

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return bool(np.abs(self.wave).max(initial=0.0) < _QUIET)


def rate_of(data: bytes) -> int:
    """The rate in hertz of a file; raises ValueError for one that is no sound."""
    import soundfile

    try:
        return int(soundfile.info(io.BytesIO(data)).samplerate)
    except soundfile.SoundFileError:
        raise ValueError("it is no WAV or FLAC file") from None


def recording(data: bytes, rate: int | None = None) -> Recording:
    """The sound in a file as one channel, resampled to `rate` where that is another.

    Raises ValueError for a file that is empty, cut short or no sound, and for NaN.
    """
    import soundfile
    import soxr

    if not data:
        raise ValueError("it is empty")
    _check_whole(data)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            promised, own = len(file), int(file.samplerate)
            values = file.read(dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        raise ValueError("it is no WAV or FLAC file") from None
    if len(values) < promised:
        raise ValueError("it is cut short")
    if not len(values):
        raise ValueError("it holds no samples")
    if not np.isfinite(values).all():
        raise ValueError("it holds NaN or infinite values")
    clipped = int((np.abs(values) > 1).any(axis=1).sum())
    wave = np.clip(values, -1, 1).mean(axis=1)
    if rate not in (None, own):
        wave = np.clip(soxr.resample(wave, own, rate), -1, 1)
    return Recording(wave.astype(np.float32), rate or own, own, clipped)


def _check_whole(data: bytes) -> None:
    """Raise ValueError for a WAV file that ends before its parts do, which libsndfile reads."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        # What is written as a stream says that it is as long as can be.
        if name == b"data" and size < 0xFFFFFF00 and place + 8 + size > len(data) + _SLACK:
            raise ValueError("it is cut short")
        place += 8 + size + size % 2


def hear(plan: Plan, sound: Sound, read: Read, first: int, names: Sequence[str]) -> Heard:
    """Write the frames of a chunk of files, one recording after the other."""
    heard, content = Heard(), hashlib.sha256()
    try:
        with Path(plan.folder, f"{first}.frames").open("wb") as file:
            for number, name in enumerate(names, start=first):
                data, frames = b"", None
                try:
                    data = read(name)
                    frames = _frames(sound, data, number, heard)
                except Exception as error:  # damaged files raise nearly anything
                    heard.broken.append((number, str(error) or type(error).__name__))
                content.update(len(data).to_bytes(8))
                content.update(data)
                heard.sizes.append(0 if frames is None else len(frames))
                if frames is not None:
                    file.write(frames.data)
    except OSError as error:
        return Heard(error=str(error))
    heard.digest = content.hexdigest()
    return heard


def _frames(sound: Sound, data: bytes, number: int, heard: Heard) -> npt.NDArray[np.float32] | None:
    """The frames (T, mels) of a file; None for silence."""
    found = recording(data, sound.rate)
    if found.silent:
        heard.silent.append(number)
        return None
    if found.clipped:
        heard.clipped.append(number)
    if found.own_rate != found.rate:
        heard.resampled.append(number)
    spectrogram = sound.spectrogram(found.wave)
    if spectrogram.shape[1] < sound.frames:
        heard.short.append(number)
    return np.ascontiguousarray(sound.padded(spectrogram).T, np.float32)


def serve() -> None:
    """Run as a worker: a plan on the first line of stdin, then a chunk a line."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    sound = Sound.from_json(plan.sound)
    with reader(Path(plan.source)) as read:
        pool.serve(lambda first, names: asdict(hear(plan, sound, read, first, names)))
