"""What hierarchies share: the sizes of their levels, the prior on top, and the way down."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Choosy, CodeDistribution, Prior
from vaekit.distributions import DiagonalGaussian, drawn, gaussian_of
from vaekit.errors import BadInput
from vaekit.latents.gaussian import StandardNormal
from vaekit.latents.spaces import EUCLIDEAN, space_of


def check_sizes(sizes: Sequence[int]) -> None:
    """Raise BadInput where levels have no sizes."""
    if not sizes or min(sizes) < 1:
        raise BadInput(f"`latent` must be one size or more, from the top, not {list(sizes)}.")


def on_top(sizes: Sequence[int], top: Prior | None) -> Prior:
    """The prior of the first of levels: standard normal where none is given.

    Raises BadInput where it is of another size, lies elsewhere than a Gaussian's codes or makes no
    sense with Gaussians.
    """
    if top is None:
        return StandardNormal(sizes[0])
    if top.size != sizes[0]:
        raise BadInput(
            f"`top` is a prior of {top.size} dimensions and the top level has {sizes[0]}: "
            "give both the same size."
        )
    if space_of(top) != EUCLIDEAN:
        raise BadInput(
            f"Codes of levels lie {EUCLIDEAN} and those of {type(top).__name__} {space_of(top)}: "
            f"give a `top` such as {EUCLIDEAN.prior}."
        )
    if isinstance(top, Choosy):
        top.check(DiagonalGaussian)
    return top


def sampled(
    top: CodeDistribution,
    priors: Iterable[nn.Module],
    n: int,
    generator: Generator | None,
    temperature: float,
) -> Tensor:
    """n codes of all levels (n, D), drawn from the top down.

    priors: from each level's code to mean and log scale of the next.
    """
    levels = [drawn(top, n, generator, temperature)]
    for prior in priors:
        levels.append(gaussian_of(prior(levels[-1])).sample((), generator, temperature))
    return torch.cat(levels, -1)


def log_levels(
    top: CodeDistribution, priors: Iterable[nn.Module], levels: Sequence[Tensor]
) -> Tensor:
    """log p of the codes (K, B, D) of each level, from the top, in nats, (K, B); as `sampled`."""
    found = top.log_prob(levels[0])
    for prior, (above, level) in zip(priors, pairwise(levels), strict=True):
        found = found + gaussian_of(prior(above)).log_prob(level)
    return found
