"""CIFAR-10's binary files, made here in their real layout."""

import hashlib
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from data_server import Server, reply

from vaekit.data import SOURCES, load
from vaekit.data.cifar import source
from vaekit.data.pictures import Pictures
from vaekit.errors import BadInput

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
ROWS = 20  # of 10,000 in a file


@pytest.fixture
def batches(tmp_path: Path) -> Path:
    """A folder as the archive has it."""
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in [f"data_batch_{part}.bin" for part in range(1, 6)] + ["test_batch.bin"]:
        labels = random.integers(0, 10, (ROWS, 1), np.uint8)
        pixels = random.integers(0, 256, (ROWS, 3072), np.uint8)
        (folder / name).write_bytes(np.hstack([labels, pixels]).tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    (folder / "readme.html").write_text("<html>")
    return folder


@pytest.fixture
def archive(batches: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        members.add(batches, batches.name)
    return path


def test_a_folder_and_its_archive_are_the_records(batches: Path, archive: Path) -> None:
    data = load(batches)
    assert (data.kind, data.shape, data.label_names) == ("image", (3, 32, 32), tuple(NAMES))
    assert [len(data.train), len(data.validation), len(data.test)] == [90, 10, 20]
    raw = (batches / "data_batch_2.bin").read_bytes()[3 * 3073 : 4 * 3073]  # row 23
    assert data.train.labels is not None
    assert data.train.labels[23] == raw[0]
    # Red, then green, then blue, row by row.
    assert data.train.x[23, 1, 5, 7] == raw[1 + 1024 + 5 * 32 + 7]
    assert data.train.x[23].tobytes() == raw[1:]
    packed = load(archive)
    assert packed.fingerprint == data.fingerprint
    assert np.array_equal(packed.test.x, data.test.x)


@pytest.mark.parametrize("place", ["cifar10", "cifar10/cifar-10-batches-bin"])
def test_the_name_finds_a_folder(
    batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    expected = load(batches).fingerprint
    target = tmp_path / "data" / place
    target.parent.mkdir(parents=True)
    batches.rename(target)
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    assert load("cifar10").fingerprint == expected
    assert load("cifar10").name == "cifar10"


def test_the_name_downloads_the_archive_once(
    server: Server, archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAEKIT_DATA", raising=False)
    content = archive.read_bytes()
    url = server.url("/cifar-10-binary.tar.gz", reply(content))
    read = source([url], hashlib.sha256(content).hexdigest())
    first, second = read(Pictures(progress=False)), read(Pictures(progress=False))
    assert first.content == second.content
    assert len(server.asked) == 1
    assert (cache / "cifar10" / archive.name).read_bytes() == content
    assert SOURCES["cifar10"].shape == first.splits["train"].x.shape[1:]


def test_another_archive_than_the_published_is_refused(
    server: Server, archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAEKIT_DATA", raising=False)
    url = server.url("/cifar-10-binary.tar.gz", reply(archive.read_bytes()))
    with pytest.raises(BadInput, match=r"wrong content: sha256 .* instead of c4a38c50a1bc"):
        source([url])(Pictures(progress=False))
    assert not list(cache.rglob("*.gz"))


def test_damaged_files_are_named(batches: Path) -> None:
    file = batches / "data_batch_3.bin"
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(BadInput, match=r"data_batch_3\.bin' is damaged: 61,459 bytes"):
        load(batches)
    file.write_bytes(bytes([200]) + content[1:])
    with pytest.raises(BadInput, match=r"data_batch_3\.bin' is damaged: it has class 200 of 10"):
        load(batches)
    file.unlink()
    with pytest.raises(BadInput, match=r"lacks data_batch_3\.bin; fetch it again"):
        load(batches)
    with pytest.raises(BadInput, match="`image_size` goes with folders"):
        load(batches, image_size=16)


def test_links_in_an_archive_are_not_followed(batches: Path, tmp_path: Path) -> None:
    (batches / "test_batch.bin").unlink()
    (batches / "test_batch.bin").symlink_to(batches / "data_batch_1.bin")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as members:
        members.add(batches, batches.name)
    with pytest.raises(BadInput, match=r"a\.tgz' is damaged \(it is no regular file\)"):
        load(tmp_path / "a.tgz")


def test_the_pickled_version_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({b"data": b"x"}))
    with pytest.raises(BadInput, match="holds CIFAR-10 as pickles, which are never read; give"):
        load(tmp_path)
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as members:
        members.add(tmp_path / "data_batch_1", "cifar-10-batches-py/data_batch_1")
    with pytest.raises(BadInput, match="as pickles, which are never read"):
        load(tmp_path / "cifar-10-python.tar.gz")
