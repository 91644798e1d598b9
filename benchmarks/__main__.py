"""Measure everything and write the page: `python -m benchmarks docs/benchmarks.md`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.measured import ROOT, ask
from benchmarks.page import goal, machine, table
from benchmarks.page_conditions import conditions
from benchmarks.page_explorer import explorer
from benchmarks.page_faces import faces, models
from benchmarks.page_music import music
from benchmarks.page_sound import sound
from benchmarks.page_variants import quality, variants

ROUNDS = 3
PICTURES = 100_000
FEWER = 10_000
INTRODUCTION = """# Benchmarks

`make bench` measures all of this in one session and writes this page. Every figure comes
from a process of its own; contestants take turns, {rounds} rounds of each, and the tables
give medians, and medians of the rounds' ratios. {machine}
"""


def speed(rounds: int) -> str:
    """Training, against the peer and against matrix products."""
    from benchmarks.tasks import TASKS

    rows = []
    peaks = []
    for name in ("mlp-100", "mlp-512", "conv-64"):
        task = TASKS[name]
        peer, ours, plain = [], [], []
        for _ in range(rounds):
            peaks.append(ask("benchmarks.matmul")["flops_per_second"])
            peer.append(ask("benchmarks.peer", name))
            ours.append(ask("benchmarks.ours", name))
            plain.append(ask("benchmarks.plain", name))
        assert len({each["parameters"] for each in (*peer, *ours, *plain)}) == 1, "not one network"
        theirs = [each["per_second"] for each in peer]
        rates = [each["per_second"] for each in ours]
        ratio = median(a / b for a, b in zip(rates, theirs, strict=True))
        share = median(
            each["per_second"] * each["flops"] / most
            for each, most in zip(ours, peaks[-rounds:], strict=True)
        )
        rows.append(
            [
                f"{task.network}; {ours[0]['data']}, batch {task.batch} (`{name}`)",
                f"{median(theirs):,.0f}",
                f"{median(each['per_second'] for each in plain):,.0f}",
                f"{median(rates):,.0f}",
                f"{ratio:.2f} ({goal(ratio, task.over_peer)})",
                f"{share:.2f}" + (f" ({goal(share, task.of_machine)})" if task.of_machine else ""),
            ]
        )
    head = ["network, data", "pythae", "plain loop", "vaekit", "vaekit / pythae", "of the machine"]
    return SPEED.format(table=table(head, rows), peak=median(peaks) / 1e9)


SPEED = """## Training

Images a second, from the second epoch on, on the same network (the same number of
parameters, checked), batch, data and optimiser (Adam, 0.001). pythae trains with its
own trainer. pythae and vaekit validate after every epoch, draw their progress on a terminal
and keep their logs, and the time of all that counts; the plain loop is a hand-written one
that does none of it.

{table}

*Of the machine* is the rate of floating-point operations in matrix products and convolutions,
those of validation included, over the measured rate of float32 matrix products alone: here
{peak:.0f} billion a second.

    python -m benchmarks.peer NAME
    python -m benchmarks.plain NAME
    python -m benchmarks.ours NAME
    python -m benchmarks.matmul
"""


def busy(rounds: int) -> str:
    """Training while other processes want the cores."""
    rows, idle = [], 0.0
    for others, state in enumerate(("idle", "beside one busy process", "beside two")):
        found: dict[str, list[float]] = {"plain": [], "peer": [], "ours": []}
        for _ in range(rounds):
            with keeping_busy(others):
                for who, rates in found.items():
                    rates.append(ask(f"benchmarks.{who}", "mlp-busy")["per_second"])
        plain, peer, ours = (median(found[who]) for who in ("plain", "peer", "ours"))
        idle = idle or ours
        share = ours / idle
        wanted = f" ({goal(share, 0.35)})" if others == 1 else ""
        rows.append(
            [
                state,
                f"{peer:,.0f}",
                f"{plain:,.0f}",
                f"{ours:,.0f}",
                f"{ours / peer:.1f}",
                f"{share:.2f}{wanted}",
            ]
        )
    head = ["machine", "pythae", "plain loop", "vaekit", "vaekit / pythae", "of vaekit's idle"]
    return BUSY.format(table=table(head, rows))


@contextmanager
def keeping_busy(count: int) -> Iterator[None]:
    """So many processes that want a core all the time."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


BUSY = """## A busy machine

Images a second of the MLP at batch 100 on a tenth of the digits, while other processes count
for nothing. PyTorch's threads spin while they wait for each other, also for one whose core is
taken; `import vaekit`, where it comes before torch, lets them sleep instead when others are
running. Whoever sets OMP_WAIT_POLICY, GOMP_SPINCOUNT or OMP_NUM_THREADS decides.

{table}

    python -m benchmarks.ours mlp-busy
"""


