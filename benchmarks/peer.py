"""The peer's training, pythae with its own trainer: `python -m benchmarks.peer mlp-100`."""

import sys
import tempfile
import time
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measured import ROOT, rate, report
from benchmarks.networks import NETWORKS
from benchmarks.tasks import TASKS, Task
from vaekit.data import Dataset

sys.path.append(str(ROOT / ".venv-bench"))  # last, so that both run on the same PyTorch

from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback

# The peer's names for a Bernoulli on probabilities and a Gaussian of unit variance.
LOSSES = {"bernoulli": "bce", "gaussian": "mse"}
OUTPUTS: dict[str, type[nn.Module]] = {"bernoulli": nn.Sigmoid, "gaussian": nn.Identity}


class Encoder(BaseEncoder):  # type: ignore[misc]
    """A network with a mean and a log-variance on top, as the peer wants them."""

    def __init__(self, body: nn.Module, features: int, latent: int) -> None:
        super().__init__()
        self.body = body
        self.mean, self.log_variance = nn.Linear(features, latent), nn.Linear(features, latent)

    def forward(self, x: Tensor) -> Any:
        """The posterior's parameters."""
        features = self.body(x)
        return ModelOutput(
            embedding=self.mean(features), log_covariance=self.log_variance(features)
        )


class Decoder(BaseDecoder):  # type: ignore[misc]
    """A network whose output is the peer's reconstruction."""

    def __init__(self, body: nn.Module, output: nn.Module) -> None:
        super().__init__()
        self.body, self.output = body, output

    def forward(self, z: Tensor) -> Any:
        """The reconstruction."""
        return ModelOutput(reconstruction=self.output(self.body(z)))


class Clock(TrainingCallback):  # type: ignore[misc]
    """When every epoch ended, its validation and its log included."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_log(self, *arguments: Any, **options: Any) -> None:
        """Called last in an epoch."""
        self.ends.append(time.perf_counter())


def build(task: Task, dataset: Dataset) -> nn.Module:
    """The peer's model of a task."""
    encoder, features, decoder = NETWORKS[type(task.net).__name__](task.latent, False)
    config = VAEConfig(
        input_dim=dataset.shape, latent_dim=task.latent, reconstruction_loss=LOSSES[task.pixels]
    )
    model: nn.Module = VAE(
        config,
        encoder=Encoder(encoder, features, task.latent),
        decoder=Decoder(decoder, OUTPUTS[task.pixels]()),
    )
    return model


def main(name: str) -> None:
    """Train and report data points a second."""
    task = TASKS[name]
    dataset = task.load()
    torch.manual_seed(0)
    train, validation = (
        BaseDataset(split.tensor(), torch.zeros(len(split)))
        for split in (dataset.train, dataset.validation)
    )
    model, clock = build(task, dataset), Clock()
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=task.epochs,
            learning_rate=1e-3,
            per_device_train_batch_size=task.batch,
            per_device_eval_batch_size=2 * task.batch,  # as vaekit's
            optimizer_cls="Adam",
            no_cuda=True,
        )
        BaseTrainer(model, train, validation, config, callbacks=[clock]).train()
    report(
        per_second=rate(len(dataset.train), clock.ends),
        parameters=sum(p.numel() for p in model.parameters()),
    )


if __name__ == "__main__":
    main(sys.argv[1])
