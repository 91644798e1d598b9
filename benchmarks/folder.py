"""Folders of pictures: `python -m benchmarks.folder make DIR N`, `… prepare DIR WORKERS`."""

import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measured import report

DISTINCT = 500
SIZE = (109, 89)  # height and width, those of the faces


def make(folder: Path, count: int) -> None:
    """Write so many JPEG pictures: smooth random colours, every 500th the same again."""
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(DISTINCT):
        coarse = Image.fromarray(random.integers(0, 256, (12, 10, 3), np.uint8))
        file = io.BytesIO()
        coarse.resize(SIZE[::-1], Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:06d}.jpg").write_bytes(pictures[number % DISTINCT])
    report(bytes=sum(map(len, pictures)) // DISTINCT)


def prepare(folder: Path, workers: int) -> None:
    """Load it, which prepares a cache of 64 x 64 pictures where there is none."""
    from vaekit.data import load

    start = time.perf_counter()
    dataset = load(folder, image_size=64, workers=workers)
    seconds = time.perf_counter() - start
    splits = (dataset.train, dataset.validation, dataset.test)
    report(seconds=seconds, pictures=sum(map(len, splits)))


if __name__ == "__main__":
    {"make": make, "prepare": prepare}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
