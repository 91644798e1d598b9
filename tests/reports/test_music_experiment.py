"""The report on music from end to end, on few tunes, and what its numbers rest on."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import symusic
import torch
from melodies import file_of, walk

from vaekit.data import Split
from vaekit.data.music import HOLD, REST
from vaekit.evaluation.bootstrap import Interval
from vaekit.reports import music as report
from vaekit.reports.music_measures import accuracy_of, blended, strangers
from vaekit.reports.music_results import (
    CASES,
    CHORALES,
    CODES,
    LANGUAGE,
    STEPS,
    Case,
    Edits,
    Size,
    Twins,
    Way,
    away,
    distributions,
    total_variation,
    twins,
)
from vaekit.spec import Spec
from vaekit.training import Training


def small(case: Case) -> Case:
    """The same net with few units."""
    few = {"units": 8, "conductor": 8, "plan": 4, "memory": 8, "depth": 1, "heads": 2}
    wanted = {name: few[name] for name in case.options} | {"embedding": 4}
    return Case(case.name, case.net, wanted)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tunes in the places of the folk tunes and the chorales."""
    folk = tmp_path / "data" / "nottingham" / "MIDI" / "melody"
    folk.mkdir(parents=True)
    for number in range(24):
        (folk / f"tune{number:02}.mid").write_bytes(file_of(walk(18, number)))
    bach = tmp_path / "data" / "jsb-chorales"
    bach.mkdir()
    random = np.random.default_rng(0)
    pieces = [
        np.repeat(random.integers(0, 3, (12, 4)) + np.array([72, 64, 57, 48]), 4, 0).tolist()
        for _ in range(9)
    ]
    parts = {"train": pieces[:5], "valid": pieces[5:7], "test": pieces[7:]}
    (bach / "jsb-chorales-16th.json").write_text(json.dumps(parts))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "cache"))
    each = {2: 1, 16: 1}
    size = Size(2, each, each, 1, pairs=2, edited=4, samples={2: 12, 16: 8})
    monkeypatch.setattr(report, "_QUICK", size)
    monkeypatch.setattr(report, "CASES", tuple(map(small, CASES[:2])))
    monkeypatch.setattr(report, "CHORALES", tuple(map(small, CHORALES)))
    monkeypatch.setattr(report, "LANGUAGE", small(LANGUAGE))
    return tmp_path / "out"


def own(runs: list[dict[str, Any]], which: str) -> float:
    """The mean share of steps that are right with their own code."""
    return float(np.mean([run["accuracy"]["its own"][which] for run in runs]))


def test_the_report_is_written_with_all_its_numbers(folder: Path) -> None:
    page = report.music(folder, quick=True, progress=False)
    text = page.read_text()
    assert "claim" in text
    numbers = json.loads((folder / "numbers.json").read_text())
    names = [each.name for each in CASES[:2]]
    for length in numbers["lengths"].values():
        assert list(length["runs"]) == names
        for runs in length["runs"].values():
            assert len(runs) == 2
            for run in runs:
                assert list(run["accuracy"]) == list(CODES)
                assert 0 <= run["silent"] <= 1
                shares = [share for each in run["accuracy"].values() for share in each.values()]
                assert 0 <= np.min(shares) <= np.max(shares) <= 1
        for name in names[1:]:
            played = [own(length["runs"][each], "played, all steps") for each in (name, names[0])]
            gain = length["differences"][name]["played, all steps"]
            assert gain["value"] == pytest.approx(100 * (played[0] - played[1]))
            assert gain["low"] <= gain["value"] <= gain["high"]
        for way in (length["ways"][name]["codes"] for name in names):
            assert way["excess"][0]["value"] == way["excess"][-1]["value"] == 0
            assert way["distance"]["first"][0]["value"] == 0
            assert way["distance"]["last"][-1]["value"] == 0
        assert next(iter(length["samples"])) == "other data"
    assert list(numbers["lengths"]["2"]["attributes"]) == names
    assert np.shape(numbers["chorales"]["flat"][0]["accuracy"]["its own"]["forced, notes"]) == (4,)
    assert len(list((folder / "runs").glob("*/model.safetensors"))) == 2 * (2 * 2 + 1) + 2 * 2
    for file in (folder / "tunes").rglob("*.wav"):
        with wave.open(io.BytesIO(file.read_bytes())) as sound:
            frames = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert np.abs(frames.astype(int)).max() < 32_767
        assert symusic.Score(file.with_suffix(".mid")).ticks_per_quarter
    assert len(list((folder / "tunes").rglob("*.wav"))) == 2 * 12 + 12


@pytest.mark.parametrize("seeds", [0, -1])
def test_no_seeds_are_refused(seeds: int) -> None:
    with pytest.raises(ValueError, match="`seeds` must be 1 or more"):
        report.music(seeds=seeds)


@pytest.mark.parametrize(("cases", "shape"), [(CASES[:2], (1, 256)), (CHORALES, (4, 32))])
def test_nets_that_are_compared_are_of_a_size(
    cases: tuple[Case, ...], shape: tuple[int, ...]
) -> None:
    counts = []
    for each in cases:
        options = {"latent": 64}
        model, _ = Spec("music-vae", shape, options, each.net, each.options).build()
        counts.append(sum(weight.numel() for weight in model.parameters()))
    assert max(counts) / min(counts) < 1.02


def line(*notes: tuple[int, int]) -> np.ndarray:
    """A melody of pitches and their steps, or of REST."""
    symbols = [[pitch, *[HOLD if pitch != REST else REST] * (steps - 1)] for pitch, steps in notes]
    return np.concatenate(symbols)


