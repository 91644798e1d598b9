"""Seconds until a process has started and ended: `python -m benchmarks.startup`."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measured import report

COMMANDS = {
    "help": [str(Path(sys.executable).with_name("vaekit")), "--help"],
    "torch": [sys.executable, "-c", "import torch"],
    "vaekit": [sys.executable, "-c", "import torch, vaekit"],
    "train": [sys.executable, "-c", "import torch, vaekit; vaekit.train"],
}
ROUNDS = 11


def seconds(command: list[str]) -> float:
    """Wall-clock time of a command."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command))
    report(**{name: statistics.median(values[1:]) for name, values in taken.items()})
