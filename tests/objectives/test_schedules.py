"""Schedules as functions of the epochs trained."""

import math

import pytest

from vaekit.errors import BadInput
from vaekit.objectives import (
    Constant,
    Cubic,
    Cyclical,
    Exponential,
    Geometric,
    Linear,
    cubic,
    exponential,
    warm_up,
)


def test_a_linear_schedule_rises_from_zero_and_stays() -> None:
    schedule = Linear(4.0, epochs=10)
    given = [schedule(epoch) for epoch in (0, 2.5, 5, 10, 11, math.inf)]
    assert given == [0.0, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_an_exponential_schedule_comes_near_its_value() -> None:
    schedule = exponential(0.2, 5.0)
    assert schedule == Exponential(0.2, 5.0)
    given = [schedule(epoch) for epoch in (0, 5, 15, math.inf)]
    assert given == pytest.approx([0, 0.2 * 0.6321, 0.2 * 0.9502, 0.2], abs=1e-4)
    assert exponential(0.2, 0.0) == Constant(0.2)
    with pytest.raises(BadInput, match="`warmup`"):
        exponential(0.2, -1.0)


def test_a_geometric_schedule_rises_late_from_one() -> None:
    given = [Geometric(256.0, epochs=4)(epoch) for epoch in (0, 1, 2, 4, 5, math.inf)]
    assert given == pytest.approx([1, 2 ** (1 / 8), 2, 256, 256, 256])


def test_a_cubic_schedule_rises_late() -> None:
    schedule = cubic(4.0, 10.0)
    assert schedule == Cubic(4.0, 10.0)
    given = [schedule(epoch) for epoch in (0, 5, 10, 11, math.inf)]
    assert given == [0.0, 0.5, 4.0, 4.0, 4.0]
    assert cubic(0.2, 0.0) == Constant(0.2)
    with pytest.raises(BadInput, match="`warmup`"):
        cubic(0.2, -1.0)


def test_a_cyclical_schedule_rises_for_half_of_each_cycle() -> None:
    schedule = Cyclical(4.0, epochs=8, cycles=2)  # ramps over 0-2 and 4-6, level between
    given = [schedule(epoch) for epoch in (0, 0.5, 1, 2, 3, 3.999, 4, 5, 6, 7.5, 8, 9, math.inf)]
    assert given == [0.0, 1.0, 2.0, 4.0, 4.0, 4.0, 0.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0]


def test_a_cycle_repeats_the_first() -> None:
    schedule = Cyclical(3.0, epochs=12, cycles=4)
    for epoch in (0.0, 0.3, 1.5, 2.9):
        for cycle in range(1, 4):
            assert schedule(epoch + 3 * cycle) == pytest.approx(schedule(epoch))


def test_a_constant_is_the_same_at_every_moment() -> None:
    assert [Constant(2.0)(epoch) for epoch in (0, 3.5, math.inf)] == [2.0, 2.0, 2.0]


def test_warm_up_gives_the_schedule_that_the_flags_describe() -> None:
    assert warm_up(4.0) == Constant(4.0)
    assert warm_up(4.0, 10) == Linear(4.0, 10)
    assert warm_up(4.0, 10, 3) == Cyclical(4.0, 10, 3)


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        ((-1.0,), "`beta`"),
        ((math.nan,), "`beta`"),
        ((math.inf,), "`beta`"),
        ((1.0, -5.0), "`warmup`"),
        ((1.0, math.inf), "`warmup`"),
        ((1.0, 5.0, 0), "`cycles`"),
        ((1.0, 0.0, 2), "`cycles` needs `warmup`"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_their_flag(
    given: tuple[float, ...], flag: str
) -> None:
    with pytest.raises(BadInput, match=f"^{flag}"):
        warm_up(*given)  # type: ignore[arg-type]
