"""Models of melodies."""

from vaekit.likelihoods import Categorical, Likelihood
from vaekit.nets import Bars, Net, Shape
from vaekit.objectives import ELBO, exponential
from vaekit.recipes.assembly import Parts, assemble, gaussian
from vaekit.transformations import Transposition


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
