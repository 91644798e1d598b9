"""The article's experiment on MNIST: four models, several seeds, every claim measured."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

import torch
from rich.console import Console

from vaekit import figures
from vaekit.data import Dataset, load
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.generation import Generation, judge_generation, judge_real
from vaekit.evaluation.judge import Judge
from vaekit.reports.forecast import Forecast, Trial, forecast
from vaekit.reports.judges import JUDGE_EPOCHS, judge_of
from vaekit.reports.mnist_report import write_report
from vaekit.reports.mnist_results import CASES, Case, Measured, Results
from vaekit.runs import Run
from vaekit.space import coordinates
from vaekit.training import Training
from vaekit.workflow.looks import SIDE, Look, draw_samples, look, model_figures, panel

SAMPLES = 2_000
DRAWS = 50


@final
@dataclass(frozen=True)
class _Size:
    """How much is trained and measured."""

    seeds: int
    epochs: int  # in the article's objective
    elbo_epochs: int
    measured: int | None  # test digits that bounds are measured on
    judge_epochs: int = JUDGE_EPOCHS


_FULL = _Size(3, 40, 20, None)
_QUICK = _Size(2, 4, 2, 1_000, 1)


def mnist(
    folder: Path | None = None,
    *,
    quick: bool = False,
    seeds: int | None = None,
    epochs: int | None = None,
    elbo_epochs: int | None = None,
    progress: bool = True,
) -> Path:
    """Train the article's four models on MNIST and write a report that measures its claims.

    How long that takes is found out and said at its start. What is already trained in the folder
    is kept, so a run that was stopped goes on.

    Args:
        folder: Where runs, figures, numbers and the report go; reproduce-mnist by default, and
            reproduce-mnist-quick with quick.
        quick: Train for a tenth of the time and measure on fewer digits: a rough picture.
        seeds: Training runs of every model, for the error bars; 3 by default, and 2 with quick.
        epochs: Epochs in the article's objective; 40 by default, and 4 with quick.
        elbo_epochs: Epochs in the true ELBO; 20 by default, and 2 with quick.
        progress: Show progress.
    """
    given = {"seeds": seeds, "epochs": epochs, "elbo_epochs": elbo_epochs}
    for flag, value in given.items():
        if value is not None and value < 1:
            raise BadInput(f"`{flag}` must be 1 or more, not {value}.")
    size = replace(
        _QUICK if quick else _FULL, **{name: n for name, n in given.items() if n is not None}
    )
    folder = folder or Path("reproduce-mnist" + "-quick" * quick)
    console = Console(stderr=True, quiet=not progress)
    dataset = load("mnist", progress=progress)
    judge, score = judge_of(folder, dataset, console, size.judge_epochs)
    trials = {name: trial for name, (_, trial) in _article(size).items()} | _elbo(size)
    left = forecast(trials, dataset, folder / "runs", console)
    measured: dict[str, list[Measured]] = {}
    looks: dict[str, Look] = {}
    for name, (case, trial) in _article(size).items():
        console.print(f"[bold]{name}[/]: {size.epochs} epochs in the article's objective")
        run = trial.run(name, folder / "runs", "mnist", progress=progress)
        plane = coordinates(case.latent)
        found = look(run.model(), dataset, seed=trial.training.seed, plane=plane)
        looks.setdefault(case.name, found)
        measured.setdefault(case.name, []).append(_measure(case, run, found, judge, dataset))
        left.done(name)
    bounds = _bounds(folder / "runs", size, console, left)
    results = Results(
        size.epochs,
        size.elbo_epochs,
        size.seeds,
        score,
        _reference(judge, dataset),
        measured,
        looks,
        bounds,
    )
    _save(folder, results)
    return write_report(folder / "report.html", results)


def _article(size: _Size) -> dict[str, tuple[Case, Trial]]:
    """The article's models, by the name of the run."""
    training = Training(epochs=size.epochs, batch_size=100)
    return {
        f"{case.name.lower()}-seed{seed}": (
            case,
            Trial(
                case.recipe,
                {"latent": case.latent, **case.options},
                replace(training, seed=seed),
            ),
        )
        for case in CASES
        for seed in range(size.seeds)
    }


def _elbo(size: _Size) -> dict[str, Trial]:
    """VAEs in the true ELBO, by the name of the run."""
    training = Training(epochs=size.elbo_epochs, batch_size=128)
    return {
        f"elbo-{latent}-seed{seed}": Trial("vae", {"latent": latent}, replace(training, seed=seed))
        for latent in (2, 10)
        for seed in range(size.seeds)
    }


def _measure(case: Case, run: Run, found: Look, judge: Judge, dataset: Dataset) -> Measured:
    real = dataset.test.tensor()
    drawn = draw_samples(run.model(), found.points, SAMPLES, seed=1)
    return Measured(
        case,
        run,
        run.records()[-1]["train"]["loss"],
        float(found.empty.mean()),
        judge_generation(judge, real, torch.from_numpy(found.decoded)),
        judge_generation(judge, real, torch.from_numpy(drawn)),
    )


def _reference(judge: Judge, dataset: Dataset) -> tuple[Generation, Generation]:
    """Real digits in place of the decoded lattice and of the samples: the best to be had."""
    test = dataset.test.tensor()
    return judge_real(judge, test, size=SIDE * SIDE), judge_real(judge, test, size=SAMPLES)


def _bounds(
    runs: Path, size: _Size, console: Console, left: Forecast
) -> dict[int, list[dict[str, float]]]:
    """Test bounds of VAEs trained in the true ELBO on all 60,000 digits, by latent size."""
    bounds: dict[int, list[dict[str, float]]] = {}
    for name, trial in _elbo(size).items():
        console.print(f"[bold]{name}[/]: {size.elbo_epochs} epochs in the true ELBO")
        progress = not console.quiet
        run = trial.run(name, runs, "mnist", data_options={"validation": 0}, progress=progress)
        test = run.dataset(progress=False).test
        one, many = (
            evaluate(run.model(), test, draws=draws, limit=size.measured) for draws in (1, DRAWS)
        )
        assert one.elbo is not None
        assert one.rate is not None
        assert many.bound is not None
        bounds.setdefault(trial.options["latent"], []).append(
            {
                "elbo": one.elbo.value,
                "rate": one.rate.value,
                "distortion": one.distortion.value,
                "bound": many.bound.value,
                "active_units": float(one.active_units or 0),
            }
        )
        left.done(name)
    return bounds


def _save(folder: Path, results: Results) -> None:
    """Figures of every model's first seed, and all numbers as JSON."""
    for latent in (2, 10):
        pair = [(case.name, results.looks[case.name]) for case in CASES if case.latent == latent]
        panels = [panel(found, name, sites=True, decoded=True) for name, found in pair]
        overview = figures.side_by_side(panels, pair[0][1].label_names)
        figures.save(overview, folder / "figures", f"overview-{latent}")
    numbers: dict[str, Any] = {"judge_accuracy": results.judge_accuracy, "bounds": results.bounds}
    for name, entries in results.measured.items():
        drawn = model_figures(results.looks[name], entries[0].run.records(), name)
        for figure_name, figure in drawn.items():
            figures.save(figure, folder / "figures" / name.lower(), figure_name)
        numbers[name] = [
            {
                "loss": entry.loss,
                "empty": entry.empty,
                "lattice": asdict(entry.lattice),
                "samples": asdict(entry.samples),
            }
            for entry in entries
        ]
    (folder / "numbers.json").write_text(json.dumps(numbers, indent=2) + "\n")
