"""The page's section on sound: preparation, training and memory."""

import shutil
import tempfile
from statistics import median

from benchmarks.measured import ask
from benchmarks.page import goal, table
from benchmarks.sound import archive

FEW, MANY = 300, 3_000


def sound(rounds: int) -> str:
    """Preparing recordings, training on their segments, and the memory that it takes."""
    if not archive().is_file():
        return "## Sound\n\nThe Free Spoken Digit Dataset was not there to be measured.\n"
    from benchmarks.tasks import TASKS

    seconds: list[float] = []
    shares: list[float] = []
    rates: list[float] = []
    peaks: dict[int, list[float]] = {FEW: [], MANY: []}
    with tempfile.TemporaryDirectory() as scratch:
        cache = f"{scratch}/cache"
        for _ in range(rounds):
            shutil.rmtree(cache, ignore_errors=True)
            seconds.append(ask("benchmarks.sound", "prepare", "2", VAEKIT_CACHE=cache)["seconds"])
            most = ask("benchmarks.matmul")["flops_per_second"]
            found = ask("benchmarks.ours", "speech", VAEKIT_CACHE=cache)
            rates.append(found["per_second"])
            shares.append(found["per_second"] * found["flops"] / most)
        for count in peaks:
            file = f"{scratch}/{count}.zip"
            ask("benchmarks.sound", "excerpt", str(count), file, VAEKIT_CACHE=cache)
        for _ in range(rounds):
            for count, each in peaks.items():
                file = f"{scratch}/{count}.zip"
                each.append(ask("benchmarks.sound", "train", file, VAEKIT_CACHE=cache)["megabytes"])
    few, many = (median(each) for each in peaks.values())
    share, wanted = median(shares), TASKS["speech"].of_machine
    assert wanted is not None
    rows = [
        [
            "prepare 3,000 recordings, two workers",
            f"{median(seconds):.1f} s ({goal(median(seconds), 15, at_most=True)})",
        ],
        ["train, batch 128", f"{median(rates):,.0f} segments/s"],
        ["of the machine", f"{share:.2f} ({goal(share, wanted)})"],
        [f"peak memory, training on {FEW:,} recordings", f"{few:.0f} MB"],
        [f"peak memory, training on {MANY:,} recordings", f"{many:.0f} MB ({many - few:+.0f} MB)"],
    ]
    return SOUND.format(table=table(["", "measured"], rows))


SOUND = """## Sound

The Free Spoken Digit Dataset: 3,000 recordings of 8,000 hertz become segments of 64 bands and 20
frames, of which the usual network, latent 128, learns; *of the machine* is as above.

{table}

    python -m benchmarks.sound prepare 2
    python -m benchmarks.ours speech
    python -m benchmarks.sound excerpt N FILE
    python -m benchmarks.sound train FILE
"""
