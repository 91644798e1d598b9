"""`vaekit figures` and `vaekit evaluate`."""

import math
from json import dumps
from typing import TYPE_CHECKING, Literal

from vaekit.cli import inputs
from vaekit.cli.flags import command
from vaekit.cli.inputs import WhichOrAll
from vaekit.cli.output import table
from vaekit.errors import BadInput
from vaekit.runs import ROOT, open_run
from vaekit.writing import plain

if TYPE_CHECKING:
    from vaekit.evaluation import Annealing

Bound = Literal["weighted", "ais"]


@command
def figures(run: str, /, *, data: str | None = None, limit: int = 10_000, root: str = ROOT) -> None:
    """Draw a run's pictures into its folder: codes, lattice, reconstructions, samples, curves.

    Args:
        run: Name or folder of the run.
        data: Other data, by name or path, or the run's where they are now.
        limit: Data points to draw at most.
        root: Folder of runs.
    """
    from vaekit.workflow.looks import draw_figures

    opened = open_run(run, root)
    for path in draw_figures(opened, inputs.data(opened, data), limit=limit):
        print(path)


@command
def evaluate(
    run: str,
    /,
    *,
    data: str | None = None,
    split: WhichOrAll | None = None,
    draws: int | None = None,
    bound: Bound = "weighted",
    steps: int | None = None,
    chains: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    json: bool = False,
    root: str = ROOT,
) -> None:
    """Measure a run on held-out data: bounds, rate, distortion, active units, errors.

    ± is one standard error over the data points.

    Args:
        run: Name or folder of the run.
        data: Other data, by name or path, or the run's where they are now.
        split: Which part of its data; test by default, and all of other data.
        draws: K, the codes drawn for each data point; 100 by default.
        bound: weighted, by importance, or ais, by annealing beside it, which needs no encoder and
            takes thousands of passes: use it with a limit.
        steps: Of annealing, from the prior to the posterior; 500 by default.
        chains: Of annealing, for each data point; 16 by default.
        limit: Data points to use at most.
        seed: Seed of the draws.
        json: Print JSON and nothing else.
        root: Folder of runs.
    """
    from vaekit.workflow.given import given
    from vaekit.workflow.use import evaluate_run

    annealing = _annealing(bound, steps=steps, chains=chains)
    opened = open_run(run, root)
    chosen = given(opened, inputs.data(opened, data))
    part = split or chosen.usual
    found = evaluate_run(
        opened,
        chosen.dataset,
        split=part,
        draws=draws,
        seed=seed,
        limit=limit,
        annealing=annealing,
        progress=True,
    )
    if json:
        about = {"run": opened.name, "data": chosen.dataset.name, "split": part}
        print(dumps({**about, **plain(found.to_json())}, indent=2))
        return
    of = opened.name if chosen.own else f"{opened.name} on {chosen.dataset.name}"
    rows = [(name, *_number(value, error), unit) for name, value, error, unit in found.rows()]
    table((f"{of}, {part}", "value", "", "unit"), rows, right=(1,))


def _annealing(bound: Bound, **given: int | None) -> "Annealing | None":
    """How to anneal, where it is asked for; raises BadInput for its options where it is not."""
    from vaekit.evaluation import Annealing

    options = {name: value for name, value in given.items() if value is not None}
    if bound == "ais":
        return Annealing(**options)
    for name in options:
        raise BadInput(f"--{name} is of annealing: add --bound ais.")
    return None


def _number(value: float, error: float | None) -> tuple[str, str]:
    """A value and "± error", with as many decimals: two, or what two digits of the error need."""
    if isinstance(value, int):
        return str(value), ""
    if error is None or not math.isfinite(error):
        return (f"{value:.4f}" if abs(value) < 1 else f"{value:,.2f}"), ""
    places = 2 if not error else max(2, 1 - math.floor(math.log10(error)))
    return f"{value:,.{places}f}", f"± {error:,.{places}f}"
