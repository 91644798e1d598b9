"""What a judge of attributes sees an edit do to faces."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from vaekit.errors import BadInput, nearest
from vaekit.evaluation.bootstrap import (
    Interval,
    mean_interval,
    mean_intervals,
    share_interval,
)

SEEN = 0.5  # probability from which a judge counts as seeing an attribute


@final
@dataclass(frozen=True, slots=True)
class Change:
    """How an edit changes the probability of an attribute, on average over faces.

    signed: the mean change, in which gains and losses cancel. absolute: the mean of its size.
    """

    signed: Interval
    absolute: Interval


@final
@dataclass(frozen=True, slots=True)
class Edit:
    """What a judge sees in N faces after an edit of one attribute.

    scale: of the edit. faces: how many were counted, those without the attribute before.
    probability: of the edited attribute afterwards. flipped: the share of faces now seen with
    it. others: the change of every other attribute; leakage: the mean of the absolute ones.
    flips, leaks: by face (N,), whether it was flipped and the mean size of the others' changes.
    """

    attribute: str
    scale: float
    faces: int
    probability: Interval
    flipped: Interval
    others: dict[str, Change]
    leakage: Interval | None
    flips: Tensor
    leaks: Tensor


def flip_rate(before: Tensor, after: Tensor, threshold: float = SEEN) -> Interval:
    """The share of faces seen without an attribute before an edit that are seen with it after.

    `before`, `after` (N,) are a judge's probabilities; for an edit that removes an attribute
    pass those of its absence, 1 - p. Raises BadInput for unequal lengths, or where no face is
    seen without the attribute.
    """
    if before.shape != after.shape or before.ndim != 1:
        raise BadInput(
            f"one probability for each face is compared, before {tuple(before.shape)} and after "
            f"{tuple(after.shape)}"
        )
    without = before < threshold
    if not without.any():
        raise BadInput("the judge sees every face with the attribute before the edit")
    return share_interval(after[without] >= threshold)


def changes(before: Tensor, after: Tensor) -> list[Change]:
    """The signed and the absolute mean change of probabilities (N, A), by attribute."""
    difference = after.double() - before.double()
    pairs = zip(mean_intervals(difference), mean_intervals(difference.abs()), strict=True)
    return [Change(signed, absolute) for signed, absolute in pairs]


def judge_edit(
    before: Tensor,
    after: Tensor,
    names: tuple[str, ...],
    attribute: str,
    scale: float,
    threshold: float = SEEN,
) -> Edit:
    """What a judge's probabilities (N, A), before and after an edit, say about it.

    Only faces that the judge sees without the attribute before are counted, so that nothing is
    added to faces that have it. `before` should be of the edit at scale 0, the reconstruction
    (or the picture itself where the edit keeps the residual), or the loss of detail counts as
    change. Raises BadInput for an attribute that isn't among the names, shapes that don't fit,
    or no face to count.
    """
    if before.shape != after.shape or before.ndim != 2 or before.shape[1] != len(names):
        raise BadInput(
            f"probabilities of {len(names)} attributes must be (N, {len(names)}), got "
            f"{tuple(before.shape)} before and {tuple(after.shape)} after"
        )
    if attribute not in names:
        raise BadInput(f"the judge knows no attribute {attribute}; {nearest(attribute, names)}")
    edited = names.index(attribute)
    flipped = flip_rate(before[:, edited], after[:, edited], threshold)
    without = before[:, edited] < threshold
    before, after = before[without], after[without]
    rest = [i for i in range(len(names)) if i != edited]
    found = changes(before[:, rest], after[:, rest]) if rest else []
    by_face = (after[:, rest] - before[:, rest]).abs().double().mean(dim=1)
    return Edit(
        attribute=attribute,
        scale=scale,
        faces=len(after),
        probability=mean_interval(after[:, edited]),
        flipped=flipped,
        others=dict(zip((names[i] for i in rest), found, strict=True)),
        leakage=mean_interval(by_face) if rest else None,
        flips=after[:, edited] >= threshold,
        leaks=by_face if rest else torch.zeros(len(after)),
    )
