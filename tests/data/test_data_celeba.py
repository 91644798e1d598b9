"""CelebA by name, on drawn pictures in its layout and on the real ones where they are."""

import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_pictures import encoded, picture
from PIL import Image

from vaekit.data import Dataset, UnmatchedNames, load
from vaekit.errors import BadInput

COUNT = 60
RATES = np.array([0.03, 0.1, 0.2, 0.4, 0.5, 0.9])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "celeba"
    folder.mkdir(parents=True)
    monkeypatch.setenv("VAEKIT_DATA", str(folder.parent))
    return folder


def values(count: int) -> np.ndarray:
    return np.random.default_rng(1).random((count, len(RATES))) < RATES


def put(home: Path, count: int = COUNT, rows: int | None = None, size=(9, 11)) -> None:
    """Pictures in a zip, and attributes of at least as many."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(home / "img_align_celeba.zip", "w") as members:
        for number in range(1, count + 1):
            data = encoded(picture(random, size, "RGB"), ".jpg")
            members.writestr(f"img_align_celeba/{number:06d}.jpg", data)
    rows = rows or count
    lines = [str(rows), " ".join(f"Attribute_{n}" for n in range(len(RATES))) + " "]
    for number, row in enumerate(np.where(values(rows), " 1", "-1"), 1):
        lines.append(f"{number:06d}.jpg {' '.join(row)}")
    (home / "list_attr_celeba.txt").write_bytes(("\r\n".join(lines) + "\r\n").encode())


def parts(data: Dataset) -> list[int]:
    return [len(split) for split in (data.train, data.validation, data.test)]


def test_defaults(home: Path) -> None:
    put(home, rows=COUNT + 20)
    data = load("celeba", progress=False)
    assert (data.name, data.kind, data.shape) == ("celeba", "image", (3, 64, 64))
    assert data.prepared == {"crop": "centre", "image_size": 64}
    assert parts(data) == [51, 3, 6]
    assert data.attributes == tuple(f"Attribute_{n}" for n in range(len(RATES)))
    for split in (data.train, data.validation, data.test):
        rows = [int(name[-10:-4]) - 1 for name in split.ids]
        found = np.stack([split.table[name] for name in data.attributes], axis=1)
        assert np.array_equal(found, values(COUNT + 20)[rows])


def test_options_win_over_the_defaults(home: Path, tmp_path: Path) -> None:
    put(home, 10)
    table = tmp_path / "own.csv"
    table.write_text("file,mine\n" + "".join(f"{n:06d},{n % 2}\n" for n in range(1, 11)))
    data = load(
        "celeba",
        image_size=16,
        crop="none",
        validation=0.2,
        test=3,
        attributes=table,
        progress=False,
    )
    assert data.shape == (3, 16, 16)
    assert data.prepared == {"crop": "none", "image_size": 16, "attributes": str(table)}
    assert parts(data) == [5, 2, 3]
    assert data.attributes == ("mine",)


@pytest.mark.parametrize("name", ["list_eval_partition.txt", "list_eval_partition.csv"])
def test_the_official_partition_is_used(home: Path, name: str) -> None:
    put(home)
    lines = [f"{n:06d}.jpg {0 if n <= 30 else 1 if n <= 40 else 2}" for n in range(1, 101)]
    if name.endswith(".csv"):
        lines = ["image_id,partition", *(line.replace(" ", ",") for line in lines)]
    (home / name).write_text("\n".join(lines) + "\n")
    data = load("celeba", image_size=8, progress=False)
    assert parts(data) == [30, 10, 20]
    assert data.validation.ids[0].endswith("000031.jpg")
    with pytest.raises(BadInput, match="have a test split of their own; leave out `test`"):
        load("celeba", image_size=8, test=5, progress=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("000001.jpg 3\n", "must have lines of a name and 0, 1 or 2"),
        ("000001.jpg 0\n", r"has no line for '.*000002\.jpg'"),
        ("000001.jpg\n000002.jpg 0 1\n", "cannot be read"),
        ("", "must have lines"),
    ],
)
def test_bad_partitions(home: Path, text: str, message: str) -> None:
    put(home, 5)
    (home / "list_eval_partition.txt").write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnmatchedNames)
        with pytest.raises(BadInput, match=rf"list_eval_partition\.txt' {message}"):
            load("celeba", progress=False)


def test_what_is_missing_is_said(home: Path) -> None:
    advice = r"by hand.* img_align_celeba\.zip, list_attr.* and put them in '"
    with pytest.raises(BadInput, match=advice + str(home)):
        load("celeba", progress=False)
    put(home, 3)
    (home / "list_attr_celeba.txt").unlink()
    with pytest.raises(BadInput, match=advice):
        load("celeba", progress=False)


def test_pictures_without_a_row_are_left_out(home: Path) -> None:
    put(home, 20)
    extra = encoded(Image.new("RGB", (9, 11)), ".jpg")
    with zipfile.ZipFile(home / "img_align_celeba.zip", "a") as members:
        members.writestr("img_align_celeba/900000.jpg", extra)
    with pytest.warns(UnmatchedNames, match=r"left out 1 of 21 images .*/900000\.jpg'$"):
        data = load("celeba", image_size=8, test=0, validation=0, progress=False)
    assert len(data.train) == 20


def test_the_centre_is_the_same_at_both_official_sizes(tmp_path: Path) -> None:
    """The centre of 178 x 218 shows what that of 89 x 109, the same picture halved, shows."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 10, 3), np.uint8))
    large = coarse.resize((178, 218), Image.Resampling.BICUBIC)
    for name, image in (("large", large), ("small", large.reduce(2))):
        (tmp_path / name).mkdir()
        image.save(tmp_path / name / "a.png")
    rows = [
        load(tmp_path / name, image_size=64, crop="centre", validation=0, test=0, progress=False)
        .train.x[0]
        .astype(int)
        for name in ("large", "small")
    ]
    assert np.abs(rows[0] - rows[1]).mean() < 1
    shifted = np.roll(rows[1], 1, axis=1)
    assert np.abs(rows[0] - shifted).mean() > 3


