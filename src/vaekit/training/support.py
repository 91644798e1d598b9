"""Whether a likelihood allows the data."""

from typing import Any

from torch import Tensor
from torch.distributions import constraints

from vaekit.data import Dataset, Split
from vaekit.errors import BadInput
from vaekit.likelihoods import Likelihood
from vaekit.recipes import LIKELIHOODS

_ROWS = 4096  # checked at a time


def check_support(likelihood: Likelihood, dataset: Dataset) -> None:
    """Raise BadInput where data that are there lie outside the support of a likelihood."""
    for split in (dataset.train, dataset.validation, dataset.test):
        outside = _outside(split, likelihood)
        if outside is None:
            continue
        name = next((n for n, cls in LIKELIHOODS.items() if cls is type(likelihood)), None)
        parts = {n: part() for n, part in LIKELIHOODS.items()}
        others = [n for n, part in parts.items() if part.holds(outside).all()]
        called = f"`likelihood={name!r}`" if name else type(likelihood).__name__
        raise BadInput(
            f"{called} needs values in {_interval(likelihood.support)}, but {dataset.name} has "
            f"{outside:.6g}: use {' or '.join(others)}, or rescale the data."
        )


def _outside(split: Split, likelihood: Likelihood) -> Tensor | None:
    """A value of the data that may not be, if there is one."""
    bytes_ = split.x.dtype == "uint8"  # read as [0, 1]
    if bytes_ and likelihood.support in (constraints.real, constraints.unit_interval):
        return None
    for start in range(0, len(split), _ROWS):
        batch = split.batch(slice(start, start + _ROWS))
        wrong = ~likelihood.holds(batch.x)
        if batch.mask is not None:
            wrong &= batch.mask
        if wrong.any():
            return batch.x[wrong][0]
    return None


def _interval(support: Any) -> str:
    if isinstance(support, constraints.interval):
        return f"[{support.lower_bound:g}, {support.upper_bound:g}]"
    return str(support)
