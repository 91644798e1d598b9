"""The page's sections on models of faces: their steps, their data and their memory."""

import os
import shutil
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.faces import archive
from benchmarks.measured import ask
from benchmarks.page import goal, table

FEW, MANY = 2_000, 10_000

# What each model of faces is called in the table, and how many of the first's steps one may take.
STEPS: dict[str, tuple[str, float | None]] = {
    "pixels": ("VAE", None),
    "perceptual": ("with features of SqueezeNet", 2.5),
    "adversarial": ("VAE/GAN, all three phases", None),
    "residual": ("VAE, residual network", None),
}


def models(rounds: int) -> str:
    """A training step of each model of faces, against that of the plain VAE."""
    weights = Path(os.environ.get("VAEKIT_DATA", ""), "squeezenet").is_dir()
    taken: dict[str, list[float]] = {n: [] for n in STEPS if weights or n != "perceptual"}
    for _ in range(rounds):
        for name, times in taken.items():
            times.append(ask("benchmarks.step", name)["seconds"])
    rows = []
    for name, times in taken.items():
        title, most = STEPS[name]
        ratio = median(a / b for a, b in zip(times, taken["pixels"], strict=True))
        reached = f" ({goal(ratio, most, at_most=True)})" if most else ""
        step = f"{median(times) * 1e3:.0f} ms"
        rows.append([f"{title} (`{name}`)", step, f"{ratio:.2f}{reached}"])
    return MODELS.format(table=table(["model", "step", "over the VAE's"], rows))


MODELS = """## Models of faces

A training step at 64 x 64, batch 64, its batch included: convolutions 32-64-128-256, latent 100
and a learned scale, unless it says otherwise.

{table}

    python -m benchmarks.step NAME
"""


def faces(rounds: int) -> str:
    """Preparing real faces, and training on few and on many of them."""
    if not archive().is_file():
        return "## Faces\n\nCelebA was not there to be measured.\n"
    seconds: list[float] = []
    peaks: dict[int, list[float]] = {FEW: [], MANY: []}
    with tempfile.TemporaryDirectory() as scratch:
        cache = f"{scratch}/cache"
        for _ in range(rounds):
            shutil.rmtree(cache, ignore_errors=True)
            seconds.append(ask("benchmarks.faces", "prepare", "2", VAEKIT_CACHE=cache)["seconds"])
        for count in peaks:
            file = f"{scratch}/{count}.zip"
            ask("benchmarks.faces", "excerpt", str(count), file, VAEKIT_CACHE=cache)
        for _ in range(rounds):
            for count, each in peaks.items():
                file = f"{scratch}/{count}.zip"
                each.append(ask("benchmarks.faces", "train", file, VAEKIT_CACHE=cache)["megabytes"])
    few, many = (median(each) for each in peaks.values())
    prepared = median(seconds)
    rows = [
        [
            "prepare 10,000 faces and their attributes, two workers",
            f"{prepared:.1f} s ({goal(prepared, 8, at_most=True)})",
        ],
        [f"peak memory, training on {FEW:,}", f"{few:.0f} MB"],
        [f"peak memory, training on {MANY:,}", f"{many:.0f} MB ({many - few:+.0f} MB)"],
    ]
    return FACES.format(table=table(["", "measured"], rows))


FACES = """## Faces

CelebA's first 10,000 faces, cut and decoded to 64 x 64; an epoch of the convolutional VAE from
their cache, batch 64, with a run directory and all that comes with it.

{table}

    python -m benchmarks.faces prepare 2
    python -m benchmarks.faces excerpt N FILE
    python -m benchmarks.faces train FILE
"""
