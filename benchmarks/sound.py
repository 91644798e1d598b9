"""Recordings: `python -m benchmarks.sound prepare WORKERS`, `… excerpt N FILE`, `… train FILE`.

prepare times how long all spoken digits take to become a cache of spectrograms; excerpt writes a
zip of N of them; train reports the peak memory of an epoch on such a zip.
"""

import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measured import report
from benchmarks.memory import peak


def archive() -> Path:
    """Where the recordings lie, if they are here."""
    return Path(os.environ.get("VAEKIT_DATA", ""), "free-spoken-digit-dataset", "recordings.zip")


def prepare(workers: int) -> None:
    """Load the recordings, which prepares them where no cache has them."""
    from vaekit.data import load

    start = time.perf_counter()
    dataset = load("speech", workers=workers)
    seconds = time.perf_counter() - start
    report(seconds=seconds, segments=sum(map(len, dataset.splits.values())))


def excerpt(count: int, file: Path) -> None:
    """Write a zip of so many recordings, of all speakers, and prepare it."""
    from vaekit.data import load

    with zipfile.ZipFile(archive()) as source, zipfile.ZipFile(file, "w") as target:
        names = [name for name in source.namelist() if name.endswith(".wav")]
        for name in names[:: len(names) // count]:
            target.writestr(name, source.read(name))
    load(file)
    report(recordings=len(names[:: len(names) // count]))


def train(file: Path) -> None:
    """An epoch with a run directory and all that comes with it."""
    import vaekit as vk

    with tempfile.TemporaryDirectory() as root:
        vk.train(
            "vae",
            file,
            root=root,
            options={"latent": 128},
            training=vk.Training(epochs=1, batch_size=128, device="cpu"),
        )
    report(megabytes=peak())


COMMANDS: dict[str, Callable[..., None]] = {
    "prepare": lambda workers: prepare(int(workers)),
    "excerpt": lambda count, file: excerpt(int(count), Path(file)),
    "train": lambda file: train(Path(file)),
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
