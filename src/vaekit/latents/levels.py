"""What hierarchies share: the sizes of their levels, and the prior on top."""

from collections.abc import Sequence

from vaekit.contracts import Choosy, Prior
from vaekit.distributions import DiagonalGaussian
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
