"""Judges of recordings: what they hear, what they are deaf to, and the pitch of a voice."""

import numpy as np
import pytest
import torch

from vaekit.data.sound import Sound
from vaekit.errors import BadInput
from vaekit.evaluation.listening import Ear, Listener, train_listener
from vaekit.evaluation.pitch import median_pitch, pitch_track

MELS, FRAMES = 12, 8
SOUND = Sound(8_000, MELS, 200, 80, FRAMES, 2, (-5.0,) * MELS, (2.0,) * MELS)
Clips = tuple[list[np.ndarray], list[str]]


def clips(count: int, seed: int) -> Clips:
    """Noise with a ridge that rises or falls, and a filter of its own over each."""
    random, found, names = np.random.default_rng(seed), [], []
    for number in range(count):
        frames = int(random.integers(FRAMES, 20))
        clip = random.normal(-5, 0.3, (MELS, frames))
        rises = number % 2 == 0
        for frame in range(frames):
            clip[(frame if rises else -frame) % MELS, frame] += 4
        found.append((clip + random.normal(0, 1, (MELS, 1))).astype(np.float32))
        names.append("up" if rises else "down")
    return found, names


@pytest.fixture(scope="module")
def listener() -> Listener:
    return train_listener(*clips(80, 0), Ear(SOUND, centred=True), epochs=12)


def test_a_listener_tells_recordings_that_it_never_heard(listener: Listener) -> None:
    heard, names = clips(40, 1)
    assert listener.names == ("down", "up")
    assert float(listener.agrees(heard, names).double().mean()) > 0.9
    wrong = ["up" if name == "down" else "down" for name in names]
    assert listener.agrees(heard, wrong).equal(~listener.agrees(heard, names))


def test_a_recording_is_heard_as_the_mean_of_its_segments(listener: Listener) -> None:
    heard, _ = clips(5, 2)
    together = listener.log_probabilities(heard)
    for clip, row in zip(heard, together, strict=True):
        (rows,) = listener.ear.segments([clip])
        each = torch.log_softmax(listener.judge.inspect(rows)[1].double(), dim=1)
        torch.testing.assert_close(row, each.mean(0))


def test_a_centred_ear_hears_no_filter_and_another_does() -> None:
    heard, _ = clips(3, 3)
    bent = [clip + np.linspace(-3, 3, MELS, dtype=np.float32)[:, None] for clip in heard]
    for plain, other in zip(
        Ear(SOUND, centred=True).segments(heard),
        Ear(SOUND, centred=True).segments(bent),
        strict=True,
    ):
        torch.testing.assert_close(plain, other, atol=1e-5, rtol=0)
    (plain, *_), (other, *_) = Ear(SOUND).segments(heard), Ear(SOUND).segments(bent)
    slope = torch.linspace(-1.5, 1.5, MELS)[:, None].expand(MELS, FRAMES)
    torch.testing.assert_close(other[0, 0] - plain[0, 0], slope, atol=1e-5, rtol=0)


def test_names_must_be_as_many_as_recordings(listener: Listener) -> None:
    heard, names = clips(4, 4)
    with pytest.raises(BadInput, match="one each"):
        listener.agrees(heard, names[:3])
    with pytest.raises(BadInput, match="one each"):
        train_listener(heard, names[:3], listener.ear)


@pytest.mark.parametrize("hertz", [90.0, 140.0, 220.0])
def test_the_pitch_is_that_of_the_voice(hertz: float) -> None:
    time = np.arange(4_000) / SOUND.rate
    wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 6)) * 0.2
    track = pitch_track(wave, SOUND)
    assert len(track) == len(wave) // SOUND.hop + 1
    assert median_pitch(wave, SOUND) == pytest.approx(hertz, rel=0.01)


def test_noise_has_no_pitch_and_a_wave_may_be_short() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.1, 100)
    assert np.isnan(median_pitch(hiss, SOUND))
