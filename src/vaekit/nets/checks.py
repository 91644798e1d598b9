"""Checks that every network's options share."""

from collections.abc import Iterable
from typing import Any

from vaekit.errors import BadInput
from vaekit.nets.activations import ACTIVATIONS


def check_options(flag: str, widths: Iterable[Any], activation: str) -> tuple[int, ...]:
    """The widths as a tuple of positive integers.

    Raises BadInput naming the flag where a width is not positive or the activation is unknown.
    """
    sizes = tuple(widths)
    if not sizes or any(not isinstance(size, int) or size <= 0 for size in sizes):
        raise BadInput(f"{flag} takes one or more positive whole numbers, not {list(sizes)}.")
    if activation not in ACTIVATIONS:
        raise BadInput(f"`activation` {activation!r} is unknown: use {', '.join(ACTIVATIONS)}.")
    return sizes
