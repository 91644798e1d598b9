"""Whether a model does as it is told: of which class its samples are, and what codes still tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.bootstrap import Interval, share_interval
from vaekit.evaluation.generation import frechet_distance
from vaekit.evaluation.judge import Judge


@final
@dataclass(frozen=True, slots=True)
class Obedience:
    """Samples of a model that was told a class, as a judge of classes sees them.

    asked: the share that is of the class asked for, with its 95% interval; by_class: of each.
    """

    asked: Interval
    by_class: dict[int, float]


def obedience(judge: Judge, samples: Mapping[int, Tensor]) -> Obedience:
    """How many samples are of the class asked for; samples: (n, C, H, W) by class."""
    hits = {number: judge.predict(images) == number for number, images in samples.items()}
    shares = {number: each.double().mean().item() for number, each in hits.items()}
    return Obedience(share_interval(torch.cat(list(hits.values()))), shares)


def frechet_by_class(
    judge: Judge,
    real: Tensor,
    labels: Tensor,
    fake: Tensor,
    kinds: Tensor,
    *,
    size: int = 300,
    seed: int = 0,
) -> dict[int, float | None]:
    """The squared Fréchet distance of each class's images to real ones, in a judge's features.

    real: images (N, C, H, W) that the judge has not seen, of classes `labels` (N,). fake: images
    (M, C, H, W), of classes `kinds` (M,): those asked for, or those that the judge finds.
    size: so many of either set are compared, drawn at random, as distances depend on it; None
    for a class that has fewer. Raises BadInput for a size below 2.
    """
    if size < 2:
        raise BadInput(f"`size` must be 2 or more, not {size}.")
    generator = torch.Generator().manual_seed(seed)

    def some(images: Tensor, own: Tensor) -> Tensor | None:
        rows = torch.nonzero(own).flatten()
        if len(rows) < size:
            return None
        return judge.inspect(images[rows[torch.randperm(len(rows), generator=generator)[:size]]])[0]

    found: dict[int, float | None] = {}
    for number in range(judge.classes):
        one, other = some(real, labels == number), some(fake, kinds == number)
        both = one is not None and other is not None
        found[number] = frechet_distance(one, other) if both else None  # type: ignore[arg-type]
    return found


def label_probe(codes: ArrayLike, labels: ArrayLike, others: ArrayLike, theirs: Any) -> Interval:
    """How well a linear reader finds the labels in codes: its accuracy on others, 95% interval.

    codes (N, D) of labels (N,), which it is fitted to; others (M, D) of labels theirs (M,).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    found = probe.fit(codes, labels).predict(others)
    return share_interval(torch.as_tensor(found == theirs))
