"""Published variants: functions of at most ten lines that combine parts.

A recipe's signature is its configuration: flags, `run.json` and documentation derive
from it. `net` and `likelihood` are parts; left out, they follow from the data's shape.
`context` is the size of the context that encoder and decoder read beside the data.
"""

import math
from collections.abc import Callable

from vaekit.contracts import LatentPart
from vaekit.errors import BadInput
from vaekit.features import NETWORKS, Features
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
from vaekit.nets import MLP, Conv, Critic, Net, ResNet, Shape
from vaekit.objectives import (
    ELBO,
    IWAE,
    Adversarial,
    Objective,
    Perceptual,
    Stabiliser,
    warm_up,
)

Parts = tuple[Autoencoder, Objective]


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


def iwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    draws: int = 50,
) -> Parts:
    """A VAE trained on the importance-weighted bound, tighter with every draw.

    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    Args:
        latent: Size of the code.
        draws: K, the codes drawn for each data point in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), IWAE(draws)


def dfc_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 100,
    beta: float = 1.0,
    distortion_weight: float | None = None,
    warmup: float = 0.0,
    network: str = "vgg19",
    layers: tuple[str, ...] | None = None,
    layer_weights: tuple[float, ...] | None = None,
    perceptual_weight: float = 1.0,
    weights: str | None = None,
) -> Parts:
    """A VAE whose reconstructions match in the features of a trained network, for pictures.

    Hou et al. 2017, https://arxiv.org/abs/1610.00291

    Args:
        latent: Size of the code.
        beta: Weight of the rate.
        distortion_weight: Weight of the distortion of pixels; by default 0 with VGG, as published,
            and small with a network whose first layer skips pixels. At 0 a learned scale stays
            as it starts.
        warmup: Epochs over which beta rises from 0.
        network: The trained network: vgg19, vgg16, squeezenet or alexnet.
        layers: Those whose features are compared; by default the network's first three stages.
        layer_weights: Weight of each of them; by default the network's own.
        perceptual_weight: Weight of the whole distance in features.
        weights: The network's .safetensors or .npz file, or https://...#sha256=HEX; by default
            a file in $VAEKIT_DATA/NETWORK.
    """
    features = Features(network, layers, weights).check(shape)
    pixels = NETWORKS[network].pixels if distortion_weight is None else distortion_weight
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    model.likelihood.requires_grad_(pixels > 0)
    base = ELBO(warm_up(beta, warmup), pixels)
    return model, Perceptual(base, features, layer_weights, perceptual_weight)


def vae_gan(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 100,
    beta: float = 1.0,
    distortion_weight: float = 1.0,
    warmup: float = 0.0,
    gamma: float = 0.04,
    stabiliser: Stabiliser = "spectral-norm",
    layer: int = 3,
) -> Parts:
    """A VAE whose decoder must fool a critic and match its features, for pictures.

    Larsen et al. 2016, https://arxiv.org/abs/1512.09300

    Args:
        latent: Size of the code.
        beta: Weight of the rate.
        distortion_weight: Weight of the distortion of pixels; the paper has none of it.
        warmup: Epochs over which beta rises from 0.
        gamma: Weight of the reconstruction in the decoder's loss, against fooling the critic.
        stabiliser: What keeps the critic in bounds.
        layer: The critic's layer, of 4, whose features are compared.
    """
    model = assemble(shape, net, likelihood, context, gaussian, latent)
    model.likelihood.requires_grad_(distortion_weight > 0)
    base = ELBO(warm_up(beta, warmup), distortion_weight)
    return model, Adversarial(base, Critic(layer=layer).body(shape), gamma, stabiliser)


RECIPES: dict[str, Callable[..., Parts]] = {
    "ae": ae,
    "vae": vae,
    "beta-vae": beta_vae,
    "iwae": iwae,
    "dfc-vae": dfc_vae,
    "vae-gan": vae_gan,
}

NETS: dict[str, Callable[..., Net]] = {"mlp": MLP, "conv": Conv, "resnet": ResNet}

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
    context: int,
    latent: Callable[[int, int], LatentPart],
    size: int,
) -> Autoencoder:
    """An autoencoder from its parts, with the data's defaults for those left out.

    context: its size, 0 for none. latent: from the encoder's features F and the size D to a latent.
    Raises BadInput where the size is not positive.
    """
    if size < 1:
        raise BadInput(f"`latent` must be 1 or more, not {size}.")
    net = net or NETS[default_net(shape)]()
    likelihood = likelihood or LIKELIHOODS[default_likelihood(shape)]()
    encoder = net.encoder(shape, context)
    decoder = net.decoder(size, likelihood.outputs(shape), context)
    return Autoencoder(encoder, latent(encoder.features, size), decoder, likelihood)


def gaussian(features: int, size: int) -> Latent:
    """A Gaussian posterior against a standard normal prior."""
    return Latent(GaussianPosterior(features, size), StandardNormal(size))


def default_net(shape: Shape) -> str:
    """Convolutions for pictures of more values than 28 x 28, else an MLP."""
    return "conv" if len(shape) == 3 and math.prod(shape) > 28 * 28 else "mlp"


def default_likelihood(shape: Shape) -> str:
    """A Bernoulli for grey pictures, else a Gaussian that learns its scale."""
    return "bernoulli" if len(shape) == 3 and shape[0] == 1 else "shared-gaussian"
