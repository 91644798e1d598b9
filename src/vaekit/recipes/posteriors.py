"""VAEs whose posterior is more than a Gaussian with independent dimensions."""

from functools import partial

from vaekit.latents import (
    FullPosterior,
    Hamiltonian,
    Householder,
    Latent,
    MaskedAutoregressive,
    Planar,
    Radial,
    StandardNormal,
    Tempering,
    inverse_autoregressive,
    neural_spline,
)
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import ELBO, warm_up
from vaekit.recipes.assembly import Parts, assemble, bent, gaussian


def iaf_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 2,
    hidden_flow: int = 128,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is bent by inverse autoregressive flows, for a tighter bound.

    Kingma et al. 2016, https://arxiv.org/abs/1606.04934

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        hidden_flow: Width of the flows' networks.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(inverse_autoregressive, steps=steps, hidden_flow=hidden_flow)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def maf_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 2,
    hidden_flow: int = 128,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is bent by masked autoregressive flows, drawn number by number.

    Papamakarios, Pavlakou and Murray 2017, https://arxiv.org/abs/1705.07057

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        hidden_flow: Width of the flows' networks.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(MaskedAutoregressive, steps=steps, hidden_flow=hidden_flow)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def spline_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 2,
    hidden_flow: int = 128,
    bins: int = 8,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is bent by autoregressive splines, which can have several modes.

    Durkan et al. 2019, https://arxiv.org/abs/1906.04032

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        hidden_flow: Width of the flows' networks.
        bins: Pieces of a spline.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(neural_spline, steps=steps, hidden_flow=hidden_flow, bins=bins)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def planar_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 10,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is bent across planes.

    Rezende and Mohamed 2015, https://arxiv.org/abs/1505.05770

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(Planar, steps=steps)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def radial_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 10,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is bent around points.

    Rezende and Mohamed 2015, https://arxiv.org/abs/1505.05770

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(Radial, steps=steps)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def householder(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 10,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose posterior is turned by reflections, so that its dimensions are correlated.

    Tomczak and Welling 2016, https://arxiv.org/abs/1611.09630

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        warmup: Epochs over which the rate's weight rises from 0.
    """
    flow = partial(Householder, steps=steps)
    model = assemble(shape, net, likelihood, context, bent(flow), latent)
    return model, ELBO(warm_up(1.0, warmup))


def full_rank_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    draws: int = 1,
) -> Parts:
    """A VAE whose Gaussian posterior correlates the dimensions of its code.

    Kingma and Welling 2019, https://arxiv.org/abs/1906.02691

    Args:
        latent: Size of the code.
        draws: Codes drawn for each data point in a step.
    """

    def correlated(features: int, size: int) -> Latent:
        return Latent(FullPosterior(features, size), StandardNormal(size))

    return assemble(shape, net, likelihood, context, correlated, latent), ELBO(draws=draws)


def hvae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    leapfrog: int = 3,
    step_size: float = 0.05,
    tempering: Tempering = "fixed",
) -> Parts:
    """A VAE whose codes are moved by Hamiltonian dynamics towards the model's own posterior.

    Caterini, Doucet and Sejdinovic 2018, https://arxiv.org/abs/1805.11328

    Args:
        latent: Size of the code.
        leapfrog: Steps of the dynamics; each costs most of what a plain VAE's training step does.
        step_size: Of each at the start, below 0.5; it is learned for every dimension.
        tempering: How momenta, wide at first, are cooled: fixed learns the first temperature, free
            what every step cools by, none has none.
    """
    part = Hamiltonian(latent, leapfrog, step_size, tempering)
    model = assemble(shape, net, likelihood, context, gaussian, latent, refinement=part)
    return model, ELBO()
