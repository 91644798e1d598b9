"""Steps whose gradient is too long, or not finite, are left out, and counted."""

import json
import math
import signal
from pathlib import Path
from typing import final

import pytest
import torch
from training_process import digits, small_vae

from vaekit.errors import BadInput, Interrupted
from vaekit.objectives import ELBO, Objective
from vaekit.recipes import Parts
from vaekit.records import Loss, Trace
from vaekit.training import Training, fit
from vaekit.training.engine import _fabric
from vaekit.training.history import METRICS, MODEL
from vaekit.training.session import Session

LONG = 1e6


@final
class Spiked(Objective):
    """The ELBO, of which some steps are multiplied while training; may stop at one."""

    def __init__(self, times: dict[int, float], stop: int | None = None) -> None:
        super().__init__()
        self.base, self.times, self.stop = ELBO(), times, stop

    def forward(self, trace: Trace) -> Loss:
        loss: Loss = self.base(trace)
        if math.isinf(trace.at.epoch):
            return loss
        if trace.at.step == self.stop:
            signal.raise_signal(signal.SIGINT)
        times = self.times.get(trace.at.step, 1.0)
        return Loss(loss.total * times, {n: v * times for n, v in loss.metrics.items()})


def spiked(times: dict[int, float], stop: int | None = None) -> Parts:
    return small_vae()[0], Spiked(times, stop)


@pytest.mark.parametrize("times", [1e9, math.nan, math.inf])
def test_a_step_that_is_left_out_moves_nothing(times: float) -> None:
    model, objective = spiked({1: times})
    options = Training(batch_size=50, skip=LONG, ema=0.9, device="cpu")
    session = Session(_fabric(options), model, objective, digits(), options)
    batches = session.rest_of_epoch()
    session.step(next(batches))
    (optimiser,) = session.optimisers
    held = [model.state_dict(), session.average.tensors, *optimiser.state_dict()["state"].values()]
    before = [{name: value.clone() for name, value in each.items()} for each in held]
    session.step(next(batches))
    for was, each in zip(before, held, strict=True):
        assert all(torch.equal(value, each[name]) for name, value in was.items())
    assert all(weight.grad is None for weight in model.parameters())
    assert (session.at.step, session.at.skipped) == (2, 1)
    session.step(next(batches))
    assert not torch.equal(before[0]["encoder.layers.0.weight"], model.encoder.layers[0].weight)
    assert session.at.skipped == 1


def test_gradients_within_the_limit_are_followed_as_without_one() -> None:
    ends = []
    for skip in (None, LONG):
        model, objective = small_vae()
        log = fit(model, objective, digits(), Training(epochs=1, skip=skip), progress=False)
        ends.append(model.state_dict())
        assert log[0].get("skipped") == (None if skip is None else 0)
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_a_loss_that_is_not_finite_is_in_no_mean() -> None:
    model, objective = spiked({3: math.nan, 5: math.inf})
    (record,) = fit(
        model, objective, digits(), Training(epochs=1, batch_size=50, skip=LONG), progress=False
    )
    assert record["skipped"] == 2
    assert all(math.isfinite(value) for value in record["train"].values())
    model, objective = spiked({3: math.nan})
    with pytest.raises(BadInput, match="Training diverged at step 4"):
        fit(model, objective, digits(), Training(epochs=1, batch_size=50), progress=False)


def test_where_every_step_is_left_out_training_says_so() -> None:
    for times, skip in ((1.0, 1e-6), (math.nan, LONG)):
        model, objective = spiked(dict.fromkeys(range(99), times))
        with pytest.raises(BadInput, match="left out every step of epoch 1: raise `skip`"):
            fit(model, objective, digits(), Training(epochs=1, skip=skip), progress=False)


def test_where_most_steps_are_left_out_training_warns() -> None:
    model, objective = spiked(dict.fromkeys(range(20), 1e9))
    with pytest.warns(UserWarning, match=r"20 of the epoch's 29 steps were left out"):
        fit(
            model, objective, digits(), Training(epochs=1, batch_size=50, skip=LONG), progress=False
        )


def test_a_resumed_run_has_left_out_the_same_steps(tmp_path: Path) -> None:
    times = {4: math.nan, 9: 1e9, 20: math.inf, 33: 1e9}
    options = Training(epochs=2, batch_size=50, skip=LONG, ema=0.9)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    fit(*spiked(times), digits(), options, folder=whole, progress=False)
    for stop in (12, 31):
        with pytest.raises(Interrupted):
            fit(*spiked(times, stop), digits(), options, folder=parts, progress=False)
    fit(*spiked(times), digits(), options, folder=parts, progress=False)
    for name in (MODEL, METRICS):
        assert (whole / name).read_bytes() == (parts / name).read_bytes(), name
    lines = (whole / METRICS).read_text().splitlines()
    assert [json.loads(line)["skipped"] for line in lines] == [3, 1]
