"""Bounds beside the plain importance-weighted one, on a model whose likelihood is known."""

import math
from itertools import pairwise
from typing import final

import pytest
import torch
from torch import Tensor, nn

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Gaussian
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import (
    CIWAE,
    ELBO,
    IWAE,
    MIWAE,
    PIWAE,
    STL,
    Adversarial,
    DReG,
    Factor,
    Objective,
    Renyi,
    check,
)
from vaekit.recipes import RECIPES
from vaekit.records import ALWAYS, Batch, Draw, Moment, Scores, Trace
from vaekit.training.losses import Losses

B, F, D = 6, 4, 2
SCALE = 0.7
REPEATS, COPIES = 400, 40


@final
class Through(nn.Module):
    """A linear layer as an encoder of rows or, with an axis for the parameters, a decoder."""

    context = 0

    def __init__(self, given: int, features: int, decodes: bool = False) -> None:
        super().__init__()
        self.features, self.decodes = features, decodes
        self.layer = nn.Linear(given, features)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: object = None) -> Tensor:
        found: Tensor = self.layer(x)
        return found.unsqueeze(2) if self.decodes else found


def linear(seed: int = 0) -> Autoencoder:
    """A linear-Gaussian model, with a posterior that is off the exact one."""
    torch.manual_seed(seed)
    latent = Latent(GaussianPosterior(F, D), StandardNormal(D))
    decoder = Through(D, F, decodes=True)
    model = Autoencoder(Through(F, F), latent, decoder, Gaussian(SCALE)).double()
    with torch.no_grad():
        for weight in model.latent.posterior.parameters():
            weight.mul_(0.5)
    return model


def data(n: int = B) -> Tensor:
    return torch.randn(n, F, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def traced(model: Autoencoder, draws: int, x: Tensor | None = None, seed: int = 2) -> Trace:
    given = data() if x is None else x
    trace: Trace = model(given, draws=draws, generator=torch.Generator().manual_seed(seed))
    return trace


@torch.no_grad()
def nearly_exact(model: Autoencoder) -> Autoencoder:
    """The model with the diagonal Gaussian that comes close to its posterior, a little off."""
    weight, bias = model.decoder.layer.weight, model.decoder.layer.bias
    precision = weight.T @ weight / SCALE**2 + torch.eye(D, dtype=torch.float64)
    head, layer = model.latent.posterior.head, model.encoder.layer
    layer.weight.copy_(torch.eye(F))
    layer.bias.zero_()
    head.weight.zero_()
    head.weight[:D] = precision.inverse() @ weight.T / SCALE**2
    head.bias[:D] = -head.weight[:D] @ bias + 0.05
    head.bias[D:] = -0.5 * precision.diagonal().log() + 0.05
    return model


def exact(model: Autoencoder, x: Tensor) -> Tensor:
    """log p(x) of the linear-Gaussian model, (B,)."""
    with torch.no_grad():
        zero = torch.zeros(1, 1, D, dtype=torch.float64)
        bias = model.decoder(zero).flatten()
        units = model.decoder(torch.eye(D, dtype=torch.float64).unsqueeze(0)).reshape(D, F) - bias
    covariance = units.T @ units + SCALE**2 * torch.eye(F, dtype=torch.float64)
    found: Tensor = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
    return found


def value(objective: Objective, model: Autoencoder, repeats: int = 400) -> tuple[float, float]:
    """The mean reported bound on the data and its standard error, over draws."""
    x = data()
    with torch.no_grad():
        found = torch.stack(
            [
                -objective(traced(model, objective.draws, x, seed)).metrics["loss"]
                for seed in range(repeats)
            ]
        )
    return float(found.mean()), float(found.std() / math.sqrt(repeats))


@pytest.mark.parametrize(
    "family",
    [
        lambda k: IWAE(k),
        lambda k: MIWAE(3, k),
        lambda k: CIWAE(0.3, k),
        lambda k: DReG(k),
        lambda k: Renyi(0.5, k),
    ],
)
def test_bounds_lie_below_the_exact_likelihood_and_rise_with_the_draws(family) -> None:
    model = linear()
    truth = float(exact(model, data()).mean())
    found = [value(family(k), model) for k in (2, 8, 32)]
    for bound, error in found:
        assert bound < truth + 3 * error
    for (fewer, one), (more, other) in pairwise(found):
        assert more > fewer + 3 * math.hypot(one, other)


def test_members_meet_at_their_ends() -> None:
    trace = traced(linear(), 12)
    iwae, elbo = IWAE(12)(trace).total, -trace.log_w.mean()
    for same in (MIWAE(1, 12), CIWAE(0.0, 12), Renyi(0.0, 12), DReG(12)):
        torch.testing.assert_close(same(trace).total, iwae)
    for same in (MIWAE(12, 1), CIWAE(1.0, 12), Renyi(1.0, 12), Renyi(1 - 1e-5, 12), STL(12)):
        torch.testing.assert_close(same(trace).total, elbo)
    near = [Renyi(alpha, 12)(trace).total.item() for alpha in (0.0, 0.3, 0.7, 0.999, 1.0, 3.0)]
    assert near == sorted(near)  # the loss rises with the order


def test_what_is_reported_is_the_bound() -> None:
    trace = traced(linear(), 12)
    groups = trace.log_w.view(3, 4, B).exp().mean(1).log().mean()
    loss = MIWAE(3, 4)(trace)
    torch.testing.assert_close(loss.total, -groups)
    torch.testing.assert_close(loss.metrics["miwae"], groups.detach())
    bound = trace.log_w.exp().mean(0).log().mean()
    weighted = (trace.log_w.softmax(0) * trace.log_w).sum(0).mean()
    loss = DReG(12)(trace)
    torch.testing.assert_close(loss.total, -bound)
    assert abs(float(loss.metrics["iwae"] - weighted.detach())) > 0.01
    half = (0.5 * trace.log_w).exp().mean(0).log().mean() / 0.5
    torch.testing.assert_close(Renyi(0.5, 12)(trace).total, -half)


def samples(objective: Objective, model: Autoencoder) -> Tensor:
    """Means over copies of one row of gradients, for many draws, (REPEATS, parameters)."""
    weights = list(model.parameters())
    x, found = data(1).repeat(COPIES, 1), []
    for seed in range(REPEATS):
        loss = objective(traced(model, objective.draws, x, seed)).total
        found.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights)]))
    return torch.stack(found)


