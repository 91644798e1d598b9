"""The data that commands work on: a run's own, another data set, or image files."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vaekit.cli import output
from vaekit.errors import BadInput
from vaekit.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaekit.data import Crop, Dataset, Split

Which = Literal["train", "validation", "test"]


def chosen(dataset: "Dataset", split: str) -> "list[tuple[str, Split]]":
    """The splits that are meant, with their names; raises BadInput where they are empty."""
    names = ("train", "validation", "test") if split == "all" else (split,)
    found = [(name, getattr(dataset, name)) for name in names]
    filled = [(name, part) for name, part in found if len(part)]
    if not filled:
        raise BadInput(f"--split {split} of {dataset.name} is empty: give another.")
    return filled


def other(data: str, run: Run) -> "Dataset":
    """Other data than the run's, prepared as those were."""
    from vaekit.data import load

    shape, given = run.spec.shape, run.data["options"]
    options = {key: given[key] for key in ("binarise",) if key in given}
    if _holds_pictures(data) and len(shape) == 3:
        options |= {"image_size": shape[-1], "crop": given.get("crop", "none")}
    dataset = load(data, **options)
    if dataset.shape != shape:
        raise BadInput(f"{data} holds data of shape {dataset.shape}, but {run.name} takes {shape}.")
    return dataset if run.conditions is None else dataset.told(run.conditions)


def given(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values of --given, by column; raises BadInput for what is no COLUMN=VALUE."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise BadInput(f"--given takes COLUMN=VALUE, such as label=7, not {pair!r}.")
        found[name] = value
    return found


def _holds_pictures(data: str) -> bool:
    from vaekit.data import SOURCES
    from vaekit.data.idx import training_images

    if data in SOURCES:
        return SOURCES[data].pictures
    path = Path(data)
    folder = path.is_dir() and training_images(path) is None
    return folder or path.suffix.lower() == ".zip"


def picture(path: Path, run: Run, crop: "Crop | None" = None) -> "NDArray[np.float32]":
    """An image file as the run's model reads it, shape (C, H, W); cut as the run's data were.

    crop: another cut than theirs. Raises BadInput for what is no picture, or shows no face
    where one is to be cut.
    """
    import numpy as np

    from vaekit.data import photo

    shape, given = run.spec.shape, run.data["options"]
    if not output.drawable(shape):
        raise BadInput(f"{path}: {run.name} was not trained on pictures; leave the images out.")
    values = photo(path, shape, crop or given.get("crop", "none"))
    binary = given.get("binarise", "none") in ("threshold", "static")
    return (values > 0.5).astype(np.float32) if binary else values
