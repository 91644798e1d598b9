"""The model card: what a run was made of, how it went and how good it is."""

import inspect
from collections.abc import Iterator
from dataclasses import fields

from vaekit.data import Dataset
from vaekit.describe import describe
from vaekit.evaluation import Scores
from vaekit.explorer.protocol import Card, Curve, LayerCard, Measure
from vaekit.figures.charts import QUANTITIES
from vaekit.kinds import KINDS
from vaekit.model import Autoencoder
from vaekit.recipes import RECIPES, paper
from vaekit.runs import Run
from vaekit.training import Training
from vaekit.workflow.compare import run_options
from vaekit.workflow.looks import NAMES, held_out_part

_DIMENSIONS = "rate of z"  # which the page shows beside the dimensions


def card(run: Run, model: Autoencoder, dataset: Dataset, scores: Scores) -> Card:
    """The card of a run's model, measured by the scores of some held-out rows."""
    recipe = RECIPES[run.spec.recipe]
    options, _ = run_options(run)
    of_training = {field.name for field in fields(Training)}
    layers = describe(model, run.spec.shape)
    found = scores.evaluation()
    part = NAMES[held_out_part(dataset)]
    draws = f"{found.draws} draws a row" if "log_q" in model.provides else "one code a row"
    return Card(
        recipe=run.spec.recipe,
        about=(inspect.getdoc(recipe) or "").split("\n")[0],
        paper=paper(recipe),
        options={n: v for n, v in options.items() if n not in of_training},
        data=_data(run, dataset),
        training={n: v for n, v in options.items() if n in of_training},
        epochs=run.epochs,
        measured=f"the first {found.points:,} {part} rows, {draws}",
        evaluation=[
            Measure(name, value, error, unit)
            for name, value, error, unit in found.rows()
            if not name.startswith(_DIMENSIONS)
        ],
        curves=list(_curves(run)),
        layers=[LayerCard(e.part, e.name, e.kind, e.shape, e.parameters) for e in layers.layers],
        parameters=layers.parameters,
        versions={name: str(each) for name, each in run.config["versions"].items()},
    )


def _data(run: Run, dataset: Dataset) -> dict[str, str]:
    shape = " × ".join(map(str, dataset.shape))
    rows = {name: f"{len(split):,}" for name, split in dataset.splits.items()}
    return {
        "name": dataset.name,
        "kind": KINDS[dataset.kind].unit,
        "shape": shape,
        **{f"{name} rows": count for name, count in rows.items()},
        "fingerprint": str(run.data["fingerprint"])[:12],
    }


def _curves(run: Run) -> Iterator[Curve]:
    """Every quantity that training or validation logged, over the epochs."""
    records = run.records()
    for name in QUANTITIES:
        for part in ("train", "validation"):
            known = [r for r in records if isinstance(r.get(part), dict) and name in r[part]]
            if known:
                x, y = [r["epoch"] for r in known], [float(r[part][name]) for r in known]
                yield Curve(name, part, "nats", x, y)
