"""What the experiment on styles trains and measures, and when a difference is one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from scipy.stats import t as student
from torch import Tensor

from vaekit.evaluation.bootstrap import Interval, bootstrap, half_interval
from vaekit.evaluation.generation import frechet_distance
from vaekit.evaluation.paths import detour
from vaekit.reports.denoise_results import paired
from vaekit.reports.told import Told
from vaekit.workflow.looks import Look

STEPS = 9  # of a way, its ends left out
PLACES = 6 * (STEPS + 1) + 1  # where the length of a way is measured, ends included
AIM = 0.98  # share of samples that are the digit asked for


@final
@dataclass(frozen=True, slots=True)
class Objects:
    """Pictures that models are trained on: a name for their runs, and what they are in words."""

    name: str
    title: str
    classes: str

    @property
    def options(self) -> dict[str, Any]:
        """Of the data."""
        return {"only": (f"label={self.classes}",)}


BAGS = Objects("bags", "bags alone", "Bag")
BOTH = Objects("bags-and-shoes", "bags and shoes", "Bag,Sneaker")
OBJECTS = (BAGS, BOTH)


@final
@dataclass(frozen=True, slots=True)
class Group:
    """Pairs of test pictures between which the models of some objects go."""

    objects: Objects
    first: str
    last: str

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.objects.name}-{self.first}-{self.last}".lower()

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.ends}, {self.objects.title}"

    @property
    def ends(self) -> str:
        """From what to what, in words."""
        return f"{self.first.lower()} to {self.last.lower()}"


GROUPS = (
    Group(BAGS, "Bag", "Bag"),
    Group(BOTH, "Bag", "Bag"),
    Group(BOTH, "Sneaker", "Sneaker"),
    Group(BOTH, "Bag", "Sneaker"),
)

PIXELS = "pixels"
DECODED = "decoded pixels"
LINEAR = "linear codes"
SPHERICAL = "spherical codes"
WAYS = (PIXELS, DECODED, LINEAR, SPHERICAL)
AGAINST = ((LINEAR, PIXELS), (LINEAR, DECODED), (SPHERICAL, LINEAR))


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of ways: in words, in short, and whether more (1) or less (-1) is better."""

    title: str
    short: str
    sign: int
    digits: int


PASS = Measure("steps that pass (%)", "pass", 1, 1)
MIDDLE = Measure("Fréchet distance of the middles", "middle", -1, 0)
LENGTH = Measure("path length", "length", -1, 1)
DETOUR = Measure("path length over the straight one", "detour", -1, 2)
LONGEST = Measure("longest step over mean step", "longest", -1, 2)
MEASURES = (PASS, MIDDLE, LENGTH, DETOUR, LONGEST)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What a judge makes of P ways, by K models.

    columns: (P, K, 4): the share of steps that pass, the length of the way, that of the straight
    way, and the longest step over the mean one. middles: the features (P, K, F) halfway.
    """

    columns: Tensor
    middles: Tensor


def _detour(columns: Tensor) -> Tensor:
    lengths, straight = (columns[..., column].transpose(-1, -2) for column in (1, 2))
    return detour(lengths, straight)


_OF_PAIRS: dict[Measure, Callable[[Tensor], Tensor]] = {
    PASS: lambda columns: 100 * columns[..., 0].mean(dim=-2),
    LENGTH: lambda columns: columns[..., 1].mean(dim=-2),
    DETOUR: _detour,
    LONGEST: lambda columns: columns[..., 3].mean(dim=-2),
}
"""A number for every model, (..., K), of columns (..., P, K, 4)."""


class Difference(NamedTuple):
    """How much better one way is than another, over pairs and over seeds (None for one seed).

    Positive where it is better, whichever way the measure counts.
    """

    pairs: Interval
    seeds: Interval | None

    @property
    def verdict(self) -> str:
        """Whether it is a difference: where both intervals say so, and agree."""
        if self.seeds is None:
            return "one seed: no verdict"
        low = min(self.pairs.low, self.seeds.low)
        high = max(self.pairs.high, self.seeds.high)
        if low > 0:
            return "**better**"
        return "**worse**" if high < 0 else "no clear difference"


def _values(way: Way, real: Tensor) -> dict[Measure, Interval]:
    """Every measure's mean over models, with its interval over pairs."""

    def over_pairs(of: Callable[[Tensor], Tensor]) -> Interval:
        return bootstrap(lambda rows: of(rows).mean(dim=-1), way.columns)

    middle = half_interval(lambda *rows: _mean(_distances(*rows)), real, way.middles)
    return {measure: over_pairs(of) for measure, of in _OF_PAIRS.items()} | {MIDDLE: middle}


