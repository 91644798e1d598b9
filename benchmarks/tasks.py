"""What is trained for comparison: data, network, batch. Every contestant reads this."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.faces import archive
from vaekit.data import Dataset, Split, load
from vaekit.nets import LSTM, MLP, Bands, Bars, Conv, Net, Transformer

FACES = 10_000


@dataclass(frozen=True)
class Task:
    """A network to train on some data.

    network: what to call it in the table. pixels: the likelihood, by vaekit's name for it.
    over_peer, of_machine: the ratios that are the goal, where there is one.
    """

    network: str
    load: Callable[[], Dataset]
    net: Net
    pixels: str
    latent: int
    batch: int
    epochs: int
    over_peer: float
    of_machine: float | None = None


def digits() -> Dataset:
    """MNIST: 50,000 digits to train on and 10,000 to validate."""
    return replace(load("mnist", validation=10_000, progress=False), name="MNIST")


def faces() -> Dataset:
    """CelebA's first 10,000 faces at 64 x 64; as many pictures of noise where it is absent."""
    if archive().is_file():
        dataset = load(archive(), image_size=64, validation=1_000, test=0, progress=False)
        return replace(dataset, name="CelebA")
    noise = np.random.default_rng(0).integers(0, 256, (FACES, 3, 64, 64), np.uint8)
    parts = Split(noise[1_000:]), Split(noise[:1_000]), Split(noise[:0])
    return Dataset("noise", "image", *parts, fingerprint="")


def speech() -> Dataset:
    """The Free Spoken Digit Dataset: segments of 2,430 recordings to train on."""
    return load("speech", progress=False)


def tunes(bars: int, most: int) -> Callable[[], Dataset]:
    """How to load so many windows of the Nottingham tunes, of so many bars."""

    def loaded() -> Dataset:
        whole = load("nottingham", bars=bars, progress=False)
        return replace(whole, train=whole.train.take(slice(0, most)))

    return loaded


def few_digits() -> Dataset:
    """A tenth of MNIST, for machines that others keep busy."""
    whole = digits()
    return replace(
        whole,
        train=whole.train.take(slice(0, 5_000)),
        validation=whole.validation.take(slice(0, 1_000)),
    )


def _mlp(batch: int, over_peer: float, of_machine: float | None) -> Task:
    title = "784-500-250-10 and back, Bernoulli"
    return Task(title, digits, MLP(), "bernoulli", 10, batch, 4, over_peer, of_machine)


def _melody(network: str, net: Net, bars: int, of_machine: float | None = None) -> Task:
    data = tunes(bars, 32_000 // bars)
    return Task(network, data, net, "categorical", 128, 128, 3, 1.0, of_machine)


TASKS = {
    "mlp-100": _mlp(100, 3.0, None),
    "mlp-512": _mlp(512, 1.7, 0.65),
    "mlp-busy": replace(_mlp(100, 3.0, None), load=few_digits),
    "speech": Task("bands 64-128-256-512", speech, Bands(), "band-gaussian", 128, 128, 4, 1.0, 0.5),
    "conv-64": Task("convolutions 32-64-128-256", faces, Conv(), "gaussian", 100, 64, 2, 1.3),
    "lstm-2": _melody("LSTM, two bars", LSTM(), 2, 0.4),
    "lstm-16": _melody("LSTM, 16 bars", LSTM(), 16, 0.4),
    "bars-16": _melody("conductor and bars, 16 bars", Bars(), 16, 0.4),
    "transformer-2": _melody("transformer, two bars", Transformer(), 2),
    "transformer-16": _melody("transformer, 16 bars", Transformer(), 16),
}
