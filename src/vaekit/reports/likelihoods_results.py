"""What the experiment on likelihoods trains, beside what has been published of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, final

from vaekit.evaluation.bootstrap import Interval
from vaekit.reports.forecast import Trial
from vaekit.reports.styles_results import over_seeds
from vaekit.training import Training

BURDA = "Burda et al. 2016, 3,280 epochs, batch 20"
RAINFORTH = "Rainforth et al. 2018, 3,280 epochs"
TOMCZAK = "Tomczak and Welling 2018, gated layers of 300 units, latent 40, to 2,000 epochs"
CLOSE = 0.3  # nats from what is published
NETWORK: dict[str, Any] = {"hidden": (200, 200), "activation": "tanh"}
LATENT: dict[str, Any] = {"latent": 50}
TRAINING: dict[str, Any] = {
    "batch_size": 1_000,
    "learning_rate": 0.012,
    "optimiser": "muon",
    "schedule": "cosine",
    "precision": "bf16-mixed",
}
SMALLER: dict[str, Any] = {"batch_size": 250, "learning_rate": 4e-3}
FIRST: dict[str, Any] = SMALLER | {"precision": "32-true"}  # before larger batches were found
LR_WARMUP = 0.01  # of the epochs
WARMUP = 0.1  # of the epochs, of the rate's weight
DRAWS = 5_000
DYNAMIC: dict[str, Any] = {"binarise": "dynamic", "validation": 1_000}


@final
@dataclass(frozen=True)
class Row:
    """A model of the table.

    key: what its runs are called. title: what the table calls it. epochs: of one seed.
    published: test log-likelihood in nats, negated as papers print it; None where there is none
    for this network. source: whose, and under which conditions. shares: options of the recipe
    that are so much of the epochs. draws, points: what its likelihood is measured by, of the first
    test digits, or all.
    """

    key: str
    title: str
    recipe: str
    options: dict[str, Any]
    epochs: int
    published: float | None = None
    source: str = ""
    net: str = "mlp"
    net_options: dict[str, Any] = field(default_factory=lambda: dict(NETWORK))
    data: str = "mnist"
    data_options: dict[str, Any] = field(default_factory=lambda: dict(DYNAMIC))
    training: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=lambda: {"warmup": WARMUP})
    draws: int = DRAWS
    points: int | None = None

    @property
    def binarised(self) -> str:
        """How its digits were made black and white."""
        return str(self.data_options.get("binarise", "static"))

    def trial(self, seed: int, share: float = 1.0) -> Trial:
        """How it is trained, for a share of its epochs."""
        epochs = max(1, round(share * self.epochs))
        usual: dict[str, Any] = {**TRAINING, "lr_warmup": LR_WARMUP * epochs, **self.training}
        options = self.options | {name: part * epochs for name, part in self.shares.items()}
        training = Training(epochs=epochs, seed=seed, **usual)
        return Trial(self.recipe, options, training, self.net, self.net_options)


TWO: dict[str, Any] = {"latent": (50, 100), "hidden_levels": (100, 100)}
DEEP: dict[str, Any] = {
    "batch_size": 100,
    "learning_rate": 1e-3,
    "optimiser": "adam",
    "precision": "32-true",
    "skip": 20000.0,
}
FEW: dict[str, Any] = {"draws": 50, "chosen": 5}
STATIC: dict[str, Any] = {"data": "binarized-mnist", "data_options": {}}


def _rising(share: float) -> dict[str, Any]:
    """Of an importance-weighted row: over which share of its epochs K rises."""
    return {"shares": {"rising": share, "warmup": WARMUP}}


ROWS = (
    Row("vae", "VAE", "vae", LATENT, 300, 86.76, BURDA),
    Row(
        *("iwae-5", "IWAE, K = 5", "iwae", LATENT | {"draws": 5}, 600, 85.54, BURDA),
        training=SMALLER,
    ),
    Row(
        *("iwae-50", "IWAE, K = 50", "iwae", LATENT | FEW, 400, 84.78, BURDA),
        **_rising(0.7),
    ),
    Row(
        *("miwae-8-8", "MIWAE, M = K = 8", "miwae", LATENT | {"chosen": 1}, 280),
        *(84.97, RAINFORTH),
        **_rising(0.8),
    ),
    Row("vamp", "VampPrior, 500 pseudo-inputs", "vamp-vae", LATENT, 50, training=FIRST),
    Row("iaf", "IAF posterior, two flows", "iaf-vae", LATENT, 100, training=FIRST),
    Row("realnvp", "RealNVP prior, four couplings", "realnvp-vae", LATENT, 100, training=FIRST),
    Row(
        *("vae-2", "two stochastic layers, VAE", "layered-vae", TWO, 100, 85.33, BURDA),
        training=FIRST,
    ),
    Row(
        *("iwae-50-2", "two stochastic layers, IWAE, K = 50", "layered-iwae", TWO | FEW, 250),
        *(82.90, BURDA),
        **_rising(0.8),
    ),
    Row(
        *("ladder", "ladder, two levels", "ladder-vae", {"latent": (50, 100)}, 100),
        training=FIRST,
    ),
    Row(
        *("very-deep", "deep ladder of maps", "very-deep-vae", {}, 5),
        net="",
        net_options={},
        training=DEEP,
        shares={},
        draws=500,
        points=1_000,
    ),
    Row("vae-static", "VAE", "vae", LATENT, 150, 88.56, TOMCZAK, training=FIRST, **STATIC),
    Row(
        *("vamp-static", "VampPrior, 500 pseudo-inputs", "vamp-vae", LATENT, 100),
        *(85.57, TOMCZAK),
        training=FIRST,
        **STATIC,
    ),
    Row(
        *("hvamp-static", "VampPrior, two levels", "hvamp-vae", {"latent": (40, 40)}, 150),
        *(83.19, TOMCZAK),
        training=SMALLER | {"patience": 150},  # wider and faster it fits what it saw
        **STATIC,
    ),
)
"""The models of the table, in its order."""


@final
@dataclass(frozen=True, slots=True)
class Found:
    """What was measured of one run, in nats per digit.

    nll: minus the mean importance-weighted bound of the test digits, with K = draws; error: its
    standard error over the digits, of which there are so many points. minus_elbo: minus the mean
    ELBO of the same. active: units of the code that are used.
    minutes, measuring: by the clock, of training and of measuring, with so many threads.
    curve: the ELBO of held-out digits after every epoch, or the bound that is trained on; None
        where none were held out.
    """

    nll: float
    error: float
    minus_elbo: float
    active: int | None
    draws: int
    points: int
    epochs: int
    minutes: float
    measuring: float
    threads: int
    curve: list[float | None]

    @property
    def late(self) -> float | None:
        """Nats that the held-out bound rose over the last tenth of the epochs."""
        known = [value for value in self.curve if value is not None]
        tenth = len(known) // 10
        return known[-1] - known[-1 - tenth] if tenth else None


def mean(entries: Sequence[Found]) -> Interval:
    """Minus the likelihood: over seeds with its 95% t interval, of one seed that over digits."""
    values = [each.nll for each in entries]
    across = over_seeds(values)
    if across is not None:
        return across
    (only,) = entries
    reach = _WIDE * only.error
    return Interval(only.nll, only.nll - reach, only.nll + reach)


def verdict(row: Row, entries: Sequence[Found]) -> str:
    """How far the mean is from what is published."""
    if row.published is None:
        return ""
    gap = mean(entries).value - row.published
    if gap <= 0:
        return f"better by {-gap:.2f}"
    return f"{gap:.2f} short" + (", within 0.3" if gap <= CLOSE else "")


_WIDE = NormalDist().inv_cdf(0.975)
