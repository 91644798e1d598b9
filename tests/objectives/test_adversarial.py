"""The adversarial objective: its three losses by hand, whom they move, and which way."""

import weakref

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import SharedGaussian
from vaekit.model import Autoencoder
from vaekit.nets import Conv, Critic, Judgement
from vaekit.objectives import ELBO, Adversarial, Objective, check
from vaekit.records import Trace

B, D, SHAPE = 8, 3, (3, 16, 16)
STABILISERS = ["spectral-norm", "r1", "none"]


def parts(
    stabiliser: str = "none", gamma: float = 0.01, draws: int = 1, batch_norm: bool = True
) -> tuple[Autoencoder, Adversarial]:
    torch.manual_seed(0)
    net = Conv((4, 8), batch_norm=batch_norm)
    encoder = net.encoder(SHAPE)
    latent = Latent(GaussianPosterior(encoder.features, D), StandardNormal(D))
    model = Autoencoder(encoder, latent, net.decoder(D, (1, *SHAPE)), SharedGaussian())
    critic = Critic((4, 8), layer=1).body(SHAPE)
    base = ELBO(beta=2.0, distortion_weight=0.5, draws=draws)
    return model, Adversarial(base, critic, gamma, stabiliser)  # type: ignore[arg-type]


def faces(n: int = B) -> Tensor:
    """Smooth pictures, which nothing untrained makes."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(n, 3, 4, 4, generator=generator)
    return nn.functional.interpolate(coarse, SHAPE[1:], mode="bilinear", align_corners=False)


def traced(model: Autoencoder, objective: Objective) -> Trace:
    trace: Trace = model(faces(), draws=objective.draws, generator=torch.Generator().manual_seed(2))
    return trace


def imagined(model: Autoencoder) -> Tensor:
    """The prior samples that a seed of 3 gives, decoded by the running statistics."""
    torch.manual_seed(3)
    z = torch.randn(1, B // 2, D)
    pictures: Tensor = model.likelihood(model.decoder.eval()(z)).mean[0]
    model.decoder.train()
    return pictures


def cost(probability: Tensor) -> Tensor:
    return -probability.mean()


@pytest.mark.parametrize("draws", [1, 2])
def test_what_each_phase_minimises_written_by_hand(draws: int) -> None:
    model, objective = parts(draws=draws)
    trace = traced(model, objective)
    torch.manual_seed(3)
    encoder, decoder, critic = objective.losses(model, trace)

    real = objective.critic(trace.x)
    made = [objective.critic(trace.px.mean[k]) for k in range(draws)]
    dreamt = objective.critic(imagined(model))
    variance = real.features.var((0, 2, 3), correction=0).mean()
    features = torch.stack(
        [(one.features - real.features).square().sum((1, 2, 3)) / (2 * variance) for one in made]
    ).mean()
    base = -0.5 * trace.log_px.mean() + 2 * trace.draw.rate.mean()  # type: ignore[union-attr]
    torch.testing.assert_close(encoder.total, base + features)
    torch.testing.assert_close(encoder.metrics["features"], features.detach())
    assert torch.equal(encoder.metrics["loss"], encoder.total.detach())

    makes = torch.cat([one.realness for one in made])
    deception = (cost(logsigmoid(makes)) + cost(logsigmoid(dreamt.realness))) / 2
    torch.testing.assert_close(decoder.total, 0.01 * (base + features) + deception)
    finds = (cost(logsigmoid(-makes)) + cost(logsigmoid(-dreamt.realness))) / 2
    torch.testing.assert_close(critic.total, cost(logsigmoid(real.realness)) + finds)
    right = [(real.realness > 0), (makes <= 0), (dreamt.realness <= 0)]
    shares = [each.double().mean().item() for each in right]
    accuracy = shares[0] / 2 + (shares[1] + shares[2]) / 4
    assert critic.metrics["accuracy"].item() == pytest.approx(accuracy)


@pytest.mark.parametrize("stabiliser", STABILISERS)
def test_gradients_reach_each_phases_parameters_and_no_others(stabiliser: str) -> None:
    model, objective = parts(stabiliser)
    phases = objective.phases(model)
    assert [phase.name for phase in phases] == ["encoder", "decoder", "critic"]
    owned: list[set[nn.Parameter]] = [
        {*model.encoder.parameters(), *model.latent.parameters()},
        {*model.decoder.parameters(), *model.likelihood.parameters()},
        {*objective.critic.parameters()},
    ]
    assert [set(phase.parameters) for phase in phases] == owned
    trace = traced(model, objective)
    totals = [loss.total for loss in objective.losses(model, trace)]
    everything = set().union(*owned)
    for total, own, phase in zip(totals, owned, phases, strict=True):
        total.backward(inputs=list(phase.parameters), retain_graph=True)
        for parameter in everything:
            assert (parameter.grad is not None) == (parameter in own)
            assert parameter.grad is None or parameter.grad.any()
            parameter.grad = None


def steps(model: Autoencoder, objective: Adversarial, place: int, n: int) -> None:
    """Train one phase alone."""
    phase = objective.phases(model)[place]
    optimiser = torch.optim.Adam(phase.parameters, 3e-3)
    for _ in range(n):
        optimiser.zero_grad()
        loss = objective.losses(model, traced(model, objective))[place]
        loss.total.backward(inputs=list(phase.parameters))
        optimiser.step()


@pytest.mark.parametrize("stabiliser", STABILISERS)
def test_the_critic_learns_to_tell_and_the_decoder_to_deceive_it(stabiliser: str) -> None:
    model, objective = parts(stabiliser, gamma=0.0)

    def state() -> tuple[float, float]:
        """The critic's accuracy and its loss."""
        torch.manual_seed(3)
        loss = objective.losses(model, traced(model, objective))[2]
        return loss.metrics["accuracy"].item(), loss.total.item()

    started = state()
    steps(model, objective, 2, 60)
    learnt = state()
    assert learnt[0] > max(0.9, started[0])
    assert learnt[1] < started[1]
    steps(model, objective, 1, 60)
    deceived = state()
    assert deceived[0] < learnt[0]
    assert deceived[1] > learnt[1]


