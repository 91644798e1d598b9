"""Conditions on MNIST, measured: do samples obey, are they real, what is left in the code?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from vaekit.data import Dataset
from vaekit.evaluation import evaluate
from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.conditions import Obedience, frechet_by_class, label_probe, obedience
from vaekit.evaluation.judge import Judge
from vaekit.reports.forecast import Forecast, Trial
from vaekit.runs import Run
from vaekit.training import Training

SAMPLES = 1_000  # of each class
PROBED = 10_000  # codes that a probe is fitted to
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "vae": ("vae", {}),
    "told vae": ("vae", {"condition": ("label",)}),
    "cvae": ("cvae", {"condition": ("label",)}),
}
"""What each model is called, its recipe and the options of its data."""
NET: dict[str, Any] = {"channels": (32, 64, 128)}


@final
@dataclass(frozen=True, slots=True)
class Told:
    """What is measured of one model.

    elbo: of test digits, in nats; grey values are read as probabilities.
    obedience: of samples, where the model is told a class.
    carried: of test digits, whose codes are decoded as every class, likewise.
    frechet: of samples against test digits of the same class, by class: the class asked for,
        or the one that the judge finds where there is none.
    probe: the accuracy of a linear reader of test digits' labels in their codes.
    """

    elbo: float
    obedience: Obedience | None
    carried: Obedience | None
    frechet: dict[int, float | None]
    probe: Interval

    @property
    def mean_frechet(self) -> float:
        """Over the classes that have one."""
        return float(np.mean([each for each in self.frechet.values() if each is not None]))

    def to_json(self) -> dict[str, Any]:
        """The same as a dictionary that JSON can hold."""
        return asdict(self)


def run_name(name: str, seed: int) -> str:
    """What the run of a model in `CASES` is called."""
    return f"{name.replace(' ', '-')}-seed{seed}"


def told_trials(
    *, seeds: int = 3, epochs: int = 8, latent: int = 8
) -> dict[str, tuple[str, Trial]]:
    """The models to train, by the name of their run, each with its name in `CASES`.

    All have the same networks, latent size and training, and differ in what they are told.
    """
    training = Training(epochs=epochs, batch_size=128, schedule="cosine")
    return {
        run_name(name, seed): (
            name,
            Trial(recipe, {"latent": latent}, replace(training, seed=seed), "conv", NET),
        )
        for seed in range(seeds)
        for name, (recipe, _) in CASES.items()
    }


def told(
    runs: Path,
    wanted: Mapping[str, tuple[str, Trial]],
    judge: Judge,
    left: Forecast,
    *,
    data: str = "mnist",
    samples: int = SAMPLES,
) -> dict[str, list[Told]]:
    """Train a VAE, one that is told the label and a conditional VAE, and measure all three.

    What is already trained in the folder `runs` is kept. Gives a measurement for every seed, by
    model.

    wanted: as `told_trials` gives them. data: what the judge of classes was trained on. left: the
    forecast they are part of, to whose console all is said. samples: of each class.
    """
    console, found = left.console, dict[str, list[Told]]()
    for run, (name, trial) in wanted.items():
        console.print(f"[bold]{run}[/]: {trial.training.epochs} epochs")
        made = trial.run(run, runs, data, data_options=CASES[name][1], progress=not console.quiet)
        console.print(f"measuring {run}")
        found.setdefault(name, []).append(measure(made, judge, samples))
        left.done(run)
    return found


def measure(run: Run, judge: Judge, samples: int = SAMPLES, seed: int = 0) -> Told:
    """What a run of labelled pictures makes of its test data, and a judge of its samples."""
    dataset, model = run.dataset(progress=False), run.model()
    real, labels = dataset.test.tensor(), torch.as_tensor(dataset.test.labels)
    generator = torch.Generator().manual_seed(seed)
    obeyed = carried = None
    if dataset.conditions is None:
        fake = model.sample(samples * judge.classes, generator=generator)
        kinds = judge.predict(fake)
    else:
        asked = samples_by_class(run, dataset, samples, generator)
        obeyed = obedience(judge, asked)
        carried = obedience(judge, carried_by_class(run, dataset, samples))
        fake = torch.cat(list(asked.values()))
        kinds = torch.tensor(list(asked)).repeat_interleave(samples)
    elbo = evaluate(model, dataset.test, draws=1, limit=2_000).elbo
    assert elbo is not None
    few, test = dataset.train.take(slice(0, PROBED)), dataset.test
    assert few.labels is not None
    return Told(
        elbo.value,
        obeyed,
        carried,
        frechet_by_class(judge, real, labels, fake, kinds),
        label_probe(model.encode(few), few.labels, model.encode(test), test.labels),
    )


def samples_by_class(
    run: Run, dataset: Dataset, n: int, generator: torch.Generator
) -> dict[int, Tensor]:
    """Samples (n, *shape) of a model that is told the label, for the number of every label."""
    found = {}
    for number, name in enumerate(dataset.label_names or ()):
        told = run.told({"label": name})
        found[number] = told.decode(told.sample_codes(n, generator=generator))
    return found


def carried_by_class(run: Run, dataset: Dataset, n: int) -> dict[int, Tensor]:
    """The first n test digits as every class (n, *shape): their own codes, decoded as another."""
    codes = run.model().encode(dataset.test.batch(slice(0, n)))
    names = enumerate(dataset.label_names or ())
    return {number: run.told({"label": name}).decode(codes) for number, name in names}
