"""What every objective offers, and the check that it fits a model."""

from abc import ABC, abstractmethod

from torch import nn

from vaekit.errors import BadInput
from vaekit.model import Autoencoder
from vaekit.records import Loss, Phase, Trace


class Objective(nn.Module, ABC):
    """From a Trace to a Loss; the only place that averages over the batch.

    draws: codes drawn for each data point in a training step (K).
    needs: the fields of `Draw` it reads.
    """

    draws: int = 1
    needs: frozenset[str] = frozenset({"z"})

    @abstractmethod
    def forward(self, trace: Trace) -> Loss:
        """The loss of one batch and what explains it, in nats."""

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """One phase that trains every parameter of the model and of the objective."""
        return (Phase("train", [*model.parameters(), *self.parameters()]),)

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        """The loss of every phase, in their order: what they share is computed once, here."""
        return (self(trace),)

    def one_phase(self, model: Autoencoder, base: "Objective") -> Phase:
        """The one phase of an objective that this one adds to.

        Raises BadInput where it has several.
        """
        phases = base.phases(model)
        if len(phases) != 1:
            mine, its = type(self).__name__, type(base).__name__
            raise BadInput(
                f"{mine} adds to an objective of one phase, and {its} has {len(phases)}: "
                f"put it inside, {its}({mine}(...), ...)."
            )
        return phases[0]


def check(model: Autoencoder, objective: Objective) -> None:
    """Refuse a pair that makes no sense.

    Raises BadInput where the objective needs what the model's latent does not provide.
    """
    missing = objective.needs - model.latent.provides
    if missing:
        raise BadInput(
            f"{type(objective).__name__} needs {', '.join(sorted(missing))} from the latent, "
            f"but {type(model.latent).__name__} provides no such thing: "
            "use a stochastic latent, or ELBO."
        )
