"""A distance in the features of a trained network, beside any objective."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from vaekit.errors import BadInput, zero_or_more
from vaekit.features import Features
from vaekit.model import Autoencoder
from vaekit.objectives.base import Added, Objective
from vaekit.records import Loss, Phase, Trace


@final
class Perceptual(Added):
    """An objective plus the distance of reconstructions from originals in features.

        base + weight x sum_l layer_weights[l] x 1/2 mean (phi_l(px.mean) - phi_l(x))^2

    with phi_l the features of layer l (N, C', H', W'), and the mean over draws K, batch B and
    all of a layer's C' H' W' values. Hou et al. 2017, https://arxiv.org/abs/1610.00291

    base: an objective of one phase; decides about draws and what the latent must provide. One
        of several phases goes around this one: `Adversarial(Perceptual(...), critic)`.
    features: of pictures in [0, 1]; their weights are read when training begins.
    layer_weights: one for each of the features' layers; left out, the network's own, with which
        the term balances a rate in nats.
    weight: of the whole term.

    The metric `perceptual` is the sum over layers without `weight`.

    Raises BadInput where weights are negative or too many or few; in use, where the data are
    not pictures.
    """

    def __init__(
        self,
        base: Objective,
        features: Features,
        layer_weights: Sequence[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(base)
        self.features, self.weight = features, weight
        self.layer_weights = tuple(
            features.layer_weights if layer_weights is None else layer_weights
        )
        if len(self.layer_weights) != len(features.layers):
            raise BadInput(
                f"`layer_weights` has {len(self.layer_weights)} numbers for "
                f"{len(features.layers)} layers: {', '.join(features.layers)}."
            )
        zero_or_more("`perceptual_weight`", weight)
        for each in self.layer_weights:
            zero_or_more("`layer_weights`", each)

    def forward(self, trace: Trace) -> Loss:
        """The base's loss with the term added, and `perceptual` among the metrics."""
        base, term = self.base(trace), self._distance(trace)
        total = base.total + self.weight * term
        metrics = {"loss": total.detach(), "perceptual": term.detach()}
        return Loss(total, base.metrics | metrics)

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """The base's one phase, with the term; reads the features' weights.

        Raises BadInput where there are none, or where the base has several phases.
        """
        self.features.load()
        return (self.one_phase(model),)

    def _distance(self, trace: Trace) -> Tensor:
        with torch.no_grad():
            originals = self.features(trace.x)
        mean: Tensor = trace.px.mean
        found = self.features(mean.flatten(0, 1))
        terms = [
            weight * 0.5 * (ours.unflatten(0, mean.shape[:2]) - theirs).float().square().mean()
            for weight, ours, theirs in zip(self.layer_weights, found, originals, strict=True)
        ]
        return torch.stack(terms).sum()
