"""A plain synthesiser: a few harmonics that fade, for melodies to be heard without more."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vaekit.data.music import TEMPO, Array, notes

RATE = 22_050  # hertz
_A4 = 69, 440.0
_HARMONICS = (1.0, 0.5, 0.3, 0.15, 0.08, 0.04)
_ATTACK, _RELEASE = 0.008, 0.04  # seconds
_FADE = 2.5  # nats a second that a note loses
_LOUD = 0.6  # of the largest value, at the loudest


def wave(symbols: Array, tempo: float = TEMPO) -> npt.NDArray[np.float32]:
    """The sound (samples,) in [-1, 1] of voices (V, T), `RATE` samples a second.

    tempo: quarters a minute.
    """
    lines = np.asarray(symbols)
    step = 60 / tempo / 4 * RATE
    samples = round(lines.shape[1] * step)
    total = np.zeros(samples + round(_RELEASE * RATE) + 1, np.float32)
    for line in lines:
        for first, length, pitch in notes(line).tolist():
            start = round(first * step)
            tone = _tone(pitch, round((first + length) * step) - start)
            total[start : start + len(tone)] += tone
    loudest = float(np.abs(total).max(initial=0))
    return total[:samples] * np.float32(_LOUD / loudest if loudest else 1)


@lru_cache(maxsize=1_024)
def _tone(pitch: int, samples: int) -> npt.NDArray[np.float32]:
    """A note that is held for so many samples, with what sounds on a little."""
    whole = samples + round(_RELEASE * RATE)
    seconds = np.arange(whole) / RATE
    hertz = _A4[1] * 2 ** ((pitch - _A4[0]) / 12)
    tone = np.zeros(whole)
    for number, strength in enumerate(_HARMONICS, start=1):
        if number * hertz < RATE / 2:
            tone += strength * np.sin(2 * np.pi * number * hertz * seconds)
    tone *= np.exp(-_FADE * seconds) * np.minimum(seconds / _ATTACK, 1)
    fall = np.clip((whole - np.arange(whole)) / (whole - samples), 0, 1)
    return (tone * fall).astype(np.float32)
