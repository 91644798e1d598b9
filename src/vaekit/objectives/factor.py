"""The total correlation of a code, priced by a critic."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from vaekit.errors import zero_or_more
from vaekit.model import Autoencoder
from vaekit.objectives.base import Added, Objective
from vaekit.records import Loss, Phase, Trace


@final
class Factor(Added):
    """Another objective plus gamma x the total correlation KL(q(z) || prod_d q(z_d)) of the code.

    Two phases. `model` (all of the model, and the base's parameters) minimises base + gamma x
    the critic's estimate: the mean log-odds it gives to codes for being codes of data. `critic`
    minimises softplus(-odds) of these + softplus(odds) of codes whose dimensions are shuffled
    over the batch one by one, which makes them independent; half each. The shuffled codes and
    those it learns as real come from the two halves of the batch. Kim and Mnih 2018,
    https://arxiv.org/abs/1802.05983

    base: an objective of one phase. critic: from codes (N, D) to log-odds (N, 1).
    gamma: weight of the total correlation.

    Metrics: the base's and `total_correlation` in nats, an estimate by the critic.

    Raises BadInput where gamma makes no sense; in use, for a batch of one row.
    """

    def __init__(self, base: Objective, critic: nn.Module, gamma: float = 10.0) -> None:
        super().__init__(base)
        zero_or_more("`gamma`", gamma)
        self.critic, self.gamma = critic, gamma

    def forward(self, trace: Trace) -> Loss:
        """What the model minimises."""
        base, correlation = self.base(trace), self.critic(trace.draw.z.flatten(0, 1)).mean()
        total = base.total + self.gamma * correlation
        found = {"loss": total.detach(), "total_correlation": correlation.detach()}
        return Loss(total, base.metrics | found)

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """Model and critic; raises BadInput where the base has several phases itself."""
        phase = self.one_phase(model)
        critic = Phase("critic", list(self.critic.parameters()))
        return (Phase("model", phase.parameters), critic)

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        """The model's and the critic's."""
        z = trace.draw.z[0].detach()
        real, other = self.critic(z[: (len(z) + 1) // 2]), self.critic(_shuffled(z[len(z) // 2 :]))
        total = 0.5 * (softplus(-real).mean() + softplus(other).mean())
        right = 0.5 * ((real > 0).float().mean() + (other <= 0).float().mean())
        return self(trace), Loss(total, {"loss": total.detach(), "accuracy": right.detach()})


def _shuffled(z: Tensor) -> Tensor:
    """Codes (N, D) with every dimension in an order of its own, from torch's generator."""
    order = torch.rand(z.shape, device=z.device).argsort(0)
    return z.gather(0, order)
