"""`vaekit denoise`."""

from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from vaekit.cli import inputs, output
from vaekit.cli.flags import command
from vaekit.cli.inputs import Which
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, open_run

if TYPE_CHECKING:
    from vaekit.evaluation.denoising import Change


@command
def denoise(
    run: str,
    images: tuple[Path, ...] = (),
    /,
    *,
    draws: int | None = None,
    resize: bool = False,
    crop: Crop | None = None,
    given: tuple[str, ...] = (),
    measure: bool = False,
    noise: tuple[str, ...] = (),
    split: Which = "test",
    limit: int = 1_000,
    json: bool = False,
    seed: int = 0,
    out: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Take the noise off pictures, or measure how well that works on the run's own data.

    What comes out is what the run's model makes of a noisy picture: the code that stands for it,
    decoded. Train with --corruption on the noise that is to be taken off. --measure adds noise to
    held-out pictures and says how near they come to the clean ones, before and after: PSNR in dB
    and SSIM, with 95% intervals over pictures. A gain is of the same pictures, with its own.

    Args:
        run: Name or folder of the run.
        images: Noisy pictures, or folders of them.
        draws: Average so many decodings of codes drawn from the posterior instead.
        resize: Take pictures of another size, or with alpha, prepared as the run's data were.
        crop: How they are cropped then; as the data by default.
        given: What the model is told, where it was trained with --condition: label=7.
        measure: Measure instead.
        noise: What is added then, as NAME:STRENGTH, such as gaussian:0.3 or blur:1; three
            strengths of everything by default.
        split: Which part of the run's data is measured.
        limit: Pictures to measure at most.
        json: Print what is measured as JSON and nothing else.
        seed: Seed of noise and draws.
        out: A folder, or a .npy file; denoised in the run's folder by default.
        force: Replace files that are there.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    if measure == bool(images):
        raise BadInput("vaekit denoise takes noisy pictures, or --measure without any.")
    if measure:
        _measure(opened, noise, split, draws, limit, seed, json)
        return
    if noise or json:
        raise BadInput(f"{'--noise' if noise else '--json'} goes with --measure.")
    if crop is not None and not resize:
        raise BadInput("--crop goes with --resize: other pictures are read pixel by pixel.")
    from vaekit.workflow.denoising import denoise, files

    found = files(images)
    paths = _targets(opened, found, out, force)
    told = inputs.given(given)
    clean = denoise(
        opened, found, draws=draws, given=told, resize=resize, crop=crop, seed=seed
    ).reconstructions
    if len(paths) < len(clean):
        output.write_arrays(paths[0], clean.shape, [clean])
    else:
        for path, picture in zip(paths, clean, strict=True):
            output.write_picture(path, picture)
    for path in paths:
        print(path)


def _targets(run: Run, found: list[Path], out: Path | None, force: bool) -> list[Path]:
    """Where every picture goes, or the one array of them all."""
    folder = run.path / "denoised" if out is None else out
    if folder.suffix.lower() == ".npy":
        return [output.target(folder, folder, (".npy",), force)]
    paths = [folder / f"{path.stem}.png" for path in found]
    if twice := {path.name for path in paths if paths.count(path) > 1}:
        raise BadInput(f"Two pictures would be written as {min(twice)}: write .npy instead.")
    return [output.target(path, path, (".png",), force) for path in paths]


def _measure(
    run: Run,
    noise: tuple[str, ...],
    split: Which,
    draws: int | None,
    limit: int,
    seed: int,
    json: bool,
) -> None:
    from vaekit.workflow.denoising import measure_denoising

    found = measure_denoising(run, noise, split=split, draws=draws, limit=limit, seed=seed)
    trained = run.spec.noise
    if json:
        measured = [asdict(each) for each in found]
        print(dumps({"run": run.name, "trained_on": trained, "measured": measured}, indent=2))
        return
    heads = [f"{run.name}, {split}", "PSNR, noisy", "after", "gain (dB)", ""]
    heads += ["SSIM, noisy", "after", "gain", ""] * any(each.ssim for each in found)
    rows = [
        [each.noise, *_cells(each.psnr, 1), *(_cells(each.ssim, 3) if each.ssim else ())]
        for each in found
    ]
    output.table(heads, rows, right=(1, 2, 3, 5, 6, 7))
    print(f"It was trained on {trained or 'clean pictures'}.")


def _cells(change: "Change", digits: int) -> list[str]:
    before = "–" if change.before is None else f"{change.before.value:.{digits}f}"
    gain = "" if change.gain is None else format(change.gain, f"+.{digits}f")
    return [before, f"{change.after.value:.{digits}f}", gain, change.verdict]
