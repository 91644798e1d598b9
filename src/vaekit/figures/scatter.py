"""Encodings in the plane of two coordinates, alone or a model beside a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from vaekit.errors import BadInput
from vaekit.figures.images import mosaic
from vaekit.figures.panel import Array, Panel, check, circle_name, percent, plane, words
from vaekit.figures.style import (
    BLUE,
    GREY,
    INK,
    PALETTE,
    colours,
    key,
    key_width,
    new_figure,
    short,
    styled,
    wrapped,
)
from vaekit.space import Ball

PANEL = 4.6  # inches
MOST_TAGS = 10
MOST_KEYS = 20
MARKS: dict[str, dict[str, Any]] = {
    "site": {"marker": "o", "color": INK, "markersize": 2.6},
    "empty": {"marker": "o", "color": INK, "markersize": 4.4, "markerfacecolor": "white"},
}


def encodings(
    points: Array,
    labels: Array | None = None,
    label_names: Sequence[str] | None = None,
    *,
    circle: Ball | None = None,
    sites: Array | None = None,
    empty: Array | None = None,
    title: str = "",
) -> Figure:
    """Scatter plot of encodings (N, D) coloured by label, with circle and lattice where given.

    The arguments are those of `Panel`; `label_names[v]` is the name of the label v.
    """
    panel = Panel(points, labels, title, circle, sites, empty)
    return side_by_side([panel], label_names)


def side_by_side(
    panels: Sequence[Panel], label_names: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """Scatter plots in a row with one legend, and below them the decoded lattices if they have any.

    A label has the same colour in every panel.
    Raises BadInput where the arrays of a panel don't fit together.
    """
    for panel in panels:
        check(panel)
    tints = _tints(panels, label_names is not None)
    names = {value: _name(value, label_names) for value in tints}
    handles = _handles(panels, tints, names)
    rows = 2 if any(panel.decoded is not None for panel in panels) else 1
    with styled():
        width = PANEL * len(panels) + key_width(str(each.get_label()) for each in handles)
        figure = new_figure(width, PANEL * rows + 0.4 * bool(title), "compressed")
        grid = figure.subplots(rows, len(panels), squeeze=False)
        for column, panel in zip(grid.T, panels, strict=True):
            _scatter(column[0], panel, tints, names)
            if rows == 2:
                _decoded(column[1], panel)
        figure.suptitle(wrapped(title, width))
        if handles:
            key(figure, handles)
    figure.set_label("; ".join(words(panel) for panel in panels))
    return figure


def _tints(panels: Sequence[Panel], named: bool) -> dict[Any, str]:
    """The colour of every label value, over all panels.

    Of more classes with names than a legend holds, the most frequent have one of their own.
    """
    labels = [np.asarray(panel.labels) for panel in panels if panel.labels is not None]
    if not labels:
        return {}
    values, counts = np.unique(np.concatenate(labels), return_counts=True)
    if not named or len(values) <= MOST_KEYS:
        return dict(zip(values.tolist(), colours(len(values)), strict=True))
    tints = dict.fromkeys(values.tolist(), GREY)
    most = np.sort(np.argsort(-counts, kind="stable")[: len(PALETTE)])
    return tints | dict(zip(values[most].tolist(), PALETTE, strict=True))


def _name(value: Any, label_names: Sequence[str] | None) -> str:
    if label_names is None:
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    if not 0 <= value < len(label_names):
        raise BadInput(f"there is a label {value} but there are {len(label_names)} label names")
    return label_names[int(value)]


def _spots(panel: Panel, codes: Array, spread: float = 0.0) -> Array:
    """Codes in the panel's plane (n, 2); a line gets heights drawn at random within `spread`."""
    flat = plane(panel).flat(codes)
    if flat.shape[1] == 2:
        return flat
    return np.hstack([flat, np.random.default_rng(0).uniform(-spread, spread, (len(flat), 1))])