@pytest.mark.parametrize(("plain", "less"), [(IWAE(8), DReG(8)), (MIWAE(2, 1), STL(2))])
def test_gradients_with_less_noise_have_the_same_mean(plain: Objective, less: Objective) -> None:
    model = nearly_exact(linear())
    one, other = samples(plain, model), samples(less, model)
    error = (one.var(0) + other.var(0)).div(REPEATS).sqrt()
    difference = (one.mean(0) - other.mean(0)) / error.clamp(min=1e-12)
    assert difference.square().mean() < 1.8  # 1 on average, with common draws below
    assert difference.abs().max() < 4
    inferring = sum(p.numel() for p in (*model.encoder.parameters(),))
    theirs = [n for n, p in model.named_parameters() for _ in range(p.numel())]
    encoder = torch.tensor([n.startswith(("encoder", "latent")) for n in theirs])
    assert encoder.sum() > inferring
    assert other[:, encoder].var(0).sum() < one[:, encoder].var(0).sum()
    torch.testing.assert_close(other[:, ~encoder], one[:, ~encoder])


def test_sticking_the_landing_has_no_noise_where_the_posterior_is_exact() -> None:
    torch.manual_seed(0)
    model = linear()
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.zero_()  # the posterior of a decoder that reads nothing is the prior
        for weight in model.latent.posterior.parameters():
            weight.zero_()
    weights = list(model.latent.posterior.parameters())
    for seed in range(3):
        trace = traced(model, 1, seed=seed)
        for gradient in torch.autograd.grad(STL()(trace).total, weights):
            assert gradient.abs().max() < 1e-12
    plain = torch.autograd.grad(MIWAE(1, 1)(traced(model, 1)).total, weights)
    assert max(float(gradient.abs().max()) for gradient in plain) > 0.01


def test_phases_reach_exactly_encoder_and_decoder() -> None:
    model, objective = linear(), PIWAE(3, 4)
    encoder, decoder = objective.phases(model)
    theirs = {id(p) for part in (model.encoder, model.latent) for p in part.parameters()}
    assert {id(p) for p in encoder.parameters} == theirs
    assert {id(p) for p in decoder.parameters} == {id(p) for p in model.decoder.parameters()}
    trace = traced(model, 12)
    losses = objective.losses(model, trace)
    for phase, loss, plain in zip((encoder, decoder), losses, (MIWAE(3, 4), IWAE(12)), strict=True):
        weights = list(phase.parameters)
        given = torch.autograd.grad(loss.total, weights, retain_graph=True)
        expected = torch.autograd.grad(plain(trace).total, weights, retain_graph=True)
        for one, other in zip(given, expected, strict=True):
            torch.testing.assert_close(one, other)
    assert losses[0].total > losses[1].total


