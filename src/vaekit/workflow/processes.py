"""Training a run with several processes: started, watched and ended together.

    train ──▶ run directory ──▶ one worker a device ──▶ checkpoints, log, weights
      ╰────── waits, passes on a wish to stop, says what went wrong ──────╯

A worker opens the run and trains it on, so that it needs nothing but the run's directory.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from vaekit.errors import BadInput, Interrupted
from vaekit.memory import require
from vaekit.training.group import PARENT
from vaekit.training.stop import StopRequest

_GRACE = 20.0  # seconds for the others to end by themselves once one has failed
BAD_INPUT, INTERRUPTED = 2, 130
_A_CORE = 4  # processes: with more they only take turns, and the machine answers nobody
_A_PROCESS = 300 * 2**20  # bytes of one that has loaded PyTorch and a small model


def check_devices(devices: int) -> None:
    """Raise BadInput for more processes than this machine can serve, before any is started."""
    cores = os.cpu_count() or 1
    if devices > _A_CORE * cores:
        raise BadInput(
            f"`devices` must be {_A_CORE * cores} or less, as this machine has {cores} cores, "
            f"not {devices}."
        )
    require(devices * _A_PROCESS, f"`devices={devices}`")


def train_together(path: Path, devices: int, progress: bool, lock: tuple[int, ...]) -> None:
    """Train a run directory on with so many processes, and wait for their end.

    lock: the open files that hold the run. Workers inherit them, so that a run whose parent was
    killed stays held until they have ended, too.

    Raises BadInput and Interrupted with what a worker said.
    """
    environment = os.environ | {
        "WORLD_SIZE": str(devices),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        PARENT: str(os.getpid()),
    }
    command = [sys.executable, "-P", "-m", "vaekit.workflow.worker", str(path)]
    workers = [
        subprocess.Popen(
            [*command, str(int(progress))],
            env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches them through this process, once
            pass_fds=lock if os.name == "posix" else (),
        )
        for rank in range(devices)
    ]
    try:
        _wait(workers)
    finally:
        for worker in workers:
            worker.kill()
    said = [worker.communicate()[0].strip() for worker in workers]
    codes = [worker.returncode for worker in workers]
    for kind, code in ((BadInput, BAD_INPUT), (Interrupted, INTERRUPTED)):
        if code in codes:
            raise kind(said[codes.index(code)])
    if any(codes):
        rank = next(rank for rank, code in enumerate(codes) if code)
        raise BadInput(
            f"Process {rank} of training ended with {codes[rank]}: resume from the last checkpoint."
        )


def _wait(workers: list[subprocess.Popen[str]]) -> None:
    """Wait until all have ended, or one has failed and the others had time to see it."""
    deadline = None
    with StopRequest() as stop:
        told = False
        while any(worker.poll() is None for worker in workers):
            if stop.requested and not told:
                told = True
                for worker in workers:
                    worker.send_signal(signal.SIGTERM)
            if deadline is None and any(worker.poll() for worker in workers):
                deadline = time.monotonic() + _GRACE
            if deadline is not None and time.monotonic() > deadline:
                return
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
