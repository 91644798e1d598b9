"""The report on speech from end to end, on buzzes, and what its numbers rest on."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from vaekit.evaluation.bootstrap import Interval, share_interval
from vaekit.reports import speech as report
from vaekit.reports.speech_measures import Recordings, mean_spectra, swapped
from vaekit.reports.speech_results import LISTENERS, Pitches, Size, Way, widest

RATE = 8_000
VOICES = {"ann": 210.0, "bob": 110.0, "cyd": 150.0}
DIGITS = {"1": 700.0, "2": 1_900.0}


def buzz(word: float, voice: float, take: int) -> np.ndarray:
    """A voice with a hum of the word over it."""
    time = np.arange(2_400 + 80 * take) / RATE
    pitch = sum(np.sin(2 * np.pi * voice * k * time) / k for k in range(1, 8))
    noise = np.random.default_rng(take).normal(size=len(time))
    return 0.15 * (pitch + 1.5 * np.sin(2 * np.pi * word * time)) + 0.002 * noise


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings in the place and by the names of the Free Spoken Digit Dataset."""
    place = tmp_path / "data" / "free-spoken-digit-dataset" / "recordings"
    place.mkdir(parents=True)
    for take in range(12):
        for digit, word in DIGITS.items():
            for speaker, voice in VOICES.items():
                name = f"{digit}_{speaker}_{take}.wav"
                soundfile.write(place / name, buzz(word, voice, take), RATE)
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "cache"))
    size = Size(epochs=1, judge=2, takes=2, heard=1, scales=(0.0, 1.0), few=(1.0,), known=1)
    monkeypatch.setattr(report, "_QUICK", size)
    monkeypatch.setattr("vaekit.data.sound._ITERATIONS", 4)
    monkeypatch.setattr(report, "LATENTS", (4,))
    monkeypatch.setattr(report, "MAIN", (4, 1.0))
    return tmp_path / "out"


def test_the_report_is_written_with_all_its_numbers(folder: Path) -> None:
    page = report.speech(folder, seeds=2, quick=True, progress=False)
    text = page.read_text()
    assert text.count("<audio ") == 4 * len(VOICES)
    assert "equaliser" in text
    numbers = json.loads((folder / "numbers.json").read_text())
    assert numbers["recordings"]["measured"] == 2 * len(VOICES) * len(DIGITS)
    for kind in ("spectrograms", "waves", "digits"):
        names = ["original", "reconstruction", "transformation", "told who speaks", "mean spectrum"]
        assert list(numbers[kind]) == [
            name for name in names if kind != "digits" or name != "told who speaks"
        ]
        for way in numbers[kind].values():
            for each in LISTENERS:
                assert 0 <= way[each]["low"] <= way[each]["value"] <= way[each]["high"] <= 1
                assert way[each]["value"] == pytest.approx(np.mean(way[each]["by run"]))
    for difference in numbers["differences"]:
        ways, judge = numbers[difference["given"]], difference["judge"]
        way = ways[difference["way"]]
        gain = way[judge]["value"] - ways["mean spectrum"][judge]["value"]
        assert difference["over recordings"]["value"] == pytest.approx(gain)
        assert difference["over runs"]["value"] == pytest.approx(gain)
    again = numbers["spectrograms"]["reconstruction"]["digit"]["by run"][0]
    assert numbers["scales"]["0"]["digit"]["value"] == pytest.approx(again)
    assert len(numbers["pairs"]) == len(VOICES) * (len(VOICES) - 1)
    assert set(numbers["grid"]) == {"latent 4, beta 1", "latent 4, beta 4"}
    assert len(list((folder / "judges").glob("*.safetensors"))) == len(LISTENERS)
    assert len(list((folder / "runs").glob("*/model.safetensors"))) == 5


def recordings() -> Recordings:
    random = np.random.default_rng(0)
    kinds = [(speaker, digit) for speaker in VOICES for digit in DIGITS for _ in range(3)]
    clips = [random.normal(size=(6, random.integers(20, 40))) for _ in kinds]
    return Recordings(clips, *(tuple(each) for each in zip(*kinds, strict=True)))


def test_a_swap_of_equal_mean_spectra_changes_nothing_and_of_others_their_means() -> None:
    some = recordings()
    asked = some.asked("speaker")
    assert [n for n, _ in asked] == [n for n in range(len(some)) for _ in range(len(VOICES) - 1)]
    assert all(some.speaker[n] != to for n, to in asked)
    flat = dict.fromkeys(VOICES, np.arange(6.0))
    for (n, _), clip in zip(asked, swapped(some, "speaker", asked, flat), strict=True):
        np.testing.assert_array_equal(clip, some.spectrograms[n])
    means = mean_spectra(some, "speaker")
    to_ann = [(n, "ann") for n, name in enumerate(some.speaker) if name == "bob"]
    frames = np.concatenate(swapped(some, "speaker", to_ann, means), axis=1)
    np.testing.assert_allclose(frames.mean(axis=1), means["ann"])


def test_takes_are_the_first_of_every_speaker_and_digit() -> None:
    some = recordings()
    first = some.first(2)
    assert len(first) == 2 * len(VOICES) * len(DIGITS)
    assert first.spectrograms[0] is some.spectrograms[0]
    assert first.spectrograms[2] is some.spectrograms[3]


def way(right: list[list[list[int]]]) -> Way:
    return Way("a way", {"digit": torch.tensor(right, dtype=torch.bool)})


def test_shares_have_wilson_s_interval_where_answers_are_one_a_recording() -> None:
    found = way([[[1], [1], [1], [0]]]).share("digit")
    assert found == share_interval(torch.tensor([1, 1, 1, 0]).bool())
    assert (found.low, found.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)


def test_versions_of_a_recording_stay_together() -> None:
    """Many versions that agree say no more than one."""
    few = way([[[1, 1], [0, 0], [1, 1], [0, 0]]])
    many = way([[[1] * 40, [0] * 40, [1] * 40, [0] * 40]])
    assert few.share("digit") == many.share("digit")
    assert few.less("digit", many) == Interval(0, 0, 0)


def test_training_runs_are_compared_with_what_has_none() -> None:
    runs = way([[[1], [1]], [[1], [0]], [[1], [1]]])
    fixed = way([[[0], [1]]])
    assert runs.by_seed("digit") == pytest.approx([1, 0.5, 1])
    over = runs.over_seeds("digit", fixed)
    assert over is not None
    assert over.value == pytest.approx(1 / 3)
    assert over.low < 0 < over.high
    assert widest(Interval(0.3, 0.1, 0.5), over) == Interval(0.3, over.low, over.high)
    assert fixed.over_seeds("digit", fixed) is None


def test_a_pitch_is_nearer_where_it_is_and_only_where_it_is_heard() -> None:
    own = torch.tensor([[110.0, 110.0], [150.0, 150.0]]).log()
    wanted = torch.tensor([[150.0, 210.0], [110.0, 210.0]]).log()
    moved = Pitches({}, own[:, 0], own, (own + wanted) / 2, wanted)
    away = Pitches({}, own[:, 0], own, (3 * own - wanted) / 2, wanted)
    lost = Pitches({}, own[:, 0], own, torch.full_like(own, torch.nan), wanted)
    assert moved.nearer() == Interval(1, 1, 1)
    assert away.nearer() == Interval(0, 0, 0)
    assert lost.nearer() is None
    assert lost.heard()["transformation"].value == 0
    assert Pitches.joined([moved, lost]).nearer() == Interval(1, 1, 1)
    assert Pitches.joined([moved, away]).nearer() == Interval(0.5, 0.5, 0.5)
