"""Training against oracles: closed forms, autograd by hand, plain loops."""

import copy
import dataclasses
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from training_process import SHAPE, digits, small_vae

from vaekit.data import Batches, Dataset
from vaekit.errors import BadInput
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO, IWAE, Objective
from vaekit.recipes import ae
from vaekit.records import Loss, Moment, Phase, Trace
from vaekit.training import Training, fit
from vaekit.training.checkpoint import load_weights, read
from vaekit.training.engine import _fabric
from vaekit.training.history import STATE
from vaekit.training.session import Session


@pytest.fixture(scope="module")
def data() -> Dataset:
    return digits()


def small_ae() -> tuple[Autoencoder, Objective]:
    torch.manual_seed(0)
    return ae(SHAPE, net=MLP(hidden=(24,)), latent=3)


def grey(data: Dataset) -> Dataset:
    """The same, with grey values left as they are."""
    names = ("train", "validation", "test")
    splits = {name: dataclasses.replace(getattr(data, name), binarise="none") for name in names}
    return dataclasses.replace(data, **splits)


def session(model: Autoencoder, objective: Objective, data: Dataset, **options: Any) -> Session:
    options = {"batch_size": 100, "device": "cpu"} | options
    torch.manual_seed(0)
    return Session(_fabric(Training(**options)), model, objective, data, Training(**options))


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def trained(data: Dataset, seed: int = 0, **options: Any) -> dict[str, Tensor]:
    model, objective = small_vae()
    options = {"epochs": 2, "batch_size": 100} | options
    fit(model, objective, data, Training(seed=seed, **options), progress=False)
    return weights(model)


def test_same_seed_same_weights(data: Dataset) -> None:
    assert equal(trained(data, seed=3), trained(data, seed=3))
    assert not equal(trained(data, seed=3), trained(data, seed=4))


def test_it_is_the_plain_loop(data: Dataset) -> None:
    model, objective = small_vae(warmup=1.0)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    batches = Batches(data.train, 100, seed=5)
    torch.manual_seed(5)
    for epoch in range(2):
        for i, batch in enumerate(batches.epoch(epoch)):
            optimiser.zero_grad()
            at = Moment(epoch + i / len(batches))
            objective(model(batch, at=at)).total.backward()
            optimiser.step()
    ours, objective = small_vae(warmup=1.0)
    fit(ours, objective, data, Training(epochs=2, batch_size=100, seed=5), progress=False)
    assert equal(weights(ours), weights(model))


def test_nothing_around_the_steps_changes_them(data: Dataset, tmp_path: Path) -> None:
    plain = trained(data)
    assert equal(plain, trained(data, checkpoint_seconds=0))
    none_held_out = dataclasses.replace(data, validation=data.train.take(slice(0, 0)))
    assert equal(plain, trained(none_held_out))
    model, objective = small_vae()
    options = Training(epochs=2, batch_size=100, checkpoint_seconds=0)
    fit(model, objective, data, options, folder=tmp_path / "run", progress=False)
    assert equal(plain, weights(model))


def test_trains_outside_the_main_thread(data: Dataset) -> None:
    found: list[dict[str, Tensor]] = []
    thread = threading.Thread(target=lambda: found.append(trained(data)))
    thread.start()
    thread.join()
    assert equal(found[0], trained(data))


def test_the_model_is_written_as_it_is_left(data: Dataset, tmp_path: Path) -> None:
    model, objective = small_vae()
    options = Training(epochs=1, ema=0.9)
    fit(model, objective, data, options, folder=tmp_path, progress=False)
    assert not model.training
    other = small_vae(seed=1)[0]
    load_weights(other, tmp_path / "model.safetensors")
    assert equal(weights(model), weights(other))


def test_means_weigh_every_data_point_equally() -> None:
    data = digits(validation=131)  # so that the last batches are smaller: 1,486 and 131 rows
    data = grey(data)
    model, objective = small_ae()
    options = Training(epochs=1, batch_size=100, learning_rate=1e-30)
    record = fit(model, objective, data, options, progress=False)[0]
    for name, split in {"train": data.train, "validation": data.validation}.items():
        with torch.no_grad():
            mean = float(-model(split.tensor()).log_px.double().mean())
        assert len(split) % 100
        assert record[name]["loss"] == pytest.approx(mean, rel=1e-6)
        assert record[name]["distortion"] == pytest.approx(mean, rel=1e-6)


