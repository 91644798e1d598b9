"""MATLAB's files, written by SciPy, and one of version 7.3."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from vaekit.data import Dataset, load
from vaekit.errors import BadInput

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (20, 6, 5), np.uint8)
COLOUR = RANDOM.integers(0, 256, (20, 6, 5, 3), np.uint8)
LABELS = np.arange(20) % 4 + 1


def saved(path: Path, **variables) -> Dataset:
    savemat(path, variables, do_compression=True)
    return load(path, validation=0, test=0)


def test_pictures_with_rows_last_as_matlab_has_them(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    expected = COLOUR.transpose(0, 3, 1, 2)
    data = saved(path, X=COLOUR.transpose(1, 2, 3, 0), y=LABELS[:, None])
    assert np.array_equal(data.train.x, expected)
    assert data.label_names == ("1", "2", "3", "4")
    assert np.array_equal(data.train.labels, LABELS - 1)
    assert np.array_equal(saved(path, X=COLOUR.transpose(1, 2, 3, 0)).train.x, expected)
    assert np.array_equal(saved(path, X=COLOUR).train.x, expected)
    grey = saved(path, images=GREY.transpose(1, 2, 0), labels=LABELS)
    assert np.array_equal(grey.train.x, GREY[:, None])


def test_doubles_may_be_grey_levels_or_shares(tmp_path: Path) -> None:
    levels = saved(tmp_path / "x.mat", x=GREY.astype(float)).train.x
    assert levels.dtype == np.uint8
    assert np.array_equal(levels, GREY[:, None])
    shares = saved(tmp_path / "x.mat", x=GREY / 255).train.x
    assert np.allclose(shares, GREY[:, None] / 255)
    with pytest.raises(BadInput, match=r"has values from 0\.0 to 255\.5"):
        saved(tmp_path / "x.mat", x=GREY * (255.5 / GREY.max()))


def test_vectors_and_the_largest_variable(tmp_path: Path) -> None:
    rows = RANDOM.normal(size=(30, 4))
    data = saved(tmp_path / "x.mat", fea=rows, note="text", few=np.ones((2, 2)), cell=["a", "bc"])
    assert (data.kind, data.name) == ("vector", "x")
    assert np.array_equal(data.train.x, rows.astype(np.float32))


def test_splits_are_those_of_the_names(tmp_path: Path) -> None:
    y = {"y_train": LABELS, "y_test": LABELS[:5]}
    savemat(tmp_path / "x.mat", {"X_train": COLOUR, "X_test": COLOUR[:5], **y})
    data = load(tmp_path / "x.mat")
    assert [len(data.train), len(data.validation), len(data.test)] == [18, 2, 5]


def test_version_7_3_says_what_to_do(tmp_path: Path) -> None:
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    (tmp_path / "x.mat").write_bytes(head.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(BadInput, match=r"version 7\.3, which is HDF5: save it .* '-v7'"):
        load(tmp_path / "x.mat")


def test_files_without_numbers_and_damaged_ones_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    with pytest.raises(BadInput, match=r"x\.mat' holds no array of numbers; save one named x"):
        saved(path, note="text")
    saved(path, x=GREY)
    content = path.read_bytes()
    for damaged in (b"", b"junk" * 100, content[:150], content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"x\.mat'"):
            load(path)
    with pytest.raises(BadInput, match="`label_depth` goes with folders"):
        load(path, label_depth=2)
