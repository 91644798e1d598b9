"""`vaekit interpolate` and `vaekit traverse`."""

from pathlib import Path

from vaekit.cli import inputs, strips, tunes
from vaekit.cli.flags import command
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import ROOT, open_run


@command
def interpolate(
    run: str,
    first: Path,
    last: Path,
    /,
    *,
    steps: int = 9,
    spherical: bool = False,
    given: tuple[str, ...] = (),
    crop: Crop | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Decode codes on the way from one picture, or melody, to another.

    Args:
        run: Name or folder of the run.
        first: The image or MIDI file to start from.
        last: The image or MIDI file to end at. Tunes are walked window by window, for as long as
            the shorter one lasts.
        steps: Pictures on the way, both ends included.
        spherical: Go along an arc around the origin rather than straight.
        given: What the model is told, where it was trained with --condition: label=7.
        crop: How the files are cropped; as the training data were by default.
        out: A .png or .npy file; interpolation.png in the run's folder by default. Of melodies a
            folder of MIDI files, sound and a picture, or one .mid, .wav, .png or .npy file.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened = open_run(run, root)
    if opened.meter is not None:
        if crop is not None:
            raise BadInput("--crop is of pictures, and these are tunes: leave it out.")
        tunes.interpolate(opened, (first, last), steps, spherical, given, out, force)
        return
    path = strips.target(opened, out, "interpolation", force)
    told = inputs.given(given)
    walk = use.interpolate(
        opened, first, last, steps=steps, spherical=spherical, given=told, crop=crop
    )
    assert walk.originals is not None
    kind = "spherical" if spherical else "linear"
    names = strips.names((first, last))
    strips.write(
        path,
        walk.pictures,
        walk.pictures[None],
        walk.steps[0],
        title=f"{opened.name}: {kind} interpolation from {names[0]} to {names[1]}",
        before=walk.originals[:1],
        after=walk.originals[1:],
    )


@command
def traverse(
    run: str,
    /,
    *,
    image: Path | None = None,
    dimensions: tuple[int, ...] = (),
    span: float = 3.0,
    steps: int = 9,
    given: tuple[str, ...] = (),
    crop: Crop | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Decode a code with one of its coordinates moved at a time: a row for each coordinate.

    Args:
        run: Name or folder of the run.
        image: The image or MIDI file whose code to start from, of a tune its first window; the
            mean code of data by default.
        dimensions: Which coordinates; by default the ten whose codes of data vary most.
        span: How far either way, in standard deviations of the codes of data.
        steps: Pictures in a row.
        given: What the model is told, where it was trained with --condition: label=7.
        crop: How the image file is cropped; as the training data were by default.
        out: A .png or .npy file; traversal.png in the run's folder by default. Of melodies a
            folder of MIDI files, sound and a picture, or one .mid, .wav, .png or .npy file.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened = open_run(run, root)
    place = strips.target if opened.meter is None else tunes.target
    path = place(opened, out, "traversal", force)
    told = inputs.given(given)
    walk = use.traverse(
        opened, image, dimensions=dimensions, span=span, steps=steps, given=told, crop=crop
    )
    start = "the mean code" if image is None else strips.names([image])[0]
    if opened.meter is not None:
        tunes.write_traversal(path, opened, walk, start)
        return
    strips.write(
        path,
        walk.pictures,
        walk.pictures,
        walk.steps[0],
        rows=walk.along,
        title=f"{opened.name}: coordinates of {start} moved, in standard deviations",
        before=walk.originals,
    )
