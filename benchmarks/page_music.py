"""The page's section on melodies: preparation, training and sampling."""

import shutil
import tempfile
from statistics import median

from benchmarks.measured import ask
from benchmarks.music import archive
from benchmarks.page import goal, table

NETS = {"LSTM": "lstm", "conductor and bars": "bars", "transformer": "transformer"}
TRAINED = ("lstm-2", "transformer-2", "lstm-16", "bars-16", "transformer-16")


def music(rounds: int) -> str:
    """Preparing tunes, training on their windows, and playing new ones."""
    if not archive().is_file():
        return "## Music\n\nThe Nottingham tunes were not there to be measured.\n"
    from benchmarks.tasks import TASKS

    seconds: list[float] = []
    rates: dict[str, list[float]] = {name: [] for name in TRAINED}
    shares: dict[str, list[float]] = {name: [] for name in TRAINED}
    played: dict[str, list[float]] = {name: [] for name in NETS}
    with tempfile.TemporaryDirectory() as scratch:
        cache = f"{scratch}/cache"
        for _ in range(rounds):
            shutil.rmtree(cache, ignore_errors=True)
            seconds.append(ask("benchmarks.music", "prepare", VAEKIT_CACHE=cache)["seconds"])
            most = ask("benchmarks.matmul")["flops_per_second"]
            for name in TRAINED:
                found = ask("benchmarks.ours", name, VAEKIT_CACHE=cache)
                rates[name].append(found["per_second"])
                shares[name].append(found["per_second"] * found["flops"] / most)
            for name, net in NETS.items():
                played[name].append(ask("benchmarks.music", "sample", net)["seconds"])
    rows = [
        ["prepare 1,034 tunes", f"{median(seconds):.1f} s", goal(median(seconds), 5, at_most=True)]
    ]
    for name in TRAINED:
        share, wanted = median(shares[name]), TASKS[name].of_machine
        rows.append(
            [
                f"train the {TASKS[name].network} (`{name}`)",
                f"{median(rates[name]):,.0f} windows/s",
                f"{share:.2f} of the machine" + (f" ({goal(share, wanted)})" if wanted else ""),
            ]
        )
    for name, each in played.items():
        time = median(each)
        rows.append([f"play 64 tunes, {name}", f"{time:.2f} s", goal(time, 5, at_most=True)])
    return MUSIC.format(table=table(["", "measured", "goal"], rows))


MUSIC = """## Music

The Nottingham tunes in 4/4 as melodies of sixteenths, latent 128, batch 128, each step given those
before it; tunes that are played have 16 bars, whose 256 steps are drawn one after the other. *Of
the machine* is as above, with the products within recurrent layers.

{table}

    python -m benchmarks.music prepare
    python -m benchmarks.ours NAME
    python -m benchmarks.music sample NET
"""
