"""The ways that data lie in files: which files, read how, with options of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, final

from vaekit.data import archives, cifar, renders
from vaekit.data import files as endings
from vaekit.data.arrays import read_npy, read_npz
from vaekit.data.files import holds, listing
from vaekit.data.idx import is_idx, training_images
from vaekit.data.matlab import read_mat
from vaekit.data.pictures import Pictures, read_pictures
from vaekit.data.sounds import Sounds, read_sounds
from vaekit.data.sources import SOURCES, Arrays, read_idx_files
from vaekit.data.splits import Found
from vaekit.data.tunes import Tunes, read_tunes
from vaekit.errors import BadInput, nearest

HOW = ("workers", "progress")
"""What every reader is told of how to go about it: no options of its own."""

_FILES = {".mat": read_mat, ".npy": read_npy, ".npz": read_npz}


@final
@dataclass(frozen=True)
class Reader:
    """A way that data lie in files.

    files: what these are called. options: a class whose fields are the reader's own options,
    and `HOW`. takes: whether a path that is there is read so. read: what it holds.
    """

    files: str
    options: type[Pictures] | type[Sounds] | type[Tunes] | type[Arrays]
    takes: Callable[[Path], bool]
    read: Callable[[Path, Any], Found]

    @property
    def own(self) -> tuple[str, ...]:
        """The names of its own options."""
        return tuple(each.name for each in fields(self.options) if each.name not in HOW)

    def asked(self, given: Mapping[str, Any], what: str, **how: Any) -> Any:
        """Its options from those that are given for `what`; None is not given.

        Raises BadInput for the options of other readers, but where they ask for nothing, for
        those of none, and for values that make no sense.
        """
        for name, value in given.items():
            others = [each for each in READERS if name in each.own]
            if not others:
                known = [name for each in READERS for name in each.own]
                raise BadInput(f"There is no option `{name}` of data: {nearest(name, known)}")
            others[0].options(**{name: value})
            if name not in self.own and value not in (None, "none"):
                files = " or ".join(each.files for each in others)
                raise BadInput(f"`{name}` goes with {files}, not {what}")
        return self.options(**{name: given[name] for name in self.own if name in given}, **how)


def reader_of(source: str | Path) -> Reader:
    """The reader of a data set or a path."""
    if str(source) in SOURCES:
        return _BY_OPTIONS[SOURCES[str(source)].options]
    path = Path(source).expanduser()
    return next(reader for reader in READERS if reader.takes(path))


def _holds_files(path: Path) -> bool:
    if cifar.is_there(path):
        return False
    if path.is_dir():
        return training_images(path) is None
    return archives.is_archive(path)


def _read_images(path: Path, options: Pictures) -> Found:
    files = listing(path)
    read = renders.read_renders if renders.are_published(files.names) else read_pictures
    return read(files, options)


def _holds_recordings(path: Path) -> bool:
    return _holds_files(path) and holds(path, endings.SOUNDS)


def _holds_tunes(path: Path) -> bool:
    return _holds_files(path) and holds(path, endings.TUNES)


def _holds_pictures(path: Path) -> bool:
    return _holds_files(path) and not holds(path, endings.SOUNDS + endings.TUNES)


def _read_arrays(path: Path, options: Arrays) -> Found:
    if cifar.is_there(path):
        return cifar.read(path)
    if path.is_dir():
        path = training_images(path) or path
    if is_idx(path):
        return read_idx_files(path)
    if read := _FILES.get(path.suffix.lower()):
        return read(path)
    raise BadInput(
        f"'{path}' has an unknown extension; give an IDX file (…idx3-ubyte or …idx3-ubyte.gz), "
        ".npy, .npz, .mat, or a folder, .zip or .tar of images"
    )


PICTURES = Reader("folders and archives of images", Pictures, _holds_pictures, _read_images)
SOUNDS = Reader("folders and archives of recordings", Sounds, _holds_recordings, read_sounds)
TUNES = Reader("folders and archives of MIDI files", Tunes, _holds_tunes, read_tunes)
ARRAYS = Reader("files of arrays", Arrays, lambda path: True, _read_arrays)
READERS = (PICTURES, SOUNDS, TUNES, ARRAYS)
"""In the order in which they are asked."""
_BY_OPTIONS = {reader.options: reader for reader in READERS}
