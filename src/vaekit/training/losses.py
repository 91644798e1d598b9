"""From a batch to what every phase minimises."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from vaekit.model import Autoencoder
from vaekit.objectives import Objective
from vaekit.records import Batch, Moment, Phase, Trace


@final
class Losses(nn.Module):
    """Model and objective as one module: from data to what is minimised and reported."""

    def __init__(self, model: Autoencoder, objective: Objective, phases: Sequence[Phase]) -> None:
        super().__init__()
        self.model, self.objective, self.phases = model, objective, phases

    def forward(self, batch: Batch, at: Moment) -> tuple[list[Tensor], dict[str, Tensor]]:
        """What `explain` gives of a pass of a batch."""
        return self.explain(self.trace(batch, at))

    def trace(self, batch: Batch, at: Moment) -> Trace:
        """One pass of a batch with the draws, and their scores, that the objective asks for."""
        objective = self.objective
        scored = not objective.needs.isdisjoint({"log_q", "log_p"})
        draws, choose = objective.draws_at(at), objective.chooser(at)
        trace: Trace = self.model(batch, draws, at, scored=scored, choose=choose)
        return trace

    def explain(self, trace: Trace) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Each phase's loss, and all their metrics, detached scalars.

        The metrics of later phases begin with the phase's name.
        """
        totals: list[Tensor] = []
        metrics: dict[str, Tensor] = {}
        losses = self.objective.losses(self.model, trace)
        for phase, loss in zip(self.phases, losses, strict=True):
            prefix = f"{phase.name}/" if totals else ""
            metrics[prefix + "loss"] = loss.total.detach()
            metrics |= {prefix + name: value for name, value in loss.metrics.items()}
            totals.append(loss.total)
        return totals, metrics


def trainable(phases: Sequence[Phase]) -> list[Phase]:
    """The phases with those of their parameters that are not frozen."""
    return [Phase(phase.name, [p for p in phase.parameters if p.requires_grad]) for phase in phases]
