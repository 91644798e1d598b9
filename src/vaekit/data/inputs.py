"""Rows of arrays as a model reads them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vaekit.records import Batch


def as_input(x: Tensor) -> Tensor:
    """Rows as a model reads them: uint8 becomes float32 in [0, 1], where it lies."""
    return torch.true_divide(x, 255).to(torch.float32) if x.dtype == torch.uint8 else x


def batch_of(
    x: npt.NDArray[Any],
    context: npt.NDArray[np.float32] | None,
    mask: npt.NDArray[np.bool_] | None,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> Batch:
    """A batch on a device from gathered rows x (B, *shape) and what is known about them."""

    def moved(values: npt.NDArray[Any] | None) -> Tensor | None:
        if values is None:
            return None
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    pixels = moved(x)
    assert pixels is not None
    return Batch(as_input(pixels), moved(context), moved(mask), moved(rows))
