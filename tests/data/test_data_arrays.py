"""Arrays in `.npy` and `.npz` files."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from vaekit.data import Dataset, load
from vaekit.errors import BadInput

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (30, 6, 5), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (30, 6, 5, 3), dtype=np.uint8)


def saved(tmp_path: Path, x: np.ndarray, **options) -> Dataset:
    np.save(tmp_path / "x.npy", x)
    return load(tmp_path / "x.npy", validation=0, test=0, **options)


@pytest.mark.parametrize(
    ("x", "rows"),
    [
        (GREY, GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (GREY.astype(np.int64), GREY[:, None]),
        (GREY[:, None], GREY[:, None]),
        (COLOUR, COLOUR.transpose(0, 3, 1, 2)),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR.transpose(0, 3, 1, 2)),
        (GREY > 99, np.where(GREY > 99, 255, 0)[:, None]),
        ((GREY > 99).astype(np.uint8), np.where(GREY > 99, 255, 0)[:, None]),
        ((GREY > 99).astype(np.int32), np.where(GREY > 99, 255, 0)[:, None]),
    ],
    ids=["nhw", "nhwc1", "int64", "n1hw", "nhwc", "nchw", "bool", "01-uint8", "01-int32"],
)
def test_images_become_bytes_channels_first(tmp_path: Path, x, rows) -> None:
    data = saved(tmp_path, x)
    assert data.kind == "image"
    assert data.train.x.dtype == np.uint8
    assert np.array_equal(data.train.x, rows)


def test_alpha_is_laid_on_white(tmp_path: Path) -> None:
    alpha = np.concatenate([COLOUR, np.full((30, 6, 5, 1), 51, np.uint8)], axis=3)
    expected = np.rint(COLOUR * 0.2 + 255 * 0.8).transpose(0, 3, 1, 2)
    difference = saved(tmp_path, alpha).train.x.astype(float) - expected
    assert np.abs(difference).max() <= 1
    clear = np.concatenate([COLOUR, np.zeros((30, 6, 5, 1), np.uint8)], axis=3)
    assert (saved(tmp_path, clear).train.x == 255).all()


def test_float_images_stay_floats(tmp_path: Path) -> None:
    x = RANDOM.random((30, 6, 5))
    data = saved(tmp_path, x)
    assert data.kind == "image"
    assert data.train.x.dtype == np.float32
    assert np.array_equal(data.train.x[:, 0], x.astype(np.float32))


def test_tables_become_vectors(tmp_path: Path) -> None:
    for x in (RANDOM.normal(size=(30, 7)), RANDOM.integers(-9, 9, (30, 7))):
        data = saved(tmp_path, x)
        assert (data.kind, data.shape, data.train.x.dtype) == ("vector", (7,), np.float32)
        assert np.array_equal(data.train.x, x.astype(np.float32))


def test_fortran_order_and_big_endian_change_nothing(tmp_path: Path) -> None:
    plain = saved(tmp_path, GREY.astype(np.float32) / 255)
    other = saved(tmp_path, np.asfortranarray((GREY / np.float32(255)).astype(">f4")))
    assert np.array_equal(plain.train.x, other.train.x)
    assert plain.fingerprint == other.fingerprint


def test_fingerprint_follows_content_and_options(tmp_path: Path) -> None:
    changed = GREY.copy()
    changed[7, 3, 2] ^= 1
    digests = {
        saved(tmp_path, GREY).fingerprint,
        saved(tmp_path, changed).fingerprint,
        saved(tmp_path, GREY, binarise="threshold").fingerprint,
        saved(tmp_path, GREY, binarise="static").fingerprint,
        saved(tmp_path, GREY, binarise="static", seed=1).fingerprint,
        load(tmp_path / "x.npy").fingerprint,
    }
    assert len(digests) == 6
    (tmp_path / "elsewhere").mkdir()
    np.save(tmp_path / "elsewhere" / "y.npy", GREY)
    assert load(tmp_path / "elsewhere" / "y.npy").fingerprint in digests


@pytest.mark.parametrize("key", ["x", "images", "imgs", "data", "arr_0"])
@pytest.mark.parametrize("label", ["y", "labels", "label"])
def test_npz_keys(tmp_path: Path, key: str, label: str) -> None:
    labels = np.where(GREY[:, 0, 0] > 99, "bright", "dark")
    np.savez(tmp_path / "a.npz", **{key: GREY, label: labels})
    data = load(tmp_path / "a.npz", validation=0, test=0)
    assert np.array_equal(data.train.x, GREY[:, None])
    assert data.label_names == ("bright", "dark")
    assert np.array_equal(data.train.labels, (labels == "dark").astype(int))


def test_npz_with_splits(tmp_path: Path) -> None:
    labels = np.arange(30.0) % 4 + 5
    np.savez_compressed(
        tmp_path / "a.npz",
        x_train=GREY[:20],
        y_train=labels[:20],
        x_test=GREY[20:],
        y_test=labels[20:],
    )
    data = load(tmp_path / "a.npz")
    assert [len(data.train), len(data.validation), len(data.test)] == [18, 2, 10]
    assert np.array_equal(data.test.x, GREY[20:, None])
    assert data.label_names == ("5", "6", "7", "8")
    assert np.array_equal(data.test.labels, labels[20:] - 5)
    with pytest.raises(BadInput, match="test split of their own; leave out `test`"):
        load(tmp_path / "a.npz", test=3)


def test_members_that_are_not_needed_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", imgs=GREY, metadata=np.array({"pickled": True}))
    assert len(load(tmp_path / "a.npz").train) == 24


def test_dsprites(real_data: Path) -> None:
    file = real_data / "dsprites" / "dsprites_subset.npz"
    if not file.exists():
        pytest.skip("needs dSprites in $VAEKIT_DATA")
    data = load(file)
    assert data.shape == (1, 64, 64)
    assert len(data.train) + len(data.validation) + len(data.test) == 20_000
    assert np.unique(data.test.x).tolist() == [0, 255]


NAN = np.ones((3000, 4), np.float32)
NAN[2345, 1] = np.nan
BAD = {
    "objects.npy": (np.array([{}, {}]), "never unpickled"),
    "nan.npy": (NAN, "first in row 2345"),
    "inf.npy": (np.full((2, 3, 3), np.inf), "first in row 0"),
    "overflow.npy": (np.full((2, 3), 1e300), "first in row 0"),
    "range.npy": (np.linspace(-1, 1, 18).reshape(2, 3, 3), r"from -1.0 to 1.0; scale"),
    "deep.npy": (np.full((2, 3, 3), 256, np.int64), "from 256 to 256; scale"),
    "empty.npy": (np.zeros((0, 3, 3), np.uint8), "is empty"),
    "flat.npy": (np.zeros(5), r"shape \(5,\)"),
    "five.npy": (np.zeros((2, 2, 2, 2, 2)), "give numbers"),
    "text.npy": (np.array([["a"]]), "give numbers"),
    "complex.npy": (np.zeros((2, 2), complex), "give numbers"),
    "channels.npy": (np.zeros((2, 7, 7, 7), np.uint8), "1, 3 or 4 channels"),
    "objects.npz": ({"x": np.array([{}, {}])}, "never unpickled"),
    "keys.npz": ({"one": GREY, "two": GREY}, "holds one, two; name the data x, images"),
    "lengths.npz": ({"x": GREY, "y": np.zeros(29, int)}, "30 rows but 29 labels"),
    "onehot.npz": ({"x": GREY, "y": np.zeros((30, 2), int)}, "labels of type"),
    "score.npz": ({"x": GREY, "y": np.linspace(0, 1, 30)}, "labels of type float64"),
    "some.npz": ({"x_train": GREY, "x_test": GREY, "y_test": GREY[:, 0, 0]}, "none for train"),
    "shapes.npz": ({"x_train": GREY, "x_test": GREY[:, 1:]}, "splits of different shapes"),
    "mixed.npz": ({"x_train": GREY, "x_test": GREY / 255}, "shapes or types, uint8 .* float64"),
    "dims.npz": ({"x_train": GREY, "x_test": GREY[:, 0]}, "splits of different shapes"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_are_named(tmp_path: Path, name: str) -> None:
    content, problem = BAD[name]
    if isinstance(content, dict):
        np.savez(tmp_path / name, **content)
    else:
        np.save(tmp_path / name, content)
    with pytest.raises(BadInput, match=rf"{name}'.*{problem}"):
        load(tmp_path / name)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "cut.npy", GREY)
    np.savez_compressed(tmp_path / "cut.npz", x=GREY)
    for name in ("cut.npy", "cut.npz"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(BadInput, match=name):
            load(tmp_path / name)
    for name in ("junk.npy", "junk.npz"):
        (tmp_path / name).write_bytes(b"junk" * 100)
        with pytest.raises(BadInput, match=name):
            load(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "flip.npz", "w") as archive, archive.open("x.npy", "w") as x:
        np.save(x, GREY)
    content = bytearray((tmp_path / "flip.npz").read_bytes())
    content[500] ^= 1
    (tmp_path / "flip.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"cannot read '.*flip\.npz': Bad CRC-32"):
        load(tmp_path / "flip.npz")


def test_unknown_extension(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"")
    with pytest.raises(BadInput, match=r"a\.gz' has an unknown extension; give an IDX file"):
        load(tmp_path / "a.gz")
