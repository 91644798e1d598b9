"""The command as its own process: what it imports, how it stops, what it does when piped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import vaekit

VAEKIT = (sys.executable, "-m", "vaekit")


def test_help_and_import_need_no_torch() -> None:
    code = """
import sys
import vaekit
from vaekit.cli import main
vaekit.BadInput, vaekit.Training
assert main(["--help"]) == 0
print(sorted({"torch", "rich", "matplotlib", "sklearn", "pyarrow"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[-1] == "[]"
    assert lines[0].startswith("vaekit: ")
    assert "  vaekit demo" in lines


def test_every_public_name_is_there() -> None:
    for name in vaekit.__all__:
        assert getattr(vaekit, name) is not None
    assert set(vaekit.__all__) <= set(dir(vaekit))


def test_ctrl_c_says_how_to_go_on_and_nothing_is_lost(tmp_path: Path) -> None:
    flags = ["vae", "digits", "--hidden", "32", "--latent", "2", "--batch-size", "16"]
    train = [*VAEKIT, "train", *flags, "--epochs", "12", "--no-progress"]
    undisturbed = subprocess.Popen([*train, "--name", "whole"], cwd=tmp_path)
    stopped = subprocess.Popen(
        [*train, "--name", "cut"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    log = tmp_path / "runs/cut/metrics.jsonl"
    while stopped.poll() is None and not (log.exists() and log.stat().st_size):
        time.sleep(0.01)
    stopped.send_signal(signal.SIGINT)
    _, heard = stopped.communicate(timeout=120)
    assert stopped.returncode == 130, heard
    assert heard.splitlines()[-1] == "  vaekit resume cut"
    assert "Traceback" not in heard
    assert not (tmp_path / "runs/cut/model.safetensors").exists()
    resumed = subprocess.run(
        [*VAEKIT, "resume", "cut", "--no-progress"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert resumed.returncode == 0, resumed.stderr
    assert undisturbed.wait(120) == 0
    for name in ("model.safetensors", "metrics.jsonl"):
        whole, cut = (tmp_path / "runs" / run / name for run in ("whole", "cut"))
        assert whole.read_bytes() == cut.read_bytes(), name


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*VAEKIT, "recipes", "vae"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode != 0
