"""The two exceptions a user of vaekit meets."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any


class BadInput(ValueError):
    """Something the user gave is wrong; the message names it and the fix. Exit code 2."""


class Interrupted(RuntimeError):
    """Training was asked to stop and did so after a checkpoint. Exit code 130."""


def lookup(kind: str, table: Mapping[str, Any], name: str) -> Any:
    """The entry of a table; raises BadInput suggesting the nearest name."""
    if name in table:
        return table[name]
    near = get_close_matches(name, table, n=1)
    hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(table)}."
    raise BadInput(f"There is no {kind} {name!r}: {hint}")
