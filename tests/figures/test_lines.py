"""Lines over one quantity."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.figures import Line, lines

PLOTS = {
    "one": [Line("plain", [0, 1, 2], [0, 0.2, 0.9]), Line("balanced", [0, 1, 2], [0, 0.1, 0.5])],
    "other": [Line("balanced", [0, 1, 2], [0, 0.3, 0.4], [0, 0.2, 0.3], [0, 0.4, 0.5])],
}


def test_every_line_is_drawn_in_its_plot_and_looks_alike_in_all() -> None:
    figure = lines(PLOTS, xlabel="scale", ylabel="probability")
    one, other = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]
    drawn = {line.get_label(): line for line in one.get_lines()}
    assert set(drawn) == {"plain", "balanced"}
    np.testing.assert_array_equal(drawn["plain"].get_ydata(), [0, 0.2, 0.9])
    assert drawn["balanced"].get_color() == other.get_lines()[0].get_color()
    assert drawn["balanced"].get_color() != drawn["plain"].get_color()
    assert (len(one.collections), len(other.collections)) == (0, 1)  # the band


def test_one_legend_stands_below_the_plots() -> None:
    figure = lines(PLOTS, xlabel="scale", ylabel="probability", title="An edit")
    figure.canvas.draw()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["plain", "balanced"]
    for axes in figure.axes:
        assert axes.get_legend() is None
        assert legend.get_window_extent().y1 <= axes.get_tightbbox().y0


@pytest.mark.parametrize("count", [2, 9])
def test_a_legend_of_many_names_stays_within_the_figure(count: int) -> None:
    many = [Line(f"a model with code {n}", [0, 1], [n, 0]) for n in range(count)]
    figure = lines({"one": many}, xlabel="scale", ylabel="probability")
    figure.canvas.draw()
    (legend,) = figure.legends
    extent = legend.get_window_extent()
    assert len(legend.get_texts()) == count
    assert extent.x1 <= figure.bbox.x1
    assert extent.y1 <= figure.axes[0].get_tightbbox().y0


def test_axes_are_labelled_and_shared() -> None:
    figure = lines(PLOTS, xlabel="scale", ylabel="probability", title="An edit")
    one, other = figure.axes
    assert (one.get_xlabel(), one.get_ylabel(), other.get_xlabel()) == (
        "scale",
        "probability",
        "scale",
    )
    assert one.get_ylim() == other.get_ylim()
    assert "An edit" in str(figure.get_label())


def test_a_plot_without_lines_is_left_out() -> None:
    figure = lines({"none": [], **PLOTS}, xlabel="scale", ylabel="probability")
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        lines({"one": []}, xlabel="x", ylabel="y")
