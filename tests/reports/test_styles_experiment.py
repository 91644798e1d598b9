"""The report on styles from end to end, on small stand-ins, and what its verdicts rest on."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import t as student
from sklearn.datasets import load_digits
from test_mnist_experiment import write_idx

from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.judge import train_judge
from vaekit.recipes import vae
from vaekit.reports import styles as report
from vaekit.reports.styles_measures import blends, explore, pairs, reconstructed, ways
from vaekit.reports.styles_results import (
    AGAINST,
    BOTH,
    DETOUR,
    GROUPS,
    LINEAR,
    LONGEST,
    MEASURES,
    PASS,
    PIXELS,
    SPHERICAL,
    STEPS,
    WAYS,
    Difference,
    Group,
    Measure,
    aim_met,
    over_seeds,
)
from vaekit.reports.told import NET

TRAIN, TEST = 10_400, 4_000  # 10,000 are kept for validation


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of MNIST and Fashion-MNIST with enlarged 8 x 8 digits: a bag is an eight."""
    digits, numbers = load_digits(), np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data")
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        chosen = numbers.integers(0, len(digits.images), count)
        x = np.zeros((count, 28, 28), np.uint8)
        x[:, 2:26, 2:26] = digits.images[chosen].repeat(3, 1).repeat(3, 2) * (255 / 16)
        for name in ("mnist", "fashion-mnist"):
            folder = root / name
            folder.mkdir(exist_ok=True)
            write_idx(folder / f"{part}-images-idx3-ubyte.gz", x)
            labels = digits.target[chosen].astype(np.uint8)
            write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return root


