"""What becomes of archives of pictures."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_pictures import MakeImages, encoded, picture

from vaekit.data import BrokenImages, Dataset, load
from vaekit.errors import BadInput

IMAGE = encoded(picture(np.random.default_rng(0), (4, 4), "RGB"), ".png")


def whole(source: Path, **options) -> Dataset:
    return load(source, validation=0, test=0, progress=False, **options)


def packed(folder: Path, ending: str) -> Path:
    """A folder as people pack it: tar -C folder -czf folder.tar.gz ."""
    archive = folder.with_name(folder.name + ending)
    mode = {".tar": "w", ".tgz": "w:gz", ".tar.gz": "w:gz", ".tar.xz": "w:xz"}[ending]
    with tarfile.open(archive, mode) as members:
        members.add(folder, ".")
    return archive


def tar_of(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as members:
        for info, data in entries:
            info.size = info.size or len(data)
            members.addfile(info, io.BytesIO(data))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    ("ending", "workers"), [(".tar", 1), (".tar", 2), (".tgz", 1), (".tar.gz", 2), (".tar.xz", 1)]
)
def test_a_tar_is_the_folder_that_it_was_made_of(
    images: MakeImages, cache: Path, ending: str, workers: int
) -> None:
    for split, label in (("train", "cat"), ("train", "ant"), ("test", "cat"), ("test", "ant")):
        folder = images(40, f"set/{split}/{label}", seed=len(split + label)).parent.parent
    (folder / "notes.txt").write_text("no picture")
    (folder / "train" / "._hidden.png").write_text("no picture")
    of_folder = load(folder, progress=False)
    data = load(packed(folder, ending), progress=False, workers=workers)
    assert (data.name, data.label_names) == ("set", ("ant", "cat"))
    for mine, theirs in ((data.train, of_folder.train), (data.test, of_folder.test)):
        assert np.array_equal(mine.x[:], theirs.x[:])
        assert np.array_equal(mine.labels, theirs.labels)
        assert [name.removeprefix("./") for name in mine.ids] == theirs.ids
    assert not list(cache.rglob("*.tar"))
    assert load(folder.with_name("set" + ending)).fingerprint == data.fingerprint


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "a/../../out.png", "../a"])
def test_entries_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    archive = tar_of(tmp_path / "a.tgz", (entry("in.png"), IMAGE), (entry(name), IMAGE))
    with pytest.raises(BadInput, match=r"a\.tgz' has an entry outside its folder, ") as error:
        whole(archive)
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_are_not_followed(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "secret.png").write_bytes(IMAGE)
    link = entry("b.png", kind, str(tmp_path / "secret.png"))
    archive = tar_of(tmp_path / "a.tgz", (entry("a.png"), IMAGE), (link, b""))
    with pytest.raises(BadInput, match=r"has 'b\.png', a link or device, where a file should be"):
        whole(archive)


def test_a_tar_that_is_none_or_cut_is_named(images: MakeImages, tmp_path: Path) -> None:
    (tmp_path / "junk.tar").write_bytes(b"junk" * 1000)
    packed(images(30), ".tgz")
    whole_bytes = (tmp_path / "pictures.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole_bytes[: len(whole_bytes) // 2])
    for name in ("junk.tar", "cut.tgz"):
        with pytest.raises(BadInput, match=rf"{name}' is no readable tar archive"):
            whole(tmp_path / name)


def test_tars_that_unpack_to_far_more_than_pictures_are_refused(tmp_path: Path) -> None:
    class Zeros(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(size)

    bomb = entry("bomb.png")
    bomb.size = 1 << 29
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", compresslevel=1) as members:
        members.addfile(entry("a.png"))
        members.addfile(bomb, Zeros())
        members.addfile(entry("b.png"))
    with pytest.raises(BadInput, match=r"a\.tar\.gz' unpacks to more than 200 times its size"):
        whole(tmp_path / "a.tar.gz")


def test_a_header_that_promises_more_than_any_holds_is_refused(tmp_path: Path) -> None:
    header = entry("pax", tarfile.XHDTYPE)
    header.size = 1 << 32
    (tmp_path / "a.tar").write_bytes(header.tobuf() + bytes(1024))
    with pytest.raises(BadInput, match=r"a\.tar' unpacks to more than"):
        whole(tmp_path / "a.tar")


def test_a_huge_member_is_a_broken_image(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as members:
        for number in range(100):
            info = entry(f"{number:03}.png")
            info.size = len(IMAGE)
            members.addfile(info, io.BytesIO(IMAGE))
        bomb = entry("bomb.png")
        bomb.size = (1 << 28) + 1
        members.fileobj.write(bomb.tobuf())
        members.fileobj.seek((1 << 28) + 512, io.SEEK_CUR)  # a hole: nothing lies there
        members.offset = members.fileobj.tell()
    with pytest.warns(BrokenImages, match=r"'bomb\.png' \(it has more than 256 MiB\)"):
        assert len(whole(tmp_path / "a.tar").train) == 100


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as members:
        members.writestr("a/first.png", IMAGE)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # as any packer marks what it encrypts
        content[content.index(header) + flags] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.zip' is encrypted, first 'a/first\.png'; unpack it"):
        whole(tmp_path / "a.zip")


def test_a_zip_packed_in_a_way_unknown_here_gives_the_reason(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as members:
        members.writestr("a.png", IMAGE)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for header, method in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        content[content.index(header) + method] = 9  # deflate64
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(BadInput, match=r"first 'a\.png' \(.*compression.* not supported\)"):
        whole(tmp_path / "a.zip")
