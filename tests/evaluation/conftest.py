"""What the tests of evaluation share."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor


@pytest.fixture(scope="session")
def digits() -> tuple[Tensor, Tensor]:
    """All 1,797 embedded digits in random order, (N, 1, 8, 8) in [0, 1], and their labels."""
    data = load_digits()
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    images = torch.from_numpy(data.images).float().unsqueeze(1) / 16
    return images[order], torch.from_numpy(data.target)[order]
