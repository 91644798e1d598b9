"""How a picture becomes another step by step: how long the way is, how even, and through what.

Ways are given as features (P, S, F) of the pictures on P ways, at S places that part each way
into equal shares, both ends included. Features are a network's, such as a `Judge`'s, flat; a
distance between two pictures is that of their features.
"""

import torch
from torch import Tensor

from vaekit.errors import BadInput


def path_length(features: Tensor) -> Tensor:
    """The perceptual length (P,) of ways with features (P, S, F), in the square of their unit.

    The mean over a way's steps of d² / ε², with d the distance of a step and ε = 1 / (S − 1) the
    share of the way it is. The paper draws places at random, with ε = 1e-4; here a step begins
    where the one before ended, so the way is seen whole, and the finer it is the closer the two
    come. It is never below the squared distance of the ends, which the straight way at a constant
    rate has (Cauchy and Schwarz): see `detour`.

    Raises BadInput for fewer than two places, no ways or features that are not finite.
    Karras et al. 2019, https://arxiv.org/abs/1812.04948.
    """
    steps = _steps(features)
    return steps.square().mean(dim=1) * steps.shape[1] ** 2


def straight_length(features: Tensor) -> Tensor:
    """The least `path_length` (P,) between the ends of ways: their squared distance.

    Raises BadInput as `path_length`.
    """
    return path_length(features[:, [0, -1]])


def detour(lengths: Tensor, straight: Tensor) -> Tensor:
    """The mean length (...) of ways over that of the straight ways between the same ends.

    lengths, straight: (..., P), as `path_length` and `straight_length` give them. 1 is best. The
    means are divided, as a ratio for every pair would be large for those whose ends are close.
    """
    return lengths.mean(dim=-1) / straight.mean(dim=-1)


def unevenness(features: Tensor) -> Tensor:
    """The longest step of each way over its mean step (P,): 1 for even ways, at most S − 1.

    A way that does not move at all is even. Raises BadInput as `path_length`.
    """
    steps = _steps(features)
    mean = steps.mean(dim=1)
    return torch.where(mean > 0, steps.amax(dim=1) / mean, 1.0)


def share_of_steps(found: Tensor, ends: Tensor) -> Tensor:
    """The share (P,) of each way's steps that are of a class of one of its two ends.

    found: the classes (P, S) that a judge finds along the ways, ends left out or not. ends: the
    classes (P, 2) of the pictures at the ends. Raises BadInput where they don't fit together.
    """
    if found.ndim != 2 or not found.numel() or tuple(ends.shape) != (len(found), 2):
        raise BadInput(
            f"classes along ways must be (P, S) with ends (P, 2), got {tuple(found.shape)} and "
            f"{tuple(ends.shape)}"
        )
    return (found[:, :, None] == ends[:, None, :]).any(dim=2).double().mean(dim=1)


def _steps(features: Tensor) -> Tensor:
    """The distance (P, S − 1) of every step, in double precision."""
    if features.ndim != 3 or not len(features) or features.shape[1] < 2:
        raise BadInput(
            "ways are given as features (P, S, F) with two places or more, not "
            f"{tuple(features.shape)}"
        )
    if not features.isfinite().all():
        raise BadInput("the pictures on the ways have features that are not finite")
    lengths: Tensor = features.double().diff(dim=1).norm(dim=2)
    return lengths
