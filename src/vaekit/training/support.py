"""Whether a likelihood allows the data, and suits them."""

import warnings
from typing import Any

import numpy as np
from torch import Tensor
from torch.distributions import constraints

from vaekit.data import Dataset, Split
from vaekit.errors import BadInput
from vaekit.likelihoods import Columns, Likelihood
from vaekit.recipes import LIKELIHOODS

_ROWS = 1024  # checked at a time
_FEW = 512  # rows that tell how grey all are
# Values from a tenth black to a tenth white, of all: 9% of MNIST, 39% of Fashion-MNIST, 35% of
# small digits in 17 levels, but 81% of grey photographs of faces.
_GREY = 0.5


def check_support(likelihood: Likelihood, dataset: Dataset) -> None:
    """Raise BadInput where data that are there lie outside the support of a likelihood."""
    for split in (dataset.train, dataset.validation, dataset.test):
        outside = _outside(split, likelihood)
        if outside is None:
            continue
        parts = {n: part() for n, part in LIKELIHOODS.items()}
        alike = {n: part for n, part in parts.items() if not isinstance(part, Columns)}
        others = [n for n, part in alike.items() if part.holds(outside).all()]
        raise BadInput(
            f"{_called(likelihood)} needs values {_where(likelihood.support)}, but "
            f"{dataset.name} has {outside:.6g}: use {' or '.join(others)}, or rescale the data."
        )


def warn_of_grey(likelihood: Likelihood, dataset: Dataset) -> None:
    """Warn where a likelihood of black and white meets pictures that are mostly in between."""
    black_and_white = likelihood.counts and likelihood.support is constraints.unit_interval
    split = dataset.train
    if not black_and_white or dataset.kind != "image" or split.binarise == "dynamic":
        return
    step = -(-len(split) // _FEW)
    batch = split.batch(np.arange(0, len(split), step))
    there = batch.x if batch.mask is None else batch.x[batch.mask]
    grey = ((there > 0.1) & (there < 0.9)).float().mean().item()
    if grey > _GREY:
        warnings.warn(
            f"{dataset.name} is mostly grey, {grey:.0%} of the values between 0.1 and 0.9, and "
            f"{_called(likelihood)} is for black and white: `likelihood='shared-gaussian'` "
            "learns how exact its greys are.",
            stacklevel=3,
        )


def _called(likelihood: Likelihood) -> str:
    name = next((n for n, cls in LIKELIHOODS.items() if cls is type(likelihood)), None)
    return f"`likelihood={name!r}`" if name else type(likelihood).__name__


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


def _where(support: Any) -> str:
    if isinstance(support, constraints.interval):
        return f"in [{support.lower_bound:g}, {support.upper_bound:g}]"
    if support is constraints.nonnegative_integer:
        return "that are whole numbers from 0"
    return f"in {support}"
