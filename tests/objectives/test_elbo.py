"""The ELBO and its weighted forms against the formula, by hand."""

import math

import pytest
import torch
from torch import Tensor
from torch import distributions as td
from torch.nn.functional import binary_cross_entropy_with_logits

from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Bernoulli
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, Linear
from vaekit.records import Batch, Draw, Moment, Trace

K, B, D, SHAPE = 3, 5, 2, (1, 4, 4)


def autoencoder(seed: int = 0, stochastic: bool = True) -> Autoencoder:
    torch.manual_seed(seed)
    net = MLP((8,))
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    return Autoencoder(
        net.encoder(SHAPE),
        latent if stochastic else Deterministic(8, D),
        net.decoder(D, (1, *SHAPE)),
        Bernoulli(),
    ).double()


def traced(model: Autoencoder, epoch: float = math.inf) -> Trace:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(B, *SHAPE, generator=generator, dtype=torch.float64)
    trace: Trace = model(x, draws=K, at=Moment(epoch), generator=generator)
    return trace


def priced(rates: Tensor, log_px: Tensor | None = None, penalty: Tensor | None = None) -> Trace:
    """A trace with these rates (B, D) and log p(x|z) (K, B)."""
    z, x = torch.zeros(1, *rates.shape), torch.zeros(len(rates), 1)
    draw = Draw(z, z[0], rate=rates.sum(-1), rates=rates, penalty=penalty)
    scores = torch.zeros(1, len(rates)) if log_px is None else log_px
    return Trace(Batch(x), draw, None, scores)  # type: ignore[arg-type]


def by_hand(model: Autoencoder, trace: Trace) -> tuple[Tensor, Tensor]:
    """Distortion and rate of each data point, written out: cross-entropy and Gaussian KL."""
    q = model.latent.posterior(model.encoder(trace.x))
    logits = model.decoder(trace.draw.z)[:, :, 0]
    cross_entropy = binary_cross_entropy_with_logits(
        logits, trace.x.expand_as(logits), reduction="none"
    )
    distortion = cross_entropy.sum((2, 3, 4)).mean(0)
    rate = 0.5 * (q.loc**2 + (2 * q.log_scale).exp() - 1 - 2 * q.log_scale).sum(1)
    return distortion, rate


def test_the_loss_is_minus_the_elbo_written_by_hand() -> None:
    model = autoencoder()
    trace = traced(model)
    distortion, rate = by_hand(model, trace)
    loss = ELBO()(trace)
    torch.testing.assert_close(loss.total, (distortion + rate).mean())
    torch.testing.assert_close(loss.metrics["elbo"], -(distortion + rate).mean())
    torch.testing.assert_close(loss.metrics["distortion"], distortion.mean())
    torch.testing.assert_close(loss.metrics["rate"], rate.mean())


@pytest.mark.parametrize(("beta", "weight"), [(4.0, 1.0), (0.0, 1.0), (1.0, 0.5), (1.0, 0.0)])
def test_weights_change_the_loss_and_not_the_reported_elbo(beta: float, weight: float) -> None:
    model = autoencoder()
    trace = traced(model)
    distortion, rate = by_hand(model, trace)
    loss = ELBO(beta, weight)(trace)
    torch.testing.assert_close(loss.total, (weight * distortion + beta * rate).mean())
    torch.testing.assert_close(loss.metrics["elbo"], -(distortion + rate).mean())


def test_the_article_minimises_kl_plus_half_the_cross_entropy() -> None:
    x = torch.tensor([[1.0, 0.0], [0.25, 1.0]], dtype=torch.float64)
    logits = torch.tensor([[0.5, -1.0], [2.0, 0.0]], dtype=torch.float64)
    loc = torch.tensor([[0.5], [-1.0]], dtype=torch.float64)
    log_scale = torch.tensor([[-0.5], [0.25]], dtype=torch.float64)
    q = DiagonalGaussian(loc, log_scale)
    p = DiagonalGaussian(torch.zeros(1).double(), torch.zeros(1).double())
    px = Bernoulli()(logits[None, :, None])
    draw = Draw(loc[None], loc, rate=td.kl_divergence(q, p))
    loss = ELBO(beta=1, distortion_weight=0.5)(Trace(Batch(x), draw, px, px.log_prob(x)))

    def softplus(value: float) -> float:
        return math.log1p(math.exp(value))

    bce = softplus(-0.5) + softplus(-1.0)
    bce += 0.25 * softplus(-2.0) + 0.75 * softplus(2.0) + math.log(2)
    kl = 0.5 * (0.25 + math.exp(-1.0) - 1 + 1.0) + 0.5 * (1.0 + math.exp(0.5) - 1 - 0.5)
    assert loss.total.item() == pytest.approx((kl + 0.5 * bce) / 2, rel=1e-12)


