"""What the experiment on faces reads off its measurements."""

import pytest
import torch

from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.edits import Edit
from vaekit.reports.faces_report import verdict
from vaekit.reports.faces_results import Response

FACES = 1_000


def response(*points: tuple[float, float, float], spread: float = 0.0) -> Response:
    """A response from (scale, share flipped, leak); leaks vary by this much over the faces."""

    def exact(value: float) -> Interval:
        return Interval(value, value, value)

    def edit(scale: float, share: float, leak: float) -> Edit:
        flips = torch.arange(FACES) < share * FACES
        noise = torch.randn(FACES, generator=torch.Generator().manual_seed(1))
        leaks = leak + spread * (noise - noise.mean())
        return Edit(
            "Smiling", scale, FACES, exact(share), exact(share), {}, exact(leak), flips, leaks
        )

    return Response("Smiling", "means", tuple(edit(*point) for point in points))


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


def test_a_difference_counts_where_its_own_interval_leaves_out_zero() -> None:
    def measured(leak: float, share: float = 0.6, spread: float = 0.0) -> Response:
        return response((0, 0.0, 0.0), (1, share, leak), spread=spread)

    holds, words = verdict(measured(0.2), measured(0.1))
    assert holds == "yes"
    assert words.startswith("8.3 against 16.7 pp at 50% flipped, less by 8.3 [")
    assert verdict(measured(0.1), measured(0.2))[0] == "no"
    # Both vary alike over the faces, so that a small difference is sure all the same ...
    assert verdict(measured(0.20, spread=0.1), measured(0.19, spread=0.1))[0] == "yes"
    # ... and where the same leak needs fewer flips, their share's error counts, too.
    assert verdict(measured(0.2), measured(0.2, share=0.599))[0] == "undecided"


def test_resampling_all_faces_once_gives_the_value_itself() -> None:
    found = response((0, 0.0, 0.0), (1, 0.4, 0.1), (2, 0.6, 0.3), spread=0.05)
    rows = torch.arange(FACES)[None]
    for share in (0.1, 0.4, 0.5):
        assert found.resampled(rows, share).item() == pytest.approx(found.leak_at(share), abs=1e-6)


def test_too_few_flipped_faces_decide_nothing() -> None:
    few = response((0, 0.0, 0.0), (1, 0.04, 0.1))
    assert verdict(few, few)[0] == "undecided"
