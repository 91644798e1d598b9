"""Adversarial training: a critic that learns to tell pictures from what a model makes of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from vaekit.contracts import Decoder
from vaekit.errors import BadInput, zero_or_more
from vaekit.model import Autoencoder
from vaekit.nets.critic import Judgement
from vaekit.objectives.base import Added, Objective
from vaekit.records import Loss, Phase, Trace

Stabiliser = Literal["spectral-norm", "r1", "none"]


@final
class Adversarial(Added):
    """Another objective with a critic: sharper pictures, and features instead of pixels.

    Three phases, each with an optimiser and parameters of its own; means over draws and batch:

    - `encoder` (all of the model but the decoder phase's, and the base's parameters) minimises
      base + features, where base is the other objective's loss and features are
      1/2 |f(x) - f(x')|^2 in nats, with f(x) the critic's features of a picture and x' its
      reconstruction. Their unit is the root of the mean over channels of their variance over
      batch and places, so that the critic cannot shrink the term.
    - `decoder` (decoder and likelihood) minimises gamma (base + features) + deception, where
      deception is softplus(-realness), the mean of reconstructions and of prior samples.
    - `critic` minimises softplus(-realness) of data + softplus(realness) of what is made, again
      the mean of reconstructions and of prior samples, and the stabiliser's penalty.

    With a base of ELBO(beta, distortion_weight=0) it is VAE/GAN, Larsen et al. 2016,
    https://arxiv.org/abs/1512.09300, but for three things: what is real and what is made weigh
    the same, deception does not saturate (Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661), and the features' unit takes the place of batch
    normalisation in the critic. A likelihood's learned scale moves only with a
    distortion_weight above 0. Prior samples come from torch's generator and, as when the model
    is used, from batch normalisation's running statistics.

    base: an objective of one phase.
    critic: from pictures (N, C, H, W) to a `Judgement`; `Critic(...).body(shape)` makes one.
    gamma: nats of deception that a nat of the reconstruction is worth to the decoder.
    stabiliser: what keeps the critic from running away. spectral-norm: layers of norm 1 (Miyato
        et al. 2018, https://arxiv.org/abs/1802.05957); r1: a price on its gradient on data
        (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406); or none.
    price: of r1, for half the squared length of the gradient.

    Metrics: the base's and `features`; of the critic `accuracy`, the share it judges rightly
    of what is real and of what is made, each counted half.

    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self,
        base: Objective,
        critic: nn.Module,
        gamma: float = 0.04,
        stabiliser: Stabiliser = "spectral-norm",
        price: float = 10.0,
    ) -> None:
        super().__init__(base)
        zero_or_more("`gamma`", gamma)
        if stabiliser not in _STABILISERS:
            raise BadInput(
                f"`stabiliser` {stabiliser!r} is unknown: use {', '.join(_STABILISERS)}."
            )
        zero_or_more("The price of r1", price)
        self._stabilise = _STABILISERS[stabiliser]
        self.critic = self._stabilise.prepare(critic)
        self.gamma, self.price = gamma, price
        self.needs = base.needs | {"prior"}

    def forward(self, trace: Trace) -> Loss:
        """What the encoder minimises."""
        with parametrize.cached():
            return self._reconstruction(trace, self.critic(trace.x), self.critic(_made(trace)))

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """Encoder, decoder and critic.

        Raises BadInput where the base has several phases itself.
        """
        self.one_phase(model)
        decoder = [*model.decoder.parameters(), *model.likelihood.parameters()]
        theirs = {id(parameter) for parameter in decoder}
        encoder = [p for p in model.parameters() if id(p) not in theirs]
        return (
            Phase("encoder", [*encoder, *self.base.parameters()]),
            Phase("decoder", decoder),
            Phase("critic", list(self.critic.parameters())),
        )

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        """Encoder's, decoder's and critic's; the critic sees every picture once."""
        x = trace.x
        priced = self._stabilise.priced and torch.is_grad_enabled()
        if priced:
            x = x.detach().requires_grad_()
        with parametrize.cached():  # one normalisation of the weights for the three
            real, made = self.critic(x), self.critic(_made(trace))
            imagined = self.critic(_imagine(model, trace))
        seen = _Seen(real.realness, made.realness, imagined.realness)
        reconstruction = self._reconstruction(trace, real, made)
        critic = _found_out(seen, self.price * _r1(seen.real, x) if priced else None)
        return reconstruction, self._deceiving(reconstruction, seen), critic

    def _reconstruction(self, trace: Trace, real: Judgement, made: Judgement) -> Loss:
        base, target = self.base(trace), real.features.detach()
        variance = target.var((0, 2, 3), correction=0).mean().clamp(min=_SMALLEST)
        difference = made.features.view(-1, *target.shape) - target
        features = 0.5 * difference.square().sum((2, 3, 4)).mean() / variance
        total = base.total + features
        metrics = {"loss": total.detach(), "features": features.detach()}
        return Loss(total, base.metrics | metrics)

    def _deceiving(self, reconstruction: Loss, seen: "_Seen") -> Loss:
        deception = 0.5 * (softplus(-seen.made).mean() + softplus(-seen.imagined).mean())
        total = self.gamma * reconstruction.total + deception
        return Loss(total, {"loss": total.detach(), "deception": deception.detach()})


class _Seen(NamedTuple):
    """Realness by what was judged."""

    real: Tensor
    made: Tensor
    imagined: Tensor


def _found_out(seen: _Seen, penalty: Tensor | None) -> Loss:
    made = 0.5 * (softplus(seen.made).mean() + softplus(seen.imagined).mean())
    total = softplus(-seen.real).mean() + made
    if penalty is not None:
        total = total + penalty
    return Loss(total, {"loss": total.detach(), "accuracy": _accuracy(seen)})


@final
@dataclass(frozen=True)
class _Stabiliser:
    """How a critic is changed when built, and whether its gradient has a price."""

    prepare: Callable[[nn.Module], nn.Module]
    priced: bool = False


def _normalised(critic: nn.Module) -> nn.Module:
    for layer in list(critic.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            spectral_norm(layer)
    return critic


_STABILISERS: dict[str, _Stabiliser] = {
    "spectral-norm": _Stabiliser(_normalised),
    "r1": _Stabiliser(lambda critic: critic, priced=True),
    "none": _Stabiliser(lambda critic: critic),
}

_SMALLEST = 1e-8  # a critic that sees nothing divides by this


def _made(trace: Trace) -> Tensor:
    """The reconstructions of all draws, (K * B, C, H, W)."""
    pictures: Tensor = trace.px.mean
    return pictures.flatten(0, 1)


def _imagine(model: Autoencoder, trace: Trace) -> Tensor:
    """Half as many prior samples as data, which saves a sixth of a step; from torch's generator."""
    n = (len(trace.x) + 1) // 2
    context = None if trace.batch.context is None else trace.batch.context[:n]
    z = model.sample_codes(n, context=context)
    with _as_used(model.decoder):
        pictures: Tensor = model.px(z.unsqueeze(0), context).mean
    return pictures.squeeze(0)


@contextmanager
def _as_used(decoder: Decoder) -> Iterator[None]:
    """Batch normalisation by its running statistics, which stay those of reconstructions.

    Prior samples have others. Were they mixed in, the trained model's reconstructions would be
    normalised by statistics that fit neither.
    """
    kinds = nn.BatchNorm1d | nn.BatchNorm2d
    norms = [part for part in decoder.modules() if isinstance(part, kinds)]
    modes = [norm.training for norm in norms]
    try:
        for norm in norms:
            norm.eval()
        yield
    finally:
        for norm, mode in zip(norms, modes, strict=True):
            norm.train(mode)


def _r1(realness: Tensor, x: Tensor) -> Tensor:
    """Half the squared length of the realness's gradient on data, the mean over the batch."""
    (gradient,) = torch.autograd.grad(realness.sum(), x, create_graph=True)
    return 0.5 * gradient.square().flatten(1).sum(1).mean()


def _accuracy(seen: _Seen) -> Tensor:
    right = (seen.real > 0).float().mean()
    found = 0.5 * ((seen.made <= 0).float().mean() + (seen.imagined <= 0).float().mean())
    return 0.5 * (right + found)
