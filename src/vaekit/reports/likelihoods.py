"""Published test likelihoods on MNIST, trained anew."""

import json
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from vaekit.data import Dataset, load
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.reports.forecast import forecast
from vaekit.reports.likelihoods_report import write_pages
from vaekit.reports.likelihoods_results import ROWS, Found, Row
from vaekit.runs import Run
from vaekit.training.history import STATE, state_of
from vaekit.writing import plain, replacing

_QUICK = 0.02  # of the epochs
_QUICK_DRAWS, _QUICK_POINTS = 100, 500


def likelihoods(
    folder: Path | None = None,
    *,
    rows: tuple[str, ...] = (),
    seeds: int = 1,
    quick: bool = False,
    table: Path | None = None,
    progress: bool = True,
) -> Path:
    """Train models of binarised MNIST on published networks and compare their likelihoods.

    The likelihood of the test digits is the importance-weighted bound with 5,000 draws. How long
    all of it takes is found out and said at its start. What is already trained or measured in the
    folder is kept, so what was stopped goes on, and more seeds add to those that are there.

    Args:
        folder: Where runs, the table and the report go; reproduce-likelihoods by default, and
            reproduce-likelihoods-quick with quick.
        rows: Models of the table to train now, such as vae iwae-50; all by default. Others that
            are finished are shown, too.
        seeds: Training runs of each.
        quick: Train for a fiftieth of the epochs and measure roughly: to see that it works.
        table: A file for the table in Markdown beside the folder's results.md.
        progress: Show progress.
    """
    if seeds < 1:
        raise BadInput(f"`seeds` must be 1 or more, not {seeds}.")
    known = {row.key: row for row in ROWS}
    if unknown := [key for key in rows if key not in known]:
        raise BadInput(f"`rows` has {unknown[0]}, which is none of {', '.join(known)}.")
    folder = folder or Path("reproduce-likelihoods" + "-quick" * quick)
    console, share = Console(stderr=True, quiet=not progress), _QUICK if quick else 1.0
    trials = {
        f"{row.key}-seed{seed}": (row, row.trial(seed, share))
        for seed in range(seeds)
        for row in ROWS
        if not rows or row.key in rows
    }
    wanted = {name: pair for name, pair in trials.items() if not _kept(folder, name).exists()}
    sources = {row.key: row for row, _ in wanted.values()}
    datasets = {key: _loaded(row, console) for key, row in sources.items()}
    left = forecast(
        {name: trial for name, (_, trial) in wanted.items()},
        {name: datasets[row.key] for name, (row, _) in wanted.items()},
        folder / "runs",
        console,
    )
    for name, (row, trial) in wanted.items():
        console.print(f"[bold]{name}[/]: {trial.training.epochs} epochs")
        run = trial.run(
            name, folder / "runs", row.data, data_options=row.data_options, progress=progress
        )
        console.print(f"measuring {name}")
        draws, points = (_QUICK_DRAWS, _QUICK_POINTS) if quick else (row.draws, row.points)
        found = _measure(run, datasets[row.key], draws, points, progress)
        with replacing(_kept(folder, name)) as part:
            part.write_text(json.dumps(plain(asdict(found)), indent=2) + "\n")
        left.done(name)
        write_pages(folder, table, _collected(folder))
    return write_pages(folder, table, _collected(folder))


def _loaded(row: Row, console: Console) -> Dataset:
    return load(row.data, **row.data_options, progress=not console.quiet)


def _kept(folder: Path, name: str) -> Path:
    """Where the measurement of a run is."""
    return folder / "measured" / f"{name}.json"


def _measure(run: Run, dataset: Dataset, draws: int, points: int | None, progress: bool) -> Found:
    """The likelihood of the first test digits, and what training took."""
    since = time.perf_counter()
    test = evaluate(run.model(), dataset.test, draws=draws, limit=points, progress=progress)
    assert test.bound is not None
    assert test.elbo is not None
    took, trained = time.perf_counter() - since, state_of(run.path / STATE)
    losses = [record["validation"].get("loss") for record in run.records()]
    return Found(
        -test.bound.value,
        test.bound.standard_error,
        -test.elbo.value,
        test.active_units,
        draws,
        test.points,
        run.epochs,
        trained["seconds"] / 60,
        took / 60,
        trained["threads"],
        [None if loss is None else -loss for loss in losses],
    )


def _collected(folder: Path) -> dict[str, list[Found]]:
    """All measurements in a folder, by row, one a seed."""
    found: dict[str, list[Found]] = {}
    for row in ROWS:
        paths = sorted((folder / "measured").glob(f"{row.key}-seed*.json"))
        if paths:
            found[row.key] = [Found(**json.loads(path.read_text())) for path in paths]
    return found
