"""Values taken away at random."""

import numpy as np
import pytest

from vaekit.data import Dataset, load
from vaekit.errors import BadInput


@pytest.fixture(scope="module")
def half() -> Dataset:
    return load("digits", missing=0.5)


def test_about_the_share_is_missing_and_reads_as_nothing(half: Dataset) -> None:
    whole = load("digits")
    for name in ("train", "validation", "test"):
        split, full = getattr(half, name), getattr(whole, name)
        assert split.mask.shape == split.x.shape
        error = 0.5 / np.sqrt(split.mask.size)
        assert abs(split.mask.mean() - 0.5) < 5 * error
        assert np.array_equal(split.x, np.where(split.mask, full.x, 0))
        assert np.array_equal(split.labels, full.labels)


def test_what_is_missing_depends_on_the_seed_alone(half: Dataset) -> None:
    again, other = load("digits", missing=0.5), load("digits", missing=0.5, seed=1)
    assert again.train.mask is not None
    assert np.array_equal(again.train.mask, half.train.mask)
    assert again.fingerprint == half.fingerprint
    assert len({half.fingerprint, other.fingerprint, load("digits").fingerprint}) == 3
    assert not np.array_equal(half.train.mask[:100], half.test.mask[:100])


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(BadInput, match="`missing` must be a share"):
        load("digits", missing=share)
