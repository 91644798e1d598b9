"""`vaekit grid`."""

import math
from pathlib import Path
from typing import Any, Literal

from vaekit.cli import inputs, strips
from vaekit.cli.flags import command
from vaekit.cli.output import MOST_PICTURES
from vaekit.data.columns import parted
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, open_run

CODE = "code"


@command
def grid(
    run: str,
    /,
    *,
    rows: str,
    columns: str = CODE,
    codes: Literal["prior", "data"] = "prior",
    image: Path | None = None,
    n: int = 8,
    given: tuple[str, ...] = (),
    temperature: float = 1.0,
    seed: int = 0,
    crop: Crop | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Decode the same codes under one value of a condition after another, as a labelled grid.

    Rows and columns are each a column of the conditions that the model was trained with, or
    code, on one side: label for all its classes, label=3,7 for these, azimuth for as many of its
    angles as --n says, azimuth=0:330:12 for twelve from 0 to 330.

    Args:
        run: Name or folder of the run.
        rows: What changes down the grid.
        columns: What changes across it.
        codes: Codes drawn from the prior, or of the run's own held-out data.
        image: An image file whose code to take instead; --given then says what it is.
        n: How many codes, and how many values of numbers that are not listed.
        given: What else the model is told, where it does not change: label=7.
        temperature: Factor on the prior's standard deviation.
        seed: Seed of the draws.
        crop: How the image file is cropped; as the training data were by default.
        out: A .png or .npy file; grid.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    import numpy as np

    from vaekit.workflow import grids

    opened = open_run(run, root)
    path = strips.target(opened, out, "grid", force)
    if crop is not None and image is None:
        raise BadInput("--crop is for --image: give one.")
    found = grids.grid(
        opened,
        _axis(opened, "--rows", rows),
        _axis(opened, "--columns", columns),
        codes=codes,
        image=image,
        n=n,
        given=inputs.given(given),
        temperature=temperature,
        seed=seed,
        crop=crop,
    )
    shown, names, before = found.pictures, found.rows, found.originals
    if math.prod(shown.shape[:2]) > MOST_PICTURES and path.suffix.lower() == ".png":
        raise BadInput(f"--out {path}: more than {MOST_PICTURES:,} pictures; write .npy instead.")
    if before is not None and found.across == CODE:  # each stands over its own column
        shown, names = np.concatenate([before[None], shown]), ("original", *names)
        before = None
    title = f"{opened.name}: {found.down} down, {found.across} across"
    strips.write(path, found.pictures, shown, found.columns, rows=names, title=title, before=before)


def _axis(run: Run, flag: str, text: str) -> Any:
    """A column's name, or one with its values."""
    known = [column.name for column in run.conditions.columns] if run.conditions else []
    if text in known or "=" not in text:
        return text
    name, values = parted(text, known)
    if values.count(":") == 2:
        return {name: inputs.numbers(flag, values)}
    return {name: values.split(",")}
