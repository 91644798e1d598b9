"""Real faces: `python -m benchmarks.faces prepare WORKERS`, `… excerpt N FILE`, `… train FILE`.

prepare times the decoding of all faces into a new cache; excerpt writes a zip of the first N;
train reports the peak memory of an epoch of the convolutional model on such a zip.
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

OPTIONS = {"image_size": 64, "crop": "centre"}


def archive() -> Path:
    """Where the faces lie, if they are here."""
    return Path(os.environ.get("VAEKIT_DATA", ""), "celeba", "img_align_celeba.zip")


def prepare(workers: int) -> None:
    """Load the faces and their attributes, which decodes them where no cache has them."""
    from vaekit.data import load

    start = time.perf_counter()
    dataset = load("celeba", workers=workers)
    seconds = time.perf_counter() - start
    splits = (dataset.train, dataset.validation, dataset.test)
    report(seconds=seconds, pictures=sum(map(len, splits)))


def excerpt(count: int, file: Path) -> None:
    """Write a zip of the first faces and decode it into the cache."""
    from vaekit.data import load

    with zipfile.ZipFile(archive()) as source, zipfile.ZipFile(file, "w") as target:
        names = [name for name in source.namelist() if name.endswith(".jpg")][:count]
        for name in names:
            target.writestr(name, source.read(name))
    load(file, **OPTIONS)  # type: ignore[arg-type]
    report(pictures=len(names))


def train(file: Path) -> None:
    """An epoch with a run directory and all that comes with it."""
    import vaekit as vk

    with tempfile.TemporaryDirectory() as root:
        vk.train(
            "vae",
            file,
            root=root,
            net="conv",
            options={"latent": 100},
            data_options=OPTIONS,
            training=vk.Training(epochs=1, batch_size=64, device="cpu"),
        )
    report(megabytes=peak())


COMMANDS: dict[str, Callable[..., None]] = {
    "prepare": lambda workers: prepare(int(workers)),
    "excerpt": lambda count, file: excerpt(int(count), Path(file)),
    "train": lambda file: train(Path(file)),
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