def test_gamma_weighs_the_reconstruction_against_deception() -> None:
    gradients = []
    for gamma in (0.0, 1.0, 3.0):
        model, objective = parts(gamma=gamma)
        torch.manual_seed(3)
        _, decoder, _ = objective.phases(model)
        loss = objective.losses(model, traced(model, objective))[1]
        loss.total.backward(inputs=list(decoder.parameters))
        gradients.append(torch.cat([p.grad.flatten() for p in decoder.parameters]))  # type: ignore[union-attr]
    fooling, once, thrice = gradients
    torch.testing.assert_close(thrice - fooling, 3 * (once - fooling), rtol=1e-3, atol=1e-2)


def test_the_critic_sees_every_picture_once_and_nothing_is_kept() -> None:
    model, objective = parts()
    seen: list[int] = []
    objective.critic.register_forward_hook(lambda _, x, __: seen.append(len(x[0])))
    for _ in range(2):
        trace = traced(model, objective)
        objective.losses(model, trace)
        kept = weakref.ref(trace.log_px)
        del trace
        assert kept() is None
    assert seen == 2 * [B, B, B // 2]


def test_prior_samples_leave_the_running_statistics_to_reconstructions() -> None:
    model, objective = parts()
    trace = traced(model, objective)
    before = {name: buffer.clone() for name, buffer in model.decoder.named_buffers()}
    objective.losses(model, trace)
    for name, buffer in model.decoder.named_buffers():
        assert torch.equal(buffer, before[name]), name
    assert all(part.training for part in model.modules())


def test_spectral_normalisation_bounds_every_layer() -> None:
    _, objective = parts("spectral-norm")
    for _ in range(30):
        objective.critic(faces())
    kinds = nn.Conv2d | nn.Linear
    layers = [part for part in objective.critic.modules() if isinstance(part, kinds)]
    assert len(layers) == 3
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)  # type: ignore[operator]
        assert norm.item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("stabiliser", STABILISERS)
def test_evaluation_changes_no_state_and_the_state_comes_back(stabiliser: str) -> None:
    model, objective = parts(stabiliser)
    trace = traced(model, objective)
    objective.losses(model, trace)
    model.eval(), objective.eval()
    state = {name: tensor.clone() for name, tensor in objective.state_dict().items()}
    with torch.no_grad():
        trace = traced(model, objective)
        for loss in objective.losses(model, trace):
            assert loss.total.isfinite()
            assert not loss.total.requires_grad
    assert all(torch.equal(t, state[name]) for name, t in objective.state_dict().items())
    torch.manual_seed(7)
    other = Adversarial(ELBO(), Critic((4, 8), layer=1).body(SHAPE), stabiliser=stabiliser)  # type: ignore[arg-type]
    other.load_state_dict(state)
    other.eval()
    assert torch.equal(other.critic(faces()).realness, objective.critic(faces()).realness)


class Slope(nn.Module):
    """A critic whose gradient is known: its weight, for every value."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Judgement:
        return Judgement(self.weight * x.flatten(1).sum(1), x)


def test_r1_prices_the_gradient_on_data() -> None:
    model, _ = parts()
    totals = []
    for price in (0.0, 0.25):
        objective = Adversarial(ELBO(), Slope(), stabiliser="r1", price=price)
        torch.manual_seed(3)
        totals.append(objective.losses(model, traced(model, objective))[2].total)
    values = 3 * 16 * 16
    assert (totals[1] - totals[0]).item() == pytest.approx(0.25 * 0.5 * values * 2.0**2, rel=1e-4)


def test_a_base_of_several_phases_is_refused() -> None:
    model, objective = parts()
    twice = Adversarial(objective, Critic((4, 8), layer=1).body(SHAPE))
    with pytest.raises(BadInput, match="objective of one phase"):
        twice.phases(model)


def test_a_latent_without_a_prior_is_refused() -> None:
    model, objective = parts()
    net = Conv((4, 8))
    encoder = net.encoder(SHAPE)
    plain = Autoencoder(
        encoder, Deterministic(encoder.features, D), model.decoder, model.likelihood
    )
    with pytest.raises(BadInput, match="Adversarial needs prior from the latent"):
        check(plain, objective)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": -1.0}, "^`gamma` must be zero or more"),
        ({"gamma": float("nan")}, "^`gamma` must be zero or more"),
        ({"price": -1.0}, "^The price of r1 must be zero or more"),
        ({"stabiliser": "r2"}, "^`stabiliser` 'r2' is unknown: use spectral-norm, r1, none"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Adversarial(ELBO(), Critic().body(SHAPE), **options)  # type: ignore[arg-type]
