"""vaekit's own training: `python -m benchmarks.ours mlp-100`.

With a run directory, checkpoints, logs, TensorBoard, validation and progress.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# isort: off
import vaekit  # noqa: F401  first, as a program's own import of it may come
import torch

# isort: on
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measured import rate, report
from benchmarks.tasks import TASKS, Task
from vaekit.data import Dataset
from vaekit.recipes import LIKELIHOODS, RECIPES, Parts
from vaekit.training import Training, fit


def of_memory(read: list[int], first: list[int], again: list[int], *_: Any, **__: Any) -> int:
    """Operations of an LSTM that reads (T, B, I), with weights (4H, I) and (4H, H)."""
    steps, rows, _size = read
    return 2 * steps * rows * first[0] * (first[1] + again[1])


def of_memory_backward(*shapes: Any, **named: Any) -> int:
    """Those of its backward pass: as many for the weights and as many for what it read."""
    return 2 * of_memory(*shapes, **named)


# Recurrent layers, which torch does not count.
MEMORIES = {
    torch.ops.aten.mkldnn_rnn_layer: of_memory,
    torch.ops.aten.mkldnn_rnn_layer_backward: of_memory_backward,
}


def build(task: Task, dataset: Dataset) -> Parts:
    """The model and objective of a task."""
    likelihood = LIKELIHOODS[task.pixels]()
    return RECIPES["vae"](dataset.shape, net=task.net, likelihood=likelihood, latent=task.latent)


def flops(task: Task, dataset: Dataset) -> tuple[float, float]:
    """Floating-point operations of matrix products and convolutions for one data point.

    In a training step, where the gradient of the data is not needed, and in validation.
    """
    model, objective = build(task, dataset)
    x = dataset.train.batch(slice(0, task.batch)).x
    with FlopCounterMode(display=False, custom_mapping=MEMORIES) as training:
        objective(model(x)).total.backward()
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=MEMORIES) as validation:
        model(x)
    return training.get_total_flops() / len(x), validation.get_total_flops() / len(x)


def main(name: str) -> None:
    """Train and report data points a second and flops for each."""
    task = TASKS[name]
    dataset = task.load()
    training, validation = flops(task, dataset)
    points, held_out = len(dataset.train), len(dataset.validation)
    torch.manual_seed(0)
    model, objective = build(task, dataset)
    options = Training(epochs=task.epochs, batch_size=task.batch, device="cpu")
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        fit(
            model,
            objective,
            dataset,
            options,
            folder=Path(folder),
            on_epoch=lambda record: ends.append(time.perf_counter()),
        )
    report(
        per_second=rate(points, ends),
        flops=training + validation * held_out / points,
        parameters=sum(p.numel() for p in model.parameters()),
        data=dataset.name,
    )


if __name__ == "__main__":
    main(sys.argv[1])