@pytest.fixture
def small(stand_ins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAEKIT_DATA", str(stand_ins))
    monkeypatch.setattr(report, "_QUICK", report._Size(2, 1, 1, 8, 300, 1))
    monkeypatch.setitem(NET, "channels", (8, 8))


def test_an_experiment_that_was_stopped_goes_on_to_a_report_with_all_its_numbers(
    small: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(report, "told", stopped)
        with pytest.raises(KeyboardInterrupt):
            report.styles(tmp_path, quick=True)
    assert "10 models to train" in " ".join(capsys.readouterr().err.split())
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/model.safetensors")}
    assert len(kept) == 4
    page = report.styles(tmp_path, quick=True)
    assert "6 models to train" in " ".join(capsys.readouterr().err.split())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    text = page.read_text()
    for words in ("double exposure", "bag to sneaker, bags and shoes", "told vae", "Karras"):
        assert words in text
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert sorted(numbers["ways"]) == sorted(group.name for group in GROUPS)
    for found in numbers["ways"].values():
        for measure in MEASURES:
            check(found[measure.short], measure)
    for name, measured in numbers["told"].items():
        assert len(measured) == 2
        assert all((each["obedience"] is None) == (name == "vae") for each in measured)


def test_what_cannot_be_measured_is_refused_before_training(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="`told_epochs` must be 1 or more"):
        report.styles(tmp_path, told_epochs=0)
    monkeypatch.setattr(report, "_QUICK", report._Size(1, 1, 1, 9_000, 300, 1))
    with pytest.raises(BadInput, match="validation pictures of Bag, and 2 and 18,000 are needed"):
        report.styles(tmp_path, quick=True)
    assert not list(tmp_path.iterdir())


def check(found: dict[str, Any], measure: Measure) -> None:
    """The differences are those of the values, and these are what they can be."""
    for ours, theirs in AGAINST:
        gain = found[f"{ours} against {theirs}"]
        apart = measure.sign * (found[ours]["value"] - found[theirs]["value"])
        for kind in ("pairs", "seeds"):
            assert gain[kind]["value"] == pytest.approx(apart, abs=1e-4, rel=1e-4)
    values = [found[way]["value"] for way in WAYS]
    low, high = {PASS: (0, 100), DETOUR: (1, math.inf), LONGEST: (1, STEPS + 1)}.get(
        measure, (0, math.inf)
    )
    assert all(low <= value <= high for value in values)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_pairs_are_of_two_pictures_of_the_classes_and_the_same_for_all_models(
    small: None, group: Group
) -> None:
    found = []
    for objects in {group.objects, BOTH}:
        dataset = load("fashion-mnist", progress=False, **objects.options)
        places = pairs(dataset, group, 500)
        assert dataset.test.labels is not None
        assert dataset.label_names is not None
        for side, name in enumerate((group.first, group.last)):
            labels = {dataset.label_names[label] for label in dataset.test.labels[places[:, side]]}
            assert labels == {name}
        assert (places[:, 0] != places[:, 1]).all()
        found.append(dataset.test.x[places])
    assert all((each == found[0]).all() for each in found)


def test_ways_lead_from_one_end_to_the_other(small: None) -> None:
    dataset = load("fashion-mnist", progress=False, **BOTH.options)
    model, _ = vae(dataset.shape, latent=3)
    first, last = dataset.test.tensor(slice(0, 4)), dataset.test.tensor(slice(4, 8))
    found = ways(model, first, last, 7)
    assert tuple(found) == WAYS
    torch.testing.assert_close(found[PIXELS][:, [0, -1]], torch.stack([first, last], dim=1))
    torch.testing.assert_close(found[PIXELS][:, 3], (first + last) / 2)
    ends = torch.stack([model.reconstruct(each) for each in (first, last)], dim=1)
    for name in WAYS[1:]:
        torch.testing.assert_close(found[name][:, [0, -1]], ends)
    assert not torch.allclose(found[LINEAR][:, 3], found[SPHERICAL][:, 3])
    assert (blends(first, first, 5) - first[:, None]).abs().max() < 1e-6


def test_models_that_differ_in_nothing_differ_in_nothing(small: None) -> None:
    dataset = load("fashion-mnist", progress=False, **BOTH.options)
    known = dataset.validation
    labels = torch.as_tensor(known.labels)
    judge = train_judge(torch.from_numpy(known.x), labels, classes=10, epochs=3)
    model, _ = vae(dataset.shape, latent=3)
    found = explore([model, model], dataset, GROUPS[-1], judge, 8)
    for pair in AGAINST:
        for each in found.differences[pair].values():
            assert each.seeds is not None
            assert each.seeds.low == pytest.approx(each.seeds.high)
            assert each.pairs.value == pytest.approx(each.seeds.value, abs=1e-4)
    ends = reconstructed([model, model], BOTH, dataset.test, judge)
    assert ends.cost.pairs.value == pytest.approx(ends.originals.value - ends.decoded.value)
    assert 0 <= ends.decoded.value < 90 < ends.originals.value <= 100


def test_a_verdict_needs_pairs_and_seeds_that_agree() -> None:
    up, down, none = Interval(1, 0.5, 2), Interval(-1, -2, -0.5), Interval(1, -1, 3)
    assert Difference(up, up).verdict == "**better**"
    assert Difference(down, down).verdict == "**worse**"
    for mixed in (Difference(up, none), Difference(none, up), Difference(up, down)):
        assert mixed.verdict == "no clear difference"
    assert Difference(up, None).verdict == "one seed: no verdict"


def test_the_aim_is_met_or_missed_by_the_interval_over_seeds() -> None:
    shares = [0.983, 0.986, 0.984]
    found = over_seeds(shares)
    assert found is not None
    reach = student.ppf(0.975, 2) * np.std(shares, ddof=1) / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx(
        (np.mean(shares) - reach, np.mean(shares) + reach)
    )
    assert aim_met([0.990, 0.991, 0.989]) == "**met**"
    assert aim_met([0.960, 0.961, 0.962]) == "**missed**"
    assert aim_met([0.97, 0.99, 0.98]) == "neither met nor missed for sure"
    assert aim_met([0.99]) == "one seed: no verdict"
