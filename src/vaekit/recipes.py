"""Published variants: functions of at most ten lines that combine parts.

A recipe's signature is its configuration: flags, `run.json` and documentation derive
from it. `net` and `likelihood` are parts; left out, they follow from the data's shape.
"""

import math
from collections.abc import Callable

from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Likelihood,
    PixelGaussian,
    SharedGaussian,
)
from vaekit.model import Autoencoder
from vaekit.nets import MLP, Conv, Net, Shape
from vaekit.objectives import ELBO, IWAE, Objective, warm_up

Parts = tuple[Autoencoder, Objective]


def ae(
    shape: Shape, *, net: Net | None = None, likelihood: Likelihood | None = None, latent: int = 10
) -> Parts:
    """A plain autoencoder: a deterministic code and the distortion alone.

    Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647

    Args:
        latent: Size of the code.
    """
    return assemble(shape, net, likelihood, Deterministic, latent), ELBO()


def vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    latent: int = 10,
    beta: float = 1.0,
    distortion_weight: float = 1.0,
    warmup: float = 0.0,
    cycles: int = 1,
    free_bits: float = 0.0,
    draws: int = 1,
) -> Parts:
    """The variational autoencoder: a Gaussian code that maximises the ELBO.

    Kingma and Welling 2014, https://arxiv.org/abs/1312.6114

    Args:
        latent: Size of the code.
        beta: Weight of the rate.
        distortion_weight: Weight of the distortion; 0.5 is the article's objective.
        warmup: Epochs over which beta rises from 0.
        cycles: Times it rises within those epochs (Fu et al. 2019).
        free_bits: Nats each dimension may use uncharged (Kingma et al. 2016).
        draws: Codes drawn for each data point in a step.
    """
    model = assemble(shape, net, likelihood, gaussian, latent)
    return model, ELBO(warm_up(beta, warmup, cycles), distortion_weight, free_bits, draws)


def beta_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    latent: int = 10,
    beta: float = 4.0,
    warmup: float = 0.0,
) -> Parts:
    """A VAE that pays more for its rate, for factors that separate.

    Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl

    Args:
        latent: Size of the code.
        beta: Weight of the rate.
        warmup: Epochs over which beta rises from 0.
    """
    return assemble(shape, net, likelihood, gaussian, latent), ELBO(warm_up(beta, warmup))


def iwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    latent: int = 10,
    draws: int = 50,
) -> Parts:
    """A VAE trained on the importance-weighted bound, tighter with every draw.

    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    Args:
        latent: Size of the code.
        draws: K, the codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, gaussian, latent), IWAE(draws)


RECIPES: dict[str, Callable[..., Parts]] = {
    "ae": ae,
    "vae": vae,
    "beta-vae": beta_vae,
    "iwae": iwae,
}

NETS: dict[str, Callable[..., Net]] = {"mlp": MLP, "conv": Conv}

LIKELIHOODS: dict[str, Callable[..., Likelihood]] = {
    "bernoulli": Bernoulli,
    "continuous-bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "shared-gaussian": SharedGaussian,
    "pixel-gaussian": PixelGaussian,
}


def assemble(
    shape: Shape,
    net: Net | None,
    likelihood: Likelihood | None,
    latent: "Callable[[int, int], Latent | Deterministic]",
    size: int,
) -> Autoencoder:
    """An autoencoder from its parts, with the data's defaults for those left out.

    latent: from the encoder's features F and the size D to a latent.
    Raises BadInput where the size is not positive.
    """
    if size < 1:
        raise BadInput(f"--latent must be 1 or more, not {size}.")
    net = net or NETS[default_net(shape)]()
    likelihood = likelihood or LIKELIHOODS[default_likelihood(shape)]()
    encoder = net.encoder(shape)
    decoder = net.decoder(size, shape, likelihood.needs)
    return Autoencoder(encoder, latent(encoder.features, size), decoder, likelihood)  # type: ignore[arg-type]


def gaussian(features: int, size: int) -> Latent:
    """A Gaussian posterior against a standard normal prior."""
    return Latent(GaussianPosterior(features, size), StandardNormal(size))


def default_net(shape: Shape) -> str:
    """Convolutions for pictures of more values than 28 x 28, else an MLP."""
    return "conv" if len(shape) == 3 and math.prod(shape) > 28 * 28 else "mlp"


def default_likelihood(shape: Shape) -> str:
    """A Bernoulli for grey pictures, else a Gaussian that learns its scale."""
    return "bernoulli" if len(shape) == 3 and shape[0] == 1 else "shared-gaussian"