def test_the_loss_is_a_mean_over_the_batch_and_not_a_sum() -> None:
    rates = torch.tensor([[1.0], [3.0]])
    once = priced(rates, torch.tensor([[-2.0, -4.0]]))
    twice = priced(rates.repeat(2, 1), torch.tensor([[-2.0, -4.0, -2.0, -4.0]]))
    assert ELBO()(once).total == ELBO()(twice).total == 5.0


def test_draws_are_averaged() -> None:
    rates = torch.tensor([[1.0], [3.0]])
    trace = priced(rates, torch.tensor([[-2.0, -4.0], [-6.0, -8.0]]))
    assert ELBO(draws=2)(trace).total == 2.0 + 5.0


def test_a_schedule_weighs_the_rate_by_the_epoch_of_the_trace() -> None:
    model = autoencoder()
    objective = ELBO(Linear(2.0, 10))
    for epoch, beta in ((0.0, 0.0), (2.5, 0.5), (10.0, 2.0), (math.inf, 2.0)):
        trace = traced(model, epoch)
        distortion, rate = by_hand(model, trace)
        torch.testing.assert_close(objective(trace).total, (distortion + beta * rate).mean())


def test_free_bits_charge_each_dimension_at_least_the_floor_on_average_over_the_batch() -> None:
    rates = torch.tensor([[0.1, 2.0, 0.4], [0.3, 4.0, 0.8]])  # means 0.2, 3, 0.6
    loss = ELBO(free_bits=0.5)(priced(rates))
    assert loss.total.item() == pytest.approx(0.5 + 3.0 + 0.6)
    assert loss.metrics["rate"].item() == pytest.approx(0.2 + 3.0 + 0.6)
    assert loss.metrics["elbo"].item() == pytest.approx(-3.8)


def test_free_bits_stop_the_gradient_below_the_floor_only() -> None:
    rates = torch.tensor([[0.1, 2.0], [0.3, 4.0]], requires_grad=True)
    ELBO(beta=3.0, free_bits=0.5)(priced(rates)).total.backward()
    torch.testing.assert_close(rates.grad, torch.tensor([[0.0, 1.5], [0.0, 1.5]]))


def test_a_free_rate_is_that_of_every_row_and_stops_its_gradient() -> None:
    rates = torch.tensor([[0.1, 0.3], [2.0, 4.0]], requires_grad=True)  # of rows 0.4 and 6
    loss = ELBO(beta=3.0, free_rate=1.0)(priced(rates))
    assert loss.total.item() == pytest.approx(3 * (0 + 5) / 2)
    assert loss.metrics["rate"].item() == pytest.approx(3.2)
    loss.total.backward()
    assert rates.grad is not None
    assert rates.grad.tolist() == [[0, 0], [1.5, 1.5]]


def test_a_penalty_is_added_and_reported_once() -> None:
    penalty = torch.tensor(0.25, requires_grad=True)
    loss = ELBO(beta=2.0)(priced(torch.ones(2, 1), penalty=penalty))
    assert loss.total == 2.25
    assert loss.metrics["loss"] == 2.25
    assert loss.metrics["penalty"] == 0.25
    assert loss.metrics["elbo"] == -1.0
    loss.total.backward()
    assert penalty.grad == 1.0


def test_a_plain_autoencoder_reports_a_distortion_and_no_rate() -> None:
    model = autoencoder(stochastic=False)
    loss = ELBO(beta=4.0)(traced(model))
    assert set(loss.metrics) == {"loss", "distortion"}
    assert torch.equal(loss.total, loss.metrics["distortion"])


def test_metrics_are_detached_scalars() -> None:
    loss = ELBO()(traced(autoencoder()))
    assert set(loss.metrics) == {"loss", "distortion", "rate", "elbo"}
    assert loss.total.requires_grad
    assert all(not value.requires_grad and value.ndim == 0 for value in loss.metrics.values())


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"distortion_weight": -0.5}, "`distortion_weight`"),
        ({"distortion_weight": math.nan}, "`distortion_weight`"),
        ({"free_bits": -0.1}, "`free_bits`"),
        ({"free_bits": math.nan}, "`free_bits`"),
        ({"free_rate": -0.1}, "`free_rate`"),
        ({"free_bits": 0.1, "free_rate": 0.1}, "`free_bits` and `free_rate`"),
        ({"draws": 0}, "`draws`"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_their_flag(
    options: dict[str, float], flag: str
) -> None:
    with pytest.raises(BadInput, match=f"^{flag} "):
        ELBO(**options)  # type: ignore[arg-type]
