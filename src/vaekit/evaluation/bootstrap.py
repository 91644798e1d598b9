"""Intervals for numbers that were measured on a sample.

Averages are resampled with replacement. That won't do for distances between sets: rows drawn
twice make a set look less varied than it is, and the distance larger. Those are resampled by
halves, without replacement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import torch
from torch import Tensor

from vaekit.errors import BadInput

_ENTRIES = 1 << 22  # resampled values held at a time


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """A value and an interval around it that covers the true one at a stated level."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """`f"{interval:.2f}"` is "0.52 (0.48 to 0.56)"."""
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


def bootstrap(
    statistic: Callable[..., Tensor],
    *rows: Tensor,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """The percentile interval of a statistic of N rows, drawn anew with replacement.

    `statistic` gets each of `rows` (N, ...) as (R, N, ...), R resamples of the same rows from
    all, and gives (R,). A resample where it is not a number is left out. Raises BadInput for no
    rows, or for columns of unequal length.

    Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    count = _count(rows)
    generator = torch.Generator().manual_seed(seed)
    rows = tuple(column.detach().cpu() for column in rows)
    widest = max(column[0].numel() for column in rows)
    block = max(1, _ENTRIES // (count * max(1, widest)))
    found = []
    for start in range(0, resamples, block):
        shape = (min(block, resamples - start), count)
        index = torch.randint(count, shape, generator=generator)
        found.append(statistic(*(column[index] for column in rows)).double())
    value = float(statistic(*(column[None] for column in rows)))
    low, high = torch.cat(found).nanquantile(_ends(level)).tolist()
    return Interval(value, low, high)


def mean_interval(
    values: Tensor, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """The mean of values (N,) with its percentile bootstrap interval; raises BadInput for none."""
    if values.ndim != 1:
        raise BadInput(f"one value per data point, (N,), is averaged, not {tuple(values.shape)}")
    return bootstrap(
        lambda x: x.mean(dim=1), values.double(), level=level, resamples=resamples, seed=seed
    )


def share_interval(hits: Tensor, *, level: float = 0.95) -> Interval:
    """The share of hits (N,), bool, with its Wilson score interval; raises BadInput for none.

    Near 0 and 1 resampling would see no error at all. Wilson 1927,
    https://doi.org/10.1080/01621459.1927.10502953
    """
    from scipy.stats import binomtest

    count = _count((hits,))
    found = int(hits.sum())
    ends = binomtest(found, count).proportion_ci(level, "wilson")
    return Interval(found / count, float(ends.low), float(ends.high))


def mean_intervals(
    values: Tensor, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> list[Interval]:
    """The means of many columns of values (N, A), each as `mean_interval` would give it.

    Rows are resampled once for all columns. Raises BadInput for no rows, or values that are not
    finite.
    """
    count = _count((values,))
    if values.ndim != 2 or not values.isfinite().all():
        raise BadInput(f"means need finite values (N, A), got {tuple(values.shape)}")
    generator = torch.Generator().manual_seed(seed)
    values = values.detach().cpu().double()
    found = []
    for rows in torch.split(torch.arange(resamples), max(1, _ENTRIES // count)):
        index = torch.randint(count, (len(rows), count), generator=generator)
        times = torch.zeros(index.shape, dtype=torch.float64)
        times.scatter_add_(1, index, torch.ones_like(times))
        found.append(times @ values / count)
    lows, highs = torch.cat(found).quantile(_ends(level), dim=0)
    return [
        Interval(*each)
        for each in zip(values.mean(dim=0).tolist(), lows.tolist(), highs.tolist(), strict=True)
    ]


def half_interval(
    statistic: Callable[..., float],
    *rows: Tensor,
    paired: bool = False,
    level: float = 0.95,
    draws: int = 20,
    seed: int = 0,
) -> Interval:
    """A statistic of whole sets of rows (N, ...), (M, ...), with an interval from random halves.

    The deviation of the statistic over halves drawn without replacement estimates its standard
    error on the whole sets; the interval is normal. It says how much the value would vary, not
    how far it is biased, and is too wide, up to twice, where a distance is mostly bias, as that
    of two sets from one distribution. `paired` draws the same rows from every set, for sets such
    as pictures and their reconstructions. Raises BadInput for sets of fewer than 4 rows, and for
    paired sets of unequal size.

    Shao & Wu 1989, A General Theory for Jackknife Variance Estimation.
    """
    smallest = _count(rows) if paired else min(len(column) for column in rows)
    if smallest < 4 or draws < 2:
        raise BadInput(f"halves need 4 rows and 2 draws or more, got {smallest} and {draws}")
    generator = torch.Generator().manual_seed(seed)

    def order(column: Tensor) -> Tensor:
        return torch.randperm(len(column), generator=generator)[: len(column) // 2]

    found = []
    for _ in range(draws):
        same = order(rows[0])
        halves = [column[same if paired else order(column)] for column in rows]
        found.append(statistic(*halves))
    reach = NormalDist().inv_cdf((1 + level) / 2) * torch.tensor(found, dtype=torch.float64).std()
    value = statistic(*rows)
    return Interval(value, value - float(reach), value + float(reach))


def _ends(level: float) -> Tensor:
    return torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)


def _count(rows: tuple[Tensor, ...]) -> int:
    counts = sorted({len(column) for column in rows})
    if len(counts) != 1 or counts[0] == 0:
        raise BadInput(f"an interval needs as many rows in every column, at least 1, got {counts}")
    return counts[0]
