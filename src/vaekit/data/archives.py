"""Zip and tar archives of files, which are read where they lie and never extracted."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, final

from vaekit.errors import BadInput

MOST_BYTES = 1 << 28  # of one file; an entry that unpacks to more is taken for a bomb
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
ENDINGS = (".zip", *_TARS)

_MOST_TIMES = 200  # its own size that a whole tar unpacks to; pictures hardly shrink
_PACKED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ": lzma.open,
    b"BZh": bz2.open,
}
_ENCRYPTED = 1  # a zip's flag
_DAMAGED = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive that can be read."""
    return path.name.lower().endswith(ENDINGS)


def is_tar(path: Path) -> bool:
    """Whether the name is that of a tar archive, packed or not."""
    return path.name.lower().endswith(_TARS)


def stem(path: Path) -> str:
    """The name of a file or folder without its ending, which in archives may have two parts."""
    ending = next((each for each in _TARS if path.name.lower().endswith(each)), path.suffix)
    return path.name[: len(path.name) - len(ending)]


def members(archive: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The files in an archive whose names end so, each with a text that changes when it does.

    Of those that a tar archive holds several times the last counts.

    Raises BadInput for archives that are damaged, encrypted, unpack to far more than pictures
    would, have entries outside their own folder, or links where files are looked for.
    """
    yield from (_in_tar if is_tar(archive) else _in_zip)(archive, endings)


def _in_zip(archive: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    try:
        with zipfile.ZipFile(archive) as entries:
            infos = {info.filename: info for info in entries.infolist()}
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BadInput(f"'{archive}' is no readable zip archive: {error}") from None
    for name, info in infos.items():
        if _wanted(archive, name, endings):
            if info.flag_bits & _ENCRYPTED:
                raise BadInput(
                    f"'{archive}' is encrypted, first '{name}'; unpack it with its password, "
                    "and give the folder"
                )
            yield name, f"{info.file_size} {info.CRC:08x}"


def _in_tar(archive: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    changed = archive.stat().st_mtime_ns
    with opened_tar(archive) as entries:
        for entry in entries:
            if not _wanted(archive, entry.name, endings) or entry.isdir():
                continue
            if not entry.isreg():
                raise BadInput(
                    f"'{archive}' has {entry.name!r}, a link or device, where a file should be; "
                    "pack the files themselves"
                )
            yield entry.name, f"{entry.size} {entry.mtime} {changed}"


def _wanted(archive: Path, name: str, endings: tuple[str, ...]) -> bool:
    """Whether an entry's name ends so and is not hidden; raises BadInput where it leads out."""
    parts = name.replace("\\", "/").removeprefix("./").split("/")
    if parts[0].endswith(":") or ".." in parts or name.startswith(("/", "\\")):
        raise BadInput(f"'{archive}' has an entry outside its folder, {name!r}; repack it")
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return name.lower().endswith(endings) and not hidden


@contextmanager
def opened_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    """A tar archive, packed or not; going back in packed ones is slow.

    Raises BadInput where it is damaged or unpacks to far more than it should.
    """
    try:
        with _stream(archive) as stream:
            bounded: Any = stream
            with tarfile.open(fileobj=bounded, mode="r:") as entries:
                yield entries
    except _DAMAGED as error:
        raise BadInput(f"'{archive}' is no readable tar archive: {error}") from None


@contextmanager
def _stream(archive: Path) -> "Iterator[_Bounded]":
    with (_opener(archive) or open)(archive, "rb") as stream:
        yield _Bounded(stream, archive, max(_MOST_TIMES * archive.stat().st_size, MOST_BYTES))


def _opener(archive: Path) -> Callable[..., Any] | None:
    """What unpacks a file, by what it starts with; None where it is not packed."""
    with archive.open("rb") as file:
        head = file.read(6)
    return next((opener for magic, opener in _PACKED.items() if head.startswith(magic)), None)


def content(entries: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    """The bytes of a file in a tar archive; raises ValueError for more than any picture needs."""
    if entry.size > MOST_BYTES:
        raise ValueError("it has more than 256 MiB")
    file = entries.extractfile(entry) if entry.isreg() else None
    if file is None:
        raise ValueError("it is no regular file")
    return file.read()


def seekable(archive: Path, folder: Path) -> Path:
    """The archive, or an unpacked copy in a folder where going back in it would be slow."""
    if not is_tar(archive) or _opener(archive) is None:
        return archive
    copy = folder / "members.tar"
    try:
        with _stream(archive) as stream, copy.open("wb") as file:
            while block := stream.read(1 << 20):
                file.write(block)
    except _DAMAGED as error:
        raise BadInput(f"'{archive}' is no readable tar archive: {error}") from None
    return copy


@final
class _Bounded:
    """A stream of which no more is read than an archive of its size should hold."""

    def __init__(self, stream: IO[bytes], archive: Path, most: int) -> None:
        self._stream, self._archive, self._most = stream, archive, most

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MOST_BYTES:
            raise self._bomb()
        block = self._stream.read(size)
        if self._stream.tell() > self._most:
            raise self._bomb()
        return block

    def seek(self, place: int, whence: int = 0) -> int:
        if place > self._most:
            raise self._bomb()
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def _bomb(self) -> BadInput:
        return BadInput(
            f"'{self._archive}' unpacks to more than {_MOST_TIMES} times its size; give the "
            "folder it was made of"
        )