def test_validation_reads_schedules_as_finished(data: Dataset) -> None:
    model, objective = small_vae(warmup=100.0)
    record = fit(model, objective, data, Training(epochs=1), progress=False)[0]
    assert record["train"]["loss"] < -record["train"]["elbo"]
    assert record["validation"]["loss"] == pytest.approx(-record["validation"]["elbo"], rel=1e-6)


def test_records(data: Dataset) -> None:
    seen: list[dict[str, Any]] = []
    model, objective = small_vae()
    options = Training(epochs=2, batch_size=500, schedule="cosine")
    history = fit(model, objective, data, options, on_epoch=seen.append, progress=False)
    assert seen == history
    assert [(record["epoch"], record["step"]) for record in history] == [(1, 3), (2, 6)]
    rates = history[1]["validation"]["rates"]
    assert sum(rates) == pytest.approx(history[1]["validation"]["rate"], rel=1e-6)
    assert history[1]["learning_rate"] == options.learning_rate_at(5, 3)
    assert history[1]["validation"]["active_units"] in range(4)


def test_without_validation_data_the_code_is_watched_on_training_data(data: Dataset) -> None:
    data = dataclasses.replace(data, validation=data.train.take(slice(0, 0)))
    model, objective = small_vae()
    record = fit(model, objective, data, Training(epochs=1), progress=False)[0]
    assert record["validation"] == {}
    assert "rates" not in record["train"]  # of these rows, not a mean over the epoch
    assert len(record["code"]["rates"]) == 3
    assert record["code"]["rows"] == min(1_000, len(data.train))
    with pytest.raises(BadInput, match="`patience` needs validation data"):
        fit(model, objective, data, Training(patience=1), progress=False)
    empty = dataclasses.replace(data, train=data.validation)
    with pytest.raises(BadInput, match="digits has no training data"):
        fit(model, objective, empty, progress=False)


def test_a_last_batch_of_one_row_is_refused_where_it_would_be_normalised(data: Dataset) -> None:
    model, objective = ae(SHAPE, net=MLP((8,), batch_norm=True))
    size = len(data.train) - 1
    with pytest.raises(BadInput, match=f"`batch_size={size}` leaves one row"):
        fit(model, objective, data, Training(epochs=1, batch_size=size), progress=False)


class Critical(Objective):
    """Two phases that see each other's parts: a model's loss through a critic, and the critic's."""

    def __init__(self) -> None:
        super().__init__()
        self.critic = nn.Linear(3, 1)

    def forward(self, trace: Trace) -> Loss:
        score = self.critic(trace.draw.z).mean()
        return Loss(score - trace.log_px.mean(), {"score": score.detach()})

    def judge(self, trace: Trace) -> Loss:
        loss = self.critic(trace.draw.z).square().mean() + 0.1 * trace.draw.z.square().mean()
        return Loss(loss, {})

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        return (
            Phase("model", list(model.parameters())),
            Phase("critic", list(self.critic.parameters())),
        )

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        return self(trace), self.judge(trace)


def first_step(parameters: Sequence[Tensor], loss: Tensor, learning_rate: float) -> list[Tensor]:
    """Where Adam's first step leads: minus the learning rate times g / (|g| + eps)."""
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
    return [
        p - learning_rate * g / (g.abs() + 1e-8) for p, g in zip(parameters, gradients, strict=True)
    ]


def test_each_phase_moves_its_own_parameters_by_its_own_loss(data: Dataset) -> None:
    model, objective = small_ae()[0], Critical()
    session_ = session(model, objective, data)
    x = next(session_.rest_of_epoch())
    trace = model(x)
    model_phase, critic_phase = objective.phases(model)
    expected = [
        *first_step(model_phase.parameters, objective(trace).total, 1e-3),
        *first_step(critic_phase.parameters, objective.judge(trace).total, 1e-3),
    ]
    session_.step(x)
    found = [*model_phase.parameters, *critic_phase.parameters]
    for parameter, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(parameter.detach(), wanted.detach(), rtol=0, atol=2e-7)
        assert parameter.grad is None
    assert session_.means().keys() == {"loss", "score", "critic/loss"}


def test_frozen_weights_stay(data: Dataset) -> None:
    model, objective = small_vae()
    model.encoder.requires_grad_(False)
    before = weights(model)
    fit(model, objective, data, Training(epochs=1), progress=False)
    for name, weight in weights(model).items():
        assert torch.equal(weight, before[name]) == name.startswith("encoder"), name


def test_several_draws(data: Dataset) -> None:
    model, _ = small_vae()
    record = fit(model, IWAE(4), data, Training(epochs=1), progress=False)[0]
    assert record["validation"]["iwae"] > record["validation"]["elbo"]
    with pytest.raises(BadInput, match="IWAE needs"):
        fit(small_ae()[0], IWAE(4), data, Training(epochs=1), progress=False)


