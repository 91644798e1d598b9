"""Objectives that hold the rate or the distortion at a value."""

import math
from dataclasses import replace

import pytest
import torch

from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.likelihoods import Gaussian
from vaekit.objectives import ELBO, GECO, Capacity
from vaekit.recipes import capacity_vae, geco_vae
from vaekit.records import Moment
from vaekit.training import Training, fit


def rows(n: int = 256) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 2, generator=generator) @ torch.randn(2, 6, generator=generator)


def test_capacity_prices_the_distance_of_the_mean_rate() -> None:
    torch.manual_seed(0)
    model, objective = capacity_vae((6,), latent=3, capacity=10.0, warmup=4.0, gamma=7.0)
    for epoch, capacity in ((0.0, 0.0), (2.0, 5.0), (math.inf, 10.0)):
        trace = model(rows(), at=Moment(epoch))
        loss, plain = objective(trace), ELBO()(trace).metrics
        expected = plain["distortion"] + 7.0 * (plain["rate"] - capacity).abs()
        torch.testing.assert_close(loss.total.detach(), expected)
        assert loss.metrics["capacity"] == capacity
        assert loss.metrics["elbo"] == plain["elbo"]


def test_capacity_is_where_the_rate_goes() -> None:
    model, objective = capacity_vae((6,), latent=3, capacity=4.0, warmup=1.0)
    log = fit(
        model, objective, load(rows(2000).numpy()), Training(epochs=8, seed=0), progress=False
    )
    assert abs(log[-1]["train"]["rate"] - 4.0) < 0.5


def test_the_multiplier_follows_the_moving_average_of_the_constraint() -> None:
    torch.manual_seed(0)
    model, _ = geco_vae((6,), latent=3)
    objective = GECO(tolerance=0.2, speed=0.5, momentum=0.9)
    average, log_multiplier = 0.0, 0.0
    for step in range(4):
        trace = model(rows())
        loss = objective(trace)
        constraint = -trace.log_px.mean().item() / 6 - 0.2
        average = constraint if not step else 0.9 * average + 0.1 * constraint
        log_multiplier += 0.5 * min(1.0, max(-1.0, average))
        assert loss.metrics["multiplier"].item() == pytest.approx(math.exp(log_multiplier), 1e-4)
        total = trace.draw.rate.mean().item() + math.exp(log_multiplier) * 6 * constraint
        assert loss.total.item() == pytest.approx(total, 1e-4)
    before = objective.log_multiplier.clone()
    objective.eval()(trace)
    with torch.no_grad():
        objective.train()(trace)
    assert torch.equal(objective.log_multiplier, before)


def test_the_distortion_goes_to_the_tolerance() -> None:
    parts = {"latent": 3, "likelihood": Gaussian()}
    model, objective = geco_vae((6,), **parts, tolerance=1.05, speed=0.5, momentum=0.9)
    options = Training(epochs=12, seed=0, batch_size=50, learning_rate=3e-3)
    log = fit(model, objective, load(rows(2000).numpy()), options, progress=False)
    assert log[-1]["train"]["distortion"] / 6 == pytest.approx(1.05, abs=0.03)


def test_the_multiplier_comes_back_bit_for_bit(tmp_path) -> None:
    data = load(rows(300).numpy())
    found = []
    for name, stops in (("whole", (4,)), ("parts", (2, 4))):
        for epochs in stops:
            torch.manual_seed(3)
            model, objective = geco_vae((6,), latent=3)
            options = Training(epochs=epochs, seed=0, batch_size=32)
            fit(model, objective, data, options, folder=tmp_path / name, progress=False)
        found.append({**model.state_dict(), **objective.state_dict()})
    assert found[0]["log_multiplier"] != 0
    for name, value in found[0].items():
        assert torch.equal(value, found[1][name]), name


@pytest.mark.parametrize("make", [lambda: Capacity(3.0, 0.0), lambda: GECO()])
def test_losses_do_not_change_when_a_batch_is_duplicated(make) -> None:
    torch.manual_seed(0)
    model, _ = geco_vae((6,), latent=3)
    trace = model(rows(10))
    draw = replace(trace.draw, rate=trace.draw.rate.repeat(2))
    twice = replace(trace, draw=draw, log_px=trace.log_px.repeat(1, 2))
    one, two = (make()(each).total for each in (trace, twice))
    torch.testing.assert_close(one, two)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Capacity(-1.0), "`capacity` must be zero or more"),
        (lambda: Capacity(gamma=math.nan), "`gamma` must be zero or more"),
        (lambda: Capacity(epochs=-1.0), "`warmup` must be zero or more"),
        (lambda: GECO(math.nan), "`tolerance` must be finite"),
        (lambda: GECO(speed=-1.0), "`speed` must be zero or more"),
        (lambda: GECO(momentum=1.0), "`momentum` must be from 0 to below 1"),
        (lambda: GECO(draws=0), "`draws` must be 1 or more"),
    ],
)
def test_options_that_make_no_sense_are_refused(make, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make()
