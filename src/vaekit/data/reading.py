"""The bytes of files in a folder or an archive."""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vaekit.data import archives
from vaekit.data.archives import MOST_BYTES

Read = Callable[[str], bytes]


@contextmanager
def reader(source: Path) -> Iterator[Read]:
    """Give a function from a name in a folder or an archive to the bytes of that file."""
    if source.is_dir():
        yield lambda name: content(f"{source}/{name}")
        return
    if archives.is_tar(source):
        with archives.opened_tar(source) as entries:
            infos = {entry.name: entry for entry in entries}
            yield lambda name: archives.content(entries, infos[name])
        return
    with zipfile.ZipFile(source) as members:

        def read(name: str) -> bytes:
            if members.getinfo(name).file_size > MOST_BYTES:
                raise ValueError("it unpacks to more than 256 MiB")
            return members.read(name)

        yield read


def content(path: str | Path) -> bytes:
    """The bytes of a file; raises ValueError for more than any that is read needs."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would never answer, a device never end
        raise ValueError("it is no regular file")
    with open(path, "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise ValueError("it has more than 256 MiB")
        return file.read()
