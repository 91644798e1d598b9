"""How threads wait for each other, settled before torch is loaded.

PyTorch's threads meet at a barrier several times in every layer. GNU OpenMP lets those who are
early spin for a long time, which is fastest while every core is theirs. Where another process
holds one of them, they spin for a thread that is not running, and a training step takes many
times as long; put to sleep instead they lose little. OpenMP reads its environment once, so the
choice is made when vaekit is first imported, from what runs then.
"""

import os
import sys
import time
from pathlib import Path

_OWN = ("OMP_", "GOMP_", "KMP_")
_SAMPLES = 5
_PAUSE = 0.001  # seconds


def settle() -> None:
    """Choose how OpenMP's threads wait, unless the user has or torch is loaded already."""
    if "torch" in sys.modules or any(name.startswith(_OWN) for name in os.environ):
        return
    if others_running():
        os.environ["OMP_WAIT_POLICY"] = "passive"
    else:
        os.environ["GOMP_SPINCOUNT"] = _SPIN


_SPIN = "3000"  # as fast as any while the cores are free, and bearable once one is not


def others_running() -> bool:
    """Whether other threads of this machine want a core most of the time; never where unknown."""
    try:
        counts = []
        for sample in range(_SAMPLES):
            time.sleep(_PAUSE if sample else 0)
            running = Path("/proc/loadavg").read_text().split()[3].partition("/")[0]
            counts.append(int(running) - 1)  # this one reads
    except (OSError, ValueError, IndexError):
        return False
    return sorted(counts)[_SAMPLES // 2] >= 1
