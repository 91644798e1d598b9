"""VAEs with codes one above the other."""

from collections.abc import Callable
from math import prod

from vaekit.errors import expect
from vaekit.latents import DeepLadder, Hierarchy, Ladder, VampPrior
from vaekit.likelihoods import Likelihood
from vaekit.nets import Net, Pyramid, Shape
from vaekit.nets.activations import Activation
from vaekit.objectives import ELBO, IWAE, cubic, warm_up
from vaekit.recipes.assembly import Parts, assemble, refuse_symbols


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


def hvamp_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: tuple[int, ...] = (5, 10),
    hidden_ladder: int = 128,
    pseudo_inputs: int = 500,
    warmup: float = 5.0,
) -> Parts:
    """A VAE of two levels whose upper one has posteriors at pseudo-inputs for its prior.

    Tomczak and Welling 2018, https://arxiv.org/abs/1705.07120

    Args:
        latent: Size of the code at each level, from the top down; two of 40 in the paper.
        hidden_ladder: Width of the networks between levels.
        pseudo_inputs: How many there are; they start at training rows, of which they are a part.
        warmup: Epochs over which the rate's weight rises from 0, as time's cube.
    """
    refuse_symbols("hvamp-vae", shape)

    def ladder(features: int, size: int) -> Ladder:
        top = VampPrior(latent[0], shape, pseudo_inputs, context)
        return Ladder(features, latent, hidden_ladder, top, merged=False)

    model = assemble(shape, net, likelihood, context, ladder, sum(latent))
    return model, ELBO(cubic(1.0, warmup))


def layered_vae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: tuple[int, ...] = (50, 100),
    hidden_levels: tuple[int, ...] = (100, 100),
    activation_levels: Activation = "tanh",
    warmup: float = 0.0,
    draws: int = 1,
) -> Parts:
    """A VAE of several stochastic layers, each inferred from the one below it.

    Its two-layer models are of `hidden` 200 200 and tanh.
    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    Args:
        latent: Size of the code at each level, from the top down; the decoder reads the last.
        hidden_levels: Widths of the network from each level to the one above, and mirrored back.
        activation_levels: Its non-linearity.
        warmup: Epochs over which the rate's weight rises from 0.
        draws: Codes drawn for each data point in a step.
    """
    layers = _layers(latent, hidden_levels, activation_levels)
    size, lowest = sum(latent), (latent or (0,))[-1]
    model = assemble(shape, net, likelihood, context, layers, size, reads=lowest)
    return model, ELBO(warm_up(1.0, warmup), draws=draws)


def layered_iwae(
    shape: Shape,
    *,
    net: Net | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: tuple[int, ...] = (50, 100),
    hidden_levels: tuple[int, ...] = (100, 100),
    activation_levels: Activation = "tanh",
    draws: int = 50,
    rising: float = 0.0,
    warmup: float = 0.0,
    chosen: int = 0,
) -> Parts:
    """An IWAE of several stochastic layers, each inferred from the one below it.

    Its two-layer models are of `hidden` 200 200 and tanh.
    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    Args:
        latent: Size of the code at each level, from the top down; the decoder reads the last.
        hidden_levels: Widths of the network from each level to the one above, and mirrored back.
        activation_levels: Its non-linearity.
        draws: K, the codes drawn for each data point in a step.
        rising: Epochs over which K rises from 1, most of it late; these cost less.
        warmup: Epochs over which the rate's weight rises from 0.
        chosen: Draws that the gradient goes through, chosen by weight; 0 is all.
    """
    layers = _layers(latent, hidden_levels, activation_levels)
    size, lowest = sum(latent), (latent or (0,))[-1]
    model = assemble(shape, net, likelihood, context, layers, size, reads=lowest)
    return model, IWAE(draws, rising, warm_up(1.0, warmup), chosen)


def very_deep_vae(
    shape: Shape,
    *,
    net: Pyramid | None = None,
    likelihood: Likelihood | None = None,
    context: int = 0,
    latent: int = 4,
    warmup: float = 0.0,
    draws: int = 1,
) -> Parts:
    """A VAE of pictures with many levels of codes, from a single place to half the picture's size.

    Its training leaves out the rare steps whose gradients are huge: `skip`, of 20000 for MNIST.
    Child 2021, https://arxiv.org/abs/2011.10650

    Args:
        latent: Channels of the code at every level.
        warmup: Epochs over which the rate's weight rises from 0.
        draws: Codes drawn for each data point in a step.
    """
    net = net or Pyramid()
    expect("net", net, Pyramid, "a `Pyramid`")

    def deep(features: int, size: int) -> DeepLadder:
        return DeepLadder(net, shape, latent)

    size, reads = net.code(shape, latent), prod(net.maps(shape)[0])
    model = assemble(shape, net, likelihood, context, deep, size, reads=reads)
    return model, ELBO(warm_up(1.0, warmup), draws=draws)


def _layers(
    latent: tuple[int, ...], hidden: tuple[int, ...], activation: Activation
) -> Callable[[int, int], Hierarchy]:
    """Stochastic layers of these sizes, from the top down."""
    return lambda features, size: Hierarchy(features, latent, hidden, activation)
