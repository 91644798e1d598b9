"""`grid`: the same codes, decoded under one value of a condition after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.data import Crop
from vaekit.data.conditions import Conditions
from vaekit.errors import BadInput
from vaekit.records import Batch
from vaekit.runs import Run
from vaekit.workflow.looks import held_out
from vaekit.workflow.use import (
    Given,
    Picture,
    changed,
    check_count,
    check_temperature,
    opened,
    told_photos,
)

Array = NDArray[Any]
Source = Literal["prior", "data"]
Axis = str | Mapping[str, Sequence[Any]]
"""A column of the conditions, with its values or without, or "code"."""

CODE = "code"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Decoded codes under conditions.

    pictures: (R, S, *shape). down, across: the column that changes there, or "code".
    rows, columns: what each of them is called.
    originals: the rows of data (n, *shape) whose codes these are, where they are of data.
    """

    pictures: Array
    down: str
    across: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    originals: Array | None


def grid(
    run: Run | str | Path,
    rows: Axis,
    columns: Axis = CODE,
    *,
    codes: Source = "prior",
    image: Picture | None = None,
    n: int = 8,
    given: Given = None,
    temperature: float = 1.0,
    seed: int = 0,
    crop: Crop | None = None,
) -> Grid:
    """Decode the same codes under every value of a condition: a handwriting as all ten digits.

    rows, columns: a column of the conditions, for all its classes or n of its numbers;
        {"azimuth": [0, 90]} for these values; or "code", on one side, for n codes.
    codes: drawn from the prior, or of the first held-out rows. A prior that follows what the
        model is told gives the same draw from each of its distributions.
    image: a picture whose code to take instead; `given` then says what it is, of all columns.
    given: values of columns that do not change; rows of data keep their own by default.

    Raises BadInput for a column that the model is not told, that is given twice or lacks a
    value, and for values that training did not see.
    """
    check_count("n", n)
    check_temperature(temperature)
    run = opened(run)
    conditions, model = run.conditioned("rows"), run.model()
    down, across = _axis("rows", rows, conditions, n), _axis("columns", columns, conditions, n)
    if down[0] == across[0]:
        raise BadInput(f"`rows` and `columns` are both {down[0]}: give two that differ.")
    moving = [axis for axis in (down, across) if axis[0] != CODE]
    fixed = conditions.by_name(given or {})
    if twice := [name for name, _ in moving if name in fixed and image is None]:
        raise BadInput(f"`given` has {twice[0]}, which changes in the grid: leave it out.")
    n = 1 if len(moving) == 2 or image is not None else n
    batch, found = _batch(run, codes, image, n, given, crop), []
    z = None if batch is None else model.encode(batch)
    for values in product(*(values for _, values in moving)):
        told = fixed | dict(zip((name for name, _ in moving), values, strict=True))
        if batch is None or z is None:
            context = torch.from_numpy(conditions.given(told)).expand(n, -1)
            generator = torch.Generator().manual_seed(seed)
            decoded = model.sample(n, temperature, generator, context)
        else:
            decoded = model.decode(z, changed(run, batch.context, told))
        found.append(decoded.numpy())
    pictures = np.stack(found)
    if len(moving) == 2:
        pictures = pictures.reshape(len(down[1]), len(across[1]), *pictures.shape[2:])
    elif down[0] == CODE:
        pictures = pictures.swapaxes(0, 1)
    heads = [
        values or tuple(map(str, range(1, count + 1)))
        for count, (_, values) in zip(pictures.shape, (down, across), strict=False)
    ]
    originals = None if batch is None else batch.x.numpy()
    return Grid(pictures, down[0], across[0], heads[0], heads[1], originals)


def _axis(
    parameter: str, axis: Axis, conditions: Conditions, n: int
) -> tuple[str, tuple[str, ...]]:
    """What changes along an axis, and the values it takes; codes have none."""
    if axis == CODE:
        return CODE, ()
    if isinstance(axis, str):
        column = conditions.column(parameter, axis)
        return column.name, column.spread(n)
    if len(axis) != 1 or not all(len(values) for values in axis.values()):
        raise BadInput(f"`{parameter}` takes one column and at least one value of it.")
    ((name, values),) = axis.items()
    shown = (f"{each:.6g}" if isinstance(each, float) else str(each) for each in values)
    return conditions.column(parameter, name).name, tuple(shown)


def _batch(
    run: Run, codes: Source, image: Picture | None, n: int, given: Given, crop: Crop | None
) -> Batch | None:
    """The rows whose codes are decoded; None for codes of the prior."""
    if image is not None:
        return told_photos(run, [image], given, crop)
    if codes == "prior":
        return None
    if codes != "data":
        raise BadInput(f"`codes` must be prior or data, not {codes!r}.")
    return held_out(run.dataset()).batch(slice(0, n))
