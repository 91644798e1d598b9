"""A browser opens the report from disk: pictures appear, nothing overflows, colours follow."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaekit.figures import Report, encodings, grid, pairs

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or google-chrome on PATH")

# The report forbids scripts, so a page around it looks into it.
AROUND = """<!doctype html><iframe id="wide" src="report.html" width="1200"></iframe>
<iframe id="narrow" src="report.html" width="360"></iframe><pre id="found"></pre>
<script>
const look = (frame) => {
  const page = frame.contentDocument, root = page.documentElement;
  return {
    images: [...page.images].map((i) => [i.complete, i.naturalWidth, i.naturalHeight, i.width]),
    overflow: root.scrollWidth - root.clientWidth,
    background: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    errors: page.querySelectorAll("parsererror").length, mode: page.compatMode,
  };
};
addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) found[frame.id] = look(frame);
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    numbers = np.random.default_rng(0)
    images = numbers.random((15, 3, 8, 8))
    report = Report("A report " + "with a long title " * 5, "Words. " * 50)
    report.section("Pictures", "`a_long_name_without_a_break_" + "x" * 80 + "`")
    report.figure(encodings(numbers.normal(size=(100, 2)), np.arange(100) % 10), "Encodings.")
    report.figures([(grid(images, 5), "Samples."), (pairs(images, images), "Pairs.")])
    report.table([f"column {n} (nats)" for n in range(12)], [[float(n) for n in range(12)]])
    report.write(folder / "report.html")
    (folder / "around.html").write_text(AROUND)
    return folder


def opened(folder: Path, profile: Path, scheme: str) -> dict[str, Any]:
    """What a browser that prefers this colour scheme finds in the report."""
    assert BROWSER is not None
    run = subprocess.run(
        [
            BROWSER,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-dev-shm-usage"),
            *("--allow-file-access-from-files", "--virtual-time-budget=10000", "--dump-dom"),
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}",
            (folder / "around.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (text,) = re.findall(r'<pre id="found">(.+?)</pre>', run.stdout)
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def test_the_report_opens_from_disk(folder: Path, tmp_path: Path) -> None:
    light = opened(folder, tmp_path / "light", "light")
    for width in ("wide", "narrow"):
        page = light[width]
        assert len(page["images"]) == 3
        assert all(done and min(size) > 0 for done, *size in page["images"])
        assert page["overflow"] <= 0
        assert page["mode"] == "CSS1Compat"
    assert all(shown <= 360 for *_, shown in light["narrow"]["images"])
    dark = opened(folder, tmp_path / "dark", "dark")
    assert light["wide"]["background"] == "rgb(255, 255, 255)"
    assert dark["wide"]["background"] == "rgb(20, 24, 31)"