@pytest.mark.parametrize("latent", [(2, 3)])
def test_a_ladders_priors_belong_to_the_decoder(latent: tuple[int, ...]) -> None:
    model, _ = RECIPES["ladder-vae"]((F,), latent=latent)
    encoder, decoder = PIWAE(2, 2).phases(model)
    priors = {id(p) for p in model.latent.priors.parameters()}
    assert priors <= {id(p) for p in decoder.parameters}
    assert not priors & {id(p) for p in encoder.parameters}
    assert len(encoder.parameters) + len(decoder.parameters) == len(list(model.parameters()))


def doubled(trace: Trace) -> Trace:
    """A trace of every row and its draws twice."""
    draw = trace.draw
    assert draw.log_q is not None
    log_q = draw.log_q.repeat(1, 2)
    again = Draw(
        draw.z.repeat(1, 2, 1),
        draw.code.repeat(2, 1),
        log_q,
        draw.log_p.repeat(1, 2),
        draw.rate.repeat(2),
        still_log_q=lambda: log_q,
    )
    return Trace(Batch(trace.x.repeat(2, 1)), again, trace.px, trace.log_px.repeat(1, 2))


@pytest.mark.parametrize(
    "rising",
    [
        IWAE(50, rising=4.0),
        MIWAE(2, 50, rising=4.0),
        Factor(IWAE(50, rising=4.0), nn.Linear(D, 1).double()),
    ],
)
def test_draws_rise_from_one_to_their_number(rising: Objective) -> None:
    model = linear()
    losses = Losses(model, rising, rising.phases(model))
    given = []
    for epoch in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, math.inf):
        trace = losses.trace(Batch(data()), Moment(epoch))
        assert torch.isfinite(rising(trace).total)
        given.append(trace.draw.z.shape[0])
    assert given == [1, 1, 2, 5, *3 * [rising.draws]]


@pytest.mark.parametrize(
    ("objective", "groups"),
    [(IWAE(8), 1), (IWAE(8, beta=0.5), 1), (MIWAE(2, 4), 2)],
)
@pytest.mark.parametrize("make", [linear, lambda: RECIPES["layered-vae"]((F,))[0].double()])
def test_chosen_draws_have_the_gradient_of_all_on_average(objective, groups, make) -> None:
    torch.manual_seed(0)
    model, x = make(), data(1)

    def gradient(trace: Trace) -> Tensor:
        loss = objective(trace)
        torch.testing.assert_close(loss.metrics, objective(traced(model, 8, x)).metrics)
        given = torch.autograd.grad(loss.total, list(model.parameters()))
        return torch.cat([each.flatten() for each in given])

    def of(index: Tensor) -> Trace:
        generator = torch.Generator().manual_seed(2)
        trace: Trace = model(x, 8, generator=generator, choose=lambda scores: index.view(-1, 1))
        assert trace.log_px.shape == (groups, 1)
        return trace

    whole = traced(model, 8, x)
    beta = objective.beta(math.inf)
    log_w = whole.log_px + beta * whole.draw.log_ratio
    weights = log_w.detach().view(groups, -1).softmax(1)
    each = torch.arange(8).view(groups, -1)
    ways = torch.cartesian_prod(*each).view(-1, groups)  # one of each group
    chances = torch.cartesian_prod(*weights).view(-1, groups).prod(1)
    found = torch.stack([gradient(of(way)) for way in ways])
    torch.testing.assert_close(chances @ found, gradient(whole))
    assert (found[0] - found[1]).abs().max() > 1e-3


def test_draws_are_chosen_as_often_as_their_weights_say() -> None:
    log_px = torch.tensor([[0.5, 0.25, 0.25, 1e-9], [0.1, 0.6, 0.2, 0.1]]).log().T
    choose = IWAE(4, chosen=2).chooser(ALWAYS)
    assert choose is not None
    torch.manual_seed(0)
    times = torch.zeros(4, 2)
    for _ in range(1_000):
        index = choose(Scores(log_px, torch.zeros(4, 2)))
        assert index.shape == (2, 2)
        for row in range(2):
            times[:, row] += torch.bincount(index[:, row], minlength=4)
    torch.testing.assert_close(times / 2_000, log_px.exp(), atol=0.03, rtol=0)
    assert times[0, 0] == 1_000  # half of the weight is one of two even steps, always


