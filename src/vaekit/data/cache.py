"""Where data are looked for and kept."""

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """$VAEKIT_CACHE, or vaekit's folder in the user's cache."""
    if given := os.environ.get("VAEKIT_CACHE"):
        return Path(given).expanduser().resolve()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "vaekit"


def data_dirs() -> list[Path]:
    """The folders that may hold a data set by its name, first choice first."""
    given = os.environ.get("VAEKIT_DATA")
    return [*([Path(given).expanduser()] if given else []), cache_dir()]


def obtain(
    name: str, file: str, mirrors: tuple[str, ...], sha256: str, progress: bool, *others: str
) -> Path:
    """A file of a data set: from $VAEKIT_DATA, from the cache, or downloaded into the cache.

    others: names that it may lie there under as well.
    """
    for folder in data_dirs():
        for path in (folder / name / each for each in (file, *others)):
            if path.is_file():
                return path
    from vaekit.data.fetch import download

    urls = [mirror + file for mirror in mirrors]
    return download(urls, cache_dir() / name / file, sha256, progress=progress)
