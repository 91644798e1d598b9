"""Dividing rows among the splits, and black and white."""

from pathlib import Path

import numpy as np
import pytest

from vaekit.data import load
from vaekit.errors import BadInput

X = np.arange(100 * 9, dtype=np.float64).reshape(100, 9)
GREY = np.random.default_rng(0).integers(0, 256, (200, 8, 8), dtype=np.uint8)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    np.save(tmp_path / "table.npy", X)
    return tmp_path / "table.npy"


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    np.save(tmp_path / "grey.npy", GREY)
    return tmp_path / "grey.npy"


@pytest.mark.parametrize(
    ("validation", "test", "sizes"),
    [
        (None, None, [80, 10, 10]),
        (0, 0, [100, 0, 0]),
        (7, 0.25, [68, 7, 25]),
        (0.001, 0.0, [99, 1, 0]),
        (98, 1, [1, 98, 1]),
    ],
)
def test_amounts(table: Path, validation, test, sizes) -> None:
    data = load(table, validation=validation, test=test)
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == sizes
    rows = np.concatenate([split.x for split in splits])
    assert np.array_equal(np.sort(rows, axis=0), X)
    for split in splits:
        assert split.ids is None or np.array_equal(split.x[:, 0] // 9, [int(i) for i in split.ids])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"validation": 100}, "leave none to train on"),
        ({"validation": 0.5, "test": 0.5}, "leave none to train on"),
        ({"validation": -1}, "`validation` must be"),
        ({"test": -0.1}, "`test` must be"),
        ({"test": 1.5}, "`test` must be"),
        ({"test": float("nan")}, "`test` must be"),
        ({"test": True}, "`test` must be"),
        ({"seed": -1}, "`seed` must be"),
        ({"workers": 0}, "`workers` must be"),
        ({"image_size": 0}, "`image_size` must be"),
        ({"image_size": 8}, "`image_size` goes with folders"),
        ({"crop": "centre"}, "`crop` goes with folders"),
        ({"image_sise": 8}, "did you mean image_size"),
        ({"label_depth": 2}, "`label_depth` goes with folders"),
        ({"crop": "left"}, "`crop` must be one of none, centre"),
        ({"binarise": "maybe"}, "`binarise` must be one of none, threshold, static, dynamic"),
        ({"binarise": "dynamic"}, "needs images"),
    ],
)
def test_impossible_options(table: Path, options, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        load(table, **options)


def test_random_splits_are_the_same_everywhere(table: Path) -> None:
    """The rows a seed picks are part of what a run means, so they are pinned."""
    rows = ["14", "20", "22", "26", "38", "39", "44", "66", "81", "94"]
    assert load(table, seed=3).test.ids == rows


def test_threshold(grey: Path) -> None:
    data = load(grey, binarise="threshold", validation=0, test=0)
    assert data.binarise == "threshold"
    assert np.array_equal(data.train.x[:, 0], np.where(GREY / 255 > 0.5, 255, 0))


def test_static_is_drawn_once_with_the_grey_value_as_probability(tmp_path: Path) -> None:
    x = np.repeat(np.arange(256, dtype=np.uint8), 4096).reshape(256, 64, 64)
    np.save(tmp_path / "ramp.npy", x)
    np.save(tmp_path / "floats.npy", x / 255)
    for name in ("ramp.npy", "floats.npy"):
        data = load(tmp_path / name, binarise="static", validation=0, test=0)
        again = load(tmp_path / name, binarise="static", validation=0, test=0)
        other = load(tmp_path / name, binarise="static", validation=0, test=0, seed=1)
        assert np.unique(data.train.x).tolist() == [0, 255]
        share = (data.train.x == 255).mean(axis=(1, 2, 3))
        # Five standard errors of 4,096 draws are at most 0.04.
        assert np.abs(share - np.arange(256) / 255).max() < 0.04
        assert share[0] == 0
        assert share[255] == 1
        assert np.array_equal(data.train.x, again.train.x)
        assert not np.array_equal(data.train.x, other.train.x)


def test_dynamic_leaves_grey(grey: Path) -> None:
    data = load(grey, binarise="dynamic", validation=0, test=0)
    assert np.array_equal(data.train.x[:, 0], GREY)
