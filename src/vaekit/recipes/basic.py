"""The autoencoder, the VAE, and the VAE that is told something."""

from vaekit.errors import BadInput
from vaekit.latents import ConditionalNormal, Deterministic, GaussianPosterior, Latent
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Shape
from vaekit.objectives import ELBO, warm_up
from vaekit.recipes.assembly import Parts, assemble, gaussian


def ae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
) -> Parts:
    """A plain autoencoder: a deterministic code and the distortion alone.

    Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647

    Args:
        latent: Size of the code.
    """
    return assemble(shape, net, likelihood, context, Deterministic, latent), ELBO()


def vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
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
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    return model, ELBO(warm_up(beta, warmup, cycles), distortion_weight, free_bits, draws)


def cvae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    conditional_prior: bool = True,
    hidden_prior: int = 64,
    beta: float = 1.0,
    warmup: float = 0.0,
) -> Parts:
    """A VAE that is told something of every row, in encoder, decoder and prior.

    Sohn, Lee and Yan 2015, https://papers.nips.cc/paper/5775

    Args:
        latent: Size of the code.
        conditional_prior: Whether what is told moves the prior, as in the paper; without it the
            prior is standard normal, and one code can be decoded as anything.
        hidden_prior: Width of the prior's network.
        beta: Weight of the rate.
        warmup: Epochs over which beta rises from 0.
    """
    if not context:
        raise BadInput("cvae is told something of every row: add `condition`, such as label.")

    def told(features: int, size: int) -> Latent:
        prior = ConditionalNormal(context, size, hidden_prior)
        return Latent(GaussianPosterior(features, size), prior)

    chosen = told if conditional_prior else gaussian
    return assemble(shape, net, likelihood, context, chosen, latent), ELBO(warm_up(beta, warmup))
