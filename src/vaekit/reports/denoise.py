"""De-noising, measured: digits and faces against classical filters, and a claim on the bound."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from rich.console import Console
from torch import Tensor

from vaekit.corruptions import GaussianNoise
from vaekit.data import Dataset, Split, load
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.bootstrap import mean_interval
from vaekit.evaluation.denoising import change, criterion, denoised, measure_denoising, noisy
from vaekit.evaluation.pictures import psnr, ssim
from vaekit.model import Autoencoder
from vaekit.reports.denoise_filters import FILTERS, Setting, best, check_installed
from vaekit.reports.denoise_report import save_figures, save_numbers, write_report
from vaekit.reports.denoise_results import (
    CASES,
    MAIN,
    SCALES,
    SHARES,
    AtScale,
    Bound,
    Case,
    Method,
    OfData,
    Results,
)
from vaekit.reports.forecast import Trial, forecast
from vaekit.runs import Run
from vaekit.training import Training

SHOWN = 8
DRAWS = 50
AVERAGED = 20
HIDDEN = (200, 200)  # of digits
CHANNELS = (16, 32, 64, 128)  # of faces


@final
@dataclass(frozen=True)
class _Size:
    """How much is trained and measured."""

    digits: int  # epochs
    faces: int
    bounds: int
    chosen: int  # validation pictures on which settings are chosen
    measured: int  # test pictures
    points: int  # test digits that bounds are measured on


_FULL = _Size(10, 8, 10, 30, 200, 2_000)
_QUICK = _Size(2, 1, 2, 10, 50, 500)


@final
@dataclass(frozen=True)
class _Kind:
    """A sort of pictures and how it is trained on."""

    name: str
    source: str
    epochs: int
    batch: int
    latent: int
    net_options: dict[str, Any]
    data_options: dict[str, Any]


def denoise(
    folder: Path = Path("reproduce-denoise"),
    *,
    faces: str = "celeba",
    seeds: int = 3,
    quick: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> Path:
    """Train models on noisy digits and faces, compare them with filters, and test a claim.

    The claim is that a little corruption while training improves the bound of clean data
    (Im et al. 2017). How long that takes is found out and said at its start. What is already
    trained in the folder is kept.

    Args:
        folder: Where runs, figures, numbers and the report go.
        faces: The faces: celeba, or a folder or zip of images.
        seeds: Training runs at every corruption, for the intervals of the bound.
        quick: Train for one or two epochs and measure on fewer pictures.
        seed: Seed of training on noise, and of all noise.
        progress: Show progress.
    """
    if seeds < 1:
        raise BadInput(f"`seeds` must be 1 or more, not {seeds}.")
    check_installed()
    size, console = _QUICK if quick else _FULL, Console(stderr=True, quiet=not progress)
    prepared = {} if faces == "celeba" else {"image_size": 64, "crop": "centre"}
    kinds = (
        _Kind("digits", "mnist", size.digits, 128, 50, {"hidden": HIDDEN}, {}),
        _Kind("faces", faces, size.faces, 32, 100, {"channels": CHANNELS}, prepared),
    )
    results = Results(
        [_of_data(kind, size, folder, seed, console) for kind in kinds],
        _bounds(seeds, size, folder, console),
        size.bounds,
        size.points,
        DRAWS,
    )
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    return write_report(folder / "report.html", results, size.chosen)


def _of_data(kind: _Kind, size: _Size, folder: Path, seed: int, console: Console) -> OfData:
    dataset = load(kind.source, **kind.data_options, progress=not console.quiet)
    trials = {f"{kind.name}-{case.name}": _trial(kind, case, seed) for case in CASES}
    left = forecast(trials, dataset, folder / "runs", console)
    runs: dict[str, Run] = {}
    for case, (name, trial) in zip(CASES, trials.items(), strict=True):
        console.print(f"[bold]{name}[/]: {kind.epochs} epochs on {case.about}")
        runs[case.title] = trial.run(
            name,
            folder / "runs",
            kind.source,
            data_options=kind.data_options,
            progress=not console.quiet,
        )
        left.done(name)
    models = {name: run.model() for name, run in runs.items()}
    console.print(f"measuring {kind.name}")
    test = dataset.test.take(slice(0, size.measured))
    return OfData(
        kind.name,
        len(dataset.train),
        len(test),
        kind.epochs,
        [_at_scale(scale, models, dataset, test, size, seed) for scale in SCALES],
        {name: measure_denoising(model, test, seed=seed) for name, model in models.items()},
    )


def _trial(kind: _Kind, case: Case, seed: int) -> Trial:
    return Trial(
        "vae",
        {"latent": kind.latent},
        Training(epochs=kind.epochs, batch_size=kind.batch, seed=seed),
        net_options=kind.net_options,
        corruption=case.corruption,
        corruption_options=case.options,
    )


def _at_scale(
    scale: float,
    models: dict[str, Autoencoder],
    dataset: Dataset,
    test: Split,
    size: _Size,
    seed: int,
) -> AtScale:
    """All methods on pictures with noise of one scale, cut off as a file would."""
    noise = GaussianNoise(scale).fitted(dataset.shape, (0.0, 1.0))
    known = dataset.validation.tensor(slice(0, size.chosen))
    chosen = [best(each, known, noisy(known, noise, seed + 1), scale) for each in FILTERS]
    clean = test.tensor()
    seen = noisy(clean, noise, seed)
    found = {each.filter.name: each.filter.filtered(seen, scale, each.setting) for each in chosen}
    found |= {name: denoised(model, seen) for name, model in models.items()}
    main = MAIN.title
    drawn = f"{main}, mean of {AVERAGED} draws"
    found[drawn] = denoised(models[main], seen, AVERAGED, torch.Generator().manual_seed(seed))
    settings = {each.filter.name: each.setting for each in chosen}
    methods = [
        _method(name, settings.get(name, {}), clean, seen, after, found[main])
        for name, after in found.items()
    ]
    shown = {"noisy": seen, **found, "original": clean}
    first = {name: pictures[:SHOWN].clamp(0, 1) for name, pictures in shown.items()}
    return AtScale(scale, methods, max(chosen, key=lambda each: each.psnr).filter.name, first)


def _method(
    name: str, setting: Setting, clean: Tensor, seen: Tensor, after: Tensor, main: Tensor
) -> Method:
    changes = [change(measure, clean, after, seen) for measure in (psnr, ssim)]
    more = [
        mean_interval(measure(main.clamp(0, 1), clean) - measure(after.clamp(0, 1), clean))
        for measure in (psnr, ssim)
    ]
    less = None if name == MAIN.title else (more[0], more[1])
    return Method(name, setting, changes[0], changes[1], less)


def _bounds(seeds: int, size: _Size, folder: Path, console: Console) -> list[Bound]:
    """Training runs on statically binarised digits, and their bounds on test digits."""
    options: dict[str, Any] = {"binarise": "static"}
    dataset = load("mnist", **options, progress=False)
    trials = {
        (share, seed): Trial(
            "vae",
            {"latent": 50},
            Training(epochs=size.bounds, batch_size=128, seed=seed),
            net_options={"hidden": HIDDEN},
            corruption="salt-and-pepper" if share else "",
            corruption_options={"share": share} if share else {},
        )
        for seed in range(seeds)
        for share in SHARES
    }
    names = {key: f"bound-{100 * key[0]:.0f}-seed{key[1]}" for key in trials}
    named = {names[key]: trial for key, trial in trials.items()}
    left = forecast(named, dataset, folder / "runs", console)
    found = []
    for (share, seed), trial in trials.items():
        name = names[share, seed]
        console.print(f"[bold]{name}[/]: {size.bounds} epochs with {share:.0%} salt and pepper")
        run = trial.run(
            name, folder / "runs", "mnist", data_options=options, progress=not console.quiet
        )
        found.append(_bound(run, share, seed, dataset.test.take(slice(0, size.points))))
        left.done(name)
    return found


def _bound(run: Run, share: float, seed: int, test: Split) -> Bound:
    model = run.model()
    found = evaluate(model, test, draws=DRAWS)
    assert found.bound is not None
    assert found.elbo is not None
    return Bound(share, seed, found.bound.value, found.elbo.value, criterion(model, test))
