"""Models of pictures that judge by features, or draw what they are told."""

from vaekit.features import NETWORKS, Features
from vaekit.latents import Deterministic
from vaekit.likelihoods import Likelihood
from vaekit.nets import Conv, Critic, Net, Shape, Styled
from vaekit.objectives import ELBO, Adversarial, Perceptual, Stabiliser, warm_up
from vaekit.recipes.assembly import Parts, assemble, gaussian
from vaekit.transformations import Transformation


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