def test_distributions_count_what_is_heard() -> None:
    row = line((60, 4), (64, 4), (REST, 8), (62, 2), (62, 14))
    found = distributions(row[None, None])
    classes = found["pitch classes"][0]
    assert {n: int(classes[n]) for n in range(12) if classes[n]} == {0: 1, 2: 2, 4: 1}
    jumps = found["intervals"][0]
    assert {n - 12: int(jumps[n]) for n in range(25) if jumps[n]} == {4: 1, -2: 1, 0: 1}
    lengths = found["durations"][0]
    assert {n + 1: int(lengths[n]) for n in range(16) if lengths[n]} == {4: 2, 2: 1, 14: 1}
    density = found["notes a bar"][0]
    assert {n: int(density[n]) for n in range(17) if density[n]} == {2: 2}


def test_total_variation_is_half_of_what_shares_differ_by() -> None:
    one, other = torch.tensor([[2.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    assert total_variation(one, other) == pytest.approx(0.25)
    assert total_variation(one, one) == 0
    assert total_variation(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 5.0]])) == 1


def test_the_same_melodies_are_no_distance_away_and_others_are() -> None:
    low = np.stack([line((60, 8), (62, 8))[None]] * 6)
    high = np.stack([line((61, 16))[None]] * 6)
    assert away(low, [low])["pitch classes"].value == 0
    both = away(low, [low, high])
    assert both["pitch classes"].value == pytest.approx(0.5)
    assert both["durations"].low <= both["durations"].value <= both["durations"].high


def test_costs_beyond_the_ends_are_measured_against_the_line_between_them() -> None:
    share = torch.linspace(0, 1, STEPS).double()
    cost = torch.stack([1 + share, 3 - 2 * share + share * (1 - share)])[None]
    way = Way(torch.zeros(1, 2, STEPS, 2), cost)
    torch.testing.assert_close(way.excess[0, 0], torch.zeros(STEPS).double())
    torch.testing.assert_close(way.excess[0, 1], share * (1 - share))
    flat = Way(way.distance, torch.ones_like(cost))
    gain, seeds = flat.less(way)
    assert gain.value == pytest.approx(float((share * (1 - share))[1:-1].mean() / 2))
    assert seeds is None


def test_a_blend_goes_from_one_end_to_the_other() -> None:
    first, last = torch.zeros(3, 2, 400), torch.ones(3, 2, 400)
    way = blended(first, last)
    assert way.shape == (3, STEPS, 2, 400)
    torch.testing.assert_close(way[:, 0], first)
    torch.testing.assert_close(way[:, -1], last)
    assert way[:, 3].mean() == pytest.approx(0.3, abs=0.05)
    torch.testing.assert_close(way[:, :, 0], way[:, :, 1])  # all voices at once


def test_changes_are_from_scale_0_in_standard_deviations() -> None:
    values = torch.zeros(2, 1, 3, 4, 1)
    values[:, :, 2] = 6.0
    values[1] += 5  # a run that begins elsewhere
    found = Edits(("one",), (-1.0, 0.0, 1.0), values.double(), np.array([2.0]))
    assert found.matrix() == [[Interval(3, 3, 3)]]
    assert [each.value for each in found.curve(0)] == [0, 0, 3]


def test_twins_are_found_in_any_key_and_counted_where_splits_part_them() -> None:
    random = np.random.default_rng(0)

    def tune(start: int) -> list[tuple[int, int]]:
        return [(start + int(n), int(s)) for n, s in random.integers(1, 12, (24, 2))]

    known, other = tune(60), tune(60)
    moved = [(pitch + 3, steps) for pitch, steps in known]
    tunes = {
        "a": line(*known),
        "b": line(*moved),
        "c": line(*other),
        "d": line(*other[:4]),  # too short to have a figure
        "e": line(*other),
    }
    parts = {"a": "train", "b": "test", "c": "validation", "d": "test", "e": "validation"}
    assert twins(tunes, parts) == Twins(5, 2, 2, 1)
    assert twins(tunes, dict.fromkeys(tunes, "train")).apart == 0


def test_notes_are_counted_where_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    row = torch.from_numpy(line((60, 4), (64, 4), (REST, 8)))[None, None].float()
    model, _ = Spec("music-vae", (1, 16), {"latent": 2}, "lstm", {"units": 4}).build()
    held = torch.where(row == 64, float(HOLD), row)  # misses one of two notes, and nothing else
    monkeypatch.setattr(model, "decode", lambda codes: held)
    found = accuracy_of(model, row, torch.zeros(1, 2))
    assert found.played.tolist() == [15 / 16]
    assert found.begun_played.tolist() == [0.5]
    assert found.of(True, True) is found.begun_played
    assert found.of(False) is found.forced


def test_strangers_are_of_other_tunes() -> None:
    tunes = np.array(["a", "a", "b", "c", "c"])
    split = Split(np.zeros((5, 1, 4), np.float32), {"tune": tunes})
    found = strangers(split)
    assert found.tolist() == [2, 2, 3, 0, 0]
    assert (tunes[found] != tunes).all()


def test_training_is_the_same_for_all_nets() -> None:
    trials = report._trials(report._FULL)
    seen: dict[int, set[tuple[str, Training]]] = {}
    for name, (key, trial) in trials.items():
        if not name.startswith("language"):
            about = json.dumps(trial.options, sort_keys=True)
            seen.setdefault(key, set()).add((about, trial.training))
    assert {key: len(each) for key, each in seen.items()} == {2: 3, 16: 3, 0: 3}
