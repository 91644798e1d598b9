"""What the tests of the command line share: commands, budgets and folders."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Answer(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Call = Callable[..., Answer]
BUDGET = ("--epochs", "4", "--batch-size", "32", "--learning-rate", "0.003", "--no-progress")


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with a digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
