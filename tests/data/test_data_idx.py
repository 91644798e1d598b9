"""IDX files, sound and damaged."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from vaekit.data import load
from vaekit.errors import BadInput

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 5, 4), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.uint8) % 3


def idx(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_file_with_labels_and_test_images_beside_it(tmp_path: Path, pack) -> None:
    end = ".gz" if pack is gzip.compress else ""
    parts = {
        "train-images-idx3": IMAGES[:20],
        "train-labels-idx1": LABELS[:20],
        "t10k-images-idx3": IMAGES[20:],
        "t10k-labels-idx1": LABELS[20:],
    }
    for name, values in parts.items():
        (tmp_path / f"{name}-ubyte{end}").write_bytes(pack(idx(values)))
    data = load(tmp_path / f"train-images-idx3-ubyte{end}", validation=0)
    assert np.array_equal(data.train.x, IMAGES[:20, None])
    assert np.array_equal(data.train.labels, LABELS[:20])
    assert np.array_equal(data.test.x, IMAGES[20:, None])
    assert np.array_equal(data.test.labels, LABELS[20:])
    folder = load(tmp_path, validation=0)
    assert folder.fingerprint == data.fingerprint
    alone = load(tmp_path / f"t10k-images-idx3-ubyte{end}", validation=0, test=0)
    assert np.array_equal(alone.train.x, IMAGES[20:, None])


def test_file_without_labels(tmp_path: Path) -> None:
    (tmp_path / "some.idx").write_bytes(idx(IMAGES))
    data = load(tmp_path / "some.idx")
    assert data.train.labels is None
    assert data.label_names is None
    assert [len(data.train), len(data.validation), len(data.test)] == [24, 3, 3]


def flip(packed: bytes, place: int) -> bytes:
    return packed[:place] + bytes([packed[place] ^ 0xFF]) + packed[place + 1 :]


PACKED = gzip.compress(idx(IMAGES))
DAMAGED = {
    "a-idx3-ubyte": (idx(IMAGES)[:-1], "too short"),
    "b-idx3-ubyte": (idx(IMAGES) + b"x", "longer than"),
    "c-idx3-ubyte": (b"\x1f" + idx(IMAGES)[1:], "no IDX file"),
    "d-idx3-ubyte": (b"", "no IDX file"),
    "e-idx3-ubyte": (idx(IMAGES)[:9], "ends inside its header"),
    "f-idx3-ubyte": (flip(idx(IMAGES), 2), "unsigned bytes"),
    "g-idx3-ubyte": (idx(IMAGES[0]), "2 dimensions where 3"),
    "h-idx3-ubyte.gz": (PACKED[:-20], "damaged"),
    "i-idx3-ubyte.gz": (PACKED[:5], "damaged"),
    "j-idx3-ubyte.gz": (flip(PACKED, -6), "damaged"),  # in the checksum
    "k-idx3-ubyte.gz": (idx(IMAGES), "damaged"),
    "l-idx3-ubyte.gz": (gzip.compress(idx(IMAGES)[:-1]), "too short"),
    "m-idx3-ubyte.gz": (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), "too short"),
    "n-idx3-ubyte.gz": (gzip.compress(idx(IMAGES) + b"x"), "longer than"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(tmp_path: Path, name: str) -> None:
    content, problem = DAMAGED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=rf"{name}'.*{problem}"):
        load(tmp_path / name)


def test_labels_of_another_length(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:-1]))
    with pytest.raises(BadInput, match="30 rows but 29 labels"):
        load(tmp_path)
