"""The report of digits from end to end, on digits that scikit-learn brings along."""

import gzip
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from vaekit.errors import BadInput
from vaekit.reports import mnist as report

TRAIN, TEST = 10_600, 500  # 10,000 are kept for validation


def write_idx(path: Path, values: np.ndarray) -> None:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(head + values.tobytes(), compresslevel=1))


@pytest.fixture
def like_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MNIST's files with 8 x 8 digits in them, enlarged and moved about."""
    digits, numbers = load_digits(), np.random.default_rng(0)
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        chosen = numbers.integers(0, len(digits.images), count)
        large = digits.images[chosen].repeat(3, axis=1).repeat(3, axis=2) * (255 / 16)
        x = np.zeros((count, 28, 28), np.uint8)
        for row, (down, right) in enumerate(numbers.integers(0, 5, (count, 2))):
            x[row, down : down + 24, right : right + 24] = large[row]
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", x)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", digits.target[chosen].astype(np.uint8))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(report, "SAMPLES", 200)  # as few as there are test pictures to compare
    return tmp_path / "report"


def test_the_report_is_written_and_no_other_runs_pass_for_its_own(
    like_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = {"seeds": 1, "epochs": 1, "elbo_epochs": 1}
    page = report.mnist(like_mnist, **budget)  # type: ignore[arg-type]
    said = " ".join(capsys.readouterr().err.split())
    assert re.search(r"6 models to train: about \d+ (seconds|minutes) here", said)
    counts = re.findall(r"(\d) models? left: about [\d.]+ (?:seconds|minutes)", said)
    assert counts == ["5", "4", "3", "2", "1"]
    names = ("AE-2", "VAE-2", "AE-10", "VAE-10")
    text = page.read_text()
    assert all(name in text for name in names)
    numbers = json.loads((like_mnist / "numbers.json").read_text())
    assert 0.5 < numbers["judge_accuracy"] <= 1
    for name in names:
        assert len(numbers[name]) == 1
        assert all(0 <= entry["empty"] <= 1 for entry in numbers[name])
    for found in numbers["bounds"].values():
        for entry in found:
            assert entry["elbo"] == pytest.approx(-entry["distortion"] - entry["rate"], rel=1e-4)
            assert entry["bound"] > entry["elbo"]
    weights = sorted((like_mnist / "runs").glob("*/model.safetensors"))
    assert len(weights) == len(names) + 2
    with pytest.raises(BadInput, match="made with other options"):
        report.mnist(like_mnist, **budget | {"epochs": 2})  # type: ignore[arg-type]
