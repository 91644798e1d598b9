"""The article's experiment on MNIST: four models, several seeds, every claim measured."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from vaekit import figures
from vaekit.data import Dataset, load
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.generation import Generation, judge_generation, judge_real
from vaekit.evaluation.judge import Judge, accuracy, load_judge, save, train_judge
from vaekit.reports.mnist_report import write_report
from vaekit.reports.mnist_results import CASES, Case, Measured, Results
from vaekit.reports.repeat import trained
from vaekit.runs import Run
from vaekit.training import Training
from vaekit.workflow.looks import SIDE, Look, draw_samples, look, model_figures, panel

SAMPLES = 2_000
DRAWS = 50


def mnist(
    folder: Path = Path("reproduce-mnist"),
    *,
    seeds: int = 3,
    epochs: int = 40,
    elbo_epochs: int = 20,
    progress: bool = True,
) -> Path:
    """Train the article's four models on MNIST and write a report that measures its claims.

    What is already trained in the folder is kept, so a run that was stopped goes on.

    Args:
        folder: Where runs, figures, numbers and the report go.
        seeds: Training runs of every model, for the error bars.
        epochs: Epochs in the article's objective.
        elbo_epochs: Epochs in the true ELBO.
        progress: Show progress.
    """
    for flag, value in (("seeds", seeds), ("epochs", epochs), ("elbo_epochs", elbo_epochs)):
        if value < 1:
            raise BadInput(f"`{flag}` must be 1 or more, not {value}.")
    console = Console(stderr=True, quiet=not progress)
    dataset = load("mnist", progress=progress)
    judge, score = judge_of_digits(folder, dataset, console)
    training = Training(epochs=epochs, batch_size=100)
    measured: dict[str, list[Measured]] = {}
    looks: dict[str, Look] = {}
    for case in CASES:
        for seed in range(seeds):
            name = f"{case.name.lower()}-seed{seed}"
            console.print(f"[bold]{name}[/]: {epochs} epochs in the article's objective")
            run = trained(
                name,
                folder / "runs",
                case.recipe,
                "mnist",
                options={"latent": case.latent, **case.options},
                training=replace(training, seed=seed),
                progress=progress,
            )
            found = look(run.model(), dataset, seed=seed, axes=(0, 1))
            looks.setdefault(case.name, found)
            measured.setdefault(case.name, []).append(_measure(case, run, found, judge, dataset))
    bounds = {size: _bounds(folder, size, seeds, elbo_epochs, console) for size in (2, 10)}
    results = Results(
        epochs, elbo_epochs, seeds, score, _reference(judge, dataset), measured, looks, bounds
    )
    _save(folder, results)
    return write_report(folder / "report.html", results)


def judge_of_digits(folder: Path, dataset: Dataset, console: Console) -> tuple[Judge, float]:
    """The classifier that says what passes for a digit, and its test accuracy."""
    path = folder / f"judge-{dataset.fingerprint[:12]}.safetensors"  # of these data alone
    labels = dataset.train.labels
    assert labels is not None
    assert dataset.test.labels is not None
    if not path.exists():
        console.print("training the judge, a small classifier of digits")
        folder.mkdir(parents=True, exist_ok=True)
        images = torch.from_numpy(dataset.train.x)
        save(train_judge(images, torch.from_numpy(labels), classes=10), path)
    judge = load_judge(path)
    score = accuracy(judge, dataset.test.tensor(), torch.from_numpy(dataset.test.labels))
    console.print(f"the judge knows {score:.2%} of the test digits")
    return judge, score


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
    folder: Path, latent: int, seeds: int, epochs: int, console: Console
) -> list[dict[str, float]]:
    """Test bounds of VAEs trained in the true ELBO on all 60,000 digits."""
    options = {"validation": 0}
    found = []
    for seed in range(seeds):
        name = f"elbo-{latent}-seed{seed}"
        console.print(f"[bold]{name}[/]: {epochs} epochs in the true ELBO")
        run = trained(
            name,
            folder / "runs",
            "vae",
            "mnist",
            options={"latent": latent},
            training=Training(epochs=epochs, batch_size=128, seed=seed),
            data_options=options,
            progress=not console.quiet,
        )
        test = run.dataset().test
        one, many = (evaluate(run.model(), test, draws=draws) for draws in (1, DRAWS))
        assert one.elbo is not None
        assert one.rate is not None
        assert many.bound is not None
        found.append(
            {
                "elbo": one.elbo.value,
                "rate": one.rate.value,
                "distortion": one.distortion.value,
                "bound": many.bound.value,
                "active_units": float(one.active_units or 0),
            }
        )
    return found


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
