"""Which images a folder or an archive holds, and what their places say about them."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from vaekit.data import archives
from vaekit.errors import BadInput

SUFFIXES = (
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
    """The images of a source, in the order of their names.

    names: paths within the source, with forward slashes.
    stamps: by file, a text that changes when the file does.
    """

    source: Path
    names: list[str]
    stamps: list[str]


def listing(source: Path) -> Listing:
    """The images in a folder and its sub-folders, or in an archive.

    Raises BadInput where there is none, and for archives as `archives.members` does.
    """
    inside = _in_folder(source) if source.is_dir() else archives.members(source, SUFFIXES)
    found = sorted(inside)
    if not found:
        raise BadInput(f"'{source}' holds no images; looked for {', '.join(SUFFIXES)}")
    return Listing(source, [name for name, _ in found], [stamp for _, stamp in found])


def _in_folder(root: Path) -> Iterator[tuple[str, str]]:
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
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


def in_utf8(name: str) -> str:
    """The name of a file, with bytes that are no UTF-8, which few can write, as \\xe9."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _only(folders: Sequence[Sequence[str]], depth: int) -> str | None:
    """The folder at this depth that holds every image, if one does."""
    tops = {parts[depth] if len(parts) > depth else None for parts in folders}
    return tops.pop() if len(tops) == 1 else None
