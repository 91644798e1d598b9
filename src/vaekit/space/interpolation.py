"""Ways from one code to another."""

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.plane import Array

MOST_STEPS = 1_000
_PARALLEL = 1e-6  # sine of an angle below which a great circle is a line, or is not unique


def linear(start: ArrayLike, end: ArrayLike, steps: int) -> Array:
    """Points on the straight line between two codes (D,), both ends included, shape (S, D).

    Raises BadInput for codes of different shapes and for steps below two or above a thousand.
    """
    first, last, parts = _checked(start, end, steps)
    return np.asarray(first + parts * (last - first))


def spherical(start: ArrayLike, end: ArrayLike, steps: int) -> Array:
    """Points on the arc between two codes (D,), both ends included, shape (S, D).

    The direction from the origin turns at a constant rate and the norm changes evenly, so
    codes on a sphere stay on it: where D is large that is where a normal prior has its mass.
    Parallel and opposite codes, and those at the origin, have no arc of their own: they are
    joined by the line. White 2016, https://arxiv.org/abs/1609.04468

    Raises BadInput for codes of different shapes and for steps below two or above a thousand.
    """
    first, last, parts = _checked(start, end, steps)
    norms = np.linalg.norm(first), np.linalg.norm(last)
    if not min(norms):
        return linear(start, end, steps)
    towards, aim = first / norms[0], last / norms[1]
    # The sum and the difference give small angles exactly, where the cosine does not.
    angle = 2 * np.arctan2(np.linalg.norm(aim - towards), np.linalg.norm(aim + towards))
    if np.sin(angle) < _PARALLEL:
        return linear(start, end, steps)
    turned = np.sin((1 - parts) * angle) * towards + np.sin(parts * angle) * aim
    way: Array = turned / np.sin(angle) * (norms[0] + parts * (norms[1] - norms[0]))
    return way


def check_steps(steps: int) -> None:
    """Raise BadInput for a number of steps that is no way, or more of one than can be looked at."""
    if not 2 <= steps <= MOST_STEPS:
        raise BadInput(f"`steps` must be from 2 to {MOST_STEPS:,}, not {steps}.")


def _checked(start: ArrayLike, end: ArrayLike, steps: int) -> tuple[Array, Array, Array]:
    """Both codes as float64, and the share of the way at each step, shape (S, 1)."""
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if first.ndim != 1 or first.shape != last.shape:
        raise BadInput(f"codes have shapes {first.shape} and {last.shape}: give two of shape (D,)")
    check_steps(steps)
    return first, last, np.linspace(0, 1, steps)[:, None]
