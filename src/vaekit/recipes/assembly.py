"""How a recipe makes a model of parts, and the parts that have names."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

from vaekit.contracts import LatentPart, Prior, Refining
from vaekit.corruptions import SINGLE, Corruption, Several
from vaekit.errors import BadInput, expect
from vaekit.kinds import KINDS, usual
from vaekit.latents import Flow, FlowPosterior, GaussianPosterior, Latent, StandardNormal
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
from vaekit.nets import LSTM, MLP, Bands, Bars, Conv, Net, Pyramid, ResNet, Shape, Transformer
from vaekit.objectives import Objective

Parts = tuple[Autoencoder, Objective]


NETS: dict[str, Callable[..., Net]] = {
    "mlp": MLP,
    "conv": Conv,
    "resnet": ResNet,
    "pyramid": Pyramid,
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
    reads: int | None = None,
    refinement: Refining | None = None,
) -> Autoencoder:
    """An autoencoder from its parts, with the data's defaults for those left out.

    context: its size, 0 for none. latent: from the encoder's features F and the size D to a latent.
    named: the option that says how large it is. reads: how many numbers of it the decoder reads,
        where the latent is `Stateful`.
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
    decoder = net.decoder(reads or size, likelihood.outputs(shape), context)
    inferred = latent(encoder.features, size)
    return Autoencoder(encoder, inferred, decoder, likelihood, refinement=refinement)


def part_for(kind: str, recipe: Callable[..., Parts], usual: str, chosen: str = "") -> str:
    """The name of a recipe's net or likelihood: the chosen, else its own, else the data's usual.

    kind: net or likelihood. A recipe with one of its own says so in its signature.
    Raises BadInput where another one was chosen.
    """
    tables: dict[str, Mapping[str, Callable[..., Any]]] = {"net": NETS, "likelihood": LIKELIHOODS}
    table = tables[kind]
    takes = set(get_args(get_type_hints(recipe)[kind]))
    own = [name for name, part in table.items() if part in takes]
    if chosen and own and chosen in table and chosen not in own:
        raise BadInput(
            f"`{kind}={chosen!r}` does not suit this recipe, which needs {own[0]}: leave it out."
        )
    return chosen or (own[0] if own else usual)


def gaussian(features: int, size: int) -> Latent:
    """A Gaussian posterior against a standard normal prior."""
    return Latent(GaussianPosterior(features, size), StandardNormal(size))


def against(prior: Callable[[int], Prior]) -> Callable[[int, int], Latent]:
    """A Gaussian posterior against what a function of the code's size D gives."""

    def priced(features: int, size: int) -> Latent:
        return Latent(GaussianPosterior(features, size), prior(size))

    return priced


def bent(flow: Flow) -> Callable[[int, int], Latent]:
    """A Gaussian posterior bent by a flow, against a standard normal prior."""
    return lambda features, size: Latent(FlowPosterior(features, size, flow), StandardNormal(size))


def refuse_symbols(recipe: str, shape: Shape) -> None:
    """Raise BadInput where rows are symbols, which a recipe that learns values cannot learn."""
    if KINDS[usual(shape)].played:
        raise BadInput(f"{recipe} learns values of rows, and melodies are symbols: use mog-vae.")


def paper(part: Callable[..., Any]) -> str:
    """The link to a recipe's paper, or another part's; "" where its docstring has none."""
    link = re.search(r"https?://\S+[^\s.,;)]", inspect.getdoc(part) or "")
    return link[0] if link else ""
