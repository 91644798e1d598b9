"""`vaekit attributes` and `vaekit edit`."""

import math
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli import inputs, output, strips
from vaekit.cli.flags import command
from vaekit.cli.inputs import Which
from vaekit.cli.messages import renamed
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import ROOT, open_run
from vaekit.space.directions import Method

if TYPE_CHECKING:
    from vaekit.space import Directions


@command
def attributes(
    run: str, /, *, method: Method = "balanced", json: bool = False, root: str = ROOT
) -> None:
    """List the directions of a run's attributes in latent space, and store them in the run.

    They are found in the codes of training data. `balanced` holds every other attribute
    equal, `means` is the plain difference of class means, `logistic` the normal of a
    logistic regression. Scale 1 goes from those who lack the attribute to those who have it.

    norm: length, in latent units. effect: how far scale 1 moves what a linear reader sees of
    the attribute, in standard deviations within its classes. accuracy: balanced, on held-out
    data, of telling the classes apart by this direction alone. leak: mean size of what one
    step of that effect does to the other attributes, and those it does most to.

    Args:
        run: Name or folder of the run.
        method: How directions are found.
        json: Print JSON and nothing else.
        root: Folder of runs.
    """
    from vaekit.workflow.derived import attribute_directions

    opened = open_run(run, root)
    found = attribute_directions(opened, method)
    if json:
        print(dumps({"run": opened.name, "method": method, **_listed(found)}, indent=2))
        return
    rows = [
        (
            name,
            *(_short(entry[key]) for key in ("norm", "effect", "accuracy", "leak")),
            ", ".join(f"{other} {value:+.2f}" for other, value in entry["leaks"].items()),
        )
        for name, entry in _listed(found)["attributes"].items()
    ]
    heads = (f"{opened.name}, {method}", "norm", "effect", "accuracy", "leak", "most into")
    output.table(heads, rows, right=(1, 2, 3, 4))


@command
def edit(
    run: str,
    /,
    *,
    attribute: tuple[str, ...] = (),
    image: tuple[Path, ...] = (),
    scale: tuple[str, ...] = ("0:2:9",),
    method: Method = "balanced",
    add_residual: bool = False,
    given: tuple[str, ...] = (),
    crop: Crop | None = None,
    split: Which = "test",
    n: int = 8,
    rows: tuple[int, ...] = (),
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Add the direction of an attribute to pictures, step by step: a strip for each picture.

    Two attributes make a grid for one picture, the first across and the second down.

    Args:
        run: Name or folder of the run.
        attribute: One or two of those that `vaekit attributes` lists.
        image: Image files; some of the run's own data by default.
        scale: Steps, 1 being from those who lack the attribute to those who have it:
            start:stop:count, or numbers with commas. One for both attributes, or one each.
        method: How directions are found.
        given: What the model is told, where it was trained with --condition: label=7.
        add_residual: Put back the detail the autoencoder lost: edit the difference only.
        crop: How image files are cropped; as the training data were by default.
        split: Which part of the run's data.
        n: How many of them, from the first on.
        rows: The numbers of the rows instead.
        out: A .png or .npy file; edit.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened = open_run(run, root)
    steps = _checked(attribute, scale)
    path = strips.target(opened, out, "edit", force)
    if image:
        originals, labels = use.photos(opened, image, crop), strips.names(image)
    else:
        originals, labels = strips.rows_of(opened, split, n if len(steps) == 1 else 1, rows, crop)
    _check_number(steps, len(originals))
    told = inputs.given(given)
    with renamed(scales="scale"):
        walk = use.edit(
            opened, originals, attribute, steps, method=method, residual=add_residual, given=told
        )
    images, what = walk.pictures.swapaxes(0, 1), walk.along[0]
    if len(steps) == 2:
        images, labels = images[:, :, 0], [strips.number(each) for each in steps[1]]
        what = f"{what} (across) and {walk.along[1]} (down)"
    title = f"{opened.name}: {what} added at these scales, {method}"
    strips.write(path, walk.pictures, images, steps[0], rows=labels, title=title, before=originals)


def _listed(found: "Directions") -> dict[str, Any]:
    """What is told of each attribute, as JSON holds it."""
    entries = {}
    for place, name in enumerate(found.names):
        accuracy = float(found.accuracy[place])
        entries[name] = {
            "norm": float(found.norms[place]),
            "effect": float(found.effects[place, place]),
            "accuracy": None if math.isnan(accuracy) else accuracy,
            "leak": float(found.leak[place]),
            "leaks": dict(found.strongest(name)),
        }
    return {"attributes": entries, "left_out": list(found.left_out)}


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _checked(attribute: tuple[str, ...], scale: tuple[str, ...]) -> list[list[float]]:
    """The scales of each attribute."""
    if not 1 <= len(attribute) <= 2:
        raise BadInput("--attribute takes one or two of those that `vaekit attributes RUN` lists.")
    if len(scale) not in (1, len(attribute)):
        raise BadInput(f"--scale takes one value or one for each attribute, not {len(scale)}.")
    steps = [inputs.numbers("--scale", text) for text in scale]
    return steps if len(steps) == len(attribute) else steps * 2


def _check_number(steps: list[list[float]], originals: int) -> None:
    """Raise BadInput where these are more pictures than can be shown."""
    if len(steps) == 2 and originals > 1:
        raise BadInput("Two attributes make a grid for one picture: give one --image or row.")
    if math.prod(map(len, steps)) * originals > output.MOST_PICTURES:
        raise BadInput(f"--scale: that is more than {output.MOST_PICTURES:,} pictures, use fewer.")
