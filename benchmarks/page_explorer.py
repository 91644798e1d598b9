"""The page's section on the explorer, measured in a real browser."""

import shutil
import tempfile
from statistics import median

from benchmarks.faces import archive
from benchmarks.measured import ask
from benchmarks.page import goal, table

GOALS = {"digits": (15.0, 30.0), "faces": (60.0, 120.0)}


def explorer(rounds: int) -> str:
    """Decoding under a moving pointer, the map, the start, and the saved page."""
    if not (shutil.which("chromedriver") and archive().is_file()):
        return "## Explorer\n\nA browser with its driver, or the faces, were not there.\n"
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for what, (usual, most) in GOALS.items():
            run = ask("benchmarks.explorer", "train", scratch, what)["run"]
            found = [ask("benchmarks.explorer", "measure", run) for _ in range(rounds)]
            each = {name: median(one[name] for one in found) for name in found[0]}
            points = f"{each['points']:,.0f}"
            rows += [
                [
                    f"{what}: a decode's round trip, median",
                    f"{each['median']:.1f} ms",
                    goal(each["median"], usual, at_most=True),
                ],
                [
                    f"{what}: … 99th percentile",
                    f"{each['most']:.1f} ms",
                    goal(each["most"], most, at_most=True) if what == "digits" else "",
                ],
                [
                    f"{what}: {points} points on the map after the page loads",
                    f"{each['painted']:.2f} s",
                    goal(each["painted"], 1, at_most=True),
                ],
                [
                    f"{what}: frames a second while the map is dragged",
                    f"{each['frames']:.0f} (slowest 1%: {each['slow']:.0f} ms)",
                    goal(round(each["frames"]), 60),
                ],
                [
                    f"{what}: from `vaekit explore` to a usable page, codes kept",
                    f"{each['usable']:.1f} s",
                    goal(each["usable"], 5, at_most=True),
                ],
                [
                    f"{what}: a decode in the saved page ({each['megabytes']:.1f} MB)",
                    f"{each['saved']:.1f} ms; pixels off by {each['away']:.0f} of 255",
                    goal(each["away"], 1, at_most=True),
                ],
            ]
    return EXPLORER.format(table=table(["", "measured", "goal"], rows))


EXPLORER = """## Explorer

In Chromium without a window, on the cores that also serve the page: all digits with the usual
network, latent 10, and faces of 64 x 64 with the convolutional one, latent 100. The pointer moves
sixty times a second; requests that are overtaken are dropped.

{table}

    python -m benchmarks.explorer train FOLDER WHAT
    python -m benchmarks.explorer measure RUN
"""
