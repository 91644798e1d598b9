"""Melodies: `python -m benchmarks.music prepare`, `… sample NET`.

prepare times how long all Nottingham tunes take to become windows; sample how long a model of
16 bars takes to play 64 tunes, with the weights that it begins with: time does not know them.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measured import report

TUNES, BARS, STEPS = 64, 16, 16


def archive() -> Path:
    """Where the tunes lie, if they are here."""
    return Path(os.environ.get("VAEKIT_DATA", ""), "nottingham", "nottingham.zip")


def prepare() -> None:
    """Load the tunes, which prepares them where no cache has them."""
    from vaekit.data import load

    start = time.perf_counter()
    dataset = load("nottingham")
    seconds = time.perf_counter() - start
    report(seconds=seconds, windows=sum(map(len, dataset.splits.values())))


def sample(net: str) -> None:
    """Play tunes of a prior's codes."""
    import torch

    from vaekit.recipes import NETS, music_vae

    torch.manual_seed(0)
    model, _ = music_vae((1, BARS * STEPS), net=NETS[net]())
    model.sample(2)
    generator = torch.Generator().manual_seed(0)
    start = time.perf_counter()
    model.decode(torch.randn(TUNES, 128, generator=generator), temperature=1.0, generator=generator)
    report(seconds=time.perf_counter() - start)


COMMANDS: dict[str, Callable[..., None]] = {"prepare": prepare, "sample": sample}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
