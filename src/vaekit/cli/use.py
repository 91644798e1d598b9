"""`vaekit sample`, `vaekit reconstruct`, `vaekit encode` and `vaekit decode`."""

from pathlib import Path
from typing import TYPE_CHECKING

from vaekit.cli import codes as files
from vaekit.cli import inputs, output, sounds, tunes
from vaekit.cli.flags import command
from vaekit.cli.inputs import By, Phase, Which, WhichOrAll
from vaekit.cli.messages import renamed
from vaekit.errors import BadInput
from vaekit.kinds import KINDS
from vaekit.runs import ROOT, Run, open_run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaekit.model import Told

_PORTION = 1_000  # rows in memory at once
_MOST_PAIRS = 32


@command
def sample(
    run: str,
    /,
    *,
    n: int = 64,
    temperature: float = 1.0,
    step_temperature: float = 0.0,
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
        step_temperature: Of melodies, that of every step, which is drawn given those before; at 0
            each is what is likeliest.
        mixture: Draw from a mixture of this many Gaussians, fitted to the codes of training
            data, instead: better where those are not distributed as the prior.
        given: What the model is told, where it was trained with --condition: label=7.
        seed: Seed of the draws.
        out: A .png or .npy file, of vectors .npy or .csv, of sound .wav, with a picture beside
            it; samples in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened, what = open_run(run, root), inputs.given(given)
    path = _target(opened, out, "samples", force)
    with renamed(components="mixture"):
        told, codes = use.draw(
            opened, n, temperature=temperature, mixture=mixture, given=what, seed=seed
        )
    source = "the prior" if mixture is None else f"a mixture of {mixture} Gaussians"
    source += f" at temperature {temperature:g}" if temperature != 1 else ""
    title = f"samples from {source}{_told(given)}"
    _write_decoded(path, opened, told, codes, title, step_temperature, seed)


@command
def reconstruct(
    run: str,
    images: tuple[Path, ...] = (),
    /,
    *,
    split: Which = "test",
    n: int = 16,
    given: tuple[str, ...] = (),
    phase: Phase | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Encode and decode data: originals over reconstructions as a picture, or an array.

    A model that was trained with --condition is told the data's own columns; --given decodes
    the same codes as if they were others: a handwriting carried to another digit.

    Args:
        run: Name or folder of the run.
        images: Image or sound files; the run's own data by default.
        split: Which part of the run's data.
        n: How many of them: in a picture spread over the classes, in an array from the first on.
            Of sound it is whole recordings, one after another.
        given: What the decoder is told instead: label=7. Files need it.
        phase: Of sound: that of the original files, or an estimate.
        out: A .png or .npy file, of vectors .npy or .csv, of sound .wav, with a picture beside
            it; reconstructions in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.figures import pairs
    from vaekit.workflow import use

    opened, told = open_run(run, root), inputs.given(given)
    path = _target(opened, out, "reconstructions", force)
    if opened.sound is not None:
        _speak(path, opened, images, split, n, given, phase or "estimated")
        return
    if opened.meter is not None:
        _play(path, opened, images, split, n, given)
        return
    if phase is not None:
        raise BadInput(f"--phase is of sound, and {opened.name} was not trained on it.")
    drawn = path.suffix.lower() == ".png"
    found = use.reconstruct(opened, images, split=split, n=n, spread=drawn, given=told)
    count = len(found.originals)
    if not drawn:
        output.write_data(path, found.originals.shape, [found.reconstructions], "", opened.columns)
    elif count > _MOST_PAIRS:
        raise BadInput(f"--n {count} is too many for one picture: write .npy instead.")
    else:
        which = "files" if images else f"{split} rows of {opened.data['name']}"
        title = f"{opened.name}: {count} {which}, reconstructed"
        output.write_figure(path, pairs(*found, title=title))
    print(path)


@command
def encode(
    run: str,
    data: str | None = None,
    /,
    *,
    split: WhichOrAll | None = None,
    by: By | None = None,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Write the codes of data, the modes of their posteriors: id, label, label_name, z0, z1, …

    Of sound there are also the recording and the second of each segment, and what else is known.
    Nothing here is random: of data that training binarises anew, the grey values are encoded.

    Args:
        run: Name or folder of the run.
        data: Other data, by name or path; the run's own by default.
        split: Which part; test by default, and all of other data.
        by: Of sound: a row for each segment, or for each recording the mean of its codes.
        out: A .parquet, .csv or .npy file; codes.parquet in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    from vaekit.workflow import use

    opened = open_run(run, root)
    path = output.target(out, opened.path / "codes.parquet", files.ENDINGS, force)
    files.write_codes(path, use.encode(opened, data, split=split, by=by))
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
        codes: A .npy file of shape (n, D), Parquet or CSV with columns z0, z1, …, or a list of
            lists of numbers as JSON, as `vaekit explore` gives it.
        given: What the model is told, where it was trained with --condition: label=7.
        out: A .png or .npy file, of vectors .npy or .csv, of sound .wav, with a picture beside
            it; decoded in the run's folder by default.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    path = _target(opened, out, "decoded", force)
    told = opened.told(inputs.given(given))
    numbers = files.read_codes(codes, told.model.latent.size)
    _write_decoded(path, opened, told, numbers, f"{codes.name}, decoded{_told(given)}")


def _target(run: Run, out: Path | None, stem: str, force: bool) -> Path:
    """Where to write; raises BadInput for a file that its kind of data is not written to."""
    if run.sound is not None:
        return sounds.target(run, out, stem, force)
    if run.meter is not None:
        return tunes.target(run, out, stem, force)
    endings = KINDS[run.spec.kind].files(run.spec.shape)
    if out is not None and out.suffix.lower() == ".png" and ".png" not in endings:
        shape, others = run.spec.shape, " or ".join(endings)
        raise BadInput(f"--out {out}: data of shape {shape} are no pictures; write {others}.")
    return output.target(out, run.path / f"{stem}{endings[0]}", endings, force)


def _told(given: tuple[str, ...]) -> str:
    """What a picture's title says of --given."""
    return f", told {', '.join(given)}" if given else ""


def _write_decoded(
    path: Path,
    run: Run,
    told: "Told",
    codes: "NDArray[np.float32]",
    title: str,
    temperature: float = 0.0,
    seed: int = 0,
) -> None:
    """Write decoded codes in portions, so that memory does not grow with their number."""
    import numpy as np
    import torch

    starts, generator = range(0, len(codes), _PORTION), torch.Generator().manual_seed(seed)
    parts = (
        told.decode(
            torch.from_numpy(codes[i : i + _PORTION]), temperature=temperature, generator=generator
        ).numpy()
        for i in starts
    )
    shape, title = (len(codes), *run.spec.shape), f"{run.name}: {title}"
    write = sounds.write_rows if run.sound is not None else tunes.write_rows
    with renamed(temperature="step_temperature"):
        if path.suffix.lower() != ".npy" and (run.sound is not None or run.meter is not None):
            write(path, run, np.concatenate(list(parts)), title)
            return
        output.write_data(path, shape, parts, title, run.columns)
    print(path)


def _play(
    path: Path, run: Run, files: tuple[Path, ...], split: Which, n: int, given: tuple[str, ...]
) -> None:
    """Write tunes, encoded and decoded again."""
    from vaekit.workflow.music import reconstruct_tunes

    if n > _MOST_PAIRS and not files:
        raise BadInput(f"--n {n} is too many tunes for one picture: {_MOST_PAIRS} are most.")
    found = reconstruct_tunes(run, files, split=split, n=n, given=inputs.given(given))
    which = "files" if files else f"{split} windows of {run.data['name']}"
    figure = tunes.drawn(
        path,
        found,
        names=[before.name for before, _ in found],
        columns=("original", "reconstruction"),
        title=f"{run.name}: {len(found)} {which}, reconstructed",
    )
    if path.suffix.lower() == ".npy":  # as of other data
        tunes.write(path, [after for _, after in found], (), figure)
        return
    numbers = tunes.numbered(len(found))
    names = [f"{n}-{what}" for n in numbers for what in ("original", "reconstruction")]
    tunes.write(path, [each for pair in found for each in pair], names, figure)


def _speak(
    path: Path,
    run: Run,
    files: tuple[Path, ...],
    split: Which,
    n: int,
    given: tuple[str, ...],
    phase: Phase,
) -> None:
    """Write recordings, encoded and decoded again."""
    from vaekit.workflow import sound as voice

    if n > _MOST_PAIRS and not files:
        raise BadInput(f"--n {n} is too many recordings for one file: {_MOST_PAIRS} are most.")
    found = voice.reconstruct_sound(
        run, files, split=split, n=n, phase=phase, given=inputs.given(given)
    )
    which = "files" if files else f"{split} recordings of {run.data['name']}"
    title = f"{run.name}: {len(found)} {which}, reconstructed"
    sounds.write_spoken(path, found, title, ("reconstruction",))
