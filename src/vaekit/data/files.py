"""Which pictures, recordings or tunes a source holds, and what their places say about them."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from vaekit.data import archives
from vaekit.errors import BadInput

PICTURES = (
    ".bmp",
    ".gif",
    ".jpeg",
    ".jpg",
    ".pbm",
    ".pgm",
    ".png",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)
SOUNDS = (".flac", ".wav")
TUNES = (".mid", ".midi")
SUFFIXES = PICTURES + SOUNDS + TUNES
"""The endings of files that are rows of data."""

_CALLED = {PICTURES: "images", SOUNDS: "recordings", TUNES: "MIDI files"}
_SPLIT_OF = {
    "train": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "test": "test",
}


@final
@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures, recordings or tunes of a source, in the order of their names.

    names: paths within the source, with forward slashes.
    stamps: by file, a text that changes when the file does.
    """

    source: Path
    names: list[str]
    stamps: list[str]

    def key(self, version: int, *settings: object) -> str:
        """What files and settings are called in the cache."""
        about = json.dumps([version, str(self.source.resolve()), *settings])
        key = hashlib.sha256(about.encode())
        for name, stamp in zip(self.names, self.stamps, strict=True):
            key.update(f"{name}\0{stamp}\n".encode("utf-8", "surrogateescape"))
        return key.hexdigest()[:32]


def listing(source: Path, endings: tuple[str, ...] = PICTURES) -> Listing:
    """The files with these endings in a folder and its sub-folders, or in an archive.

    Raises BadInput where there is none, where there are files of two kinds, and for archives as
    `archives.members` does.
    """
    inside = dict(_inside(source, SUFFIXES))
    found = sorted(each for each in inside.items() if each[0].lower().endswith(endings))
    if 0 < len(found) < len(inside):
        other = min(name for name in inside if not name.lower().endswith(endings))
        what = next(name for ends, name in _CALLED.items() if other.lower().endswith(ends))
        both = " and ".join(sorted((_CALLED[endings], what)))
        raise BadInput(
            f"'{source}' holds both {both}, such as '{in_utf8(found[0][0])}' and "
            f"'{in_utf8(other)}': give a folder of one or the other"
        )
    if not found:
        raise BadInput(f"'{source}' holds no {_CALLED[endings]}; looked for {', '.join(endings)}")
    return Listing(source, [name for name, _ in found], [stamp for _, stamp in found])


def holds(source: Path, endings: tuple[str, ...]) -> bool:
    """Whether a folder or an archive holds such files, by the first of those that are rows."""
    first = next(_inside(source, SUFFIXES), None)
    return first is not None and first[0].lower().endswith(endings)


def _inside(source: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if source.is_dir():
        return _in_folder(source, endings)
    return archives.members(source, endings)


def _in_folder(root: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.name.lower().endswith(endings) and entry.is_file():
                    stat = entry.stat()
                    yield f"{prefix}{entry.name}", f"{stat.st_size} {stat.st_mtime_ns}"


def places(
    names: Sequence[str], label_depth: int | None = None
) -> tuple[list[str], list[str] | None]:
    """The split and the label of every image, from the folders it lies in.

    Folders that hold everything are passed over. Where all images lie in folders named
    train, valid, validation, val or test, and some in train, these are the splits. Labels
    are the next folders down, where every image has one and there are at least two; with
    `label_depth`, so many levels of them, as one path: Greek/alpha at 2.

    Raises BadInput where an image does not lie so deep.
    """
    folders = [name.split("/")[:-1] for name in names]
    depth = 0
    while (only := _only(folders, depth)) is not None and only not in _SPLIT_OF:
        depth += 1
    tops = Counter(parts[depth] if len(parts) > depth else "" for parts in folders)
    splits = ["train"] * len(names)
    if "train" in tops and all(top in _SPLIT_OF for top in tops):
        splits = [_SPLIT_OF[parts[depth]] for parts in folders]
        depth += 1
    below = depth + (label_depth or 1)
    shallow = next((i for i, parts in enumerate(folders) if len(parts) < below), None)
    if shallow is not None and label_depth is not None:
        raise BadInput(
            f"`label_depth={label_depth}` is deeper than '{in_utf8(names[shallow])}' lies, at "
            f"{max(len(folders[shallow]) - depth, 0)}, counted below what all images share: "
            "give a smaller one"
        )
    if shallow is not None:
        return splits, None
    labels = [in_utf8("/".join(parts[depth:below])) for parts in folders]
    return splits, labels if len(set(labels)) > 1 else None


def bare(name: str) -> str:
    """The name of a file without the ending of a picture or a recording."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in SUFFIXES else name


def in_utf8(name: str) -> str:
    """The name of a file, with bytes that are no UTF-8, which few can write, as \\xe9."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _only(folders: Sequence[Sequence[str]], depth: int) -> str | None:
    """The folder at this depth that holds every image, if one does."""
    tops = {parts[depth] if len(parts) > depth else None for parts in folders}
    return tops.pop() if len(tops) == 1 else None
