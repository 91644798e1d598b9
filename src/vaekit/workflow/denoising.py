"""De-noising with a trained run, and how it fares on noise of all sorts."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from vaekit import evaluation
from vaekit.data import Crop
from vaekit.data.files import listing
from vaekit.data.photos import check_unscaled
from vaekit.evaluation import Denoising
from vaekit.records import Batch
from vaekit.runs import Run
from vaekit.workflow.given import Part, part_of
from vaekit.workflow.use import Given, Pairs, Picture, opened, photos


def denoise(
    run: Run | str | Path,
    pictures: Iterable[Picture],
    *,
    draws: int | None = None,
    given: Given = None,
    resize: bool = False,
    crop: Crop | None = None,
    seed: int = 0,
) -> Pairs:
    """Noisy pictures and what a run takes them to be without noise, (B, C, H, W) each.

    pictures: files, folders of them, or arrays.
    draws: codes drawn for each, whose decoded means are averaged; left out, the mode of the
        posterior is decoded.
    resize: whether files of another size, or with alpha, are taken; they are then cropped and
        resized as the run's data were, which changes their noise.

    Raises BadInput as `photos` and `denoised` do.
    """
    run = opened(run)
    found = [
        one
        for each in pictures
        for one in (files([Path(each)]) if isinstance(each, str | Path) else [each])
    ]
    for each in found:
        if isinstance(each, Path) and run.spec.drawn and not resize:
            check_unscaled(each, run.spec.shape)
    x = torch.from_numpy(photos(run, found, crop if resize else "none"))
    told = run.told(given)
    rows, generator = Batch(x, told.contexts(len(x))), torch.Generator().manual_seed(seed)
    return Pairs(x.numpy(), evaluation.denoised(told.model, rows, draws, generator).numpy())


def measure_denoising(
    run: Run | str | Path,
    noises: Sequence[str] = (),
    *,
    split: Part = "test",
    draws: int | None = None,
    limit: int | None = 1_000,
    seed: int = 0,
) -> list[Denoising]:
    """How a run fares on noise of all sorts, added to its own data; see `evaluation`."""
    run = opened(run)
    model, part = run.model(), part_of(run.dataset(), split)
    return evaluation.measure_denoising(
        model, part, noises, draws=draws, limit=limit, kind=run.spec.kind, seed=seed
    )


def files(pictures: Iterable[Path]) -> list[Path]:
    """Pictures, with the files of a folder, in the order of their names, in its place.

    Raises BadInput for a folder without pictures.
    """
    found = []
    for path in (each.expanduser() for each in pictures):
        inside = listing(path).names if path.is_dir() else [""]
        found += [path / name for name in inside]
    return found
