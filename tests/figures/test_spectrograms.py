"""Spectrograms and heat maps."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.figures import RANGE, heat, spectrograms

HERTZ = np.linspace(50, 3_900, 12)


def test_all_spectrograms_are_on_one_scale_with_seconds_and_hertz() -> None:
    numbers = np.random.default_rng(0)
    rows = [[numbers.normal(size=(12, 30)), numbers.normal(size=(12, 60)) + 9.0]] * 2
    figure = spectrograms(rows, second=100, hertz=HERTZ, names=("a", "b"), columns=("x", "y"))
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == 4
    limits = {image.get_clim() for axes in drawn for image in axes.images}
    top = max(each.max() for each in rows[0])
    assert limits == {(top - RANGE, top)}
    assert [axes.get_xlim() for axes in drawn[:2]] == [(0, 0.3), (0, 0.6)]
    labels = [label.get_text() for label in drawn[0].get_yticklabels()]
    assert labels == ["500", "1,000", "2,000"]
    assert drawn[2].get_ylabel() == "b\nHz"
    assert drawn[3].get_xlabel() == "seconds"


def test_spectrograms_that_cannot_be_drawn_are_refused() -> None:
    one = np.zeros((12, 5))
    for rows, match in (
        ([], "give"),
        ([[np.zeros((3, 5))]], "give"),
        ([[np.full((12, 5), np.nan)]], "NaN"),
    ):
        with pytest.raises(BadInput, match=match):
            spectrograms(rows, second=100, hertz=HERTZ)
    with pytest.raises(BadInput, match="2 names and 0 columns"):
        spectrograms([[one]], second=100, hertz=HERTZ, names=("a", "b"))


def test_a_heat_map_holds_every_number() -> None:
    numbers = np.array([[1, -0.25], [-0.25, 1]])
    figure = heat(numbers, ("one", "two"), title="cosines")
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.00", "−.25", "−.25", "1.00"]
    with pytest.raises(BadInput, match="give"):
        heat(numbers, ("one",))
    with pytest.raises(BadInput, match="NaN"):
        heat(numbers * np.nan, ("one", "two"))
