"""Parts that start at training rows, which they see before the first step."""

from collections.abc import Iterator

import torch

from vaekit.contracts import FromData
from vaekit.data import Dataset
from vaekit.errors import BadInput
from vaekit.model import Autoencoder


def check_rows(model: Autoencoder, dataset: Dataset) -> None:
    """Raise BadInput where a part starts at more training rows than there are."""
    rows = len(dataset.train)
    for part in _parts(model):
        if part.wanted > rows:
            raise BadInput(
                f"`{part.option}` must be {rows:,} or less, the training rows of {dataset.name}, "
                f"not {part.wanted:,}."
            )


def begin(model: Autoencoder, dataset: Dataset, seed: int) -> None:
    """Show parts random training rows, the same for the same seed.

    Raises BadInput where there are too few.
    """
    check_rows(model, dataset)
    for part in _parts(model):
        order = torch.randperm(
            len(dataset.train), generator=torch.Generator().manual_seed(seed)
        ).numpy()
        part.begin(dataset.train.batch(order[: part.wanted]).to(model.device))


def _parts(model: Autoencoder) -> Iterator[FromData]:
    return (part for part in model.modules() if isinstance(part, FromData))
