"""VAEs whose prior is learned."""

from vaekit.latents import ExemplarPrior, FlowPrior, MixturePrior, VampPrior
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import ELBO, cubic
from vaekit.recipes.assembly import Parts, against, assemble, refuse_symbols


def mog_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    gaussians: int = 100,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose prior is a learned mixture of Gaussians, which costs next to nothing.

    As compared in Tomczak and Welling 2018, https://arxiv.org/abs/1705.07120

    Args:
        latent: Size of the code.
        gaussians: How many the mixture has.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube: at first a prior
            that learns follows posteriors that say nothing.
    """
    priced = against(lambda size: MixturePrior(size, gaussians))
    model = assemble(shape, net, likelihood, context, priced, latent)
    return model, ELBO(cubic(1.0, warmup))


def vamp_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    pseudo_inputs: int = 500,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose prior is the mixture of its posteriors at learned pseudo-inputs.

    Tomczak and Welling 2018, https://arxiv.org/abs/1705.07120

    Args:
        latent: Size of the code.
        pseudo_inputs: How many there are; they start at training rows, of which they are a part.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube; 100, in a line,
            in the paper. Without it posteriors become alike before the decoder has use for them.
    """
    refuse_symbols("vamp-vae", shape)
    priced = against(lambda size: VampPrior(size, shape, pseudo_inputs, context))
    model = assemble(shape, net, likelihood, context, priced, latent)
    return model, ELBO(cubic(1.0, warmup))


def exemplar_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    exemplars: int = 1000,
    exemplars_each: int = 100,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose prior is a mixture of Gaussians around the codes of training rows.

    The rows are kept with the weights. Norouzi, Fleet and Norouzi 2020,
    https://arxiv.org/abs/2004.04795

    Args:
        latent: Size of the code.
        exemplars: Training rows that make the prior; 25,000 of MNIST in the paper.
        exemplars_each: Those that a step sees, in turn; with all its loss is exact, with fewer
            it is above that, and the step is faster.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube.
    """
    priced = against(lambda size: ExemplarPrior(size, shape, exemplars, context, exemplars_each))
    model = assemble(shape, net, likelihood, context, priced, latent)
    return model, ELBO(cubic(1.0, warmup))


def realnvp_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 4,
    hidden_flow: int = 128,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose prior is bent by coupling layers, which are quick to score and to draw from.

    Of Dinh, Sohl-Dickstein and Bengio 2017, https://arxiv.org/abs/1605.08803

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        hidden_flow: Width of the flows' networks.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube: at first a prior
            that learns follows posteriors that say nothing.
    """
    priced = against(lambda size: FlowPrior(size, steps, hidden_flow, coupled=True))
    model = assemble(shape, net, likelihood, context, priced, latent)
    return model, ELBO(cubic(1.0, warmup))


def maf_prior_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    steps: int = 4,
    hidden_flow: int = 128,
    warmup: float = 5.0,
) -> Parts:
    """A VAE whose prior is bent by masked autoregressive flows; drawing takes D passes.

    As in Chen et al. 2017, https://arxiv.org/abs/1611.02731

    Args:
        latent: Size of the code.
        steps: Flows, one after the other.
        hidden_flow: Width of the flows' networks.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube: at first a prior
            that learns follows posteriors that say nothing.
    """
    priced = against(lambda size: FlowPrior(size, steps, hidden_flow))
    model = assemble(shape, net, likelihood, context, priced, latent)
    return model, ELBO(cubic(1.0, warmup))
