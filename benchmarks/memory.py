"""Peak memory of a process: `python -m benchmarks.memory torch | mnist | FOLDER`.

torch only imports it; mnist trains on it; FOLDER trains on pictures that are prepared already.
"""

import re
import sys
import tempfile
from pathlib import Path

from benchmarks.measured import report


def train(source: str) -> None:
    """Two epochs of vaekit's `train`, with a run directory and all that comes with it."""
    import vaekit as vk

    digits = source == "mnist"
    with tempfile.TemporaryDirectory() as root:
        vk.train(
            "vae",
            source,
            root=root,
            net="mlp",
            net_options={} if digits else {"hidden": [64]},
            likelihood="bernoulli",
            data_options={} if digits else {"image_size": 64},
            training=vk.Training(epochs=2, batch_size=100, device="cpu"),
        )


def peak() -> float:
    """The most memory this process has had resident, in MB."""
    # Not getrusage's: that counts from the process which started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    if sys.argv[1] == "torch":
        import torch  # noqa: F401
    else:
        train(sys.argv[1])
    report(megabytes=peak())
