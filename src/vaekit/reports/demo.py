"""The demo: an autoencoder and a VAE side by side on the embedded digits."""

from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from vaekit import figures
from vaekit.evaluation import evaluate
from vaekit.figures import Report
from vaekit.reports.repeat import trained
from vaekit.runs import Run
from vaekit.space import normal_emptiness
from vaekit.training import Training
from vaekit.workflow.looks import SIDE, Look, look, model_figures, panel, samples_title

MODELS = {"ae": "Autoencoder", "vae": "VAE"}
EPOCHS = 150
INTRO = """
Both models squeeze 8 x 8 pictures of digits into **two numbers** and decode them again. They
differ in one part. The autoencoder's code is a point, free of charge. The VAE's code is a draw
from a Gaussian around that point, and every nat by which that Gaussian departs from the prior
is paid for.
"""
HOLES = """
Each dot is the code of one of the training digits. The circle encloses 99% of them. Decode a
lattice laid over the circle, and the pictures below say what lies between the dots; hollow
sites have no code nearby.
"""


class Shown(NamedTuple):
    """What the demo leaves: the page of its report, and a sentence on what was measured."""

    page: Path
    seen: str


def demo(folder: Path = Path("demo"), *, seed: int = 0, progress: bool = True) -> Shown:
    """Train both on the 8 x 8 digits, draw their figures, write a report and say what was seen.

    Args:
        folder: Where runs, figures and the report go.
        seed: Seed of the training runs.
        progress: Show progress.
    """
    console = Console(stderr=True, quiet=not progress)
    training = Training(epochs=EPOCHS, batch_size=64, seed=seed)
    runs: dict[str, Run] = {}
    looks: dict[str, Look] = {}
    for number, (recipe, title) in enumerate(MODELS.items(), 1):
        console.print(f"[bold]{number}/3[/] {title} with 2 latent dimensions, {EPOCHS} epochs")
        runs[recipe] = run = trained(
            recipe,
            folder,
            recipe,
            "digits",
            options={"latent": 2},
            training=training,
            progress=progress,
        )
        dataset = run.dataset(progress=False)
        looks[recipe] = look(run.model(), dataset, encoded="train")
    console.print("[bold]3/3[/] figures and report")
    for recipe, run in runs.items():
        drawn = model_figures(looks[recipe], run.records(), MODELS[recipe])
        for name, figure in drawn.items():
            figures.save(figure, run.path / "figures", name)
    seen = _seen(looks)
    return Shown(_report(runs, looks, seen).write(folder / "report.html"), seen)


def _seen(looks: dict[str, Look]) -> str:
    """How much of its circle either model leaves empty, beside what chance would."""
    plain, variational = (100 * float(looks[recipe].empty.mean()) for recipe in MODELS)
    return (
        "Of a lattice laid over the circle that encloses 99% of its codes the autoencoder leaves "
        f"{plain:.0f}% of the sites empty, the VAE {variational:.0f}%; as many draws from a "
        f"standard normal would leave {_normal(looks):.0f}%."
    )


def _report(runs: dict[str, Run], looks: dict[str, Look], seen: str) -> Report:
    names = next(iter(looks.values())).label_names
    report = Report("What a VAE adds to an autoencoder", INTRO)
    report.section("Holes", HOLES)
    panels = [panel(looks[recipe], title, sites=True) for recipe, title in MODELS.items()]
    report.figure(figures.side_by_side(panels, names), "Codes of the training digits, by digit.")
    report.note(seen)
    report.figures(_both(looks, "decoded", SIDE, "the lattice, decoded"))
    report.figures(
        [
            (
                figures.grid(looks[recipe].samples, 10),
                f"{title}: {samples_title(looks[recipe])}.",
            )
            for recipe, title in MODELS.items()
        ]
    )
    report.section("Reconstructions", "Twenty held-out digits and what the models make of them.")
    for recipe, title in MODELS.items():
        found = looks[recipe]
        report.figure(figures.pairs(found.originals, found.reconstructions), f"{title}.")
    report.section("Numbers", "On the held-out validation digits; ± is one standard error.")
    report.table(
        ["", "distortion (nats)", "rate (nats)", "squared error", "empty sites (%)"],
        [_row(runs[recipe], looks[recipe], title) for recipe, title in MODELS.items()],
        notes=[
            "Distortion is the cost of the picture given its code, rate the cost of the code. "
            "The autoencoder's code costs nothing, so its distortion is lower, and nothing "
            "keeps its codes together.",
        ],
    )
    report.section("Training")
    for recipe, title in MODELS.items():
        report.figure(figures.curves(runs[recipe].records()), f"{title}: training curves.")
    return report


def _normal(looks: dict[str, Look]) -> float:
    return 100 * normal_emptiness(*next(iter(looks.values())).points.shape)


def _both(looks: dict[str, Look], field: str, columns: int, what: str) -> list[Any]:
    return [
        (figures.grid(getattr(looks[recipe], field), columns), f"{title}: {what}.")
        for recipe, title in MODELS.items()
    ]


def _row(run: Run, found: Look, title: str) -> list[Any]:
    numbers = evaluate(run.model(), run.dataset().validation)
    assert numbers.squared_error is not None  # of pictures
    rate = (numbers.rate.value, numbers.rate.standard_error) if numbers.rate else None
    return [
        title,
        (numbers.distortion.value, numbers.distortion.standard_error),
        rate,
        (numbers.squared_error.value, numbers.squared_error.standard_error),
        100 * float(found.empty.mean()),
    ]
