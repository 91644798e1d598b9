"""What every objective offers, and the check that it fits a model."""

from abc import ABC, abstractmethod
from collections.abc import Set

from torch import nn
from torch.nn import Parameter

from vaekit.contracts import Part
from vaekit.errors import BadInput
from vaekit.latents import Latent
from vaekit.model import Autoencoder
from vaekit.records import Choose, Loss, Moment, Phase, Trace


class Objective(nn.Module, ABC):
    """From a Trace to a Loss; the only place that averages over the batch.

    draws: codes drawn for each data point (K), in training at the most.
    needs: the fields of `Draw` it reads.
    alone: whether it changes the gradient at the codes, so that no other term may be added.
    """

    draws: int = 1
    needs: frozenset[str] = frozenset({"z"})
    alone: bool = False

    @abstractmethod
    def forward(self, trace: Trace) -> Loss:
        """The loss of one batch and what explains it, in nats."""

    def draws_at(self, at: Moment) -> int:
        """Codes drawn for each data point in a step at a moment."""
        return self.draws

    def chooser(self, at: Moment) -> Choose | None:
        """What chooses the draws that the gradient goes through at a moment; None where all do."""
        return None

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """One phase that trains every parameter of the model and of the objective."""
        return (Phase("train", [*model.parameters(), *self.parameters()]),)

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        """The loss of every phase, in their order: what they share is computed once, here."""
        return (self(trace),)


class Added(Objective, ABC):
    """An objective that adds to another one, whose draws and needs are also its own.

    Its gradient goes through all draws, as what it adds is about each of them alike.

    base: an objective of one phase.
    """

    base: Objective

    def __init__(self, base: Objective) -> None:
        super().__init__()
        self.base, self.draws, self.needs = base, base.draws, base.needs

    def draws_at(self, at: Moment) -> int:
        """Those of the base."""
        return self.base.draws_at(at)

    def one_phase(self, model: Autoencoder) -> Phase:
        """The base's one phase.

        Raises BadInput where it has several, or allows no term beside it.
        """
        mine, its = type(self).__name__, type(self.base).__name__
        if self.base.alone:
            raise BadInput(
                f"{mine} adds to an objective, and {its} takes no term beside it: use IWAE or ELBO."
            )
        phases = self.base.phases(model)
        if len(phases) != 1:
            raise BadInput(
                f"{mine} adds to an objective of one phase, and {its} has {len(phases)}: "
                f"put it inside, {its}({mine}(...), ...)."
            )
        return phases[0]


def sides(model: Autoencoder) -> tuple[list[Parameter], list[Parameter]]:
    """The parameters of inference, and those of generation: decoder, likelihood and prior."""
    parts: tuple[Part, ...] = (model.decoder, model.likelihood, *model.latent.generating())
    generating = [parameter for part in parts for parameter in part.parameters()]
    theirs = {id(parameter) for parameter in generating}
    return [p for p in model.parameters() if id(p) not in theirs], generating


def check(model: Autoencoder, objective: Objective) -> None:
    """Refuse a pair that makes no sense.

    Raises BadInput where the objective needs what the model's latent does not provide.
    """
    missing = objective.needs - model.provides
    if missing:
        raise BadInput(
            f"{type(objective).__name__} needs {', '.join(sorted(missing))} from the latent, "
            f"but {_lacking(model, missing)}."
        )


_STOCHASTIC = "a stochastic latent", "a plain ELBO"
_FITS = {
    "rates": ("a GaussianPosterior with a StandardNormal", "`free_rate` instead of `free_bits`"),
    "still_log_q": ("a GaussianPosterior", "IWAE or ELBO"),
}
"""What would fit where a stochastic latent lacks a field of `Draw`: another part, or objective."""


def _lacking(model: Autoencoder, missing: Set[str]) -> str:
    """Which part of a model lacks what an objective needs, and what to use."""
    latent = model.latent
    known = _FITS if "rate" in latent.provides else {}
    part, other = next((known[name] for name in sorted(missing) if name in known), _STOCHASTIC)
    name = type(latent).__name__
    if missing <= latent.provides:
        name, part = f"{type(model.refinement).__name__}, which moves its codes,", "no refinement"
    elif isinstance(latent, Latent):
        name = f"that of {type(latent.posterior).__name__} and {type(latent.prior).__name__}"
    return f"{name} provides no such thing: use {part}, or {other}"