def _scatter(axes: Axes, panel: Panel, tints: dict[Any, Any], names: dict[Any, str]) -> None:
    spots = _spots(panel, panel.points, spread=1.0)
    # A file sorted by label would hide the classes drawn first.
    order = np.random.default_rng(0).permutation(len(spots))
    tint: Any = BLUE
    if panel.labels is not None:
        tint = [tints[value] for value in np.asarray(panel.labels)[order].tolist()]
    size = float(np.clip(20_000 / len(spots), 3, 25))
    alpha = 0.35 if panel.sites is not None else 0.6
    x, y = spots[order].T
    axes.scatter(x, y, s=size, c=tint, alpha=alpha, linewidths=0, rasterized=True)
    if panel.circle is not None:
        _outline(axes, panel.circle)
    if panel.sites is not None:
        _lattice(axes, _spots(panel, panel.sites), panel.empty)
    elif panel.labels is not None:
        _tags(axes, spots, np.asarray(panel.labels), names)
    across, *up = plane(panel).names
    axes.set_xlabel(across)
    if not up:
        axes.set_ylabel("heights are random")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(-1.5, 1.5)
    else:
        axes.set_ylabel(up[0])
        axes.set_aspect("equal", adjustable="datalim")
    share = "" if panel.empty is None else f"\n{percent(panel.empty)} of the sites are empty"
    axes.set_title(wrapped(panel.title, PANEL, 10) + share)


def _outline(axes: Axes, circle: Ball) -> None:
    if len(circle.centre) == 1:
        for end in (-circle.radius, circle.radius):
            axes.axvline(circle.centre[0] + end, color=INK, linewidth=1.1)
        return
    axes.add_patch(Circle(tuple(circle.centre), circle.radius, fill=False, ec=INK, lw=1.1))


def _lattice(axes: Axes, plane: Array, empty: Array | None) -> None:
    hollow = np.zeros(len(plane), bool) if empty is None else np.asarray(empty, bool)
    for name, mask in (("site", ~hollow), ("empty", hollow)):
        axes.plot(*plane[mask].T, linestyle="none", **MARKS[name])


def _tags(axes: Axes, plane: Array, labels: Array, names: dict[Any, str]) -> None:
    """Write every class at its median, so that colour is not alone in telling classes apart."""
    values = np.unique(labels).tolist()
    if len(values) > MOST_TAGS or max(len(names[value]) for value in values) > 2:
        return
    spots = np.stack([np.median(plane[labels == value], axis=0) for value in values])
    halo = [withStroke(linewidth=2.5, foreground="white")]
    text: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold", "size": 10}
    for value, (x, y) in zip(values, _apart(spots, 0.05 * float(np.ptp(plane))), strict=True):
        axes.text(x, y, names[value], path_effects=halo, **text)


def _apart(spots: Array, gap: float) -> Array:
    """The spots (n, 2), pushed away from each other where two are closer than the gap."""
    for _ in range(50):
        away = spots[:, None] - spots[None]
        distance = np.linalg.norm(away, axis=-1, keepdims=True)
        lack = np.clip(gap - distance, 0, None) / np.maximum(distance, 1e-9)
        spots = spots + 0.5 * (lack * away).sum(axis=1)
    return spots


def _decoded(axes: Axes, panel: Panel) -> None:
    axes.set_axis_off()
    if panel.decoded is not None:
        count = len(panel.decoded)
        side = count if panel.points.shape[1] == 1 else round(count**0.5)
        axes.imshow(mosaic(panel.decoded, side))


def _handles(panels: Sequence[Panel], tints: dict[Any, Any], names: dict[Any, str]) -> list[Line2D]:
    dot: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5.5}
    values = [value for value in tints if tints[value] != GREY]
    others = len(tints) - len(values)
    if len(values) > MOST_KEYS:
        # The colours are a scale then, and some of its values are key enough.
        values = [values[n] for n in np.linspace(0, len(values) - 1, MOST_TAGS).round().astype(int)]
    handles = [Line2D([], [], color=tints[v], label=short(names[v]), **dot) for v in values]
    handles += [Line2D([], [], color=GREY, label=f"{others} others", **dot)] if others else []
    rounds = {circle_name(panel.circle) for panel in panels if panel.circle is not None}
    handles += [Line2D([], [], color=INK, linewidth=1.1, label=name) for name in sorted(rounds)]
    for name, label in (("site", "lattice site"), ("empty", "empty site")):
        if any((p.sites if name == "site" else p.empty) is not None for p in panels):
            handles.append(Line2D([], [], linestyle="none", label=label, **MARKS[name]))
    return handles
