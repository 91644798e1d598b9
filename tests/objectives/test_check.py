"""Which objectives fit which latents, and what they train."""

import pytest
import torch
from torch import nn

from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import SharedGaussian
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, IWAE, Objective, check
from vaekit.records import Loss, Trace


def autoencoder(latent: nn.Module) -> Autoencoder:
    net = MLP((5,))
    return Autoencoder(net.encoder((4,)), latent, net.decoder(2, (1, 4)), SharedGaussian())


@pytest.mark.parametrize(
    ("objective", "missing"), [(IWAE(2), "log_p, log_q"), (ELBO(free_bits=0.1), "rates")]
)
def test_an_objective_that_needs_a_density_refuses_a_deterministic_latent(
    objective: Objective, missing: str
) -> None:
    model = autoencoder(Deterministic(5, 2))
    with pytest.raises(BadInput, match=f"needs {missing} from the latent.*stochastic latent"):
        check(model, objective)


@pytest.mark.parametrize("objective", [IWAE(2), ELBO(), ELBO(free_bits=0.1)])
def test_a_gaussian_latent_provides_for_every_objective(objective: Objective) -> None:
    check(autoencoder(Latent(GaussianPosterior(5, 2), StandardNormal(2))), objective)


def test_the_elbo_accepts_a_deterministic_latent() -> None:
    check(autoencoder(Deterministic(5, 2)), ELBO())


class Weighted(Objective):
    """An objective with a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, trace: Trace) -> Loss:
        return Loss(-self.weight * trace.log_px.mean())


def test_one_phase_trains_every_parameter_once() -> None:
    model, objective = autoencoder(Deterministic(5, 2)), Weighted()
    (phase,) = objective.phases(model)
    expected = [id(p) for p in [*model.parameters(), *objective.parameters()]]
    assert sorted(id(p) for p in phase.parameters) == sorted(expected)
    (loss,) = objective.losses(model, model(torch.rand(3, 4)))
    loss.total.backward()
    assert all(p.grad is not None for p in phase.parameters)
