"""The two exceptions a user of vaekit meets, and a check that raises one."""

from types import UnionType


class BadInput(ValueError):
    """Something the user gave is wrong; the message names it and the fix. Exit code 2."""


class Interrupted(RuntimeError):
    """Training was asked to stop and did so after a checkpoint. Exit code 130."""


def expect(name: str, value: object, kind: type | UnionType, instead: str) -> None:
    """Raise BadInput where a parameter is of no such kind, saying what to give instead."""
    if not isinstance(value, kind):
        raise BadInput(f"`{name}` is of type {type(value).__name__}: give {instead}.")
