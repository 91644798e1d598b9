"""Two real processes on the CPU: the same as one, to rounding, and as sure to be resumed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.recipes import vae
from vaekit.training import Training, fit
from vaekit.training.lock import is_held

COMMON = ("digits", "--hidden", "24", "--latent", "3", "--epochs", "3", "--batch-size", "100")


def call(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vaekit", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        **options,
    )


def weights(folder: Path, name: str) -> dict[str, Tensor]:
    return load_file(folder / "runs" / name / "model.safetensors")


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (folder / "runs" / name / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    for name, flags in {"one": (), "two": ("--devices", "2")}.items():
        done = call(tmp_path, "train", "ae", *COMMON, "--name", name, *flags)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("The run is in") == 1
    one, two = weights(tmp_path, "one"), weights(tmp_path, "two")
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-4)
    for first, second in zip(records(tmp_path, "one"), records(tmp_path, "two"), strict=True):
        for part in ("train", "validation"):
            assert second[part]["loss"] == pytest.approx(first[part]["loss"], rel=1e-5)


def test_a_killed_run_of_two_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    flags = ("--devices", "2", "--checkpoint-seconds", "0", "--batch-norm")
    done = call(tmp_path, "train", "vae", *COMMON, *flags, "--name", "whole")
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        [sys.executable, "-m", "vaekit", "train", "vae", *COMMON, *flags, "--name", "killed"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    log = tmp_path / "runs" / "killed" / "metrics.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # The workers hold the run until they see, after a step, that they are alone.
    while is_held(log.parent):
        time.sleep(0.01)
    assert not (tmp_path / "runs" / "killed" / "model.safetensors").exists()
    done = call(tmp_path, "resume", "killed")
    assert done.returncode == 0, done.stderr
    ours, theirs = weights(tmp_path, "killed"), weights(tmp_path, "whole")
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert records(tmp_path, "killed") == records(tmp_path, "whole")


def test_ctrl_c_stops_all_with_a_checkpoint(tmp_path: Path) -> None:
    long = ("--epochs", "5000", "--devices", "2", "--name", "long")
    process = subprocess.Popen(
        [sys.executable, "-m", "vaekit", "train", "vae", *COMMON[:-4], *long],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    log = tmp_path / "runs" / "long" / "metrics.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Stopped after step" in said
    assert "vaekit resume long" in said
    assert (tmp_path / "runs" / "long" / "checkpoint" / "state.safetensors").exists()


def test_torchrun_makes_one_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", "-m", "vaekit", "train", "ae", *COMMON, "--name", "two"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("The run is in") == 1
    config = json.loads((tmp_path / "runs" / "two" / "run.json").read_text())
    assert config["training"]["devices"] == 2
    assert len(records(tmp_path, "two")) == 3


def test_more_devices_than_processes_are_refused() -> None:
    model, objective = vae((1, 8, 8), latent=2)
    data = load("digits")
    with pytest.raises(BadInput, match="`devices=2` needs as many processes, and there are 1"):
        fit(model, objective, data, Training(devices=2), progress=False)


def test_more_devices_than_the_machine_serves_are_refused_before_any_is_started(
    tmp_path: Path,
) -> None:
    for devices in ("100000", "1000000000"):
        done = call(tmp_path, "train", "ae", *COMMON, "--devices", devices)
        assert done.returncode == 2
        assert "error: --devices must be" in done.stderr
        assert not (tmp_path / "runs").exists()
