"""A run that was killed, interrupted or out of disk ends as if nothing had happened."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from training_process import (
    digits,
    main,
    small_exemplar,
    small_hvae,
    small_iaf,
    small_ladder,
    small_noisy,
    small_vae,
    small_vamp,
    small_vq,
)

from vaekit.errors import BadInput, Interrupted
from vaekit.objectives import Objective
from vaekit.recipes import Parts
from vaekit.records import Loss, Trace
from vaekit.training import Training, fit
from vaekit.training.checkpoint import read, write
from vaekit.training.history import MODEL, STATE

OPTIONS = {"epochs": 3, "batch_size": 50, "schedule": "cosine", "ema": 0.9, "patience": 2}
STEPS = 3 * 29  # 1,437 digits to train on

Start = Callable[..., BaseProcess]


@pytest.fixture(scope="module")
def start() -> Start:
    """Starts `main` in a process of its own, forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["vaekit.training.engine", "vaekit.recipes", "sklearn.datasets"])

    def begin(folder: Path, largest_file: int = 0, **options: float) -> BaseProcess:
        arguments = (str(folder), json.dumps(OPTIONS | options), largest_file)
        process = context.Process(target=main, args=arguments)
        process.start()
        return process

    return begin


@pytest.fixture(scope="module")
def undisturbed(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    process = start(folder)
    process.join(120)
    assert process.exitcode == 0
    return folder


def assert_same_end(folder: Path, undisturbed: Path) -> None:
    for name in ("model.safetensors", "metrics.jsonl"):
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes(), name


def steps_done(folder: Path) -> int:
    """The step of the checkpoint, which is whole at every moment."""
    if not (folder / STATE).exists():
        return 0
    return int(read(folder / STATE, "checkpoint")[1]["at"]["step"])


def wait_for(folder: Path, step: int) -> None:
    deadline = time.monotonic() + 120
    while steps_done(folder) < step:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_killed_at_random_moments(start: Start, undisturbed: Path, tmp_path: Path) -> None:
    folder, dice = tmp_path / "run", random.Random()
    for _ in range(4):
        process = start(folder, checkpoint_seconds=0)
        wait_for(folder, steps_done(folder) + dice.randint(1, 20))
        time.sleep(dice.uniform(0, 0.01))
        process.kill()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        assert not (folder / "model.safetensors").exists()
    process = start(folder, checkpoint_seconds=0)
    process.join(120)
    assert process.exitcode == 0
    assert [file.name for file in (folder / STATE).parent.iterdir()] == [STATE.name]
    assert_same_end(folder, undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(
    start: Start, undisturbed: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "run"
    process = start(folder, checkpoint_seconds=0.01)
    wait_for(folder, 5)
    os.kill(process.pid or 0, number)
    process.join(60)
    assert process.exitcode == 130
    step = steps_done(folder)
    message = Path(f"{folder}.stderr").read_text()
    assert f"Stopped after step {step}, which is kept." in message
    process = start(folder)
    process.join(120)
    assert process.exitcode == 0
    assert_same_end(folder, undisturbed)


def test_full_disk(start: Start, undisturbed: Path, tmp_path: Path) -> None:
    # At step 0 there are no moments yet: Adam's first ones make the file too large.
    folder = tmp_path / "run"
    process = start(folder, largest_file=50_000, checkpoint_seconds=0)
    process.join(120)
    assert process.exitcode == 2
    message = Path(f"{folder}.stderr").read_text()
    assert f"Cannot write to {folder}" in message
    assert "make room, then resume. The checkpoint of step 0 is intact." in message
    assert [file.name for file in (folder / STATE).parent.iterdir()] == [STATE.name]
    assert steps_done(folder) == 0
    process = start(folder)
    process.join(120)
    assert process.exitcode == 0
    assert_same_end(folder, undisturbed)


class Interrupting(Objective):
    """An objective during whose pass Ctrl-C is pressed, once, at a moment of training."""

    def __init__(self, inner: Objective, epoch: float) -> None:
        super().__init__()
        self.inner, self.epoch, self.pressed = inner, epoch, False

    def forward(self, trace: Trace) -> Loss:
        if trace.at.epoch == self.epoch and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
        loss: Loss = self.inner(trace)
        return loss


# A step in the middle of an epoch; the last step of one, so that validation comes next; and
# validation itself, which sees training as finished. Of every latent, and noise, in the middle.
@pytest.mark.parametrize(
    ("build", "epoch"),
    [(small_vae, epoch) for epoch in (40 / 29, 57 / 29, float("inf"))]
    + [(build, 40 / 29) for build in (small_iaf, small_hvae, small_vq, small_ladder, small_noisy)]
    + [(build, 40 / 29) for build in (small_vamp, small_exemplar)],
)
def test_interrupted_in_and_between_epochs(
    build: Callable[..., Parts], epoch: float, tmp_path: Path
) -> None:
    options, data = Training(**OPTIONS), digits()  # type: ignore[arg-type]
    ends = []
    for name in ("whole", "interrupted"):
        model, objective = build()
        if name == "interrupted":
            objective = Interrupting(objective, epoch)
            with pytest.raises(Interrupted):
                fit(model, objective, data, options, folder=tmp_path / name, progress=False)
            model = build(seed=1)[0]
        fit(model, objective, data, options, folder=tmp_path / name, progress=False)
        ends.append(model.state_dict())
    for key, tensor in ends[0].items():
        assert torch.equal(tensor, ends[1][key]), key
    assert_same_end(tmp_path / "interrupted", tmp_path / "whole")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("build", [small_vae, small_ladder])
def test_muon_goes_on_where_it_was(build: Callable[..., Parts], tmp_path: Path) -> None:
    options, data = Training(epochs=2, batch_size=100, optimiser="muon"), digits()
    for name in ("whole", "interrupted"):
        model, objective = build()
        if name == "interrupted":
            cut = Interrupting(objective, 7 / 15)
            with pytest.raises(Interrupted):
                fit(model, cut, data, options, folder=tmp_path / name, progress=False)
            model, _ = build(seed=1)
        fit(model, objective, data, options, folder=tmp_path / name, progress=False)
    assert_same_end(tmp_path / "interrupted", tmp_path / "whole")


def test_interrupted_without_a_folder() -> None:
    model, objective = small_vae()
    with pytest.raises(Interrupted, match=r"after step 4\. Nothing was saved, as no folder"):
        fit(model, Interrupting(objective, 3 / 12), digits(), progress=False)


def test_resume_at_an_epoch_boundary_and_go_on_for_longer(tmp_path: Path) -> None:
    data, ends = digits(), []
    for name, parts in {"whole": (4,), "parts": (2, 4)}.items():
        for epochs in parts:
            model, objective = small_vae()
            options = Training(epochs=epochs, batch_size=100)
            history = fit(model, objective, data, options, folder=tmp_path / name, progress=False)
            assert [record["epoch"] for record in history] == list(range(1, epochs + 1))
        ends.append(history)
    assert ends[0] == ends[1]
    assert_same_end(tmp_path / "parts", tmp_path / "whole")


def test_a_finished_run_only_gets_its_model_again(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(undisturbed, folder)
    (folder / MODEL).unlink()  # as if killed after the last checkpoint
    model, objective = small_vae(seed=1, warmup=1.5)
    options = Training(**OPTIONS)  # type: ignore[arg-type]
    history = fit(model, objective, digits(), options, folder=folder, progress=False)
    assert [
        json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()
    ] == history
    assert_same_end(folder, undisturbed)


def resumed(folder: Path, **options: float) -> None:
    model, objective = small_vae()
    fit(model, objective, digits(), Training(epochs=2, **options), folder=folder, progress=False)  # type: ignore[arg-type]


def test_refuses_to_resume_something_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    resumed(folder)
    with pytest.raises(BadInput, match="`batch_size=128`, not 64"):
        resumed(folder, batch_size=64)
    model, objective = small_vae()
    with pytest.raises(BadInput, match="other data than digits"):
        fit(model, objective, digits(seed=1), Training(epochs=2), folder=folder, progress=False)
    (folder / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(BadInput, match=r"metrics\.jsonl is missing or shorter"):
        resumed(folder)
    (folder / STATE).write_bytes((folder / STATE).read_bytes()[:-100])
    with pytest.raises(BadInput, match=r"state\.safetensors cannot be read"):
        resumed(folder)
    (folder / STATE).unlink()
    with pytest.raises(BadInput, match=r"state\.safetensors is missing though metrics\.jsonl"):
        resumed(folder)


def test_a_log_that_was_changed_is_noticed(tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "run" / "metrics.jsonl"
    resumed(folder)
    whole = log.read_text()
    log.write_text(whole.replace('"learning_rate": 0.001', '"learning_rate": 0.002'))
    with pytest.raises(BadInput, match=r"metrics\.jsonl is damaged: it is not what training wrote"):
        resumed(folder)
    log.write_text(whole + '{"epoch": 3, "half of')  # what a checkpoint does not know of is cut
    resumed(folder)
    assert log.read_text() == whole


def test_ctrl_c_that_was_ignored_before_stays_ignored(tmp_path: Path) -> None:
    model, objective = small_vae()
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(Interrupted):  # by SIGTERM, which is not
            fit(model, Terminating(objective), digits(), progress=False)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)


class Terminating(Objective):
    """Another objective that sends Ctrl-C at its third step and SIGTERM at its fifth."""

    def __init__(self, base: Objective) -> None:
        super().__init__()
        self.base, self.seen = base, 0

    def forward(self, trace: Trace) -> Loss:
        self.seen += 1
        if self.seen in (3, 5):
            os.kill(os.getpid(), signal.SIGINT if self.seen == 3 else signal.SIGTERM)
        assert self.seen <= 6
        loss: Loss = self.base(trace)
        return loss


def test_a_checkpoint_from_before_an_option_existed_goes_on(tmp_path: Path) -> None:
    model, objective = small_vae()
    fit(model, objective, digits(), Training(epochs=1), folder=tmp_path, progress=False)
    tensors, state = read(tmp_path / STATE, "checkpoint")
    del state["options"]["devices"]
    write(tmp_path / STATE, "checkpoint", tensors, state)
    longer = Training(epochs=2)
    assert len(fit(model, objective, digits(), longer, folder=tmp_path, progress=False)) == 2
