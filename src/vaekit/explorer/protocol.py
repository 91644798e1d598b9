"""What the page is told, as JSON: the typed half of the protocol; arrays go as bytes beside it.

All arrays are little-endian and row-major: codes float32, rows of pictures uint8 (n, H, W, C),
rows of other data float32 (n, *shape).
"""

from dataclasses import dataclass, field
from typing import Literal

Shown = Literal["picture", "values", "heat", "roll"]
Can = Literal[True] | str
"""Whether something is possible, or a sentence that says why not."""


@dataclass(frozen=True, slots=True)
class PlaneName:
    """A plane of the latent space that the map can show: what it is called, and what it is."""

    key: str
    names: tuple[str, str]
    about: str


@dataclass(frozen=True, slots=True)
class Circle:
    """The circle of a plane that encloses 99% of the points; an interval where it is a line."""

    centre: tuple[float, float]
    radius: float


@dataclass(frozen=True, slots=True)
class PlaneView:
    """A plane of codes: the place (x, y) is the code origin + x axes[0] + y axes[1].

    Of a space of one dimension the second axis is zero, and y only spreads the points.
    """

    key: str
    names: tuple[str, str]
    origin: list[float]
    axes: tuple[list[float], list[float]]
    circle: Circle


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of every point: a class, yes or no, or a number.

    labels: of the classes, by number. attribute: whether it has a direction.
    """

    name: str
    kind: Literal["class", "bool", "number"]
    labels: tuple[str, ...]
    attribute: bool


@dataclass(frozen=True, slots=True)
class Dimension:
    """A latent dimension: its rate in nats, and mean and spread of the codes of data along it."""

    index: int
    rate: float | None
    active: bool | None
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute with a direction, and by which methods."""

    name: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What the model is told: one of some choices, or a number from low to high.

    usual: what it is told where nothing is chosen: what the first row is. turn: a whole one of
        an angle, by which values may lie beside the arc from low to high.
    """

    name: str
    kind: Literal["class", "number", "angle"]
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    usual: str | float
    turn: float | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What can be done with this model, and why not where it can't."""

    decode: Can
    encode: Can
    draw_by_hand: Can
    prior: Can
    mixture: Can
    elbo: Can
    table: Can


@dataclass(frozen=True, slots=True)
class Heat:
    """How rows of sound are drawn: bands in hertz, columns in a second; values are decibels."""

    second: float
    hertz: list[float]
    unit: str = "dB"


@dataclass(frozen=True, slots=True)
class Roll:
    """How rows of melodies are drawn: steps of a bar, and the symbols that are no pitch."""

    bar: int
    hold: int
    rest: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The line of Python and the command that decode a code again; {code} is filled in."""

    python: str
    command: str


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the page knows from the beginning.

    shape: of a row of the data. row: of one as it is shown. latent: D. points: N of the map.
    note: what a reader must know first, such as that the run is not finished.
    neutral: the mean code (D,). residual: whether detail that was lost can be put back.
    values: what the numbers of vectors are called.
    """

    name: str
    recipe: str
    kind: str
    shape: tuple[int, ...]
    row: tuple[int, ...]
    shown: Shown
    latent: int
    points: int
    part: str
    data: str
    finished: bool
    note: str | None
    planes: list[PlaneName]
    plane: str
    columns: list[Column]
    dimensions: list[Dimension]
    neutral: list[float]
    attributes: list[Attribute]
    conditions: list[Condition]
    can: Abilities
    residual: bool
    lines: Lines
    version: str
    values: list[str] | None = None
    heat: Heat | None = None
    roll: Roll | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A line of the table of `evaluate`."""

    name: str
    value: float
    error: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity over the epochs of training."""

    name: str
    part: str
    unit: str
    x: list[int]
    y: list[float]


@dataclass(frozen=True, slots=True)
class LayerCard:
    """A layer of the model."""

    part: str
    name: str
    kind: str
    shape: tuple[int, ...] | None
    parameters: int


@dataclass(frozen=True, slots=True)
class Card:
    """The model card. measured: what the evaluation is of."""

    recipe: str
    about: str
    paper: str
    options: dict[str, str]
    data: dict[str, str]
    training: dict[str, str]
    epochs: int
    measured: str
    evaluation: list[Measure]
    curves: list[Curve]
    layers: list[LayerCard]
    parameters: int
    versions: dict[str, str] = field(default_factory=dict)
