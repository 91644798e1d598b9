"""`vaekit figures` and `vaekit evaluate`."""

import math
from json import dumps
from typing import Any

from vaekit.cli.flags import command
from vaekit.cli.inputs import Which
from vaekit.cli.output import table
from vaekit.runs import ROOT, open_run


@command
def figures(run: str, /, *, limit: int = 10_000, root: str = ROOT) -> None:
    """Draw a run's pictures into its folder: codes, lattice, reconstructions, samples, curves.

    Args:
        run: Name or folder of the run.
        limit: Data points to draw at most.
        root: Folder of runs.
    """
    from vaekit.workflow.looks import draw_figures

    for path in draw_figures(open_run(run, root), limit=limit):
        print(path)


@command
def evaluate(
    run: str,
    /,
    *,
    split: Which = "test",
    draws: int = 100,
    limit: int | None = None,
    seed: int = 0,
    json: bool = False,
    root: str = ROOT,
) -> None:
    """Measure a run on held-out data: bounds, rate, distortion, active units, errors.

    ± is one standard error over the data points.

    Args:
        run: Name or folder of the run.
        split: Which part of its data.
        draws: K, the codes drawn for each data point.
        limit: Data points to use at most.
        seed: Seed of the draws.
        json: Print JSON and nothing else.
        root: Folder of runs.
    """
    from vaekit.workflow.use import evaluate_run

    opened = open_run(run, root)
    found = evaluate_run(opened, split=split, draws=draws, seed=seed, limit=limit, progress=True)
    if json:
        print(dumps({"run": opened.name, "split": split, **_plain(found.to_json())}, indent=2))
        return
    rows = [(name, *_number(value, error), unit) for name, value, error, unit in found.rows()]
    table((f"{opened.name}, {split}", "value", "", "unit"), rows, right=(1,))


def _number(value: float, error: float | None) -> tuple[str, str]:
    """A value and "± error", with as many decimals: two, or what two digits of the error need."""
    if isinstance(value, int):
        return str(value), ""
    if error is None or not math.isfinite(error):
        return (f"{value:.4f}" if abs(value) < 1 else f"{value:,.2f}"), ""
    places = 2 if not error else max(2, 1 - math.floor(math.log10(error)))
    return f"{value:,.{places}f}", f"± {error:,.{places}f}"


def _plain(value: Any) -> Any:
    """The same with None for what is not a number, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
