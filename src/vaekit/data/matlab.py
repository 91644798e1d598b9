"""MATLAB's `.mat` files up to version 7, with SciPy."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vaekit.data import arrays
from vaekit.data.splits import Found
from vaekit.errors import BadInput
from vaekit.memory import require

Array = npt.NDArray[Any]

_BYTES = {"double": 8, "single": 4, "logical": 1} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def read_mat(path: Path) -> Found:
    """The rows and labels of a `.mat` file; variables that aren't needed are not read.

    Looks for the names that `read_npz` does, in small letters or capitals; else for the one
    variable with the most numbers. Pictures may be (N, H, W), (N, H, W, C), (N, C, H, W) or, as
    MATLAB has them, (H, W, C, N), and (H, W, N) where labels tell how many there are. Doubles
    that are whole numbers up to 255 are grey levels.

    Raises BadInput for version 7.3, which is HDF5, and where there are no numbers.
    """
    from scipy.io import loadmat, whosmat

    try:
        held = {
            name: (tuple(shape), kind)
            for name, shape, kind in whosmat(path)
            if kind in _BYTES and math.prod(shape)
        }
        wanted = _wanted(held, path)
        for name in wanted.values():
            shape, kind = held[name]
            require(arrays.COPIES * math.prod(shape) * _BYTES[kind], f"'{name}' in '{path}'")
        values = loadmat(path, variable_names=list(wanted.values()))
    except BadInput:
        raise
    except NotImplementedError:
        raise BadInput(
            f"'{path}' is of MATLAB's version 7.3, which is HDF5: save it in MATLAB with '-v7', "
            "or its arrays with numpy.savez"
        ) from None
    except Exception as error:  # SciPy raises nearly anything for a damaged file
        reason = str(error) or type(error).__name__
        raise BadInput(f"cannot read '{path}': {reason}; save it again") from None
    x, y = arrays.members({key: values[name] for key, name in wanted.items()}, path)
    y = {split: labels.reshape(-1) for split, labels in y.items()}  # MATLAB's are columns
    x = {split: _rows(each, y.get(split)) for split, each in x.items()}
    return arrays.found(x, y, str(path))


def _wanted(held: Mapping[str, Any], path: Path) -> dict[str, str]:
    """The variables to read, by the names that arrays have in `.npz` files."""
    if not held:
        raise BadInput(f"'{path}' holds no array of numbers; save one named x")
    names = {name.lower(): name for name in held}
    wanted = {key: names[key] for key in arrays.KEYS if key in names}
    if not any(key in wanted for key in ("x_train", *arrays.DATA_KEYS)):
        wanted["x"] = max(held, key=lambda name: math.prod(held[name][0]))
    return wanted


def _rows(x: Array, labels: Array | None) -> Array:
    """Values with the axis of rows first, and grey levels as such."""
    few = arrays.CHANNELS
    if labels is not None:
        last = len(labels) == x.shape[-1] != x.shape[0]
    else:
        last = x.ndim == 4 and x.shape[2] in few and not {x.shape[1], x.shape[3]} & set(few)
    if last:
        x = np.moveaxis(x, -1, 0)
    if x.ndim > 2 and x.dtype.kind == "f" and 1 < x.max() <= 255 and x.min() >= 0:
        levels = x.astype(np.uint8)
        x = levels if np.array_equal(levels, x) else x
    return x
