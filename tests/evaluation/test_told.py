"""Whether samples are what was asked for, by class how real, and what is left in codes."""

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.conditions import frechet_by_class, label_probe, obedience
from vaekit.evaluation.judge import Judge, accuracy, train_judge

Digits = tuple[Tensor, Tensor]
TRAINED = 1_000


@pytest.fixture(scope="module")
def judge(digits: Digits) -> Judge:
    images, labels = (each[:TRAINED] for each in digits)
    return train_judge(images, labels, classes=10, epochs=15, batch_size=50)


@pytest.fixture
def unseen(digits: Digits) -> Digits:
    return digits[0][TRAINED:], digits[1][TRAINED:]


def test_real_digits_are_what_was_asked_for_as_often_as_the_judge_is_right(
    judge: Judge, unseen: Digits
) -> None:
    images, labels = unseen
    found = obedience(judge, {digit: images[labels == digit] for digit in range(10)})
    assert found.asked.value == pytest.approx(accuracy(judge, images, labels))
    assert found.asked.low < found.asked.value < found.asked.high
    wrong = obedience(judge, {digit: images[labels == (digit + 1) % 10] for digit in range(10)})
    assert wrong.asked.value < 0.1
    assert max(wrong.by_class.values()) < 0.2


def test_a_class_is_closer_to_itself_than_to_another(judge: Judge, unseen: Digits) -> None:
    images, labels = unseen
    half = len(images) // 2
    own = frechet_by_class(
        judge, images[:half], labels[:half], images[half:], labels[half:], size=25
    )
    other = frechet_by_class(
        judge, images[:half], labels[:half], images[half:], (labels[half:] + 1) % 10, size=25
    )
    for digit in range(10):
        assert own[digit] is not None
        assert other[digit] is not None
        assert own[digit] < other[digit]
    few = frechet_by_class(judge, images, labels, images[labels != 3], labels[labels != 3], size=25)
    assert [digit for digit, value in few.items() if value is None] == [3]
    with pytest.raises(BadInput, match="`size` must be 2 or more"):
        frechet_by_class(judge, images, labels, images, labels, size=1)


def test_a_linear_reader_finds_labels_that_are_there_and_none_in_noise(digits: Digits) -> None:
    images, labels = digits
    half, pixels = len(images) // 2, images.flatten(1).numpy()
    noise = torch.randn(len(images), 10, generator=torch.Generator().manual_seed(0)).numpy()
    names = labels.numpy()
    for codes, low, high in ((pixels, 0.93, 1.0), (noise, 0.05, 0.16)):
        found = label_probe(codes[:half], names[:half], codes[half:], names[half:])
        assert low < found.value < high
        assert found.low < found.value < found.high
