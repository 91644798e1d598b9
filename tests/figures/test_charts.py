"""Training curves and rates."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from vaekit.errors import BadInput
from vaekit.figures import compared, curves, rates

VAE = [
    {
        "epoch": epoch,
        "train": {"loss": 100 / epoch, "distortion": 80 / epoch, "rate": 20 / epoch},
        "validation": {"loss": 101 / epoch, "distortion": 81 / epoch, "rate": 20 / epoch},
    }
    for epoch in range(1, 41)
]


def lines(figure: Figure) -> dict[str, dict[str, list[tuple[float, float]]]]:
    return {
        axes.get_title(): {
            line.get_label(): list(zip(*line.get_data(), strict=True)) for line in axes.lines
        }
        for axes in figure.axes
    }


def legend(figure: Figure) -> list[str]:
    (box,) = figure.legends
    return [text.get_text() for text in box.get_texts()]


def covered(figure: Figure) -> list[str]:
    """The plots that the legend of a figure lies on."""
    figure.canvas.draw()
    (box,) = figure.legends
    place = box.get_window_extent()
    return [axes.get_title() for axes in figure.axes if axes.get_tightbbox().overlaps(place)]


def test_one_plot_per_quantity_with_train_and_validation(
    cut_off: Callable[[Figure], list[str]],
) -> None:
    figure = curves(VAE, title="VAE")
    found = lines(figure)
    assert list(found) == ["loss", "distortion", "rate"]
    assert all(list(plot) == ["train", "validation"] for plot in found.values())
    assert found["distortion"]["validation"][3] == (4, 81 / 4)
    for axes in figure.axes:
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "nats")
    assert legend(figure) == ["train", "validation"]
    assert covered(figure) == []
    assert cut_off(figure) == []


def test_what_is_constant_but_for_rounding_is_a_level_line() -> None:
    values = [88.72285400000001, 88.722854, 88.72285400000002]
    records = [{"epoch": n, "train": {"rate": value}} for n, value in enumerate(values, 1)]
    figure = curves(records)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.yaxis.get_offset_text().get_text() == ""
    heights = axes.transData.transform([(1, value) for value in values])[:, 1]
    assert np.ptp(heights) < 1  # dot


def test_what_a_record_lacks_is_left_out() -> None:
    records = [
        {"epoch": 1, "train": {"loss": 5.0}, "validation": None},
        {"epoch": 2, "train": {"loss": 4.0, "rates": [1, 2]}, "validation": {"loss": 4.5}},
        {"epoch": 3, "validation": {"loss": None}, "train": {"loss": "nan"}},
        {"epoch": 4, "validation": {}, "train": {"loss": 3.0}},
    ]
    assert lines(curves(records)) == {
        "loss": {"train": [(1, 5.0), (2, 4.0), (4, 3.0)], "validation": [(2, 4.5)]}
    }


def test_a_single_epoch_can_be_seen(cut_off: Callable[[Figure], list[str]]) -> None:
    figure = curves(VAE[:1])
    assert all(line.get_markersize() > 0 for axes in figure.axes for line in axes.lines)
    assert cut_off(figure) == []


def test_other_quantities_on_request() -> None:
    records = [{"epoch": 1, "train": {"bound": 1.0, "loss": 2.0}}]
    assert list(lines(curves(records, quantities=["bound"]))) == ["bound"]


@pytest.mark.parametrize("records", [[], [{"epoch": 1}], [{"epoch": 1, "train": {"other": 1.0}}]])
def test_refuses_records_with_nothing_to_draw(records: list[dict[str, object]]) -> None:
    with pytest.raises(BadInput, match="no record has any of loss"):
        curves(records)


def test_bars_are_rates_and_active_units_stand_out(
    cut_off: Callable[[Figure], list[str]],
) -> None:
    heights = [2.0, 0.5, 0.001, 0.0]
    figure = rates(heights, active=[True, True, False, False], title="VAE")
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == heights
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    assert middles == pytest.approx([0, 1, 2, 3])  # z0, z1, … as in tables
    tints = [bar.get_facecolor() for bar in axes.patches]
    assert tints[0] == tints[1] != tints[2] == tints[3]
    assert axes.get_title() == "VAE\n2.501 nats in all, 2 of 4 units active"
    assert legend(figure) == ["active", "inactive"]
    assert axes.get_ylabel() == "rate (nats)"
    figure.canvas.draw()
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert [tick for tick in ticks if tick in ("z0", "z1", "z2", "z3")] == ["z0", "z1", "z2", "z3"]
    assert cut_off(figure) == []


@pytest.mark.parametrize("count", [1, 2, 10, 200])
def test_the_legend_lies_on_no_bars(count: int) -> None:
    figure = rates(np.full(count, 2.0), active=np.ones(count, bool), title="All as high as can be")
    assert covered(figure) == []


def test_without_a_word_on_activity_none_is_claimed() -> None:
    (axes,) = rates([1.0, 0.0]).axes
    assert axes.patches[0].get_facecolor() == axes.patches[1].get_facecolor()
    assert "active" not in axes.get_title()
    assert (axes.figure.legends, axes.get_legend()) == ([], None)


def test_many_dimensions_stay_legible(cut_off: Callable[[Figure], list[str]]) -> None:
    figure = rates(np.linspace(3, 0, 512))
    assert cut_off(figure) == []
    assert len(figure.axes[0].get_xticks()) <= 22


def test_refuses_rates_of_another_shape() -> None:
    with pytest.raises(BadInput, match="one per dimension"):
        rates(np.zeros((2, 3)))
    with pytest.raises(BadInput, match="mask"):
        rates([1.0, 2.0], active=[True])


def test_several_trainings_share_a_plot_for_each_quantity() -> None:
    one = [{"epoch": n, "train": {"loss": 9 / n}, "validation": {"loss": 8 / n}} for n in (1, 2)]
    other = [{"epoch": 1, "train": {"loss": 7.0, "rate": 2.0}, "validation": {}}]
    figure = compared({"one": one, "other": other, "begun": []})
    loss, rate = figure.axes
    assert [axes.get_title() for axes in (loss, rate)] == ["loss", "rate"]
    assert [list(line.get_ydata()) for line in loss.lines] == [[8.0, 4.0], [7.0], []]
    assert [list(line.get_ydata()) for line in rate.lines] == [[], [2.0], []]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "one",
        "other (training data)",
        "begun",
    ]
    with pytest.raises(BadInput, match="train an epoch first"):
        compared({"begun": []})