def test_clip(data: Dataset) -> None:
    # Adam divides by the size of the gradient, so what it sees is read from its first moment.
    model, objective = small_vae()
    clipped = session(model, objective, data, clip=0.5)
    clipped.step(next(clipped.rest_of_epoch()))
    moments = clipped.optimisers[0].state_dict()["state"].values()
    gradient = torch.cat([moment["exp_avg"].flatten() for moment in moments]) / (1 - 0.9)
    assert float(gradient.norm()) == pytest.approx(0.5, rel=1e-4)


def test_clip_is_of_a_phases_whole_gradient_however_many_optimisers_share_it(data: Dataset) -> None:
    firsts = []
    for clip in (None, 0.5):
        model, objective = small_vae()
        taken = session(model, objective, data, clip=clip, optimiser="muon")
        taken.step(next(taken.rest_of_epoch()))
        states = [
            state for each in taken.optimisers for state in each.state_dict()["state"].values()
        ]
        firsts.append([state.get("momentum_buffer", state.get("exp_avg")) for state in states])
        assert len(states) == len(list(model.parameters()))
    matrices = [each for each in firsts[0] if each.ndim == 2]
    assert 0 < len(matrices) < len(firsts[0])
    ratios = torch.stack([b.norm() / a.norm() for a, b in zip(*firsts, strict=True)])
    torch.testing.assert_close(ratios, ratios[:1].expand_as(ratios))
    assert ratios[0] < 1


def test_weight_decay_shrinks_weights_without_gradient(data: Dataset) -> None:
    class Still(Objective):
        def forward(self, trace: Trace) -> Loss:
            return Loss(0.0 * trace.log_px.mean(), {})

    model, _ = small_ae()
    before = weights(model)
    decaying = session(model, Still(), data, learning_rate=0.1, weight_decay=0.2)
    for _, x in zip(range(3), decaying.rest_of_epoch(), strict=False):
        decaying.step(x)
    for name, weight in weights(model).items():
        torch.testing.assert_close(weight, before[name] * (1 - 0.1 * 0.2) ** 3)


def test_averaged_weights(data: Dataset) -> None:
    model, objective = small_vae()
    averaging = session(model, objective, data, ema=0.5)
    expected = {name: tensor.double() for name, tensor in weights(model).items()}
    for t, x in enumerate(averaging.rest_of_epoch(), start=1):
        averaging.step(x)
        decay = min(0.5, (1 + t) / (10 + t))
        for name, weight in weights(model).items():
            expected[name] = decay * expected[name] + (1 - decay) * weight.double()
    last = weights(model)
    averaging.end_epoch(lambda: False)
    assert equal(last, weights(model))  # validation looked at the average and put these back
    averaging.finish()
    for name, weight in weights(model).items():
        torch.testing.assert_close(weight, expected[name].float(), rtol=1e-5, atol=1e-6)
        assert not torch.equal(weight, last[name])


@pytest.mark.parametrize("ema", [None, 0.9])
def test_patience_keeps_the_best_weights(data: Dataset, ema: float | None) -> None:
    few = dataclasses.replace(data, train=data.train.take(slice(0, 20)))  # to overfit
    model, objective = small_vae()
    options = Training(epochs=400, batch_size=20, learning_rate=0.02, patience=3, ema=ema)
    losses = [r["validation"]["loss"] for r in fit(model, objective, few, options, progress=False)]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3 < 400
    again = session(model, objective, few, batch_size=20)
    measured = again.validation.measure(0, lambda: False)
    assert measured is not None
    assert measured[0]["loss"] == losses[best]


class Breaking(Objective):
    """An ELBO that goes wrong from a moment of training on, in a term or in its gradient."""

    def __init__(self, epoch: float, term: str) -> None:
        super().__init__()
        self.elbo, self.epoch, self.term = ELBO(), epoch, term

    def forward(self, trace: Trace) -> Loss:
        loss: Loss = self.elbo(trace)
        if not self.epoch <= trace.at.epoch < math.inf:
            return loss
        if self.term == "gradient":
            return Loss(loss.total + (0 * trace.draw.z).sum().sqrt(), loss.metrics)
        return Loss(loss.total, loss.metrics | {self.term: loss.metrics[self.term] / 0})


