"""What a judge's probabilities say about an edit, counted by hand."""

import pytest
import torch

from vaekit.errors import BadInput
from vaekit.evaluation.edits import changes, flip_rate, judge_edit

NAMES = ("Eyeglasses", "Male", "Smiling")
BEFORE = torch.tensor([[0.1, 0.5, 0.2], [0.4, 0.5, 0.6], [0.9, 0.5, 0.5], [0.2, 0.5, 0.4]])
AFTER = torch.tensor([[0.6, 0.6, 0.2], [0.3, 0.8, 0.5], [0.95, 0.0, 0.5], [0.7, 0.7, 0.5]])


def test_flips_are_counted_among_faces_without_the_attribute():
    assert flip_rate(BEFORE[:, 0], AFTER[:, 0]).value == pytest.approx(2 / 3)
    assert flip_rate(BEFORE[:, 0], AFTER[:, 0], threshold=0.3).value == pytest.approx(1)


def test_the_absence_flips_where_an_attribute_is_removed():
    assert flip_rate(1 - AFTER[:, 0], 1 - BEFORE[:, 0]).value == pytest.approx(2 / 3)


def test_gains_and_losses_cancel_in_the_signed_change_only():
    (found,) = changes(torch.tensor([[0.5], [0.5]]), torch.tensor([[0.7], [0.3]]))
    assert found.signed.value == pytest.approx(0, abs=1e-7)
    assert found.absolute.value == pytest.approx(0.2)


def test_an_edit_is_judged_on_the_faces_without_the_attribute():
    found = judge_edit(BEFORE, AFTER, NAMES, "Eyeglasses", scale=2)
    assert (found.attribute, found.scale, found.faces) == ("Eyeglasses", 2, 3)
    assert found.flipped.value == pytest.approx(2 / 3)
    assert found.probability.value == pytest.approx((0.6 + 0.3 + 0.7) / 3)
    assert tuple(found.others) == ("Male", "Smiling")
    assert found.others["Male"].signed.value == pytest.approx((0.1 + 0.3 + 0.2) / 3)
    assert found.others["Smiling"].signed.value == pytest.approx(0, abs=1e-7)
    assert found.others["Smiling"].absolute.value == pytest.approx(0.2 / 3)
    assert found.leakage.value == pytest.approx((0.2 + 0.2 / 3) / 2)


def test_an_edit_that_does_nothing_flips_nothing():
    found = judge_edit(BEFORE, BEFORE, NAMES, "Smiling", scale=0)
    assert found.flipped.value == 0
    assert found.leakage.value == 0


def test_a_judge_of_one_attribute_sees_no_leakage():
    found = judge_edit(BEFORE[:, :1], AFTER[:, :1], NAMES[:1], "Eyeglasses", scale=1)
    assert found.others == {}
    assert found.leakage is None


def test_refuses_what_cannot_be_judged():
    with pytest.raises(BadInput, match="did you mean Eyeglasses"):
        judge_edit(BEFORE, AFTER, NAMES, "Eyeglass", scale=1)
    with pytest.raises(BadInput, match="every face with the attribute"):
        flip_rate(torch.ones(3), torch.ones(3))
    with pytest.raises(BadInput, match="3 attributes"):
        judge_edit(BEFORE, AFTER[:, :2], NAMES, "Male", scale=1)
    with pytest.raises(BadInput, match="one probability"):
        flip_rate(BEFORE, AFTER)
