"""VAEs that weigh the rate against the distortion, or what it is made of."""

from vaekit.likelihoods import Likelihood, SharedGaussian
from vaekit.nets import MLP, Net, Shape
from vaekit.objectives import ELBO, GECO, Capacity, Factor, warm_up
from vaekit.recipes.assembly import Parts, assemble, gaussian


def beta_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
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
    return assemble(shape, net, likelihood, context, gaussian, latent), ELBO(warm_up(beta, warmup))


def capacity_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    capacity: float = 25.0,
    warmup: float = 50.0,
    gamma: float = 100.0,
) -> Parts:
    """A VAE whose rate follows a capacity that rises, for factors that separate.

    Burgess et al. 2018, https://arxiv.org/abs/1804.03599

    Args:
        latent: Size of the code.
        capacity: Nats of the rate in the end.
        warmup: Epochs over which the capacity rises from 0.
        gamma: Price of a nat that the rate is away from it.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), Capacity(
        capacity, warmup, gamma
    )


def geco_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    tolerance: float = 0.1,
    speed: float = 0.01,
    momentum: float = 0.99,
) -> Parts:
    """A VAE of the least rate that keeps its distortion at a tolerance.

    Rezende and Viola 2018, https://arxiv.org/abs/1810.00597

    Args:
        latent: Size of the code.
        tolerance: The distortion to reach, in nats a value.
        speed: How fast the multiplier moves.
        momentum: Of the constraint's moving average.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), GECO(
        tolerance, speed, momentum
    )


def sigma_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: SharedGaussian | None = None,
    context: int = 0,
    latent: int = 10,
    warmup: float = 0.0,
) -> Parts:
    """A VAE that learns how far off its decoder is, and so what the rate weighs beside that.

    Rybkin, Daniilidis and Levine 2021, https://arxiv.org/abs/2006.13202

    Args:
        latent: Size of the code.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    model = assemble(shape, net, likelihood or SharedGaussian(), context, gaussian, latent)
    return model, ELBO(warm_up(1.0, warmup))


def factor_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    gamma: float = 10.0,
    critic: tuple[int, ...] = (256, 256),
    warmup: float = 0.0,
) -> Parts:
    """A VAE that pays for what the dimensions of its code tell of each other.

    Kim and Mnih 2018, https://arxiv.org/abs/1802.05983

    Args:
        latent: Size of the code.
        gamma: Weight of the total correlation.
        critic: Widths of the network that estimates it.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    judge = MLP(critic, "leaky-relu", centre=0.0).layers(latent, 1)
    return model, Factor(ELBO(warm_up(1.0, warmup)), judge, gamma)
