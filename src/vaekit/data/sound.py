"""Sound as a model reads it: recordings become log-mel spectrograms, cut into segments, and back.

wave (samples,) ── spectrogram ──▶ (bands, T) ── segments ──▶ rows (n, 1, bands, frames)
                ◀───── wave ──────            ◀── joined ───
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.errors import BadInput

Array = npt.NDArray[Any]

FLOOR = 1e-6  # of power, of which the logarithm is taken: that of silence in 16 bits, about
DECIBELS = 10 / np.log(10)  # in a nat of power
_ITERATIONS = 60  # of Griffin and Lim's


def check_installed() -> None:
    """Raise BadInput where the libraries that read and make sound are missing."""
    try:
        import librosa  # noqa: F401
        import soundfile  # noqa: F401
        import soxr  # noqa: F401
    except ImportError:
        raise BadInput(
            "sound needs soundfile and librosa; install them with: pip install 'vaekit[audio]'"
        ) from None


@final
@dataclass(frozen=True, slots=True)
class Sound:
    """How recordings become rows, and rows sound again.

    rate: in hertz. window, hop: of a frame, in samples. mels: the bands of a spectrogram.
    frames, step: of a segment, and from one to the next.
    mean, scale: of the training data by band, which a row is less and over; none before they
        are known.
    """

    rate: int
    mels: int
    window: int
    hop: int
    frames: int
    step: int
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """That of a row."""
        return 1, self.mels, self.frames

    @property
    def fft(self) -> int:
        """Samples of a Fourier transform: at least two windows, so that low bands are told."""
        return int(2 ** np.ceil(np.log2(2 * self.window)))

    @property
    def hertz(self) -> Array:
        """The middle of every band, (mels,)."""
        filters = self._filters
        bins = np.linspace(0, self.rate / 2, filters.shape[1])
        found: Array = filters @ bins / filters.sum(1)
        return found

    @property
    def second(self) -> float:
        """Frames in a second."""
        return self.rate / self.hop

    def normalised(self, mean: Array, scale: Array) -> "Sound":
        """The same with what rows are less and over, (mels,) each."""
        return replace(self, mean=tuple(map(float, mean)), scale=tuple(map(float, scale)))

    def spectrogram(self, wave: Array) -> npt.NDArray[np.float32]:
        """The logarithms of the powers in the bands of a wave (samples,), float32 (mels, T)."""
        powers = np.abs(self._transform(wave)) ** 2
        found: npt.NDArray[np.float32] = np.log(self._filters @ powers + np.float32(FLOOR))
        return found.astype(np.float32)

    def starts(self, frames: int) -> Array:
        """The first frames of the segments of so many: a step apart, and the last at the end."""
        last = max(frames - self.frames, 0)
        regular = np.arange(0, last + 1, self.step)
        return regular if regular[-1] == last else np.append(regular, last)

    def padded(self, spectrogram: Array) -> Array:
        """A spectrogram (mels, T) with silence behind it where it is shorter than a segment."""
        lacking = max(self.frames - spectrogram.shape[1], 0)
        return np.pad(spectrogram, ((0, 0), (0, lacking)), constant_values=np.log(FLOOR))

    def segments(self, spectrogram: Array) -> npt.NDArray[np.float32]:
        """A spectrogram (mels, T) as rows (n, 1, mels, frames) that a model reads."""
        whole = (self.padded(spectrogram) - self._column(self.mean)) / self._column(self.scale)
        windows = np.lib.stride_tricks.sliding_window_view(whole, self.frames, axis=1)
        chosen = windows[:, self.starts(whole.shape[1])].swapaxes(0, 1)[:, None]
        return np.ascontiguousarray(chosen, np.float32)

    def joined(self, rows: Array, frames: int) -> npt.NDArray[np.float32]:
        """The spectrogram (mels, T) of so many frames that has these rows as its segments.

        Where segments overlap it is their mean, in which the middles of segments weigh more than
        their ends; rows that are as `segments` gave them give back the spectrogram.
        """
        length = max(frames, self.frames)
        total, weights = np.zeros((self.mels, length)), np.zeros(length)
        ramp = np.arange(1, self.frames + 1)
        weight = np.minimum(ramp, ramp[::-1])
        for start, row in zip(self.starts(length), self.levels(rows)[:, 0], strict=True):
            total[:, start : start + self.frames] += weight * row
            weights[start : start + self.frames] += weight
        return (total / weights)[:, :frames].astype(np.float32)

    def levels(self, rows: Array) -> npt.NDArray[np.float64]:
        """Rows (…, mels, frames) as logarithms of powers, as before they were normalised."""
        return rows.astype(np.float64) * self._column(self.scale) + self._column(self.mean)

    def wave(self, spectrogram: Array, samples: int, phase: Array | None = None) -> Array:
        """A wave (samples,) float32 in [-1, 1] that sounds as a spectrogram (mels, T) says.

        phase: that of a wave of this length, from `phase`; left out, it is estimated.
            Griffin and Lim 1984, https://doi.org/10.1109/TASSP.1984.1164317
        """
        import librosa

        powers = np.maximum(np.exp(np.asarray(spectrogram, np.float64)) - FLOOR, 0)
        magnitudes = librosa.feature.inverse.mel_to_stft(
            powers.astype(np.float32), sr=self.rate, n_fft=self.fft, power=2.0
        )
        framing: dict[str, Any] = {
            "n_fft": self.fft,
            "hop_length": self.hop,
            "win_length": self.window,
            "length": samples,
        }
        if phase is None:
            found = librosa.griffinlim(magnitudes, n_iter=_ITERATIONS, random_state=0, **framing)
        else:
            found = librosa.istft(magnitudes * np.exp(1j * phase), **framing)
        clipped: Array = np.clip(found, -1, 1).astype(np.float32)
        return clipped

    def phase(self, wave: Array) -> Array:
        """The phases of a wave (samples,), (bins, T)."""
        return np.angle(self._transform(wave))

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Sound":
        """What `to_json` wrote; raises BadInput for anything else."""
        try:
            parts: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
            }
            return Sound(**parts)
        except (TypeError, AttributeError):
            raise BadInput("its sound is not one that vaekit wrote") from None

    def _transform(self, wave: Array) -> Array:
        """A wave's short-time Fourier transform (bins, T), with silence before and behind it.

        librosa's is the same, but compiles for seconds where it is used for the first time.
        """
        from scipy.fft import rfft
        from scipy.signal import get_window

        side = (self.fft - self.window) // 2
        shape = np.pad(get_window("hann", self.window), (side, self.fft - self.window - side))
        around = np.pad(np.asarray(wave, np.float32), self.fft // 2)
        frames = np.lib.stride_tricks.sliding_window_view(around, self.fft)[:: self.hop]
        found: Array = rfft(frames * shape.astype(np.float32), axis=1).T
        return found

    @property
    def _filters(self) -> Array:
        return _filters(self.rate, self.fft, self.mels)

    @staticmethod
    def _column(values: tuple[float, ...]) -> npt.NDArray[np.float32]:
        return np.asarray(values, np.float32)[:, None]


@cache
def _filters(rate: int, fft: int, mels: int) -> Array:
    """How much of every bin each band takes, (mels, bins)."""
    import librosa

    found: Array = librosa.filters.mel(sr=rate, n_fft=fft, n_mels=mels)
    return found
