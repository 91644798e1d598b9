"""A training step of one model of faces, batch 64: `python -m benchmarks.step pixels`."""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from lightning_fabric import Fabric

from benchmarks.measured import report
from benchmarks.tasks import faces
from vaekit.data import Dataset
from vaekit.nets import Conv, ResNet
from vaekit.recipes import Parts, dfc_vae, vae, vae_gan
from vaekit.training import Training
from vaekit.training.process import prepare
from vaekit.training.session import Session

SHAPE, LATENT, BATCH = (3, 64, 64), 100, 64
WARM, STEPS = 5, 40

MODELS: dict[str, Callable[[], Parts]] = {
    "pixels": lambda: vae(SHAPE, net=Conv(), latent=LATENT),
    "perceptual": lambda: dfc_vae(SHAPE, net=Conv(), latent=LATENT, network="squeezenet"),
    "adversarial": lambda: vae_gan(SHAPE, net=Conv(), latent=LATENT),
    "residual": lambda: vae(SHAPE, net=ResNet(), latent=LATENT),
}


def seconds(build: Callable[[], Parts], dataset: Dataset) -> float:
    """The median time of a batch and a step, once the first ones are done."""
    prepare()
    torch.manual_seed(0)
    options = Training(batch_size=BATCH, device="cpu")
    session = Session(Fabric(accelerator="cpu", devices=1), *build(), dataset, options)
    times = []
    start = time.perf_counter()
    for number, x in enumerate(session.rest_of_epoch(), start=1):
        session.step(x)
        end = time.perf_counter()
        times.append(end - start)
        start = end
        if number == WARM + STEPS:
            break
    return statistics.median(times[WARM:])


if __name__ == "__main__":
    taken = seconds(MODELS[sys.argv[1]], faces())
    report(seconds=taken, per_second=BATCH / taken)
