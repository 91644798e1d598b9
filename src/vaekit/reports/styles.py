"""Styles, measured: ways between handbags and shoes, and digits that are asked for by name."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import torch
from rich.console import Console

from vaekit.data import Dataset, load
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.judge import Judge
from vaekit.reports.forecast import Forecast, Trial, forecast
from vaekit.reports.judges import JUDGE_EPOCHS, judge_of
from vaekit.reports.styles_measures import check_enough, explore, reconstructed
from vaekit.reports.styles_report import save_figures, save_numbers, write_report
from vaekit.reports.styles_results import (
    GROUPS,
    OBJECTS,
    Digits,
    Ends,
    Found,
    Objects,
    OfObjects,
    Results,
)
from vaekit.reports.told import (
    CASES,
    NET,
    Told,
    carried_by_class,
    run_name,
    samples_by_class,
    told,
    told_trials,
)
from vaekit.runs import Run, open_run
from vaekit.training import Training
from vaekit.workflow.looks import look

CLOTHES = "fashion-mnist"
LATENT = 10  # of 5, 10 and 20 the best held-out ELBO of bags
TOLD_LATENT = 8
CARRIED = 8  # digits whose handwriting is shown
_SAMPLES = 10  # of a digit, in pictures


@final
@dataclass(frozen=True)
class _Size:
    """How much is trained and measured."""

    seeds: int
    epochs: int  # on bags and shoes
    told_epochs: int  # on digits
    pairs: int
    samples: int  # of each digit
    judge_epochs: int = JUDGE_EPOCHS


_FULL = _Size(3, 30, 8, 400, 1_000)
_QUICK = _Size(2, 5, 1, 60, 300, 1)


def styles(
    folder: Path | None = None,
    *,
    quick: bool = False,
    seeds: int | None = None,
    epochs: int | None = None,
    told_epochs: int | None = None,
    data: str = CLOTHES,
    digits: str = "mnist",
    progress: bool = True,
) -> Path:
    """Train models of bags, shoes and digits, and measure ways between styles and what is asked.

    Do codes lead from one bag to another more evenly, and through more that pass for one, than
    pixels? Are digits what was asked for? How long that takes is found out and said at its start.
    What is already trained in the folder is kept, so a run that was stopped goes on.

    Args:
        folder: Where runs, figures, numbers and the report go; reproduce-styles by default, and
            reproduce-styles-quick with quick.
        quick: Train briefly and measure fewer pairs: a rough picture.
        seeds: Training runs of every model, for the intervals; 3 by default, and 2 with quick.
        epochs: Epochs on bags and shoes; 30 by default, and 5 with quick.
        told_epochs: Epochs on digits; 8 by default, and 1 with quick.
        data: Pictures with the labels Bag and Sneaker.
        digits: Pictures with labels that models are told.
        progress: Show progress.
    """
    given = {"seeds": seeds, "epochs": epochs, "told_epochs": told_epochs}
    for name, value in given.items():
        if value is not None and value < 1:
            raise BadInput(f"`{name}` must be 1 or more, not {value}.")
    size = replace(_QUICK if quick else _FULL, **{k: n for k, n in given.items() if n is not None})
    folder = folder or Path("reproduce-styles" + "-quick" * quick)
    console = Console(stderr=True, quiet=not progress)
    sets = {each.name: load(data, **each.options, progress=progress) for each in OBJECTS}
    for group in GROUPS:
        check_enough(sets[group.objects.name], group, size.pairs)
    sets |= {name: load(digits, **more, progress=progress) for name, (_, more) in CASES.items()}
    judge, score = judge_of(
        folder, load(data, progress=progress), console, size.judge_epochs, "clothes"
    )
    of_digits, digit_score = judge_of(folder, sets["vae"], console, size.judge_epochs)
    wanted = _trials(size)
    asked = told_trials(seeds=size.seeds, epochs=size.told_epochs, latent=TOLD_LATENT)
    every = wanted | asked
    left = forecast(
        {name: trial for name, (_, trial) in every.items()},
        {name: sets[kind] for name, (kind, _) in every.items()},
        folder / "runs",
        console,
    )
    runs = _trained(wanted, data, folder / "runs", left)
    objects = [_of_objects(each, runs[each.name], sets[each.name]) for each in OBJECTS]
    ends, found = _ways(runs, sets, judge, size.pairs, console)
    measured = told(folder / "runs", asked, of_digits, left, data=digits, samples=size.samples)
    results = Results(
        seeds=size.seeds,
        epochs=size.epochs,
        told_epochs=size.told_epochs,
        latent=LATENT,
        told_latent=TOLD_LATENT,
        pairs=size.pairs,
        samples=size.samples,
        judge=score,
        objects=objects,
        ends=ends,
        found=found,
        digits=_digits(folder / "runs", sets, digit_score, measured),
    )
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    return write_report(folder / "report.html", results)


def _trials(size: _Size) -> dict[str, tuple[str, Trial]]:
    """Models of objects, by the name of the run, each with the name of what it is trained on."""
    training = Training(epochs=size.epochs, batch_size=64, schedule="cosine")
    return {
        f"{each.name}-seed{seed}": (
            each.name,
            Trial("vae", {"latent": LATENT}, replace(training, seed=seed), "conv", NET),
        )
        for each in OBJECTS
        for seed in range(size.seeds)
    }


def _trained(
    wanted: dict[str, tuple[str, Trial]], data: str, folder: Path, left: Forecast
) -> dict[str, list[Run]]:
    """The runs of every sort of objects, by seed."""
    options = {each.name: each.options for each in OBJECTS}
    progress = not left.console.quiet
    runs: dict[str, list[Run]] = {}
    for name, (kind, trial) in wanted.items():
        left.console.print(f"[bold]{name}[/]: {trial.training.epochs} epochs")
        run = trial.run(name, folder, data, data_options=options[kind], progress=progress)
        runs.setdefault(kind, []).append(run)
        left.done(name)
    return runs


def _of_objects(objects: Objects, runs: list[Run], dataset: Dataset) -> OfObjects:
    bounds = [evaluate(run.model(), dataset.test, draws=1).elbo for run in runs]
    return OfObjects(
        objects,
        len(dataset.train),
        [bound.value for bound in bounds if bound is not None],
        look(runs[0].model(), dataset, samples=_SAMPLES * 4),
    )


def _ways(
    runs: dict[str, list[Run]],
    sets: dict[str, Dataset],
    judge: Judge,
    pairs: int,
    console: Console,
) -> tuple[list[Ends], list[Found]]:
    """What reconstruction costs, and the ways between pairs of every group."""
    models = {name: [run.model() for run in found] for name, found in runs.items()}
    console.print("measuring reconstructions")
    ends = [reconstructed(models[each.name], each, sets[each.name].test, judge) for each in OBJECTS]
    found = []
    for group in GROUPS:
        console.print(f"measuring ways from {group.title}")
        name = group.objects.name
        found.append(explore(models[name], sets[name], group, judge, pairs))
    return ends, found


def _digits(
    folder: Path, sets: dict[str, Dataset], judge: float, measured: dict[str, list[Told]]
) -> Digits:
    handwriting, samples = {}, {}
    for name in CASES:
        dataset = sets[name]
        if dataset.conditions is None:
            continue
        run = open_run(folder / run_name(name, 0))
        carried = carried_by_class(run, dataset, CARRIED)
        generator = torch.Generator().manual_seed(0)
        drawn = samples_by_class(run, dataset, _SAMPLES, generator)
        handwriting[name] = (
            dataset.test.tensor(slice(0, CARRIED)),
            torch.stack(list(carried.values()), dim=1),
        )
        samples[name] = torch.stack(list(drawn.values()))
    return Digits(judge, measured, handwriting, samples)
