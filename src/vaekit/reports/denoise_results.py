"""What the experiment on de-noising trains and measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.stats import ttest_rel
from torch import Tensor

from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.denoising import Change, Denoising

SCALES = (0.1, 0.25, 0.5)
SHARES = (0.0, 0.05, 0.1, 0.2)


@final
@dataclass(frozen=True, slots=True)
class Case:
    """What one of the models is trained on: a corruption and its options, or clean pictures.

    name: of its run, after that of the pictures.
    """

    name: str
    about: str
    corruption: str
    options: dict[str, Any]

    @property
    def title(self) -> str:
        """What the report calls the model."""
        return f"VAE-{self.name}"


EVERY = tuple(f"gaussian:{scale:g}" for scale in SCALES)
CASES = (
    Case("clean", "clean pictures", "", {}),
    Case("one", "Gaussian noise of 0.25", "gaussian", {"scale": SCALES[1]}),
    Case("all", "Gaussian noise of 0.1, 0.25 or 0.5", "several", {"parts": EVERY}),
)
CLEAN, MAIN = CASES[0], CASES[-1]


@final
@dataclass(frozen=True, slots=True)
class Method:
    """One way of taking noise off, measured on the same pictures as the others.

    setting: that of a filter, by name; empty of a model. less: how much better the main model is,
    with the interval of the difference by picture, in PSNR and in SSIM.
    """

    name: str
    setting: dict[str, float]
    psnr: Change
    ssim: Change
    less: tuple[Interval, Interval] | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class AtScale:
    """All methods on pictures with noise of one scale.

    best: the filter that did best on validation pictures. shown: pictures (n, C, H, W) by what
    was done to them, the originals last.
    """

    scale: float
    methods: list[Method]
    best: str
    shown: dict[str, Tensor]

    def of(self, name: str) -> Method:
        """The method of this name."""
        return next(method for method in self.methods if method.name == name)


@final
@dataclass(frozen=True, slots=True, eq=False)
class OfData:
    """What was measured on one sort of pictures.

    trained: how many the models have seen; measured: how many others these numbers are of.
    scales: one entry a strength. fares: by case, the model on noise of all sorts.
    """

    name: str
    trained: int
    measured: int
    epochs: int
    scales: list[AtScale]
    fares: dict[str, list[Denoising]]


@final
@dataclass(frozen=True, slots=True)
class Bound:
    """The bounds of one training run on held-out digits, means in nats.

    weighted: importance-weighted, of clean digits. elbo: with q(z|x), of clean digits.
    criterion: with q(z|x~) of corrupted ones against the clean ones, which is what is trained.
    """

    share: float
    seed: int
    weighted: float
    elbo: float
    criterion: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows. draws: K of the importance-weighted bound."""

    data: list[OfData]
    bounds: list[Bound]
    bound_epochs: int
    points: int
    draws: int

    def of_share(self, share: float) -> list[Bound]:
        """The runs with this share of corrupted pixels, by seed."""
        return sorted((b for b in self.bounds if b.share == share), key=lambda b: b.seed)


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Interval | None:
    """The mean difference with its 95% t interval over seeds; None where there is one seed."""
    gain = np.subtract(ours, theirs)
    if len(gain) < 2:
        return None
    if np.ptp(gain) == 0:
        return Interval(float(gain[0]), float(gain[0]), float(gain[0]))
    low, high = ttest_rel(ours, theirs).confidence_interval(0.95)
    return Interval(float(gain.mean()), float(low), float(high))


def verdict(gain: Interval | None) -> str:
    """Whether a difference is one, by its own interval."""
    if gain is None:
        return "one seed: no verdict"
    if gain.low <= 0 <= gain.high:
        return "no clear difference"
    return "**better**" if gain.low > 0 else "**worse**"


def with_interval(interval: Interval | None, digits: int, sign: str = "+") -> str | None:
    """A value with its interval, "+1.20 [+0.70, +1.70]"; with sign "-" a plus is left out."""
    if interval is None:
        return None
    value, low, high = (
        f"{end:{sign}.{digits}f}" for end in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]".replace("-", "−")
