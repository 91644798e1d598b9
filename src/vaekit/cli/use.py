"""`vaekit sample`, `vaekit reconstruct`, `vaekit encode` and `vaekit decode`."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vaekit.cli import codes as files
from vaekit.cli import inputs, output
from vaekit.cli.flags import command
from vaekit.cli.inputs import Which
from vaekit.cli.messages import renamed
from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, open_run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaekit.data import Split
    from vaekit.model import Autoencoder, Told

WhichOrAll = Literal["train", "validation", "test", "all"]
_PORTION = 1_000  # rows in memory at once
_MOST_PAIRS = 32
_DATA_ENDINGS = (".png", ".npy")


@command
def sample(
    run: str,
    /,
    *,
    n: int = 64,
    temperature: float = 1.0,
    mixture: int | None = None,
    given: tuple[str, ...] = (),
    seed: int = 0,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Decode draws from the prior, or from a mixture, into one picture or an array.

    Args:
        run: Name or folder of the run.
        n: How many.
        temperature: Factor on the prior's standard deviation: below 1, more typical samples.
        mixture: Draw from a mixture of this many Gaussians, fitted to the codes of training
            data, instead: better where those are not distributed as the prior.
        given: What the model is told, where it was trained with --condition: label=7.
        seed: Seed of the draws.
        out: A .png or .npy file; samples.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    import torch

    _check_count("--n", n)
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise BadInput(f"--temperature must be zero or more, not {temperature:g}.")
    opened = open_run(run, root)
    path = _target(opened, out, "samples", force)
    told = opened.told(inputs.given(given))
    if mixture is None:
        generator = torch.Generator().manual_seed(seed)
        codes = told.sample_codes(n, temperature, generator).numpy()
    else:
        from vaekit.experiments.derived import code_mixture

        with renamed(components="mixture"):
            codes = code_mixture(opened, mixture).sample(n, seed, temperature).astype("float32")
    output.write_data(path, (n, *opened.spec.shape), _decoded(told, codes))
    print(path)


@command
def reconstruct(
    run: str,
    images: tuple[Path, ...] = (),
    /,
    *,
    split: Which = "test",
    n: int = 16,
    given: tuple[str, ...] = (),
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Encode and decode data: originals over reconstructions as a picture, or an array.

    A model that was trained with --condition is told the data's own columns; --given decodes
    the same codes as if they were others: a handwriting carried to another digit.

    Args:
        run: Name or folder of the run.
        images: Image files; the run's own data by default.
        split: Which part of the run's data.
        n: How many of them, from the first on.
        given: What the decoder is told instead: label=7. Image files need it.
        out: A .png or .npy file; reconstructions.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    import numpy as np
    import torch

    from vaekit.figures import pairs
    from vaekit.records import Batch

    _check_count("--n", n)
    opened = open_run(run, root)
    path = _target(opened, out, "reconstructions", force)
    context, model = (
        opened.context(inputs.given(given)) if given or images else None,
        opened.model(),
    )
    if images:
        x = torch.from_numpy(np.stack([inputs.picture(image, opened) for image in images]))
        batch = Batch(x, None if context is None else context.expand(len(x), -1))
    else:
        batch = inputs.chosen(opened.dataset(), split)[0][1].batch(slice(0, n))
    other = batch.context if context is None else context.expand(len(batch), -1)
    originals, decoded = batch.x.numpy(), model.decode(model.encode(batch), other).numpy()
    if path.suffix.lower() == ".npy":
        output.write_arrays(path, originals.shape, [decoded])
    elif len(originals) > _MOST_PAIRS:
        raise BadInput(f"--n {len(originals)} is too many for one picture: write .npy instead.")
    else:
        output.check_pictures(path, opened.spec.shape)
        output.write_figure(path, pairs(originals, decoded, title=opened.name))
    print(path)


@command
def encode(
    run: str,
    data: str | None = None,
    /,
    *,
    split: WhichOrAll | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Write the codes of data, the modes of their posteriors: id, label, z0, z1, …

    Nothing here is random: of data that training binarises anew, the grey values are encoded.

    Args:
        run: Name or folder of the run.
        data: Other data, by name or path; the run's own by default.
        split: Which part; test by default, and all of other data.
        out: A .parquet or .npy file; codes.parquet in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    path = output.target(out, opened.path / "codes.parquet", files.ENDINGS, force)
    dataset = opened.dataset() if data is None else inputs.other(data, opened)
    chosen = inputs.chosen(dataset, split or ("test" if data is None else "all"))
    model = opened.model()
    shape = (sum(len(part) for _, part in chosen), model.latent.size)
    files.write_codes(path, shape, _chunks(model, chosen))
    print(path)


@command
def decode(
    run: str,
    codes: Path,
    /,
    *,
    given: tuple[str, ...] = (),
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Decode a file of codes into one picture or an array.

    Args:
        run: Name or folder of the run.
        codes: A .npy file of shape (n, D), or Parquet with columns z0, z1, …
        given: What the model is told, where it was trained with --condition: label=7.
        out: A .png or .npy file; decoded.png in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    path = _target(opened, out, "decoded", force)
    told = opened.told(inputs.given(given))
    points = files.read_codes(codes, told.model.latent.size)
    output.write_data(path, (len(points), *opened.spec.shape), _decoded(told, points))
    print(path)


def _target(run: Run, out: Path | None, stem: str, force: bool) -> Path:
    ending = ".png" if output.drawable(run.spec.shape) else ".npy"
    path = output.target(out, run.path / f"{stem}{ending}", _DATA_ENDINGS, force)
    if path.suffix.lower() == ".png":
        output.check_pictures(path, run.spec.shape)
    return path


def _check_count(flag: str, count: int) -> None:
    if count < 1:
        raise BadInput(f"{flag} must be 1 or more, not {count}.")


def _decoded(told: "Told", codes: "NDArray[np.float32]") -> "Iterator[NDArray[np.float32]]":
    """Decoded codes in portions, so that memory does not grow with their number."""
    import torch

    for start in range(0, len(codes), _PORTION):
        yield told.decode(torch.from_numpy(codes[start : start + _PORTION])).numpy()


def _chunks(model: "Autoencoder", chosen: "list[tuple[str, Split]]") -> Iterator[files.Chunk]:
    for name, split in chosen:
        prefix = f"{name}/" if len(chosen) > 1 else ""
        for start in range(0, len(split), _PORTION):
            part = split.take(slice(start, start + _PORTION))
            ids = [f"{prefix}{start + row}" for row in range(len(part))]
            named = ids if part.ids is None else [str(id_) for id_ in part.ids]
            yield named, part.labels, model.encode(part.batch()).numpy()
