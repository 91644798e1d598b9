"""Published variants: functions of at most ten lines that combine parts.

A recipe's signature is its configuration: flags, `run.json` and documentation derive
from it. `net` and `likelihood` are parts; left out, they follow from the data's shape.
`context` is the size of the context that encoder and decoder read beside the data.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

from vaekit.contracts import LatentPart
from vaekit.corruptions import SINGLE, Corruption, Several
from vaekit.errors import BadInput, expect
from vaekit.features import NETWORKS, Features
from vaekit.kinds import KINDS, usual
from vaekit.latents import (
    Codebook,
    ConcretePosterior,
    ConcretePrior,
    ConditionalNormal,
    Deterministic,
    FlowPosterior,
    GaussianPosterior,
    Ladder,
    Latent,
    PoincarePosterior,
    PoincarePrior,
    PowerSpherical,
    SpherePosterior,
    SpherePrior,
    StandardNormal,
    VonMisesFisher,
)
from vaekit.likelihoods import (
    BandGaussian,
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretisedLogistic,
    Gaussian,
    Laplace,
    Likelihood,
    NegativeBinomial,
    PixelCategorical,
    PixelGaussian,
    Poisson,
    SharedGaussian,
    StudentT,
    cutout,
    logistic_mixture,
    zero_inflated,
)
from vaekit.model import Autoencoder
from vaekit.nets import (
    LSTM,
    MLP,
    Bands,
    Bars,
    Conv,
    Critic,
    Net,
    ResNet,
    Shape,
    Styled,
    Transformer,
)
from vaekit.objectives import (
    CIWAE,
    ELBO,
    GECO,
    IWAE,
    MIWAE,
    PIWAE,
    STL,
    Adversarial,
    Capacity,
    DReG,
    Factor,
    Objective,
    Perceptual,
    Renyi,
    Stabiliser,
    exponential,
    warm_up,
)
from vaekit.transformations import Transformation, Transposition

Parts = tuple[Autoencoder, Objective]
_SIDE_BY_SIDE = "positions` times `width"


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


def miwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 10,
    groups: int = 8,
    draws_each: int = 8,
) -> Parts:
    """A VAE trained on the mean of several importance-weighted bounds.

    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    Args:
        latent: Size of the code.
        groups: M, the bounds that are averaged.
        draws_each: K, the codes drawn for each bound in a step.
    """
    return assemble(shape, net, likelihood, context, gaussian, latent), MIWAE(groups, draws_each)


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

    def flowed(features: int, size: int) -> Latent:
        return Latent(FlowPosterior(features, size, steps, hidden_flow), StandardNormal(size))

    model = assemble(shape, net, likelihood, context, flowed, latent)
    return model, ELBO(warm_up(1.0, warmup))


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

    def sphere(features: int, size: int) -> Latent:
        posterior = SpherePosterior(features, size, VonMisesFisher, concentration)
        return Latent(posterior, SpherePrior(size))

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

    def sphere(features: int, size: int) -> Latent:
        posterior = SpherePosterior(features, size, PowerSpherical, concentration)
        return Latent(posterior, SpherePrior(size))

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
    temperature: float = 0.67,
    warmup: float = 0.0,
) -> Parts:
    """A VAE whose code is made of categories, relaxed while training so that gradients pass.

    Jang, Gu and Poole 2017, https://arxiv.org/abs/1611.01144

    Args:
        positions: Categories in a code.
        categories: What each is one of.
        temperature: Of the relaxation, throughout; close to 0 it is none.
        warmup: Epochs over which the rate's weight rises from 0.
    """

    def relaxed(features: int, size: int) -> Latent:
        posterior = ConcretePosterior(features, positions, categories, temperature)
        return Latent(posterior, ConcretePrior(positions, categories, temperature))

    size, named = positions * categories, "positions` times `categories"
    model = assemble(shape, net, likelihood, context, relaxed, size, named)
    return model, ELBO(warm_up(1.0, warmup))


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


def ladder_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: tuple[int, ...] = (5, 10),
    hidden_ladder: int = 128,
    warmup: float = 5.0,
    draws: int = 1,
) -> Parts:
    """A VAE with codes one above the other, the upper ones the prior of the lower ones.

    Sønderby et al. 2016, https://arxiv.org/abs/1602.02282

    Args:
        latent: Size of the code at each level, from the top down.
        hidden_ladder: Width of the networks between levels.
        warmup: Epochs over which the rate's weight rises from 0, as in the paper; without it
            much of the lower level stays unused.
        draws: Codes drawn for each data point in a step.
    """

    def ladder(features: int, size: int) -> Ladder:
        return Ladder(features, latent, hidden_ladder)

    model = assemble(shape, net, likelihood, context, ladder, sum(latent))
    return model, ELBO(warm_up(1.0, warmup), draws=draws)


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


def generator(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 50,
    view: int = 3,
    transformed: float = 1.0,
) -> Parts:
    """A network that draws an object of a style from a side: codes of styles are learned, too.

    Its published loss is that of the likelihood cutout with a `colour_weight` of 10.
    Dosovitskiy, Springenberg and Brox 2015, https://arxiv.org/abs/1411.5928

    Args:
        latent: Size of a style's code.
        view: Numbers at the context's end that are the view's, as 3 for elevation azimuth:angle;
            those before them, as of id, are the style's.
        transformed: Strength of random transformations while training, which the network is
            told of; 0 for none.
    """
    part = Transformation(transformed) if transformed else None
    told = part.size if part else 0
    body = Styled(net or Conv(), view + told, told)
    model = assemble(shape, body, likelihood, context + told, Deterministic, latent)
    model.transformation = part.check(shape) if part else None
    return model, ELBO()


def music_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 128,
    beta: float = 0.2,
    warmup: float = 5.0,
    free_rate: float = 0.0,
    transposed: int = 5,
    pitches: tuple[int, int] = (36, 96),
) -> Parts:
    """A VAE of melodies whose decoder conducts, then plays bar by bar; `net` LSTM plays flat.

    The published models have beta 0.2, and at 16 bars 256 bits that are not charged (177 nats).
    Roberts et al. 2018, https://arxiv.org/abs/1803.05428

    Args:
        latent: Size of the code.
        beta: Weight of the rate.
        warmup: Epochs after which beta, rising exponentially from 0, is at 63% of that.
        free_rate: Nats of a row's rate that are not charged; 0.69 times bits.
        transposed: Semitones that training moves a row up or down at most; 0 for none.
        pitches: The lowest and the highest that it moves notes to, in MIDI's numbers.
    """
    part = Transposition(transposed, *pitches) if transposed else None
    likelihood = likelihood or Categorical()
    model = assemble(shape, net or Bars(), likelihood, context, gaussian, latent)
    model.transformation = part.check(shape) if part else None
    return model, ELBO(exponential(beta, warmup), free_rate=free_rate)


RECIPES: dict[str, Callable[..., Parts]] = {
    "ae": ae,
    "vae": vae,
    "beta-vae": beta_vae,
    "iwae": iwae,
    "miwae": miwae,
    "ciwae": ciwae,
    "piwae": piwae,
    "dreg-iwae": dreg_iwae,
    "renyi-vae": renyi_vae,
    "stl-vae": stl_vae,
    "capacity-vae": capacity_vae,
    "geco-vae": geco_vae,
    "cvae": cvae,
    "iaf-vae": iaf_vae,
    "svae": svae,
    "power-svae": power_svae,
    "poincare-vae": poincare_vae,
    "gumbel-vae": gumbel_vae,
    "vq-vae": vq_vae,
    "ladder-vae": ladder_vae,
    "factor-vae": factor_vae,
    "dfc-vae": dfc_vae,
    "vae-gan": vae_gan,
    "generator": generator,
    "music-vae": music_vae,
}

NETS: dict[str, Callable[..., Net]] = {
    "mlp": MLP,
    "conv": Conv,
    "resnet": ResNet,
    "bands": Bands,
    "lstm": LSTM,
    "bars": Bars,
    "transformer": Transformer,
}

LIKELIHOODS: dict[str, Callable[..., Likelihood]] = {
    "bernoulli": Bernoulli,
    "continuous-bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "shared-gaussian": SharedGaussian,
    "pixel-gaussian": PixelGaussian,
    "cutout": cutout,
    "band-gaussian": BandGaussian,
    "categorical": Categorical,
    "pixel-categorical": PixelCategorical,
    "discretised-logistic": DiscretisedLogistic,
    "logistic-mixture": logistic_mixture,
    "laplace": Laplace,
    "student-t": StudentT,
    "poisson": Poisson,
    "negative-binomial": NegativeBinomial,
    "zero-inflated": zero_inflated,
}

CORRUPTIONS: dict[str, Callable[..., Corruption]] = {**SINGLE, "several": Several}


def assemble(
    shape: Shape,
    net: Net | None,
    likelihood: Likelihood | None,
    context: int,
    latent: Callable[[int, int], LatentPart],
    size: int,
    named: str = "latent",
) -> Autoencoder:
    """An autoencoder from its parts, with the data's defaults for those left out.

    context: its size, 0 for none. latent: from the encoder's features F and the size D to a latent.
    named: the option that says how large it is.
    Raises BadInput where the size is not positive.
    """
    expect("shape", shape, tuple | list, "that of a row, such as (1, 28, 28), or `dataset.shape`")
    for option, part, table in (("net", net, NETS), ("likelihood", likelihood, LIKELIHOODS)):
        if isinstance(part, str):
            names = ", ".join(each.__name__ for each in table.values())
            raise BadInput(f"`{option}` is the text {part!r}: give an object of {names}.")
    expect(named, size, int, "a whole number")
    if size < 1:
        raise BadInput(f"`{named}` must be 1 or more, not {size}.")
    kind = KINDS[usual(shape)]
    net = net or NETS[kind.net(shape)]()
    likelihood = (likelihood or LIKELIHOODS[kind.likelihood(shape)]()).fitted(tuple(shape))
    encoder = net.encoder(shape, context)
    decoder = net.decoder(size, likelihood.outputs(shape), context)
    return Autoencoder(encoder, latent(encoder.features, size), decoder, likelihood)


def gaussian(features: int, size: int) -> Latent:
    """A Gaussian posterior against a standard normal prior."""
    return Latent(GaussianPosterior(features, size), StandardNormal(size))


def paper(part: Callable[..., Any]) -> str:
    """The link to a recipe's paper, or another part's; "" where its docstring has none."""
    link = re.search(r"https?://\S+[^\s.,;)]", inspect.getdoc(part) or "")
    return link[0] if link else ""