def deviations(data: Dataset) -> np.ndarray:
    """How far each attribute's rate in the parts held out is from that in all, in errors."""
    every = (data.train, data.validation, data.test)
    found = []
    for name in data.attributes:
        rate = np.concatenate([split.table[name] for split in every]).mean()
        found += [
            (split.table[name].mean() - rate) / np.sqrt(rate * (1 - rate) / len(split))
            for split in every[1:]
        ]
    return np.array(found)


def test_a_drawn_split_keeps_the_rates(home: Path) -> None:
    put(home, 2000, size=(4, 4))
    held = [load("celeba", image_size=4, seed=seed, progress=False) for seed in (0, 1)]
    for data in held:
        assert parts(data) == [1700, 100, 200]
        ids = [name for split in (data.train, data.validation, data.test) for name in split.ids]
        assert len(set(ids)) == 2000
        assert np.abs(deviations(data)).max() < 1
    assert held[0].test.ids != held[1].test.ids
    again = load("celeba", image_size=4, progress=False)
    assert again.test.ids == held[0].test.ids
    assert again.fingerprint == held[0].fingerprint != held[1].fingerprint


def test_the_real_faces() -> None:
    given = os.environ.get("VAEKIT_DATA")
    if not given or not Path(given, "celeba", "img_align_celeba.zip").is_file():
        pytest.skip("needs CelebA in $VAEKIT_DATA")
    data = load("celeba", image_size=16, progress=False)
    every = (data.train, data.validation, data.test)
    if sum(parts(data)) != 10_000:
        pytest.skip("needs the first 10,000 pictures of CelebA")
    assert parts(data) == [8500, 500, 1000]
    assert len(data.attributes) == 40
    positives = {
        name: sum(int(split.table[name].sum()) for split in every)
        for name in ("Eyeglasses", "Blond_Hair", "Bald", "Smiling", "Male", "Young")
    }
    assert positives == {
        "Eyeglasses": 674,
        "Blond_Hair": 1452,
        "Bald": 246,
        "Smiling": 4822,
        "Male": 4217,
        "Young": 7771,
    }
    found = deviations(data)
    assert np.square(found).mean() < 1
    assert np.abs(found).max() < 3
    bald = [split.table["Bald"].sum() for split in (data.validation, data.test)]
    assert abs(bald[0] - 12.3) < 2
    assert abs(bald[1] - 24.6) < 2
