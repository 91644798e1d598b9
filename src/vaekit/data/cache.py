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
