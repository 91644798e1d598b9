"""The total correlation against its closed form, and whom its phases move."""

import pytest
import torch
from torch import nn
from torch.nn.functional import logsigmoid

from vaekit.errors import BadInput
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Bernoulli
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, Factor, check
from vaekit.objectives.factor import _shuffled
from vaekit.records import Batch, Draw, Trace

B, D, SHAPE = 8, 3, (1, 4, 4)


def parts(gamma: float = 5.0, draws: int = 1) -> tuple[Autoencoder, Factor]:
    torch.manual_seed(0)
    net = MLP((8,))
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    decoder = net.decoder(D, (1, *SHAPE))
    model = Autoencoder(net.encoder(SHAPE), latent, decoder, Bernoulli())
    return model, Factor(ELBO(draws=draws), MLP((16,), centre=0.0).layers(D, 1), gamma)


def traced(model: Autoencoder, objective: Factor) -> Trace:
    x = torch.rand(B, *SHAPE, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    trace: Trace = model(x, draws=objective.draws, generator=generator)
    return trace


@pytest.mark.parametrize("draws", [1, 3])
def test_both_losses_written_by_hand(draws: int) -> None:
    model, objective = parts(draws=draws)
    trace = traced(model, objective)
    torch.manual_seed(3)
    ours, critic = objective.losses(model, trace)
    correlation = objective.critic(trace.draw.z.reshape(-1, D)).mean()
    torch.testing.assert_close(ours.total, ELBO()(trace).total + 5 * correlation)
    torch.testing.assert_close(ours.metrics["total_correlation"], correlation.detach())
    torch.manual_seed(3)
    z = trace.draw.z[0].detach()
    real, other = objective.critic(z[:4]), objective.critic(_shuffled(z[4:]))
    by_hand = -0.5 * (logsigmoid(real).mean() + logsigmoid(-other).mean())
    torch.testing.assert_close(critic.total, by_hand)


def test_gradients_reach_each_phases_parameters_and_no_others() -> None:
    model, objective = parts()
    check(model, objective)
    phases = objective.phases(model)
    owned: list[set[nn.Parameter]] = [{*model.parameters()}, {*objective.critic.parameters()}]
    assert [set(phase.parameters) for phase in phases] == owned
    everything = set().union(*owned)
    losses = objective.losses(model, traced(model, objective))
    for loss, own, phase in zip(losses, owned, phases, strict=True):
        loss.total.backward(inputs=list(phase.parameters), retain_graph=True)
        for parameter in everything:
            assert (parameter.grad is not None) == (parameter in own)
            parameter.grad = None
    (unmoved,) = torch.autograd.grad(
        losses[1].total, model.latent.posterior.head.weight, allow_unused=True
    )
    assert unmoved is None


def test_shuffling_keeps_every_dimension_and_breaks_what_binds_them() -> None:
    torch.manual_seed(0)
    z = torch.randn(20_000, 1) @ torch.ones(1, 3) + 0.1 * torch.randn(20_000, 3)
    other = _shuffled(z)
    assert torch.equal(other.sort(0).values, z.sort(0).values)
    assert (z.T.corrcoef() - torch.eye(3)).abs().max() > 0.9
    assert (other.T.corrcoef() - torch.eye(3)).abs().max() < 0.03


def test_the_estimate_is_the_total_correlation_of_a_gaussian() -> None:
    """Of correlated Gaussians it is -1/2 log det of the correlation matrix."""
    torch.manual_seed(0)
    mixing = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    exact = float(-0.5 * torch.logdet(mixing @ mixing.T))
    objective = Factor(ELBO(), MLP((64, 64), centre=0.0).layers(2, 1), 1.0)
    optimiser = torch.optim.Adam(objective.critic.parameters(), 3e-3)
    model, _ = parts()

    def drawn(n: int) -> Trace:
        z = (torch.randn(n, 2) @ mixing.T).unsqueeze(0)
        zeros = torch.zeros(n)
        draw = Draw(z, z[0], rate=zeros)
        return Trace(Batch(torch.zeros(n, 1)), draw, None, zeros[None])  # type: ignore[arg-type]

    for _ in range(1_500):
        optimiser.zero_grad()
        objective.losses(model, drawn(1_000))[1].total.backward()
        optimiser.step()
    with torch.no_grad():
        found = objective(drawn(200_000)).metrics["total_correlation"].item()
    assert exact == pytest.approx(0.51, abs=0.01)
    assert found == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("gamma", [-1.0, float("nan"), float("inf")])
def test_weights_that_make_no_sense_are_refused(gamma: float) -> None:
    with pytest.raises(BadInput, match="`gamma` must be zero or more"):
        Factor(ELBO(), nn.Linear(2, 1), gamma)


def test_a_base_of_several_phases_is_refused() -> None:
    model, objective = parts()
    with pytest.raises(BadInput, match=r"Factor has 2: put it inside, Factor\(Factor"):
        Factor(objective, nn.Linear(D, 1)).phases(model)
