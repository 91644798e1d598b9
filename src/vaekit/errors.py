"""The two exceptions a user of vaekit meets, and what raises the first."""

import errno
import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any

LISTED = 12
"""Names or values that a message holds."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None}  # None: told in words only


class BadInput(ValueError):
    """Something the user gave is wrong; the message names it and the fix. Exit code 2."""


class Interrupted(RuntimeError):
    """Training was asked to stop and did so after a checkpoint. Exit code 130."""


def unwritable(path: Path, error: OSError, then: str = "try again") -> BadInput:
    """The error that names what cannot be written, why, and what to do before one may go on."""
    fix = "make room" if error.errno in _FULL else "put that right"
    return BadInput(f"Cannot write to {path} ({error.strerror or error}): {fix}, then {then}.")


def expect(name: str, value: object, kind: type | UnionType, instead: str) -> None:
    """Raise BadInput where a parameter is of no such kind, saying what to give instead."""
    if not isinstance(value, kind):
        raise BadInput(f"`{name}` is of type {type(value).__name__}: give {instead}.")


def zero_or_more(flag: str, value: float) -> None:
    """Raise BadInput where a number is below zero or not finite."""
    if not 0 <= value < math.inf:
        raise BadInput(f"{flag} must be zero or more, not {value:g}.")


def lookup(kind: str, table: Mapping[str, Any], name: str) -> Any:
    """The entry of a table; raises BadInput suggesting the nearest name."""
    if name in table:
        return table[name]
    raise BadInput(f"There is no {kind} {name!r}: {nearest(name, table, 'use one of {}.')}")


def nearest(name: str, known: Iterable[str], otherwise: str = "there are {}.") -> str:
    """The second half of a message about a name that is not known: the nearest, or what there is.

    otherwise: what is said where none is near, with the first known ones in place of {}.
    """
    there = list(known)
    near = get_close_matches(name, there, n=1) or get_close_matches(name.lower(), there, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return otherwise.format(", ".join(there[:LISTED]) + (", …" if len(there) > LISTED else ""))
