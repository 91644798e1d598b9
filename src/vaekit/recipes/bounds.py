"""VAEs trained on other bounds, or with other gradients of the ELBO."""

from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import CIWAE, IWAE, MIWAE, PIWAE, STL, DReG, Renyi, warm_up
from vaekit.recipes.assembly import Parts, assemble, gaussian


def iwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    draws: int = 50,
    rising: float = 0.0,
    warmup: float = 0.0,
    chosen: int = 0,
) -> Parts:
    """A VAE trained on the importance-weighted bound, tighter with every draw.

    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    Args:
        latent: Size of the code.
        draws: K, the codes drawn for each data point in a step.
        rising: Epochs over which K rises from 1, most of it late; these cost less.
        warmup: Epochs over which the rate's weight rises from 0.
        chosen: Draws that the gradient goes through, chosen by weight; 0 is all.
    """
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    return model, IWAE(draws, rising, warm_up(1.0, warmup), chosen)


def miwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    groups: int = 8,
    draws_each: int = 8,
    rising: float = 0.0,
    warmup: float = 0.0,
    chosen: int = 0,
) -> Parts:
    """A VAE trained on the mean of several importance-weighted bounds.

    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    Args:
        latent: Size of the code.
        groups: M, the bounds that are averaged.
        draws_each: K, the codes drawn for each bound in a step.
        rising: Epochs over which M and K rise from 1, most of it late; these cost less.
        warmup: Epochs over which the rate's weight rises from 0.
        chosen: Draws of each bound that the gradient goes through, chosen by weight; 0 is all.
    """
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    return model, MIWAE(groups, draws_each, rising, warm_up(1.0, warmup), chosen)


def ciwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    mixed: float = 0.5,
    draws: int = 50,
) -> Parts:
    """A VAE trained on a mixture of the ELBO and the importance-weighted bound.

    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    Args:
        latent: Size of the code.
        mixed: Weight of the ELBO, from 0 to 1.
        draws: K, the codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), CIWAE(mixed, draws)


def piwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    groups: int = 8,
    draws_each: int = 8,
) -> Parts:
    """A VAE whose encoder is trained as a MIWAE's and whose decoder as an IWAE's.

    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    Args:
        latent: Size of the code.
        groups: M, the encoder's bounds that are averaged; the decoder's bound is of all draws.
        draws_each: K, the codes drawn for each of them in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), PIWAE(groups, draws_each)


def dreg_iwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    draws: int = 50,
) -> Parts:
    """An IWAE whose encoder's gradient is less noisy, with the same mean.

    Tucker et al. 2018, https://arxiv.org/abs/1810.04152

    Args:
        latent: Size of the code.
        draws: K, the codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), DReG(draws)


def renyi_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    alpha: float = 0.5,
    draws: int = 50,
) -> Parts:
    """A VAE trained on a bound between the ELBO and the importance-weighted one, or beyond.

    Li and Turner 2016, https://arxiv.org/abs/1602.02311

    Args:
        latent: Size of the code.
        alpha: Order of the divergence: 1 is the ELBO, 0 IWAE.
        draws: K, the codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), Renyi(alpha, draws)


def stl_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    draws: int = 1,
) -> Parts:
    """A VAE whose gradient leaves out the posterior's score, for less noise.

    Roeder, Wu and Duvenaud 2017, https://arxiv.org/abs/1703.09194

    Args:
        latent: Size of the code.
        draws: Codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), STL(draws)
