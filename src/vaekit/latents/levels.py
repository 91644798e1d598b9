"""What hierarchies share: the sizes of their levels, and the prior on top."""

from collections.abc import Sequence

from vaekit.contracts import Prior
from vaekit.errors import BadInput
from vaekit.latents.gaussian import StandardNormal


def check_sizes(sizes: Sequence[int]) -> None:
    """Raise BadInput where levels have no sizes."""
    if not sizes or min(sizes) < 1:
        raise BadInput(f"`latent` must be one size or more, from the top, not {list(sizes)}.")


def on_top(sizes: Sequence[int], top: Prior | None) -> Prior:
    """The prior of the first of levels: standard normal where none is given.

    Raises BadInput where it is of another size.
    """
    if top is None:
        return StandardNormal(sizes[0])
    if top.size != sizes[0]:
        raise BadInput(
            f"`top` is a prior of {top.size} dimensions and the top level has {sizes[0]}: "
            "give both the same size."
        )
    return top
