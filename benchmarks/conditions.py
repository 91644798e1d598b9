"""What it costs to be told something: `python -m benchmarks.conditions conv-64`.

A plain model and one that is told train in turns in one process, so that both see the same
machine. `transformed` is of objects that are moved, turned and coloured in every step.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
import torch
from lightning_fabric import Fabric

from benchmarks.measured import report
from benchmarks.tasks import digits, faces
from vaekit.data import Dataset, Split
from vaekit.data.conditions import Classes, Conditions
from vaekit.nets import MLP, Conv, Net
from vaekit.recipes import Parts, generator, vae
from vaekit.training import Training
from vaekit.training.process import prepare
from vaekit.training.session import Session

WARM, TURNS, STEPS = 1, 12, 5
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Case:
    """A network to train on data with a context of `size` numbers, zeros and ones at random."""

    load: Callable[[], Dataset]
    net: Net
    latent: int
    batch: int
    size: int


ATTRIBUTES = 2 * 40  # of CelebA: a number each for no and for yes

CASES = {
    "mlp": Case(digits, MLP(), 10, 100, 10),
    "conv": Case(digits, Conv((32, 64, 128)), 10, 100, 10),
    "conv-64": Case(faces, Conv(), 100, 64, ATTRIBUTES),
}


def told(dataset: Dataset, size: int) -> Dataset:
    """The data with a context of so many numbers for every row."""
    numbers = np.random.default_rng(0)

    def with_context(split: Split) -> Split:
        rows = numbers.integers(0, 2, (len(split), size))
        return replace(split, context=rows.astype(np.float32))

    parts = {name: with_context(getattr(dataset, name)) for name in SPLITS}
    return replace(dataset, **parts, conditions=of_size(size))


def of_size(size: int) -> Conditions:
    """Conditions that make contexts of so many numbers."""
    return Conditions((Classes("told", tuple(map(str, range(size)))),))


def session(case: Case, context: int) -> Session:
    """A model in training that reads a context of this size."""
    dataset = case.load()
    dataset = told(dataset, context) if context else dataset
    parts = vae(dataset.shape, net=case.net, latent=case.latent, context=context)
    return _session(parts, dataset, case.batch)


def drawing(transformed: float) -> Session:
    """A generator of objects in training, at a strength of transformations."""
    numbers, count, styles = np.random.default_rng(0), 10_000, 88
    x = numbers.integers(0, 256, (count, 4, 64, 64), np.uint8)
    context = np.eye(styles + 3, dtype=np.float32)[numbers.integers(0, styles, count)]
    splits = Split(x, context=context), *(Split(x[:0], context=context[:0]) for _ in range(2))
    net = Conv(hidden_conv=(512,))
    parts = generator((4, 64, 64), net=net, context=styles + 3, transformed=transformed)
    dataset = Dataset("noise", "image", *splits, conditions=of_size(styles + 3))
    return _session(parts, dataset, 64)


def _session(parts: Parts, dataset: Dataset, batch: int) -> Session:
    options = Training(batch_size=batch, device="cpu")
    return Session(Fabric(accelerator="cpu", devices=1), *parts, dataset, options)


def pair(name: str) -> tuple[Session, Session]:
    """The plain model and the one that is told."""
    torch.manual_seed(0)
    if name not in CASES:
        return drawing(0.0), drawing(1.0)
    return session(CASES[name], 0), session(CASES[name], CASES[name].size)


def main(name: str) -> None:
    """Report the median seconds of a step, plain and told, and the median ratio of the turns."""
    prepare()
    runs = [endless(one) for one in pair(name)]
    times: list[list[float]] = []
    for _ in range(WARM + TURNS):
        times.append([median(timed(run) for _ in range(STEPS)) for run in runs])
    plain, other = ([turn[which] for turn in times[WARM:]] for which in (0, 1))
    ratio = median(b / a for a, b in zip(plain, other, strict=True))
    report(plain=median(plain), told=median(other), ratio=ratio)


def endless(one: Session) -> Iterator[None]:
    """A step at a time, its batch included."""
    while True:
        for batch in one.rest_of_epoch():
            one.step(batch)
            yield


def timed(run: Iterator[None]) -> float:
    """The seconds of a step."""
    start = time.perf_counter()
    next(run)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1])