@pytest.mark.parametrize("seconds", [0, 30])
def test_a_term_that_is_not_finite_is_named(data: Dataset, tmp_path: Path, seconds: float) -> None:
    model, _ = small_vae()
    options = Training(epochs=3, batch_size=100, checkpoint_seconds=seconds)
    kept = 20 if seconds == 0 else 0
    with pytest.raises(BadInput) as error:
        fit(model, Breaking(20 / 15, "rate"), data, options, folder=tmp_path, progress=False)
    assert str(error.value) == (
        "Training diverged at step 21 (not finite: rate). Lower `learning_rate` or set `clip`. "
        f"The checkpoint of step {kept} is intact."
    )
    tensors, state = read(tmp_path / STATE, "checkpoint")
    assert state["at"]["step"] == kept
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


@pytest.mark.parametrize("last", [False, True])
def test_a_gradient_that_is_not_finite_is_not_kept(
    data: Dataset, tmp_path: Path, last: bool
) -> None:
    model, _ = small_vae()
    broken = Breaking((14 if last else 7) / 15, "gradient")
    options = Training(epochs=1, batch_size=100, checkpoint_seconds=0)
    with pytest.raises(BadInput) as error:
        fit(model, broken, data, options, folder=tmp_path, progress=False)
    step = 15 if last else 8
    name, _ = next(model.named_parameters())
    assert f"at step {step} (not finite: the weights model.{name})" in str(error.value)
    assert f"The checkpoint of step {step - 1} is intact." in str(error.value)
    tensors, _ = read(tmp_path / STATE, "checkpoint")
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_validation_that_is_not_finite_is_named(data: Dataset) -> None:
    class Unbounded(Objective):
        def forward(self, trace: Trace) -> Loss:
            distortion = -trace.log_px.mean()
            return Loss(distortion, {"gap": distortion.detach() * trace.at.epoch})

    options = Training(epochs=1, batch_size=100)
    with pytest.raises(BadInput, match=r"at step 15 \(not finite: gap of the validation data\)"):
        fit(small_ae()[0], Unbounded(), data, options, progress=False)


def test_a_collapsed_code_is_reported_once(data: Dataset) -> None:
    model, objective = small_vae(beta=100.0)
    options = Training(epochs=14, batch_size=32, learning_rate=0.01)
    with pytest.warns(UserWarning, match="`free_bits=0.1`") as warned:
        history = fit(model, objective, data, options, progress=False)
    assert len(warned) == 1
    assert history[-1]["step"] > 500
    assert history[-1]["validation"]["active_units"] == 0
    assert max(history[-1]["validation"]["rates"]) < 0.005


def test_an_unknown_device_is_refused(data: Dataset) -> None:
    model, objective = small_vae()
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="`device='cuda'` is not to be had here"):
            fit(model, objective, data, Training(device="cuda"), progress=False)


def test_bfloat16_reads_the_data_as_they_are(data: Dataset) -> None:
    seen: list[Tensor] = []

    class Watching(Objective):
        def forward(self, trace: Trace) -> Loss:
            seen.append(trace.x)
            return Loss(-trace.log_px.mean(), {})

    shades = grey(data)
    options = Training(epochs=1, precision="bf16-mixed", seed=1)
    record = fit(small_ae()[0], Watching(), shades, options, progress=False)[0]
    assert torch.equal(seen[0], next(Batches(shades.train, 128, seed=1).epoch(0)).x)
    full = fit(small_ae()[0], ELBO(), shades, Training(epochs=1, seed=1), progress=False)[0]
    assert record["validation"]["loss"] == pytest.approx(full["validation"]["loss"], rel=0.01)


def test_the_objective_is_restored(data: Dataset, tmp_path: Path) -> None:
    ends = []
    for name, parts in {"whole": (2,), "parts": (1, 2)}.items():
        torch.manual_seed(0)
        start = Critical()
        for epochs in parts:
            model, objective = small_ae()[0], copy.deepcopy(start)
            options = Training(epochs=epochs)
            fit(model, objective, data, options, folder=tmp_path / name, progress=False)
        ends.append(weights(objective))
    assert equal(*ends)
    assert not equal(ends[0], weights(start))


def test_metrics_that_change_are_refused(data: Dataset) -> None:
    class Fickle(Objective):
        def forward(self, trace: Trace) -> Loss:
            loss = -trace.log_px.mean()
            return Loss(loss, {f"at {trace.at.epoch:.3f}": loss.detach()})

    with pytest.raises(ValueError, match=r"must not change: \('loss', 'at 0.000'\), then"):
        fit(small_ae()[0], Fickle(), data, Training(epochs=1), progress=False)
