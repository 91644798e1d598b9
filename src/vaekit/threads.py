"""How threads wait for each other, settled before torch is loaded.

PyTorch's threads meet at a barrier several times in every layer. GNU OpenMP lets those who are
early spin for a long time, which is fastest while every core is theirs. Where another process
holds one of them, they spin for a thread that is not running, and a training step takes many
times as long. Put to sleep instead, they keep half of the speed they have alone, and beside two
others hardly less. OpenMP reads its environment once, so the choice is made when vaekit is first
imported, from what runs then: a load that comes later finds them spinning.
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


def others_running() -> bool:
    """Whether other threads of this machine want a core most of the time; never where unknown."""
    counts = []
    for sample in range(_SAMPLES):
        time.sleep(_PAUSE if sample else 0)
        counts.append(_load())
    return sorted(counts)[_SAMPLES // 2] >= 1


def _load() -> int:
    """How many threads of the machine run beside this one."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]) - 1
    except (OSError, ValueError, IndexError):
        return 0