def test_where_few_are_drawn_the_gradient_goes_through_all() -> None:
    model = linear()
    objective = IWAE(50, rising=4.0, chosen=3)
    losses = Losses(model, objective, objective.phases(model))
    traces = [losses.trace(Batch(data()), Moment(epoch)) for epoch in (0.0, 2.0, 3.0, 4.0)]
    assert [len(trace.log_px) for trace in traces] == [1, 2, 3, 3]
    among = [trace.among and len(trace.among.log_px) for trace in traces]
    assert among == [None, None, 5, 50]
    assert IWAE(5, chosen=5).chooser(ALWAYS) is None


def test_a_weight_of_the_rate_counts_in_the_loss_and_not_in_what_is_reported() -> None:
    model = linear()
    trace = traced(model, 6)
    for plain, half in ((IWAE(6), IWAE(6, beta=0.5)), (MIWAE(2, 3), MIWAE(2, 3, beta=0.5))):
        full, less = plain(trace), half(trace)
        groups = trace.log_px.view(-1, 6 if isinstance(plain, IWAE) else 3, B)
        rates = (trace.log_px - trace.log_w).view_as(groups)
        exact = -log_mean_exp(groups - 0.5 * rates, 1).mean()
        torch.testing.assert_close(less.total, exact)
        assert {**less.metrics, "loss": 0} == {**full.metrics, "loss": 0}


@pytest.mark.parametrize(
    "objective",
    [ELBO(), IWAE(4), MIWAE(2, 2), CIWAE(0.3, 4), PIWAE(2, 2), DReG(4), Renyi(0.5, 4), STL(4)],
    ids=lambda objective: type(objective).__name__,
)
def test_losses_do_not_change_when_a_batch_is_duplicated(objective: Objective) -> None:
    model = linear()
    once = objective.losses(model, traced(model, objective.draws))
    twice = objective.losses(model, doubled(traced(model, objective.draws)))
    for one, other in zip(once, twice, strict=True):
        torch.testing.assert_close(one.total, other.total)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MIWAE(0, 8), "`groups` must be 1 or more"),
        (lambda: MIWAE(8, 0), "`draws_each` must be 1 or more"),
        (lambda: PIWAE(10_000, 10_000), "`groups` times `draws_each` is 100000000"),
        (lambda: IWAE(5, rising=-1.0), "`rising` must be zero or more"),
        (lambda: MIWAE(2, 2, rising=math.inf), "`rising` must be zero or more"),
        (lambda: IWAE(5, chosen=-1), "`chosen` must be 0, for all draws, or more, not -1"),
        (lambda: MIWAE(2, 2, chosen=-1), "`chosen` must be 0"),
        (lambda: DReG(0), "`draws` must be 1 or more"),
        (lambda: STL(0), "`draws` must be 1 or more"),
        (lambda: CIWAE(1.5), "`mixed` must be from 0"),
        (lambda: CIWAE(math.nan), "`mixed` must be from 0"),
        (lambda: Renyi(math.inf), "`alpha` must be finite"),
    ],
)
def test_options_that_make_no_sense_are_refused(make, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make()


@pytest.mark.parametrize("objective", [MIWAE(8, 8), PIWAE(8, 8)])
def test_fewer_draws_than_groups_are_refused(objective: Objective) -> None:
    with pytest.raises(BadInput, match="`groups` is 8, and 4 draws do not divide"):
        objective(traced(linear(), 4))


def test_pairs_that_make_no_sense_are_refused() -> None:
    net, likelihood = MLP((5,)), Gaussian()
    parts = net.encoder((F,)), Deterministic(5, D), net.decoder(D, (1, F)), likelihood
    for objective in (MIWAE(), CIWAE(), PIWAE(), DReG(), Renyi(), STL()):
        with pytest.raises(BadInput, match="from the latent, but Deterministic"):
            check(Autoencoder(*parts), objective)
    for recipe in ("iaf-vae", "ladder-vae"):
        with pytest.raises(BadInput, match="DReG needs still_log_q from the latent"):
            check(RECIPES[recipe]((F,))[0], DReG())
    model, critic = linear(), nn.Linear(D, 1)
    with pytest.raises(BadInput, match="DReG takes no term beside it"):
        Factor(DReG(2), critic).phases(model)
    with pytest.raises(BadInput, match="PIWAE has 2"):
        Adversarial(PIWAE(), critic).phases(model)
