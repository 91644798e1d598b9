"""Data sets by name, on the real files."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vaekit.data import SOURCES, load
from vaekit.data.static import read_bits
from vaekit.errors import BadInput

# Counts of the digits 0 to 9 in MNIST's 60,000 training and 10,000 test images.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_has_its_splits_and_labels(real_data: Path) -> None:
    data = load("mnist")
    assert (data.name, data.kind, data.shape) == ("mnist", "image", (1, 28, 28))
    assert [len(data.train), len(data.validation), len(data.test)] == [50_000, 10_000, 10_000]
    assert data.train.x.dtype == np.uint8
    assert data.label_names == tuple("0123456789")
    both = np.bincount(data.train.labels) + np.bincount(data.validation.labels)
    assert both.tolist() == TRAIN_COUNTS
    assert np.bincount(data.test.labels).tolist() == TEST_COUNTS


def test_mnist_keeps_all_for_training_when_asked(real_data: Path) -> None:
    data, usual = load("mnist", validation=0), load("mnist")
    assert [len(data.train), len(data.validation), len(data.test)] == [60_000, 0, 10_000]
    assert np.array_equal(data.train.x[50_000:], usual.validation.x)
    assert data.fingerprint != usual.fingerprint


def test_mnist_pixels_are_those_of_the_file(real_data: Path) -> None:
    raw = gzip.decompress((real_data / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16)
    assert np.array_equal(load("mnist").test.x.reshape(-1), pixels)


def test_fashion_mnist(real_data: Path) -> None:
    data = load("fashion-mnist", validation=0)
    assert np.bincount(data.train.labels).tolist() == [6000] * 10
    assert np.bincount(data.test.labels).tolist() == [1000] * 10
    assert data.label_names is not None
    assert data.label_names[9] == "Ankle boot"


def test_digits_are_divided_at_random_and_repeatably() -> None:
    first, second, other = load("digits"), load("digits"), load("digits", seed=1)
    assert first.shape == (1, 8, 8)
    assert [len(first.train), len(first.validation), len(first.test)] == [1437, 180, 180]
    assert first.train.x.max() == 255
    assert len(np.unique(first.train.x)) == 17
    assert np.array_equal(first.test.x, second.test.x)
    assert first.fingerprint == second.fingerprint
    assert not np.array_equal(first.test.x, other.test.x)
    assert first.fingerprint != other.fingerprint
    rows = [row for split in (first.train, first.validation, first.test) for row in split.ids or ()]
    assert sorted(rows, key=int) == [str(row) for row in range(1797)]


def test_statically_binarised_digits_have_their_splits(real_data: Path) -> None:
    if not (real_data / "binarized-mnist").is_dir():
        pytest.skip("binarized-mnist is not among the real data")
    data = load("binarized-mnist")
    assert [len(data.train), len(data.validation), len(data.test)] == [50_000, 10_000, 10_000]
    assert data.shape == (1, 28, 28)
    assert data.train.labels is None
    assert np.unique(data.test.x).tolist() == [0, 255]
    assert data.train.x.mean() / 255 == pytest.approx(0.1306, abs=1e-4)


@pytest.mark.parametrize("zipped", [True, False])
def test_rows_of_zeros_and_ones_are_read_and_nothing_else(tmp_path: Path, zipped: bool) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (3, 784))
    text = "\n".join(" ".join(map(str, row)) for row in bits) + "\n"
    path = tmp_path / ("bits.amat" + ".gz" * zipped)

    def written(what: str) -> Path:
        path.write_bytes(gzip.compress(what.encode()) if zipped else what.encode())
        return path

    found = read_bits(written(text))
    np.testing.assert_array_equal(found.reshape(3, 784), bits * 255)
    for wrong in (text[:-3], text.replace("1", "2", 1), ""):
        with pytest.raises(BadInput, match="is not rows of 784 zeros and ones"):
            read_bits(written(wrong))
    if zipped:
        whole = gzip.compress(text.encode())
        for broken in (whole[:-20], whole[:40] + b"?" * 40 + whole[80:], b"no archive"):
            path.write_bytes(broken)
            with pytest.raises(BadInput, match=r"bits\.amat\.gz' is damaged"):
                read_bits(path)


def test_every_source_says_what_it_is() -> None:
    names = ["digits", "mnist", "binarized-mnist", "fashion-mnist", "cifar10", "celeba"]
    names += ["speech", "nottingham", "jsb-chorales", "chairs"]
    assert list(SOURCES) == names
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.description
        assert source.terms
        assert source.origin
        assert re.match(r"\d", source.sizes)
        assert source.shape[0] in (1, 3, 4)


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"'mnsit' is neither .* did you mean mnist"):
        load("mnsit")
    with pytest.raises(BadInput, match="the data sets are digits, mnist, binarized-mnist"):
        load("qqq/zzz")


def test_damaged_file_of_a_known_set_is_named(
    tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "data" / "mnist"
    copy.mkdir(parents=True)
    for file in (real_data / "mnist").iterdir():
        (copy / file.name).write_bytes(file.read_bytes()[:-1000])
    monkeypatch.setenv("VAEKIT_DATA", str(copy.parent))
    with pytest.raises(BadInput, match=r"train-images-idx3-ubyte\.gz' is damaged"):
        load("mnist")


def test_loading_mnist_takes_little_memory_and_no_torch(real_data: Path) -> None:
    code = """if True:
        import resource, sys
        import vaekit.data as data
        heavy = {"torch", "sklearn", "PIL", "pyarrow"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        import numpy, hashlib
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        before = peak()
        data.load("mnist")
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        print(peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True
    )
    assert int(done.stdout) < 94
