"""The report on de-noising from end to end, on small stand-ins, and what its verdicts rest on."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import t as student
from sklearn.datasets import load_digits
from test_mnist_experiment import write_idx

from vaekit.corruptions import GaussianNoise
from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.denoising import noisy
from vaekit.evaluation.pictures import psnr
from vaekit.reports import denoise as report
from vaekit.reports.denoise_filters import FILTERS, best
from vaekit.reports.denoise_results import SHARES, paired, verdict

TRAIN, TEST = 10_200, 40  # 10,000 are kept for validation


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MNIST's files with enlarged 8 x 8 digits in them, and a folder of coloured pictures."""
    digits, numbers = load_digits(), np.random.default_rng(0)
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        chosen = numbers.integers(0, len(digits.images), count)
        x = np.zeros((count, 28, 28), np.uint8)
        x[:, 2:26, 2:26] = digits.images[chosen].repeat(3, 1).repeat(3, 2) * (255 / 16)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", x)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", digits.target[chosen].astype(np.uint8))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    faces = tmp_path / "faces"
    faces.mkdir()
    for number in range(60):
        coarse = Image.fromarray(numbers.integers(0, 255, (4, 4, 3), np.uint8))
        coarse.resize((64, 64), Image.Resampling.BICUBIC).save(faces / f"{number:02d}.png")
    monkeypatch.setattr(report, "_QUICK", report._Size(1, 1, 1, 3, 6, 20))
    return faces


def test_the_report_is_written_with_all_its_numbers(stand_ins: Path, tmp_path: Path) -> None:
    options = {"faces": str(stand_ins), "seeds": 1, "quick": True, "progress": False}
    page = report.denoise(tmp_path / "out", **options)  # type: ignore[arg-type]
    text = page.read_text()
    for words in ("non-local means", "salt-and-pepper:0.1", "total variation", "criterion"):
        assert words in text
    numbers = json.loads((tmp_path / "out" / "numbers.json").read_text())
    assert [(each["share"], each["seed"]) for each in numbers["bounds"]] == [
        (share, 0) for share in SHARES
    ]
    for each in numbers["bounds"]:
        assert each["weighted"] > each["elbo"]
        if not each["share"]:
            assert each["criterion"] == pytest.approx(each["elbo"], abs=5)
    for name in ("digits", "faces"):
        for at in numbers[name]["scales"]:
            for method in at["methods"]:
                gain, after = method["psnr"]["gain"], method["psnr"]["after"]
                assert gain["value"] == pytest.approx(
                    after["value"] - method["psnr"]["before"]["value"]
                )
    weights = list((tmp_path / "out" / "runs").glob("*/model.safetensors"))
    assert len(weights) == 6 + len(SHARES)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_a_filter_takes_off_noise_best_at_the_setting_that_is_chosen(
    each: object, channels: int
) -> None:
    x = torch.zeros(4, channels, 24, 24)
    x[:, :, 6:18, 4:10] = torch.tensor([0.9, 0.5, 0.2])[:channels].view(-1, 1, 1)
    seen = noisy(x, GaussianNoise(0.25).fitted((channels, 24, 24), (0, 1)), 0)
    chosen = best(each, x, seen, 0.25)  # type: ignore[arg-type]
    for setting in chosen.filter.settings:
        found = chosen.filter.filtered(seen, 0.25, setting)
        assert found.shape == x.shape
        assert float(psnr(found, x).mean()) <= chosen.psnr
    assert chosen.psnr > float(psnr(seen.clamp(0, 1), x).mean()) + 3


def test_a_difference_over_seeds_has_the_paired_t_interval() -> None:
    ours, theirs = [3.0, 5.0, 4.6], [1.0, 2.0, 3.0]
    found = paired(ours, theirs)
    assert found is not None
    gain = np.array([2.0, 3.0, 1.6])
    reach = student.ppf(0.975, 2) * gain.std(ddof=1) / np.sqrt(3)
    assert found.value == pytest.approx(gain.mean())
    assert (found.low, found.high) == pytest.approx((gain.mean() - reach, gain.mean() + reach))
    assert paired([1.0], [0.0]) is None


def test_a_verdict_is_that_of_the_interval() -> None:
    assert verdict(Interval(1, 0.5, 2)) == "**better**"
    assert verdict(Interval(-1, -2, -0.5)) == "**worse**"
    assert verdict(Interval(1, -0.5, 2)) == "no clear difference"
    assert verdict(None) == "one seed: no verdict"