def _differences(ours: Way, theirs: Way, real: Tensor) -> dict[Measure, Difference]:
    """How much better one way is than another on the same pairs, by every measure."""

    def between(sign: int, of: Callable[[Tensor], Tensor]) -> Difference:
        over_pairs = bootstrap(
            lambda one, other: (sign * (of(one) - of(other))).mean(dim=-1),
            ours.columns,
            theirs.columns,
        )
        by_model = ((sign * of(way.columns)).tolist() for way in (ours, theirs))
        return Difference(over_pairs, paired(*by_model))

    middles = half_interval(
        lambda rows, one, other: _mean(_distances(rows, other)) - _mean(_distances(rows, one)),
        real,
        ours.middles,
        theirs.middles,
        paired=True,  # the same pairs on both ways
    )
    by_model = ([-each for each in _distances(real, way.middles)] for way in (ours, theirs))
    found = {measure: between(measure.sign, of) for measure, of in _OF_PAIRS.items()}
    return found | {MIDDLE: Difference(middles, paired(*by_model))}


def _distances(real: Tensor, middles: Tensor) -> list[float]:
    return [frechet_distance(real, middles[:, model]) for model in range(middles.shape[1])]


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was measured on the ways between pairs of a group.

    values: of each way, by measure. differences: of two ways in `AGAINST`, by measure. real: the
    Fréchet distance that other real pictures have where the middles are. shown: pictures
    (R, S, C, H, W) of the first pairs, three ways of every pair, by the first model. ends: the
    originals (R / 3, 2, C, H, W).
    """

    group: Group
    values: dict[str, dict[Measure, Interval]]
    differences: dict[tuple[str, str], dict[Measure, Difference]]
    real: float
    shown: Tensor
    ends: Tensor

    @classmethod
    def of(
        cls, group: Group, ways: dict[str, Way], real: Tensor, shown: Tensor, ends: Tensor
    ) -> Self:
        """From what was found on each way.

        real: features (P, 2, F) of real pictures of the classes of the ends, as many as there are
        pairs, to compare the middles with, and of as many others.
        """
        return cls(
            group,
            {name: _values(way, real[:, 0]) for name, way in ways.items()},
            {
                (ours, theirs): _differences(ways[ours], ways[theirs], real[:, 0])
                for ours, theirs in AGAINST
            },
            frechet_distance(real[:, 0], real[:, 1]),
            shown,
            ends,
        )


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """What the judge makes of test pictures and their reconstructions by K seeds.

    originals: the share it takes for what they are. decoded: of reconstructions, over pictures
    and seeds; by_seed: of each. cost: what reconstruction takes of it.
    """

    objects: Objects
    pictures: int
    originals: Interval
    decoded: Interval
    cost: Difference


@final
@dataclass(frozen=True, slots=True, eq=False)
class OfObjects:
    """The models of some objects: how many rows they saw, and a look at the first of them.

    elbo: of test pictures, in nats, by seed.
    """

    objects: Objects
    trained: int
    elbo: list[float]
    look: Look


@final
@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """The models of digits: what was measured, and pictures of the first seed.

    handwriting: by model, test digits (n, C, H, W) and as every class (n, 10, C, H, W).
    samples: by model, (10, n, C, H, W), a row for the digit asked for.
    """

    judge: float
    measured: dict[str, list[Told]]
    handwriting: dict[str, tuple[Tensor, Tensor]]
    samples: dict[str, Tensor]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows.

    pairs: of test pictures, of every sort. samples: of every digit. judge: its accuracy on test
    pictures of all ten classes.
    """

    seeds: int
    epochs: int
    told_epochs: int
    latent: int
    told_latent: int
    pairs: int
    samples: int
    judge: float
    objects: list[OfObjects]
    ends: list[Ends]
    found: list[Found]
    digits: Digits


def over_seeds(values: list[float]) -> Interval | None:
    """The mean with its 95% t interval over seeds; None where there is one seed."""
    if len(values) < 2:
        return None
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    reach = float(student.ppf(0.975, len(values) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def aim_met(shares: list[float]) -> str:
    """Whether the share asked for reaches the aim, by its interval over seeds."""
    interval = over_seeds(shares)
    if interval is None:
        return "one seed: no verdict"
    if interval.low >= AIM:
        return "**met**"
    return "**missed**" if interval.high < AIM else "neither met nor missed for sure"
