"""`vaekit interpolate` and `vaekit traverse`."""

import math
from pathlib import Path

from vaekit.cli import inputs, strips
from vaekit.cli.flags import command
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import ROOT, open_run

_SHOWN = 10  # rows of a traversal by default
_MOST = 10_000  # rows whose codes tell where data lie


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
    """Decode codes on the way from one picture to another.

    Args:
        run: Name or folder of the run.
        first: An image file.
        last: Another.
        steps: Pictures on the way, both ends included.
        spherical: Go along an arc around the origin rather than straight.
        given: What the model is told, where it was trained with --condition: label=7.
        crop: How the files are cropped; as the training data were by default.
        out: A .png or .npy file; interpolation.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    import numpy as np
    import torch

    from vaekit import space

    opened = open_run(run, root)
    path = strips.target(opened, out, "interpolation", force)
    originals, names = strips.photos(opened, (first, last), crop)
    model = opened.told(inputs.given(given))
    start, end = model.encode(torch.from_numpy(originals)).double().numpy()
    way = (space.spherical if spherical else space.linear)(start, end, steps)
    decoded = model.decode(torch.from_numpy(way).float()).numpy()
    kind = "spherical" if spherical else "linear"
    strips.write(
        path,
        decoded,
        decoded[None],
        np.linspace(0, 1, steps),
        title=f"{opened.name}: {kind} interpolation from {names[0]} to {names[1]}",
        before=originals[:1],
        after=originals[1:],
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
        image: The image file whose code to start from; the mean code of data by default.
        dimensions: Which coordinates; by default the ten whose codes of data vary most.
        span: How far either way, in standard deviations of the codes of data.
        steps: Pictures in a row.
        given: What the model is told, where it was trained with --condition: label=7.
        crop: How the image file is cropped; as the training data were by default.
        out: A .png or .npy file; traversal.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    import numpy as np
    import torch

    from vaekit import space
    from vaekit.experiments.pictures import encode, held_out

    if not (span > 0 and math.isfinite(span)):
        raise BadInput(f"--span must be above 0, not {span:g}.")
    if crop is not None and image is None:
        raise BadInput("--crop is for --image: give one.")
    opened = open_run(run, root)
    path = strips.target(opened, out, "traversal", force)
    model = opened.told(inputs.given(given))
    originals = None if image is None else strips.photos(opened, [image], crop)[0]
    codes = encode(model.model, held_out(opened.dataset()).take(slice(0, _MOST)))
    spread = codes.std(axis=0)
    chosen = list(dimensions) or [int(each) for each in np.argsort(-spread)[:_SHOWN]]
    code = torch.from_numpy(codes.mean(axis=0))
    if originals is not None:
        code = model.encode(torch.from_numpy(originals))[0]
    decoded = space.traverse(model, code, chosen, span * spread, steps).numpy()
    strips.write(
        path,
        decoded,
        decoded,
        np.linspace(-span, span, steps),
        rows=[f"z{each}" for each in chosen],
        title=f"{opened.name}: one coordinate moved, in standard deviations of the codes",
        before=originals,
    )
