"""Autoencoders whose codes are no points of a Euclidean space."""

from collections.abc import Callable

from vaekit.latents import (
    CategoricalPosterior,
    CategoricalPrior,
    Codebook,
    Latent,
    PoincarePosterior,
    PoincarePrior,
    PowerSpherical,
    SpherePosterior,
    SpherePrior,
    VonMisesFisher,
)
from vaekit.latents.sphere import OnSphere
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import ELBO, warm_up
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


def svae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    concentration: float = 1000.0,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose codes lie on a sphere, around which the posterior is von Mises and Fisher's.

    Davidson et al. 2018, https://arxiv.org/abs/1804.00891

    Args:
        latent: Numbers of a code, one more than the sphere has dimensions.
        concentration: Of the posterior, about where it starts.
        warmup: Epochs over which the rate's weight rises from 0; without it the concentration
            soon falls to nothing, and no gradient brings it back.
    """
    sphere = _spherical(VonMisesFisher, concentration)
    model = assemble(shape, net, likelihood, context, sphere, latent)
    return model, ELBO(warm_up(1.0, warmup))


def power_svae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    concentration: float = 1000.0,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose codes lie on a sphere, with a posterior that is drawn from without rejection.

    De Cao and Aziz 2020, https://arxiv.org/abs/2006.04437

    Args:
        latent: Numbers of a code, one more than the sphere has dimensions.
        concentration: Of the posterior, about where it starts.
        warmup: Epochs over which the rate's weight rises from 0; without it the concentration
            soon falls to nothing, and no gradient brings it back.
    """
    sphere = _spherical(PowerSpherical, concentration)
    model = assemble(shape, net, likelihood, context, sphere, latent)
    return model, ELBO(warm_up(1.0, warmup))


def poincare_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    curvature: float = 1.0,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose codes lie in hyperbolic space, which has room for trees.

    Mathieu et al. 2019, https://arxiv.org/abs/1901.06033

    Args:
        latent: Size of the code.
        curvature: How fast space grows with the distance from a point.
        warmup: Epochs over which the rate's weight rises from 0.
    """

    def ball(features: int, size: int) -> Latent:
        posterior = PoincarePosterior(features, size, curvature)
        return Latent(posterior, PoincarePrior(size, curvature))

    model = assemble(shape, net, likelihood, context, ball, latent)
    return model, ELBO(warm_up(1.0, warmup))


def gumbel_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    positions: int = 16,
    categories: int = 10,
    temperature: float = 0.5,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose code is made of categories, with gradients as if they were relaxed.

    Jang, Gu and Poole 2017, https://arxiv.org/abs/1611.01144

    Args:
        positions: Categories in a code.
        categories: What each is one of.
        temperature: Of the gradients' relaxation: close to 0 they are noisier, and less biased.
        warmup: Epochs over which the rate's weight rises from 0.
    """

    def chosen(features: int, size: int) -> Latent:
        posterior = CategoricalPosterior(features, positions, categories, temperature)
        return Latent(posterior, CategoricalPrior(positions, categories))

    size, named = positions * categories, "positions` times `categories"
    model = assemble(shape, net, likelihood, context, chosen, size, named)
    return model, ELBO(warm_up(1.0, warmup))


def _spherical(family: OnSphere, concentration: float) -> Callable[[int, int], Latent]:
    """A posterior of this family on the sphere, against a uniform prior."""
    return lambda features, size: Latent(
        SpherePosterior(features, size, family, concentration), SpherePrior(size)
    )
