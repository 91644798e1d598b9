"""Conditions on MNIST, measured: do samples obey, are they real, what is left in the code?"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from vaekit.data import Dataset, load
from vaekit.evaluation import evaluate
from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.conditions import Obedience, frechet_by_class, label_probe, obedience
from vaekit.evaluation.judge import Judge
from vaekit.reports.mnist import judge_of_digits
from vaekit.reports.repeat import trained
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


@final
@dataclass(frozen=True, slots=True)
class Told:
    """What is measured of one model.

    elbo: of test digits, in nats; grey values are read as probabilities.
    obedience: of samples, where the model is told a class.
    frechet: of samples against test digits of the same class, by class: the class asked for,
        or the one that the judge finds where there is none.
    probe: the accuracy of a linear reader of test digits' labels in their codes.
    """

    elbo: float
    obedience: Obedience | None
    frechet: dict[int, float | None]
    probe: Interval

    @property
    def mean_frechet(self) -> float:
        """Over the classes that have one."""
        return float(np.mean([each for each in self.frechet.values() if each is not None]))

    def to_json(self) -> dict[str, Any]:
        """The same as a dictionary that JSON can hold."""
        return asdict(self)


def told(
    folder: Path,
    *,
    seeds: int = 3,
    epochs: int = 20,
    latent: int = 10,
    data: str = "mnist",
    cases: tuple[str, ...] = tuple(CASES),
    progress: bool = True,
) -> dict[str, list[Told]]:
    """Train a VAE, one that is told the label and a conditional VAE, and measure all three.

    What is already trained in the folder is kept. Gives a measurement for every seed, by model.

    data: one that a judge of classes can be trained on.
    """
    console = Console(stderr=True, quiet=not progress)
    dataset = load(data, progress=progress)
    judge, _ = judge_of_digits(folder, dataset, console)
    found: dict[str, list[Told]] = {}
    for seed in range(seeds):
        for name in cases:
            recipe, options = CASES[name]
            console.print(f"[bold]{name}[/], seed {seed}: {epochs} epochs")
            run = trained(
                f"{name.replace(' ', '-')}-seed{seed}",
                folder / "runs",
                recipe,
                data,
                options={"latent": latent},
                training=Training(epochs=epochs, batch_size=128, seed=seed),
                data_options=options,
                progress=progress,
            )
            found.setdefault(name, []).append(measure(run, judge))
    return found


def measure(run: Run, judge: Judge, samples: int = SAMPLES, seed: int = 0) -> Told:
    """What a run of labelled pictures makes of its test data, and a judge of its samples."""
    dataset, model = run.dataset(progress=False), run.model()
    real, labels = dataset.test.tensor(), torch.as_tensor(dataset.test.labels)
    generator = torch.Generator().manual_seed(seed)
    obeyed = None
    if dataset.conditions is None:
        fake = model.sample(samples * judge.classes, generator=generator)
        kinds = judge.predict(fake)
    else:
        asked = samples_by_class(run, dataset, samples, generator)
        obeyed = obedience(judge, asked)
        fake = torch.cat(list(asked.values()))
        kinds = torch.tensor(list(asked)).repeat_interleave(samples)
    elbo = evaluate(model, dataset.test, draws=1, limit=2_000).elbo
    assert elbo is not None
    few, test = dataset.train.take(slice(0, PROBED)), dataset.test
    assert few.labels is not None
    return Told(
        elbo.value,
        obeyed,
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
