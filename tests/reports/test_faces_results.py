"""What the experiment on faces reads off its measurements."""

from dataclasses import replace

import pytest

from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.edits import Edit
from vaekit.reports.faces_report import verdict
from vaekit.reports.faces_results import Response
from vaekit.space.directions import Method


def response(*points: tuple[float, float, float]) -> Response:
    """A response from (scale, share flipped, leak)."""

    def exact(value: float) -> Interval:
        return Interval(value, value, value)

    edits = [
        Edit("Smiling", scale, 10, exact(share), exact(share), {}, exact(leak))
        for scale, share, leak in points
    ]
    return Response("Smiling", "means", tuple(edits))


def test_the_leak_at_a_share_of_flipped_faces_lies_between_its_neighbours() -> None:
    found = response((0, 0.0, 0.0), (1, 0.4, 0.1), (2, 0.6, 0.3))
    assert found.leak_at(0.5) == pytest.approx(0.2)
    assert found.leak_at(0.2) == pytest.approx(0.05)
    assert found.leak_at(0.0) == pytest.approx(0.0)
    assert found.leak_at(0.6) == pytest.approx(0.3)


def test_no_leak_is_made_up_for_a_share_that_no_scale_reaches() -> None:
    assert response((0, 0.0, 0.0), (1, 0.4, 0.1)).leak_at(0.5) is None


def test_a_share_that_falls_again_counts_where_it_was_first_reached() -> None:
    found = response((0, 0.0, 0.0), (1, 0.6, 0.1), (2, 0.4, 0.9))
    assert found.leak_at(0.3) == pytest.approx(0.05)


def test_a_scale_is_found_by_its_value() -> None:
    assert response((0, 0.0, 0.0), (1, 0.4, 0.1)).at(1).flipped.value == 0.4


def test_a_difference_counts_only_beyond_the_intervals_of_both() -> None:
    def measured(method: Method, leak: float) -> Response:
        found = response((0, 0.0, 0.0), (1, 0.6, leak))
        wide = Interval(leak, leak - 0.01, leak + 0.01)
        edits = (found.edits[0], replace(found.edits[1], leakage=wide))
        return Response("Smiling", method, edits)

    assert measured("means", 0.2).leak_error == pytest.approx(0.01)
    near = verdict(measured("means", 0.2), measured("balanced", 0.19))
    assert near == ("undecided", "15.8 against 16.7 pp at 50% flipped")
    assert verdict(measured("means", 0.2), measured("balanced", 0.1))[0] == "yes"
    assert verdict(measured("means", 0.1), measured("balanced", 0.2))[0] == "no"


def test_too_few_flipped_faces_decide_nothing() -> None:
    few = response((0, 0.0, 0.0), (1, 0.04, 0.1))
    assert verdict(few, few)[0] == "undecided"
