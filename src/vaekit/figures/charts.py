"""Training curves, of one model or of several, and the rate of every latent dimension."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.figures.lines import DASHES
from vaekit.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    colours,
    key,
    key_of_lines,
    new_figure,
    styled,
    wrapped,
)

QUANTITIES = ("loss", "distortion", "rate")
LINES = {
    "train": {"color": BLUE, "linestyle": "-", "marker": "o"},
    "validation": {"color": ORANGE, "linestyle": "--", "marker": "s"},
}


def curves(
    records: Sequence[Mapping[str, Any]],
    *,
    quantities: Sequence[str] = QUANTITIES,
    title: str = "",
) -> Figure:
    """Training curves: one plot per quantity in nats, train and validation over epochs.

    records: the lines of metrics.jsonl, {"epoch": 3, "train": {"loss": …}, "validation": {…}}.
    What a record lacks is left out, and so is a quantity that no record has.
    Raises BadInput where no record has any.
    """
    found = {
        name: series
        for name in quantities
        if (series := {part: _series(records, part, name) for part in LINES})
        and any(points for points in series.values())
    }
    if not found:
        raise BadInput(f"no record has any of {', '.join(quantities)}: train an epoch first")
    with styled():
        width = max(4.4, 3.3 * len(found))
        figure = new_figure(width, 3.3 + 0.3 * bool(title))
        for axes, (name, series) in zip(
            figure.subplots(1, len(found), squeeze=False)[0], found.items(), strict=True
        ):
            for part, points in series.items():
                if points:
                    # Markers show a single epoch; in a long run they would only thicken the line.
                    mark = 3.5 if len(points) <= 20 else 0
                    axes.plot(*zip(*points, strict=True), label=part, ms=mark, **LINES[part])
            axes.set(title=name, xlabel="epoch", ylabel="nats")
            axes.xaxis.set_major_locator(_whole(6))
            _level(axes)
            axes.grid(axis="y")
        key_of_lines(figure)
        figure.suptitle(wrapped(title, width))
    figure.set_label(f"{title}: " * bool(title) + f"{', '.join(found)} in nats over epochs")
    return figure


def compared(
    runs: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    quantities: Sequence[str] = QUANTITIES,
    title: str = "",
) -> Figure:
    """Curves of several trainings: one plot per quantity in nats over epochs, a line for each.

    runs: by name, the records of each, as `curves` takes them. Lines are of validation; those of
    a training without it are of its training data, and their names say so.
    Raises BadInput where no record has any of the quantities.
    """
    parts = {
        name: "validation" if any(record.get("validation") for record in records) else "train"
        for name, records in runs.items()
    }
    found = {
        quantity: series
        for quantity in quantities
        if any((series := {n: _series(runs[n], parts[n], quantity) for n in runs}).values())
    }
    if not found:
        raise BadInput(f"no record has any of {', '.join(quantities)}: train an epoch first")
    looks = dict(zip(runs, zip(colours(len(runs)), cycle(DASHES), strict=False), strict=True))
    with styled():
        width = max(4.4, 3.3 * len(found))
        figure = new_figure(width, 3.3 + 0.3 * bool(title) + 0.25 * ceil(len(runs) / len(found)))
        row = figure.subplots(1, len(found), squeeze=False)[0]
        for axes, (quantity, series) in zip(row, found.items(), strict=True):
            for name, points in series.items():
                colour, dash = looks[name]
                label = f"{name} (training data)" if points and parts[name] == "train" else name
                mark = "o" if len(points) == 1 else ""
                x, y = zip(*points, strict=True) if points else ((), ())
                axes.plot(x, y, dash, marker=mark, ms=3.5, color=colour, label=label)
            axes.set(title=quantity, xlabel="epoch", ylabel="nats")
            axes.xaxis.set_major_locator(_whole(6))
            axes.grid(axis="y")
        handles = row[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=len(found))
        figure.suptitle(wrapped(title, width))
    words = f"{', '.join(found)} in nats over epochs for {', '.join(runs)}"
    figure.set_label(f"{title}: " * bool(title) + words)
    return figure


def rates(
    rates_per_dimension: ArrayLike, *, active: ArrayLike | None = None, title: str = ""
) -> Figure:
    """Bars of the rate of every latent dimension z0, z1, … in nats, shape (D,).

    active: mask of shape (D,) of the units to highlight: those whose code varies over the data.
    """
    heights = np.asarray(rates_per_dimension, dtype=np.float64)
    if heights.ndim != 1 or not len(heights):
        raise BadInput(f"the rates have shape {heights.shape}: give one per dimension, (D,)")
    mask = np.ones(len(heights), bool) if active is None else np.asarray(active, dtype=bool)
    if mask.shape != heights.shape:
        raise BadInput(f"{len(heights)} rates have a mask of shape {mask.shape}: give one each")
    total = f"{heights.sum():.4g} nats in all"
    if active is not None:
        total += f", {mask.sum()} of {len(heights)} units active"
    with styled():
        figure = new_figure(6.4, 3.2)
        axes = figure.add_subplot()
        wide = min(0.8, 0.1 * len(heights))  # two bars are bars, too, and no walls
        axes.bar(np.arange(len(heights)), heights, color=np.where(mask, BLUE, GREY), width=wide)
        axes.set(xlabel="latent dimension", ylabel="rate (nats)", xlim=(-0.6, len(heights) - 0.4))
        axes.xaxis.set_major_locator(_whole(14))
        axes.xaxis.set_major_formatter(lambda place, _: f"z{place:.0f}")
        axes.grid(axis="y")
        if active is not None:
            kinds = {"active": BLUE, "inactive": GREY}
            key(figure, [Patch(color=tint, label=name) for name, tint in kinds.items()])
        axes.set_title("\n".join(filter(None, [wrapped(title, 6.4, 10), total])))
    figure.set_label(f"{title}: " * bool(title) + f"rate per dimension, {total}")
    return figure


def _series(
    records: Sequence[Mapping[str, Any]], part: str, name: str
) -> list[tuple[float, float]]:
    """The (epoch, value) points of the records that have the quantity."""
    return [
        (record["epoch"], record[part][name])
        for record in records
        if isinstance((record.get(part) or {}).get(name), int | float)
    ]


def _level(axes: Axes) -> None:
    """Plain numbers on the scale of values, and no zoom into what is constant but for rounding."""
    axes.ticklabel_format(axis="y", useOffset=False)
    low, high = axes.get_ylim()
    least = 1e-3 * max(abs(low), abs(high))
    if high - low < least:
        middle = (low + high) / 2
        axes.set_ylim(middle - least / 2, middle + least / 2)


def _whole(most: int) -> MaxNLocator:
    """Ticks at whole numbers only, about this many at most."""
    return MaxNLocator(most, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
