"""The command as its own process: what it imports, how it stops, what it does when piped."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
    assert re.fullmatch(
        r"Stopped after step \d+, which is kept\. To go on: vaekit resume cut\n", heard
    )
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


@pytest.mark.parametrize("words", [["recipes", "vae"], ["--help"], ["nope"]])
def test_a_reader_that_has_seen_enough_is_no_error(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*VAEKIT, *words], stdout=writing, stderr=writing)
    os.close(writing)
    assert done.returncode == 141


def in_a_shell(line: str) -> tuple[int, str, str]:
    """What a command ends as, given to a shell with its redirections."""
    command = ["sh", "-c", f"{shlex.join(VAEKIT)} {line}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


FULL = Path("/dev/full")


@pytest.mark.parametrize("words", ["recipes vae", "--help", "train vae digits --help"])
@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_device_behind_stdout_is_said(words: str) -> None:
    full = "error: The system: No space left on device.\n"
    assert in_a_shell(f"{words} > {FULL}") == (2, "", full)


def test_output_that_nobody_takes_is_no_error(tmp_path: Path) -> None:
    for line, code in (("recipes vae >&-", 0), ("nope 2>&-", 2), ("nope >&- 2>&-", 2)):
        assert in_a_shell(line) == (code, "", "")
    flags = f"--epochs 1 --hidden 8 --latent 2 --root {tmp_path}"
    for number, nowhere in enumerate([">&- 2>&-", "2>&-", f"2> {FULL}"]):
        assert in_a_shell(f"train vae digits {flags} --name r{number} {nowhere}")[0] == 0
        assert (tmp_path / f"r{number}" / "model.safetensors").is_file()


def test_what_is_set_for_windows_is_nothing_to_figures(tmp_path: Path) -> None:
    code = "import sys; from vaekit.cli import main; main(['--version']); import matplotlib.pyplot"
    environment = os.environ | {"MPLBACKEND": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("columns", ["1", "5", "20", "0"])
def test_help_fits_itself_to_any_terminal(columns: str) -> None:
    done = subprocess.run(
        [*VAEKIT, "train", "vae", "mnist", "--help"],
        env=os.environ | {"COLUMNS": columns},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "--free-bits" in done.stdout
