"""A run has one owner, for as long as one of the owner's processes lives."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from training_process import digits, small_vae

from vaekit.errors import BadInput
from vaekit.training import Training, fit
from vaekit.training.lock import LOCK, held, is_held

OWNER = """
import subprocess, sys
from pathlib import Path
from vaekit.training.lock import held
with held(Path(sys.argv[1])) as files:
    worker = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    if sys.argv[2:]:
        subprocess.Popen(worker, pass_fds=files)
    print("held", flush=True)
    sys.stdin.read()
"""


def owner(folder: Path, *worker: str) -> subprocess.Popen[str]:
    """A process that owns a folder until its input ends, as does the worker it may have."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), *worker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_refused_until_the_owner_ends(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert not is_held(folder)
    process = owner(folder)
    assert is_held(folder)
    refused = rf"run is being trained by process {process.pid}: wait for its end"
    with pytest.raises(BadInput, match=refused), held(folder):
        raise AssertionError
    process.communicate("")
    assert process.returncode == 0
    assert not is_held(folder)
    assert list(folder.iterdir()) == []
    with held(folder):
        assert is_held(folder)
        with held(folder):  # what the owner itself calls may ask again
            assert is_held(folder)
        assert is_held(folder)


def test_a_killed_owner_blocks_nobody_but_its_workers_do(tmp_path: Path) -> None:
    process = owner(tmp_path, "worker")
    process.kill()
    process.wait()
    assert is_held(tmp_path)
    with pytest.raises(BadInput, match="being trained"), held(tmp_path):
        raise AssertionError
    process.communicate()  # closes the worker's input, too
    with held(tmp_path):  # waits for a moment
        pass
    process = owner(tmp_path)
    process.kill()
    process.communicate()
    assert (tmp_path / LOCK).exists()
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)


def test_training_is_refused_beside_training_in_another_thread(tmp_path: Path) -> None:
    found: list[str] = []

    def train() -> None:
        model, objective = small_vae()
        try:
            fit(model, objective, digits(), Training(epochs=1), folder=tmp_path, progress=False)
        except BadInput as error:
            found.append(str(error))

    with held(tmp_path):
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        assert "is being trained by process" in found[0]
        assert [path.name for path in tmp_path.iterdir()] == [LOCK.name]
        train()  # in this thread, which owns the folder
    assert len(found) == 1
    assert (tmp_path / "model.safetensors").exists()