def memory(rounds: int) -> str:
    """Peak memory of training on MNIST."""
    torch, mnist = (
        median(ask("benchmarks.memory", what)["megabytes"] for _ in range(rounds))
        for what in ("torch", "mnist")
    )
    over = mnist - torch
    rows = [
        ["import torch, and nothing else", f"{torch:.0f} MB", ""],
        ["train on MNIST", f"{mnist:.0f} MB", ""],
        ["the difference", f"{over:.0f} MB", goal(over, 300, at_most=True)],
    ]
    return MEMORY.format(table=table(["peak of a process", "resident", "goal"], rows))


MEMORY = """## Memory

{table}

    python -m benchmarks.memory torch
    python -m benchmarks.memory mnist
"""


def folders(rounds: int) -> str:
    """Preparing a folder of pictures, and training from its cache."""
    one: list[float] = []
    two: list[float] = []
    less: list[float] = []
    more: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        for count in (FEWER, PICTURES):
            ask("benchmarks.folder", "make", f"{scratch}/{count}", str(count))
        cache = f"{scratch}/cache"
        for _ in range(rounds):
            for workers, taken in (("1", one), ("2", two)):
                shutil.rmtree(cache, ignore_errors=True)
                asked = ("benchmarks.folder", "prepare", f"{scratch}/{PICTURES}", workers)
                taken.append(ask(*asked, VAEKIT_CACHE=cache)["seconds"])
        ask("benchmarks.folder", "prepare", f"{scratch}/{FEWER}", "2", VAEKIT_CACHE=cache)
        for _ in range(rounds):
            for count, peaks in ((FEWER, less), (PICTURES, more)):
                folder = f"{scratch}/{count}"
                peak = ask("benchmarks.memory", folder, VAEKIT_CACHE=cache)
                peaks.append(peak["megabytes"])
    ratio = median(a / b for a, b in zip(one, two, strict=True))
    growth = median(more) - median(less)
    share = growth / ((PICTURES - FEWER) * 3 * 64 * 64 / 2**20)
    rows = [
        [f"prepare {PICTURES:,} JPEG files, one worker", f"{median(one):.1f} s", ""],
        ["two workers", f"{median(two):.1f} s", f"{ratio:.2f} ({goal(ratio, 1.7)})"],
        [f"peak memory, training on {FEWER:,}", f"{median(less):.0f} MB", ""],
        [
            f"peak memory, training on {PICTURES:,}",
            f"{median(more):.0f} MB",
            f"{growth:+.0f} MB, {share:.2f} of what the cache grew "
            f"({goal(share, 0.05, at_most=True)})",
        ],
    ]
    return FOLDERS.format(table=table(["", "measured", "ratio or difference"], rows))


FOLDERS = """## Folders of pictures

Colour pictures of 89 x 109, made for this, decoded to 64 x 64 into a cache that training
then reads. A cache of 100,000 pictures holds 1.2 GB; what training keeps of each is its name.

{table}

    python -m benchmarks.folder make DIR 100000
    python -m benchmarks.folder prepare DIR 2
    python -m benchmarks.memory DIR
"""


def startup(rounds: int) -> str:
    """How long it takes to start."""
    taken = ask("benchmarks.startup")
    over = taken["vaekit"] - taken["torch"]
    rows = [
        ["`vaekit --help`", f"{taken['help']:.2f} s", goal(taken["help"], 0.4, at_most=True)],
        ["`import torch`", f"{taken['torch']:.2f} s", ""],
        ["`import torch, vaekit`", f"{over:+.2f} s", goal(over, 0.3, at_most=True)],
        [
            "`import torch, vaekit; vaekit.train`, which loads all that training needs",
            f"{taken['train'] - taken['torch']:+.2f} s",
            "",
        ],
    ]
    return STARTUP.format(table=table(["process", "start to end", "goal"], rows))


STARTUP = """## Start-up

{table}

    python -m benchmarks.startup
"""


SECTIONS: dict[str, Callable[[int], str]] = {
    "speed": speed,
    "busy": busy,
    "variants": variants,
    "quality": quality,
    "models": models,
    "conditions": conditions,
    "memory": memory,
    "folders": folders,
    "faces": faces,
    "sound": sound,
    "music": music,
    "explorer": explorer,
    "startup": startup,
}


def main() -> None:
    """Measure the sections asked for, all by default, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("page", type=Path, help="the Markdown file to write")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    requirements = (ROOT / "benchmarks" / "requirements.txt").read_text()
    peer = requirements.split("pythae==")[1].split()[0]
    introduction = INTRODUCTION.format(rounds=options.rounds, machine=machine(peer))
    parts = [introduction, *(SECTIONS[name](options.rounds) for name in options.only)]
    options.page.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
