"""Autoencoders whose codes are no points of a Euclidean space."""

from vaekit.latents import Codebook
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import ELBO
from vaekit.recipes.assembly import Parts, assemble

_SIDE_BY_SIDE = "positions` times `width"


def vq_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    positions: int = 16,
    codes: int = 256,
    width: int = 8,
    decay: float = 0.99,
    commitment: float = 0.25,
) -> Parts:
    """An autoencoder whose code is made of vectors chosen from a book.

    Van den Oord, Vinyals and Kavukcuoglu 2017, https://arxiv.org/abs/1711.00937

    Args:
        positions: Vectors in a code.
        codes: Vectors in the book.
        width: Numbers in a vector.
        decay: Of the moving average that a vector follows.
        commitment: Weight of the distance between encodings and their vectors.
    """

    def book(features: int, _: int) -> Codebook:
        return Codebook(features, positions, codes, width, decay, commitment)

    size = positions * width
    return assemble(shape, net, likelihood, context, book, size, _SIDE_BY_SIDE), ELBO(0.0)
