"""Likelihood against minutes, ours and the peer's: `python -m benchmarks.quality ours 10`.

The one-layer VAE of the importance-weighted paper on dynamically binarised MNIST, 60,000 digits,
trained for so many minutes on all cores. `peer` trains it with its own trainer, as it comes. What
is measured is the importance-weighted bound of the first 1,000 test digits after some of the
epochs, and of all 10,000 with 5,000 draws at the end; measuring is no part of the minutes.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measured import report
from benchmarks.networks import published
from benchmarks.peer import Decoder, Encoder
from vaekit.data import Dataset, load
from vaekit.evaluation import evaluate
from vaekit.likelihoods import Bernoulli
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.recipes import vae
from vaekit.reports.likelihoods_results import LATENT, LR_WARMUP, NETWORK, TRAINING, WARMUP
from vaekit.training import Training, fit

from pythae import models as pythae  # isort: skip  # found once benchmarks.peer is imported
from pythae.data.datasets import BaseDataset, DatasetOutput  # isort: skip
from pythae.trainers import BaseTrainer, BaseTrainerConfig  # isort: skip
from pythae.trainers.training_callbacks import TrainingCallback  # isort: skip
import contextlib

SHOWN = 12  # points of a curve
POINTS, DRAWS = 1_000, 500
FINAL_DRAWS = 5_000

Weights = dict[str, Tensor]
Snapshots = list[tuple[float, int, Weights]]
"""Seconds of training, epochs and weights."""


def digits() -> Dataset:
    """All 60,000 digits to train on, and the test digits."""
    return load("mnist", binarise="dynamic", validation=0, progress=False)


def model() -> Autoencoder:
    """The network, as vaekit has it."""
    return vae((1, 28, 28), net=MLP(**NETWORK), likelihood=Bernoulli(), **LATENT)[0]


def ours(seconds: float, dataset: Dataset) -> Snapshots:
    """The results table's training, its epochs by the speed of the first."""
    torch.manual_seed(0)
    _, objective = vae(dataset.shape, **LATENT)
    few = Training(epochs=1, **TRAINING)
    for _ in range(2):
        since = time.perf_counter()
        fit(model(), objective, dataset, few, progress=False)
        epoch = time.perf_counter() - since
    epochs = int(seconds / epoch)
    torch.manual_seed(0)
    trained, objective = vae(
        dataset.shape, net=MLP(**NETWORK), likelihood=Bernoulli(), **LATENT, warmup=WARMUP * epochs
    )
    found: Snapshots = []
    keep = _keeper(found, trained, lambda weights: weights)
    fit(
        trained,
        objective,
        dataset,
        Training(epochs=epochs, lr_warmup=LR_WARMUP * epochs, **TRAINING),
        progress=False,
        on_epoch=lambda record: keep(record["epoch"]),
    )
    return found


def theirs(seconds: float, dataset: Dataset) -> Snapshots:
    """The peer's trainer with Adam at 0.001 and batches of 100, until the time is over."""
    config = pythae.VAEConfig(input_dim=(784,), latent_dim=50, reconstruction_loss="bce")
    torch.manual_seed(0)
    encoder, features, decoder = published(50)
    peer = pythae.VAE(
        config, encoder=Encoder(encoder, features, 50), decoder=Decoder(decoder, nn.Sigmoid())
    )
    found: Snapshots = []
    keep = _keeper(found, peer, translated)
    start = time.perf_counter()

    class Clock(TrainingCallback):  # type: ignore[misc]
        """Keeps weights, and ends training once the time is over."""

        def on_epoch_end(self, config: Any, **others: Any) -> None:
            keep(len(found) + 1)
            if time.perf_counter() - start > seconds:
                raise TimeoutError

    with tempfile.TemporaryDirectory() as folder:
        training = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=10_000,
            learning_rate=1e-3,
            per_device_train_batch_size=100,
            optimizer_cls="Adam",
            no_cuda=True,
        )
        drawn = Drawn(dataset.train.tensor().flatten(1))
        with contextlib.suppress(TimeoutError):
            BaseTrainer(peer, drawn, None, training, callbacks=[Clock()]).train()
    return found


class Drawn(BaseDataset):  # type: ignore[misc]
    """Digits drawn black and white anew whenever one is read."""

    def __init__(self, x: Tensor) -> None:
        super().__init__(x, torch.zeros(len(x)))

    def __getitem__(self, index: int) -> Any:
        """One row."""
        return DatasetOutput(data=torch.bernoulli(self.data[index]), labels=self.labels[index])


def translated(weights: Weights) -> Weights:
    """The peer's weights by vaekit's names: half a log-variance is a log scale, and no centre."""
    found = {}
    for side, layers in (("encoder", (1, 3)), ("decoder", (0, 2, 4))):
        for place, layer in enumerate(layers):
            for kind in ("weight", "bias"):
                found[f"{side}.layers.{2 * place}.{kind}"] = weights[f"{side}.body.{layer}.{kind}"]
    first = found["encoder.layers.0.weight"]
    found["encoder.layers.0.bias"] = found["encoder.layers.0.bias"] + 0.5 * first.sum(1)
    for kind in ("weight", "bias"):
        pair = (weights[f"encoder.mean.{kind}"], 0.5 * weights[f"encoder.log_variance.{kind}"])
        found[f"latent.posterior.head.{kind}"] = torch.cat(pair)
    return found


def _keeper(
    found: Snapshots, part: nn.Module, as_ours: Callable[[Weights], Weights]
) -> Callable[[int], None]:
    """Keeps a module's weights after an epoch, with the seconds since now."""
    start = time.perf_counter()

    def keep(epoch: int) -> None:
        weights = {name: value.clone() for name, value in part.state_dict().items()}
        found.append((time.perf_counter() - start, epoch, as_ours(weights)))

    return keep


def main(which: str, minutes: str) -> None:
    """Report the curve: minutes, epochs and minus the bound; and the last of all test digits."""
    dataset = digits()
    found = {"ours": ours, "peer": theirs}[which](60 * float(minutes), dataset)
    judged, curve = model(), []
    step = max(1, len(found) // SHOWN)
    for seconds, epoch, weights in found[step - 1 :: step]:
        judged.load_state_dict(weights)
        bound = evaluate(judged, dataset.test, draws=DRAWS, limit=POINTS).bound
        assert bound is not None
        curve.append((seconds / 60, epoch, -bound.value))
    judged.load_state_dict(found[-1][2])
    since = time.perf_counter()
    last = evaluate(judged, dataset.test, draws=FINAL_DRAWS).bound
    assert last is not None
    report(
        curve=curve,
        minutes=found[-1][0] / 60,
        epochs=found[-1][1],
        nll=-last.value,
        error=last.standard_error,
        measuring=(time.perf_counter() - since) / 60,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
