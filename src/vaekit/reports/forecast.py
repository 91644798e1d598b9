"""How long an experiment takes here: from a few steps of its models, then from what is done."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import torch
from rich.console import Console

from vaekit.data import Dataset
from vaekit.reports.repeat import trained
from vaekit.runs import Run
from vaekit.spec import Spec
from vaekit.training import Training, fit
from vaekit.training.history import MODEL

_STEPS = 8  # that a model is tried for
_SECONDS = 90  # below which a time is said in seconds


@final
@dataclass(frozen=True)
class Trial:
    """One of the models of an experiment, as it will be trained.

    net: left empty, it follows from the data. corruption: left empty, there is none.
    """

    recipe: str
    options: dict[str, Any]
    training: Training
    net: str = ""
    net_options: dict[str, Any] = field(default_factory=dict)
    corruption: str = ""
    corruption_options: dict[str, Any] = field(default_factory=dict)
    likelihood_options: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        name: str,
        root: Path,
        data: str | Dataset,
        *,
        data_options: dict[str, Any] | None = None,
        progress: bool = True,
    ) -> Run:
        """The finished run of this name; see `trained`."""
        return trained(
            name,
            root,
            self.recipe,
            data,
            net=self.net,
            net_options=self.net_options,
            likelihood_options=self.likelihood_options,
            corruption=self.corruption,
            corruption_options=self.corruption_options,
            options=self.options,
            training=self.training,
            data_options=data_options,
            progress=progress,
        )

    def seconds(self, dataset: Dataset) -> float:
        """What its training takes here, by the time of a few steps of a model that is not kept."""
        rows = min(_STEPS * self.training.batch_size, len(dataset.train))
        held = len(dataset.validation) * rows // len(dataset.train)
        few = replace(
            dataset,
            train=dataset.train.take(slice(0, rows)),
            validation=dataset.validation.take(slice(0, held)),
        )
        once = replace(self.training, epochs=1, lr_warmup=0.0)
        with torch.random.fork_rng(devices=[]):
            spec = Spec(
                self.recipe,
                dataset.shape,
                self.options,
                self.net,
                self.net_options,
                likelihood_options=self.likelihood_options,
                corruption=self.corruption,
                corruption_options=self.corruption_options,
                context=dataset.conditions.size if dataset.conditions else 0,
                kind=dataset.kind,
            )
            parts = spec.build()
            fit(*parts, few, once, progress=False)  # the first steps are slower
            since = time.perf_counter()
            fit(*parts, few, once, progress=False)
        return (time.perf_counter() - since) / rows * len(dataset.train) * self.training.epochs


@final
@dataclass
class Forecast:
    """What is left of an experiment.

    parts: the seconds that training is expected to take, by model.
    """

    parts: dict[str, float]
    console: Console
    _spent: float = 0.0  # of what was expected
    _since: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Say how long training will take."""
        total = sum(self.parts.values())
        if total:
            self.console.print(
                f"{_models(len(self.parts))} to train: about {spoken(total)} here, by a few steps "
                "of each; measuring comes on top."
            )

    def done(self, name: str) -> None:
        """Say what is left, now that a model is trained and measured; corrected by its time."""
        self._spent += self.parts.pop(name, 0.0)
        left = sum(self.parts.values())
        if left and self._spent:
            factor = (time.monotonic() - self._since) / self._spent
            self.console.print(f"{_models(len(self.parts))} left: about {spoken(left * factor)}")


def forecast(
    trials: Mapping[str, Trial],
    dataset: Dataset | Mapping[str, Dataset],
    runs: Path,
    console: Console,
) -> Forecast:
    """A forecast for the models that are not trained yet, which has said how long they take.

    trials: by the name of the run in the folder `runs`; those that are alike are tried once.
    dataset: what they are trained on, or that of each.
    """
    known: dict[tuple[str, str], float] = {}
    parts = {}
    for name, trial in trials.items():
        if (runs / name / MODEL).exists():
            continue
        own = dataset if isinstance(dataset, Dataset) else dataset[name]
        kind = repr(replace(trial, training=replace(trial.training, seed=0))), own.fingerprint
        if kind not in known:
            known[kind] = trial.seconds(own)
        parts[name] = known[kind]
    found = Forecast(parts, console)
    found.begin()
    return found


def _models(count: int) -> str:
    return f"{count} model{'s' * (count != 1)}"


def spoken(seconds: float) -> str:
    """A time as one would say it: 40 seconds, 25 minutes, 3.5 hours."""
    if seconds < _SECONDS:
        return f"{max(1, round(seconds))} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"
