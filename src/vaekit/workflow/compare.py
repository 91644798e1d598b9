"""Runs side by side: where their options differ, how far they got and how well they do."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import torch
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.recipes import LIKELIHOODS, NETS, RECIPES
from vaekit.runs import ROOT, Run, open_run
from vaekit.spec import PARTS
from vaekit.training import Training
from vaekit.training.history import STATE, Record, spent, state_of
from vaekit.workflow.listing import Summary, summary

# Options that are no matter to the model.
_WHERE = {"device", "devices", "compile", "checkpoint_seconds", "labels", "workers", "progress"}


@final
@dataclass(frozen=True)
class Side:
    """One of the runs that are compared.

    options: recipe, network, likelihood, and the options of these, of data and of training;
    `chosen` are those that are not left at their default.
    parameters: how many the model has.
    seconds: of training, where its checkpoint tells.
    records: those of the epochs completed; see `Run.records`.
    fingerprint: of its data.
    """

    summary: Summary
    options: Mapping[str, str]
    chosen: frozenset[str]
    parameters: int
    seconds: float | None
    records: Sequence[Record]
    fingerprint: str

    @property
    def last(self) -> dict[str, float]:
        """What the last epoch's validation, or else its training, measured: terms in nats."""
        record = self.records[-1] if self.records else {}
        measured = record.get("validation") or record.get("train") or {}
        return {name: value for name, value in measured.items() if type(value) in (int, float)}

    @property
    def measured_on(self) -> str:
        """Which rows `last` is about."""
        if not self.records:
            return ""
        return "validation" if self.records[-1].get("validation") else "training data"


@final
@dataclass(frozen=True)
class Comparison:
    """Runs side by side, by name."""

    sides: Mapping[str, Side]

    @property
    def differing(self) -> dict[str, list[str]]:
        """The options that are not the same in all runs, with the value in each.

        One that some have no use for counts where another has chosen it.
        """
        sides = self.sides.values()
        names = dict.fromkeys(name for side in sides for name in side.options)
        found = {}
        for name in names:
            known = [side.options[name] for side in sides if name in side.options]
            chosen = len(known) < len(sides) and any(name in side.chosen for side in sides)
            if len(set(known)) > 1 or chosen:
                found[name] = [side.options.get(name, "") for side in sides]
        return found

    @property
    def same_data(self) -> bool:
        """Whether all were trained on the same data: else their losses say little."""
        return len({side.fingerprint for side in self.sides.values()}) == 1

    def rows(self) -> list[tuple[str, ...]]:
        """What a table shows: a label, then a cell for every run."""
        sides = list(self.sides.values())
        found = [(name.replace("_", " "), *values) for name, values in self.differing.items()]
        found.append(("state", *(side.summary.state for side in sides)))
        found.append(("parameters", *(f"{side.parameters:,}" for side in sides)))
        found.append(("training time", *(_duration(side.seconds) for side in sides)))
        found.append(("lowest validation loss (nats)", *(_best(side.summary) for side in sides)))
        found.append(("in the last epoch, on", *(side.measured_on for side in sides)))
        measured = [side.last for side in sides]
        for name in dict.fromkeys(name for each in measured for name in each):
            counts = any(type(each.get(name)) is int for each in measured)
            label = name.replace("_", " ") + ("" if counts else " (nats)")
            found.append((label, *(_number(each.get(name)) for each in measured)))
        return found

    def figure(self) -> Figure:
        """Loss, distortion and rate over epochs; raises BadInput where no epoch is completed."""
        return figures.compared({name: side.records for name, side in self.sides.items()})

    def to_json(self) -> dict[str, Any]:
        """Every run by name: how far it got, its options, and its numbers after the last epoch."""
        return {
            name: {
                **side.summary.to_json(),
                "options": dict(side.options),
                "parameters": side.parameters,
                "seconds": side.seconds,
                "last": side.last,
            }
            for name, side in self.sides.items()
        }


def compare_runs(runs: Sequence[Run | str | Path], root: str | Path = ROOT) -> Comparison:
    """Put two runs or more side by side.

    runs: themselves, their names under `root` or their paths.

    Raises BadInput for less than two, and where one of them is damaged.
    """
    found = [run if isinstance(run, Run) else open_run(run, root) for run in runs]
    names = [run.name for run in found]
    sides = {run.name if names.count(run.name) == 1 else str(run.path): run for run in found}
    if len(sides) < 2:
        raise BadInput("It takes two runs to compare: give another name.")
    return Comparison({name: _side(run) for name, run in sides.items()})


def _side(run: Run) -> Side:
    with torch.random.fork_rng(devices=[]):
        model, _ = run.spec.build()
    about, (options, chosen) = summary(run), run_options(run)
    return Side(
        about,
        options,
        chosen,
        sum(parameter.numel() for parameter in model.parameters()),
        spent(state_of(run.path / STATE)),
        run.records()[: about.epochs],
        run.data["fingerprint"],
    )


def run_options(run: Run) -> tuple[dict[str, str], frozenset[str]]:
    """What made the run what it is, by name, as one would type it; and what of it was chosen."""
    spec = run.spec
    found = {
        "data": str(run.data["name"]),
        "recipe": spec.recipe,
        "network": spec.net,
        "likelihood": spec.likelihood,
    }
    groups: dict[str, tuple[Callable[..., Any], Mapping[str, Any]]] = {
        "recipe": (RECIPES[spec.recipe], spec.options),
        "network": (NETS[spec.net], spec.net_options),
        "likelihood": (LIKELIHOODS[spec.likelihood], spec.likelihood_options),
        "training": (Training, asdict(run.training)),
        "data": (load, run.data["options"]),
    }
    chosen = set()
    for kind, (part, options) in groups.items():
        defaults = {name: _typed(value) for name, value in _defaults(part).items()}
        given = {name: _typed(value) for name, value in options.items() if name not in _WHERE}
        for name, value in (defaults | given).items():
            label = name if name not in found else f"{kind} {name}"
            found[label] = value
            if value != defaults.get(name):
                chosen.add(label)
    return found, frozenset(chosen)


def _defaults(part: Callable[..., Any]) -> dict[str, Any]:
    """The options of a part with their defaults, which a run need not store."""
    parameters = inspect.signature(part).parameters.values()
    empty, without = inspect.Parameter.empty, {*PARTS, *_WHERE}
    return {p.name: p.default for p in parameters if not (p.name in without or p.default is empty)}


def _typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(map(_typed, value))
    return value if isinstance(value, str) else json.dumps(value)


def _best(about: Summary) -> str:
    return "" if about.best is None else f"{about.best:,.2f} (epoch {about.best_epoch})"


def _number(value: float | None) -> str:
    if value is None or isinstance(value, int):
        return "" if value is None else f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
