"""How what the library says looks on a terminal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vaekit.errors import BadInput


def on_one_line(text: str) -> str:
    """A message of the library, which calls parameters `free_bits=0.1`, with --free-bits 0.1."""

    def flag(match: re.Match[str]) -> str:
        return f"--{match[1].replace('_', '-')}" + (f" {match[3]}" if match[3] else "")

    flagged = re.sub(r"`([a-z]\w*)(?:=(['\"]?)([^`]*)\2)?`", flag, text)
    return printable(" ".join(flagged.split()))


def printable(text: str) -> str:
    """A text whose control characters, and bytes that are no UTF-8, are escaped.

    Names come from files and archives of others, and could move the cursor or do worse.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


@contextmanager
def renamed(**flags: str) -> Iterator[None]:
    """Errors about parameters of the library that are flags by another name here."""
    try:
        yield
    except BadInput as error:
        text = str(error)
        for parameter, flag in flags.items():
            text = re.sub(rf"`{parameter}\b", f"`{flag}", text)
        raise BadInput(text) from error
