"""What the experiment on chairs measures."""

from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from vaekit.evaluation.bootstrap import Interval, mean_interval
from vaekit.evaluation.views import Views, colour_error, mask_overlap


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """One of the numbers of a `Way`.

    times: what it is shown in units of. sign: 1 where more is better, -1 where less is.
    """

    name: str
    title: str
    about: str
    times: float
    sign: int
    digits: int

    def of(self, way: "Way") -> Tensor:
        """The measure of every seat, (S,), as it is shown."""
        values: Tensor = getattr(way, self.name)
        return self.times * values


MEASURES = (
    Measure("error", "error (0.001)", "error of the colours", 1000.0, -1, 2),
    Measure("overlap", "overlap", "overlap of the masks", 1.0, 1, 3),
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way of making views that were not seen, by seat.

    error: mean squared error of the colours, (S,). overlap: of the masks, (S,).
    """

    name: str
    error: Tensor
    overlap: Tensor

    def mean(self, measure: Measure) -> Interval:
        """The mean over seats, with its bootstrap interval."""
        return mean_interval(measure.of(self))

    def gain(self, measure: Measure, other: "Way") -> Interval:
        """How much better this way is than another, with the interval of the difference."""
        return mean_interval(measure.sign * (measure.of(self) - measure.of(other)))


@final
@dataclass(slots=True)
class Tally:
    """Pictures that were made, by way and seat, as they come."""

    found: dict[str, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)

    def add(self, way: str, seat: str, made: Tensor, real: Tensor) -> None:
        """Count pictures (N, 4, H, W) that were made of a seat against the real ones."""
        pairs = zip(colour_error(made, real), mask_overlap(made, real), strict=True)
        into = self.found.setdefault(way, {}).setdefault(seat, [])
        into += [(float(error), float(overlap)) for error, overlap in pairs]

    def ways(self) -> list[Way]:
        """Every way, by its means over the pictures of each seat."""
        return [
            Way(
                name,
                *torch.tensor(
                    [torch.tensor(seats[seat]).mean(0).tolist() for seat in sorted(seats)]
                ).T,
            )
            for name, seats in self.found.items()
        ]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Rows of pictures (R, S, 4, H, W), with their names and what they are."""

    pictures: Tensor
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    about: str


@final
@dataclass(frozen=True, slots=True)
class Size:
    """How much is trained and measured.

    generator, variational, few: epochs; the last ones where few views of a seat are known.
    known: how many these are. given: views of a new seat, each of which alone is turned.
    held: seats that are new to a model. image_size: side of the pictures.
    """

    generator: int
    variational: int
    few: int
    known: tuple[int, ...]
    given: int
    held: int
    image_size: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows.

    seats: how many there are. trained, unseen_views: views that the generator was trained on, and
    those held out. unseen: ways of making the latter, the model's first. turned: ways of turning
    new seats from one view, the model's first. growing: ways of making other views of new seats,
    by how many views of each are known. sheets: pictures by name.
    """

    size: Size
    seats: int
    trained: int
    unseen_views: int
    unseen: list[Way]
    turned: list[Way]
    growing: dict[int, list[Way]]
    sheets: dict[str, Sheet]


def by_seat(views: Views) -> dict[str, Views]:
    """The views of every seat."""
    return {str(name): views.take(views.of == name) for name in sorted(set(views.of))}
