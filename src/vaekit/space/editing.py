"""Edits: codes moved along directions and decoded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.space.interpolation import check_steps

if TYPE_CHECKING:
    from torch import Tensor

_PORTION = 100  # codes decoded at once


class Coder(Protocol):
    """What an edit needs of a model."""

    def encode(self, x: "Tensor") -> "Tensor":
        """From data (B, *shape) to codes (B, D)."""

    def decode(self, z: "Tensor") -> "Tensor":
        """From codes (B, D) to data (B, *shape)."""


def edit(
    model: Coder,
    x: "Tensor",
    vectors: ArrayLike,
    scales: Sequence[Any],
    *,
    residual: bool = False,
) -> "Tensor":
    """Data x (B, *shape) with scale times a vector added to their codes, (S, B, *shape).

    vectors: one direction (D,) with scales (S,); or V of them, (V, D), with V sequences of
        scales. Every combination is decoded then: two directions give (S1, S2, B, *shape).
    residual: add what the autoencoder lost of x, so that the difference is edited and scale
        0 gives x itself; the result is clipped to [0, 1].

    Raises BadInput where vectors, scales and codes do not fit.
    """
    z = model.encode(x)
    moves = z.new_tensor(shifts(vectors, scales))
    if moves.shape[-1] != z.shape[-1]:
        raise BadInput(f"vectors have {moves.shape[-1]} coordinates and codes {z.shape[-1]}.")
    moved = (moves.unsqueeze(-2) + z).flatten(0, -2)
    decoded = _decode(model, moved).reshape(*moves.shape[:-1], *x.shape)
    if not residual:
        return decoded
    return (decoded + (x - _decode(model, z))).clamp(0, 1)


def shifts(vectors: ArrayLike, scales: Sequence[Any]) -> Any:
    """What each combination of scales adds to a code, (S1, …, SV, D); see `edit`.

    Raises BadInput where there is not one sequence of scales to a vector.
    """
    array = np.asarray(vectors, np.float64)
    if array.ndim == 1:
        array, scales = array[None], [scales]
    steps = [np.asarray(each, np.float64) for each in scales]
    if array.ndim != 2 or len(steps) != len(array) or any(step.ndim != 1 for step in steps):
        raise BadInput(
            f"vectors have shape {array.shape} and there are {len(steps)} lists of scales: "
            "give one list to a vector"
        )
    return np.stack(np.meshgrid(*steps, indexing="ij"), -1) @ array


def traverse(
    model: Coder, code: "Tensor", dimensions: Sequence[int], span: ArrayLike, steps: int
) -> "Tensor":
    """A code (D,) with one coordinate moved at a time, decoded, (R, S, *shape).

    dimensions: R coordinates, a row each.
    span: how far they move either way, in latent units; one number or one for each of D.

    Raises BadInput for coordinates that the code lacks and for steps as `linear` does.
    """
    check_steps(steps)
    size = code.shape[-1]
    if wrong := [number for number in dimensions if not 0 <= number < size]:
        raise BadInput(f"`dimensions` run from 0 to {size - 1} here: there is no {wrong[0]}.")
    axes = (np.eye(size) * np.asarray(span, np.float64))[list(dimensions)]
    moves = np.linspace(-1, 1, steps)[:, None] * axes[:, None]
    rows = code.new_tensor(moves) + code
    decoded = _decode(model, rows.flatten(0, 1))
    return decoded.reshape(len(dimensions), steps, *decoded.shape[1:])


def _decode(model: Coder, codes: "Tensor") -> "Tensor":
    import torch

    return torch.cat([model.decode(part) for part in torch.split(codes, _PORTION)])
