"""What the experiment on styles trains and measures, and when a difference is one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from scipy.stats import t as student
from torch import Tensor

from vaekit.evaluation.bootstrap import Interval, bootstrap
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
        ends = f"{self.first.lower()} to {self.last.lower()}"
        return f"{ends}, trained on {self.objects.title}"


GROUPS = (
    Group(BAGS, "Bag", "Bag"),
    Group(BOTH, "Bag", "Bag"),
    Group(BOTH, "Sneaker", "Sneaker"),
    Group(BOTH, "Bag", "Sneaker"),
)

PIXELS = "pixels"
DECODED = "pixels of reconstructions"
LINEAR = "codes, linear"
SPHERICAL = "codes, spherical"
WAYS = (PIXELS, DECODED, LINEAR, SPHERICAL)
AGAINST = ((LINEAR, PIXELS), (LINEAR, DECODED), (SPHERICAL, LINEAR))


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """A number for every seed, (..., K), of what was found on P pairs, (..., P, K, 4).

    sign: 1 where more is better. The four are the share of steps that pass, the length of the
    way, that of the straight way, and the longest step over the mean one.
    """

    title: str
    short: str
    sign: int
    digits: int
    of: Callable[[Tensor], Tensor]


def _detour(found: Tensor) -> Tensor:
    lengths, straight = (found[..., column].transpose(-1, -2) for column in (1, 2))
    return detour(lengths, straight)


MEASURES = (
    Measure("steps that pass (%)", "pass", 1, 2, lambda found: 100 * found[..., 0].mean(dim=-2)),
    Measure("path length", "length", -1, 1, lambda found: found[..., 1].mean(dim=-2)),
    Measure("path length over the straight one", "detour", -1, 2, _detour),
    Measure(
        "longest step over mean step", "evenness", -1, 2, lambda found: found[..., 3].mean(dim=-2)
    ),
)


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


def value(measure: Measure, found: Tensor) -> Interval:
    """A measure's mean over seeds, with its interval over pairs; found: (P, K, 4)."""
    return bootstrap(lambda rows: measure.of(rows).mean(dim=-1), found)


def difference(measure: Measure, ours: Tensor, theirs: Tensor) -> Difference:
    """How much better one way is than another on the same pairs, (P, K, 4) each."""

    def gain(one: Tensor, other: Tensor) -> Tensor:
        return (measure.sign * (measure.of(one) - measure.of(other))).mean(dim=-1)

    by_seed = [(measure.sign * measure.of(each)).tolist() for each in (ours, theirs)]
    return Difference(bootstrap(gain, ours, theirs), paired(*by_seed))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was measured on the ways between pairs of a group.

    values: of each measure (by its short name) and way. differences: of each measure and two
    ways in `AGAINST`. shown: pictures (R, S, C, H, W) of the first pairs, three ways of every
    pair, of the first seed. ends: the originals (R / 3, 2, C, H, W).
    """

    group: Group
    values: dict[tuple[str, str], Interval]
    differences: dict[tuple[str, str, str], Difference]
    shown: Tensor
    ends: Tensor

    @classmethod
    def of(cls, group: Group, ways: dict[str, Tensor], shown: Tensor, ends: Tensor) -> Self:
        """From what was found on each way, (P, K, 4) as `Measure` takes it."""
        values = {
            (measure.short, name): value(measure, found)
            for measure in MEASURES
            for name, found in ways.items()
        }
        differences = {
            (measure.short, ours, theirs): difference(measure, ways[ours], ways[theirs])
            for measure in MEASURES
            for ours, theirs in AGAINST
        }
        return cls(group, values, differences, shown, ends)


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
    """Everything the report shows. judge: its accuracy on test pictures of all ten classes."""

    seeds: int
    epochs: int
    told_epochs: int
    latent: int
    told_latent: int
    pairs: int
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
    return "**missed**" if interval.high < AIM else "within the error of it"
