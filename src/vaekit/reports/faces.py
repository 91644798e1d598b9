"""The article's experiment on faces: attribute vectors, and losses that are less blurred."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from rich.console import Console

from vaekit.data import Dataset, load
from vaekit.errors import BadInput
from vaekit.reports.faces_measures import examiner, measure
from vaekit.reports.faces_report import save_figures, save_numbers, write_report
from vaekit.reports.faces_results import EDITED, LATENT, Case, Results
from vaekit.reports.forecast import Trial, forecast
from vaekit.training import Training

CASES = (
    Case("pixel", "vae", "conv", "the likelihood of pixels alone, a Gaussian of learned scale"),
    Case(
        "perceptual",
        "dfc-vae",
        "conv",
        "features of a pretrained SqueezeNet, and few pixels",
        {"network": "squeezenet"},
    ),
    Case("adversarial", "vae-gan", "conv", "features of a critic that is trained along"),
    Case("residual", "vae", "resnet", "as pixel, with the residual network"),
)
BATCH = 64
SHOWN = 8


@final
@dataclass(frozen=True)
class _Size:
    """How much is trained and measured."""

    epochs: int
    held_out: int  # faces measured on
    judged: int  # training faces that the judge learns from
    edited: int  # faces edited for each attribute
    scales: tuple[float, ...]


_FULL = _Size(14, 1_000, 9_000, 250, (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0))
_QUICK = _Size(2, 400, 3_000, 80, (0.0, 1.0, 2.0, 3.0))


def faces(
    folder: Path | None = None,
    *,
    data: str = "celeba",
    attributes: Path | None = None,
    epochs: int | None = None,
    quick: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> Path:
    """Train pixel, perceptual and adversarial models of faces, edit faces and measure all of it.

    How long that takes is found out and said at its start. What is already trained in the folder
    is kept, so a run that was stopped goes on.

    Args:
        folder: Where runs, figures, numbers and the report go; reproduce-faces by default, and
            reproduce-faces-quick with quick.
        data: The faces: celeba, or a folder or zip of images with an attribute table.
        attributes: That table; it must have Blond_Hair, Eyeglasses and Smiling.
        epochs: Epochs of every model; 14 by default, and 2 with quick.
        quick: Train for a seventh of the time and measure on fewer faces: a rough picture.
        seed: Seed of training and of all draws.
        progress: Show progress.
    """
    size = _QUICK if quick else _FULL
    size = replace(size, epochs=size.epochs if epochs is None else epochs)
    if size.epochs < 1:
        raise BadInput(f"`epochs` must be 1 or more, not {size.epochs}.")
    folder = folder or Path("reproduce-faces" + "-quick" * quick)
    console = Console(stderr=True, quiet=not progress)
    options = {} if attributes is None else _prepared(attributes)
    dataset = load(data, **options, progress=progress)
    _check(dataset)
    console.print("training the judge of attributes")
    judge = examiner(
        dataset,
        size.held_out,
        size.judged,
        folder / f"judge-{dataset.fingerprint[:12]}.safetensors",
    )
    training = Training(epochs=size.epochs, batch_size=BATCH, seed=seed)
    trials = {
        case.name: Trial(case.recipe, {"latent": LATENT, **case.options}, training, case.net)
        for case in CASES
    }
    left = forecast(trials, dataset, folder / "runs", console)
    measured = []
    for case in CASES:
        console.print(f"[bold]{case.name}[/]: {size.epochs} epochs")
        run = trials[case.name].run(
            case.name, folder / "runs", data, data_options=options, progress=progress
        )
        console.print(f"measuring {case.name}")
        measured.append(measure(case, run, judge, size.scales, size.edited, SHOWN, seed))
        left.done(case.name)
    results = Results(
        faces=(len(dataset.train), len(judge.faces)),
        epochs=size.epochs,
        judged=judge.accuracy,
        real=judge.real(dataset),
        shown=judge.lacking(EDITED, SHOWN),
        measured=measured,
    )
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    return write_report(folder / "report.html", results)


def _prepared(attributes: Path) -> dict[str, Any]:
    return {"attributes": str(attributes), "image_size": 64, "crop": "centre"}


def _check(dataset: Dataset) -> None:
    for name in EDITED:
        if name not in dataset.attributes:
            raise BadInput(f"{dataset.name} has no attribute {name}: give `attributes` with it.")
