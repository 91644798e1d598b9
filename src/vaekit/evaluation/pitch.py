"""The pitch of a voice, frame by frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Sound

Array = NDArray[Any]

LOWEST, HIGHEST = 75.0, 400.0  # hertz, of voices


def pitch_track(wave: Array, sound: Sound) -> Array:
    """The pitch of a wave (samples,) in hertz at every frame, (T,); NaN where none is heard.

    Mauch and Dixon 2014, https://doi.org/10.1109/ICASSP.2014.6853678
    """
    import librosa

    samples = sound.fft
    whole = np.pad(np.asarray(wave, np.float32), (0, max(samples - len(wave), 0)))
    found, _, _ = librosa.pyin(
        whole,
        fmin=LOWEST,
        fmax=HIGHEST,
        sr=sound.rate,
        frame_length=samples,
        hop_length=sound.hop,
    )
    track: Array = found[: len(wave) // sound.hop + 1]
    return track


def median_pitch(wave: Array, sound: Sound) -> float:
    """The median of the pitches of a wave (samples,) in hertz; NaN where none is heard."""
    track = pitch_track(wave, sound)
    heard = track[np.isfinite(track)]
    return float(np.median(heard)) if len(heard) else float("nan")
