"""Scatter plots of encodings: what is on them, and that it can be read."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image

from vaekit import space
from vaekit.errors import BadInput
from vaekit.figures import Panel, encodings, png, side_by_side, svg

CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"]
CLOTHES += ["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for box in figure.legends for text in box.get_texts()]


def markers(figure: Figure) -> list[int]:
    """The number of points of each set of markers over the cloud of encodings."""
    return [len(line.get_xdata()) for line in figure.axes[0].lines]


def test_every_label_and_the_circle_are_in_the_legend(
    points: np.ndarray, labels: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    circle = space.circle(points)
    figure = encodings(points, labels, CLOTHES, circle=circle, title="Clothes")
    (axes,) = figure.axes
    assert legend(figure) == [*CLOTHES, "99% circle"]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("Clothes", "z0", "z1")
    assert axes.get_aspect() == 1
    (drawn,) = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert drawn.get_center() == pytest.approx(circle.centre)
    assert drawn.get_radius() == circle.radius
    assert cut_off(figure) == []


def test_every_point_is_drawn_in_the_colour_of_its_label(
    points: np.ndarray, labels: np.ndarray
) -> None:
    figure = encodings(points, labels)
    (cloud,) = figure.axes[0].collections
    assert cloud.get_rasterized()
    colours = {h.get_label(): h.get_color() for h in figure.legends[0].legend_handles}
    tints = map(to_hex, cloud.get_facecolors())
    drawn = {(*xy, tint) for xy, tint in zip(cloud.get_offsets(), tints, strict=True)}
    assert drawn == {(*xy, colours[str(k)]) for xy, k in zip(points, labels, strict=True)}


def test_circle_is_inside_the_window_even_where_no_point_is() -> None:
    circle = space.Ball(np.array([10.0, 0.0]), 5.0, 0.99)
    (axes,) = encodings(np.zeros((3, 2)), circle=circle).axes
    assert axes.get_xlim()[1] > 15
    assert axes.get_ylim()[0] < -5


def test_lattice_marks_empty_sites(
    points: np.ndarray, labels: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    circle = space.circle(points)
    sites = space.lattice(circle, 2)
    empty = space.empty_sites(sites, points)
    figure = encodings(points, labels, circle=circle, sites=sites, empty=empty, title="AE")
    assert markers(figure) == [225 - empty.sum(), empty.sum()]
    assert legend(figure)[10:] == ["99% circle", "lattice site", "empty site"]
    assert figure.axes[0].get_title() == f"AE\n{empty.mean():.0%} of the sites are empty"
    assert f"{empty.mean():.0%} of them empty" in figure.get_label()
    assert cut_off(figure) == []


def test_labels_stand_beside_each_other_in_the_plot(labels: np.ndarray) -> None:
    crowded = np.random.default_rng(3).normal(size=(600, 2))
    (axes,) = encodings(crowded, labels).axes
    spots = np.array([text.get_position() for text in axes.texts])
    assert [text.get_text() for text in axes.texts] == [str(n) for n in range(10)]
    gaps = np.linalg.norm(spots[:, None] - spots[None], axis=-1)[~np.eye(10, dtype=bool)]
    assert gaps.min() > 0.04 * np.ptp(crowded)


def test_without_labels_there_is_no_legend(points: np.ndarray) -> None:
    assert legend(encodings(points)) == []


def test_a_scale_of_labels_has_a_short_legend(
    points: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    figure = encodings(points, np.linspace(-1, 1, 600))
    assert len(legend(figure)) == 10
    assert (legend(figure)[0], legend(figure)[-1]) == ("-1", "1")
    assert cut_off(figure) == []


def test_long_names_of_classes_leave_the_plot_its_room(
    points: np.ndarray, labels: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    names = [f"a maker of furniture with a long name, number {n}" for n in range(10)]
    short, long = (encodings(points, labels, each, title="Seats") for each in (CLOTHES, names))
    assert legend(long)[0] == "a maker of furniture with a…"
    assert cut_off(short) == cut_off(long) == []
    widths = [figure.axes[0].get_window_extent().width for figure in (short, long)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    assert not long.axes[0].title.get_window_extent().overlaps(long.legends[0].get_window_extent())


def test_of_many_classes_the_most_frequent_have_a_colour(points: np.ndarray) -> None:
    labels = np.minimum(np.arange(600) % 40, 27)
    figure = encodings(points, labels, [f"class {n}" for n in range(40)])
    assert legend(figure)[-2:] == ["class 27", "18 others"]
    assert len(legend(figure)) == 11
    (cloud,) = figure.axes[0].collections
    tints = {tuple(colour) for colour in cloud.get_facecolors()}
    assert len(tints) == 11


def test_a_plane_of_principal_components_is_shown_and_named(points: np.ndarray) -> None:
    deep = np.hstack([points, 9 * points[:, :1], points[:, 1:]])
    plane = space.principal(deep)
    circle = space.circle(deep, plane=plane)
    figure = encodings(deep, circle=circle, sites=space.lattice(circle, 4))
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == plane.names
    drawn = np.sort(np.asarray(axes.collections[0].get_offsets()), axis=0)
    np.testing.assert_allclose(drawn, np.sort(plane.flat(deep), axis=0))
    sites = np.stack([axes.lines[0].get_xdata(), axes.lines[0].get_ydata()])
    assert np.linalg.norm(sites.T, axis=1).max() == pytest.approx(circle.radius)
    assert f"over {plane.names[0]} and {plane.names[1]}" in figure.get_label()


def test_more_dimensions_show_the_first_two(points: np.ndarray) -> None:
    deep = np.hstack([points, 100 + points])
    first, second = (encodings(array).axes[0].collections[0] for array in (points, deep))
    np.testing.assert_array_equal(first.get_offsets(), second.get_offsets())


def test_one_dimension_is_a_strip_with_an_interval(
    points: np.ndarray, labels: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    line = points[:, :1]
    circle = space.circle(line)
    sites = space.lattice(circle, 1)
    decoded = np.zeros((15, 1, 4, 4))
    figure = side_by_side([Panel(line, labels, "line", circle, sites, decoded=decoded)])
    assert legend(figure)[10:] == ["99% interval", "lattice site"]
    assert figure.axes[0].get_ylabel() == "heights are random"
    assert figure.axes[1].images[0].get_array().shape == (4, 60, 3)
    assert cut_off(figure) == []


def test_models_side_by_side_share_a_legend_and_its_colours(
    points: np.ndarray, labels: np.ndarray, cut_off: Callable[[Figure], list[str]]
) -> None:
    few = labels > 4
    decoded = np.random.default_rng(0).random((9, 1, 5, 5))
    panels = [
        Panel(points, labels, "Autoencoder", decoded=decoded),
        Panel(points[few], labels[few], "VAE", decoded=decoded),
    ]
    figure = side_by_side(panels, CLOTHES, "A title over both that is too long for one line " * 2)
    assert len(figure.axes) == 4
    assert legend(figure) == CLOTHES
    left, right = (
        {tuple(colour) for colour in axes.collections[0].get_facecolors()}
        for axes in figure.axes[:2]
    )
    assert right < left
    assert cut_off(figure) == []


def test_ten_thousand_points_make_small_files() -> None:
    numbers = np.random.default_rng(0)
    figure = encodings(numbers.normal(size=(10_000, 2)), numbers.integers(0, 10, 10_000))
    assert len(svg(figure)) < 1_500_000
    content = png(figure)
    assert len(content) < 700_000
    with Image.open(BytesIO(content)) as image:
        assert image.getpixel((0, 0)) in ((255, 255, 255), 255)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.zeros(3)}, "labels"),
        ({"points": np.zeros(4)}, "points"),
        ({"points": np.full((600, 2), np.nan)}, "NaN"),
        ({"sites": np.zeros((5, 3))}, "sites have 3"),
        ({"sites": np.zeros((5, 2)), "empty": np.zeros(4, bool)}, "mask"),
        ({"label_names": ["only one"]}, "label 1 "),
    ],
)
def test_refuses_arrays_that_do_not_fit(
    change: dict[str, object], words: str, points: np.ndarray, labels: np.ndarray
) -> None:
    with pytest.raises(BadInput, match=words):
        encodings(**{"points": points, "labels": labels, **change})  # type: ignore[arg-type]
