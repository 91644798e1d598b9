"""`vaekit attributes` and `vaekit edit`."""

import math
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli import inputs, output, strips, tunes, voices
from vaekit.cli.flags import command
from vaekit.cli.inputs import Phase, Which
from vaekit.cli.messages import renamed
from vaekit.cli.output import short
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

    Of a run of sound, these are the mean codes of classes, less the mean of those of their
    column: their norms, and the shares of held-out segments, and of recordings by their mean
    code, that are nearest to that of their own class. A picture of the cosines of all pairs is
    drawn into the run's figures.

    Args:
        run: Name or folder of the run.
        method: How directions are found.
        json: Print JSON and nothing else.
        root: Folder of runs.
    """
    from vaekit.workflow.derived import attribute_directions

    opened = open_run(run, root)
    if opened.sound is not None:
        voices.classes(opened, json)
        return
    found = attribute_directions(opened, method)
    if json:
        print(dumps({"run": opened.name, "method": method, **_listed(found)}, indent=2))
        return
    rows = [
        (
            name,
            *(short(entry[key]) for key in ("norm", "effect", "accuracy", "leak")),
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
    audio: Path | None = None,
    midi: Path | None = None,
    to: str | None = None,
    from_: str | None = None,
    phase: Phase | None = None,
    scale: tuple[str, ...] = (),
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

    Of a run of melodies, to a MIDI file: a tune for each step, with the file's tempo and
    instruments.

    Two attributes make a grid for one picture, the first across and the second down.

    Of a run of sound, give a recording one class of an attribute in the place of another:
    another speaker, or another word. A WAV file as long as the recording comes out.

    Args:
        run: Name or folder of the run.
        attribute: One or two of those that `vaekit attributes` lists.
        image: Image files; some of the run's own data by default.
        audio: A sound file, for a run of sound.
        midi: A MIDI file, for a run of melodies: of all of it.
        to: The class that it is to be of, such as a speaker's name.
        from_: The class that it is of; left out, the one whose mean code is nearest.
        phase: Of sound: that of the original file, or an estimate.
        scale: Steps, 1 being from those who lack the attribute to those who have it:
            start:stop:count, or numbers with commas; 0:2:9 by default, of sound 1. One for both
            attributes, or one each.
        method: How directions are found.
        given: What the model is told, where it was trained with --condition: label=7.
        add_residual: Put back the detail the autoencoder lost: edit the difference only.
        crop: How image files are cropped; as the training data were by default.
        split: Which part of the run's data.
        n: How many of them, from the first on.
        rows: The numbers of the rows instead.
        out: A .png or .npy file; edit.png in the run's folder by default. Of sound .wav, with a
            picture beside it; of several steps one each, with the scale in its name.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened = open_run(run, root)
    others = {"image": image, "rows": rows, "add-residual": add_residual, "crop": crop}
    if opened.sound is not None or audio is not None:
        _refuse(others, "pictures", "sound is edited")
        if audio is None or to is None or len(attribute) != 1:
            raise BadInput("Sound is edited by --audio FILE --attribute COLUMN --to CLASS.")
        way = (attribute[0], to, from_)
        voices.edit(opened, audio, way, scale or ("1",), phase, given, out, force)
        return
    if wrong := [f for f, v in {"to": to, "from": from_, "phase": phase}.items() if v is not None]:
        raise BadInput(f"--{wrong[0]} is of sound, and {opened.name} was not trained on it.")
    if opened.meter is not None or midi is not None:
        _refuse(others, "pictures", "a tune is edited")
        if midi is None or len(attribute) != 1 or len(scale) > 1:
            raise BadInput("A tune is edited by --midi FILE --attribute NAME --scale -2:2:5.")
        tunes.edit(opened, midi, attribute[0], (scale or ("-2:2:5",))[0], method, given, out, force)
        return
    steps = _checked(attribute, scale or ("0:2:9",))
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


def _refuse(others: dict[str, Any], whose: str, where: str) -> None:
    """Raise BadInput for the first of these flags that is given."""
    if wrong := [flag for flag, value in others.items() if value]:
        raise BadInput(f"--{wrong[0]} is of {whose}: leave it out where {where}.")


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
