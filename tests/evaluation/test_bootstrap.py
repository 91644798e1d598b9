"""Bootstrap intervals cover what they claim to, and repeat themselves."""

import math

import pytest
import torch

from vaekit.errors import BadInput
from vaekit.evaluation.bootstrap import (
    Interval,
    bootstrap,
    half_interval,
    mean_interval,
    mean_intervals,
    share_interval,
)


def _samples(count: int, size: int) -> torch.Tensor:
    """Exponential data of mean 1: skewed, as errors are."""
    uniform = torch.rand(count, size, generator=torch.Generator().manual_seed(0))
    return -uniform.double().log()


def test_the_interval_of_a_mean_covers_the_true_one_as_often_as_its_level_says():
    found = [mean_interval(x, level=0.9, resamples=500) for x in _samples(400, 100)]
    covered = sum(each.low <= 1 <= each.high for each in found) / len(found)
    assert 0.85 < covered < 0.94


def test_the_interval_of_halves_covers_the_true_mean_as_often_as_its_level_says():
    found = [
        half_interval(lambda rows: float(rows.mean()), x, level=0.9, draws=40)
        for x in _samples(400, 100)
    ]
    covered = sum(each.low <= 1 <= each.high for each in found) / len(found)
    assert 0.84 < covered < 0.95


def test_the_width_of_a_mean_is_that_of_its_standard_error():
    values = _samples(1, 2000)[0]
    found = mean_interval(values)
    error = float(values.std()) / math.sqrt(len(values))
    assert found.value == pytest.approx(float(values.mean()))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_many_means_are_those_of_each_column():
    values = _samples(3, 200).T
    for column, found in zip(values.T, mean_intervals(values), strict=True):
        alone = mean_interval(column)
        assert (found.value, found.low, found.high) == pytest.approx(
            (alone.value, alone.low, alone.high)
        )


def test_columns_are_resampled_together():
    x = _samples(1, 300)[0]
    found = bootstrap(lambda a, b: (a * b).sum(1) / (a * a).sum(1), x, 3 * x)
    assert found.low == pytest.approx(3)
    assert found.high == pytest.approx(3)


def test_paired_sets_are_halved_together_and_others_are_not():
    x = _samples(1, 200)[0]

    def gap(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a - b).mean())

    paired = half_interval(gap, x, x + 1, paired=True)
    alone = half_interval(gap, x, x + 1)
    assert (paired.low, paired.high) == pytest.approx((-1, -1))
    error = math.sqrt(2 * float(x.var()) / len(x))
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * error, rel=0.5)


def test_memory_is_bounded_by_blocks_that_change_nothing_but_the_draws(monkeypatch):
    values = _samples(1, 500)[0]
    largest = 0

    def mean(rows: torch.Tensor) -> torch.Tensor:
        nonlocal largest
        largest = max(largest, rows.numel())
        return rows.mean(1)

    monkeypatch.setattr("vaekit.evaluation.bootstrap._ENTRIES", 10_000)
    parts = bootstrap(mean, values)
    assert largest == 10_000
    monkeypatch.undo()
    whole = bootstrap(mean, values)
    assert parts.low == pytest.approx(whole.low, abs=0.01)
    assert parts.high == pytest.approx(whole.high, abs=0.01)


def test_the_seed_decides_and_the_global_random_state_is_left_alone():
    values = _samples(1, 50)[0]
    before = torch.get_rng_state()
    first, again, other = (mean_interval(values, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first == again
    assert first != other


def test_an_interval_prints_with_the_digits_asked_for():
    assert f"{Interval(0.524, 0.48, 0.561):.2f}" == "0.52 (0.48 to 0.56)"


def test_refuses_nothing_and_columns_that_do_not_match():
    with pytest.raises(BadInput, match="at least 1"):
        mean_interval(torch.zeros(0))
    with pytest.raises(BadInput, match=r"\(N,\)"):
        mean_interval(torch.zeros(3, 2))
    with pytest.raises(BadInput, match="finite"):
        mean_intervals(torch.tensor([[1.0], [torch.inf]]))
    with pytest.raises(BadInput, match=r"\[3, 4\]"):
        bootstrap(lambda a, b: a.mean(1), torch.zeros(3), torch.zeros(4))
    with pytest.raises(BadInput, match="4 rows"):
        half_interval(lambda a: 0.0, torch.zeros(3))


@pytest.mark.parametrize("share", [0.002, 0.02, 0.5, 0.99])
@pytest.mark.parametrize("count", [30, 100])
def test_shares_are_covered_near_the_ends_too(share: float, count: int) -> None:
    generator = torch.Generator().manual_seed(0)
    covered = []
    for _ in range(400):
        hits = torch.rand(count, generator=generator) < share
        found = share_interval(hits)
        assert 0 <= found.low <= found.value <= found.high <= 1
        covered.append(found.low <= share <= found.high)
    # Wilson's mean coverage is 95%; at single shares it dips to about 0.88.
    assert sum(covered) / len(covered) > 0.86
