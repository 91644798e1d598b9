"""A browser opens the report from disk: all of it can be seen, on a phone, too."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import BROWSER, NO_BROWSER, OPTIONS
from PIL import Image

from vaekit.figures import Report, encodings, grid, pairs

pytestmark = pytest.mark.skipif(BROWSER is None, reason=NO_BROWSER)

# The report forbids scripts, so a page around it looks into it.
AROUND = """<!doctype html><iframe id="wide" src="report.html" width="1200"></iframe>
<iframe id="narrow" src="report.html" width="400"></iframe><pre id="found"></pre>
<script>
const look = (frame) => {
  const page = frame.contentDocument, root = page.documentElement;
  return {
    images: [...page.images].map((i) => ({
      size: [i.naturalWidth, i.naturalHeight], share: 2 * i.width / i.naturalWidth,
      shown: i.complete, room: i.parentElement.clientWidth, wide: i.width,
    })),
    boxes: [...page.querySelectorAll(".wide")].map((b) => ({
      left: b.getBoundingClientRect().left, right: b.getBoundingClientRect().right,
      top: b.getBoundingClientRect().top,
      more: b.scrollWidth > b.clientWidth, table: b.querySelector("table") !== null,
    })),
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
    report.table(["narrow", "b"], [["x", 1]])
    report.write(folder / "report.html")
    (folder / "around.html").write_text(AROUND)
    return folder


def opened(folder: Path, profile: Path, scheme: str) -> dict[str, Any]:
    """What a browser that prefers this colour scheme finds in the report."""
    page = browse(folder / "around.html", profile, "--dump-dom", preferring(scheme))
    (text,) = re.findall(r'<pre id="found">(.+?)</pre>', page)
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def preferring(scheme: str) -> str:
    """The option of a reader who likes this colour scheme."""
    return f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}"


def browse(page: Path, profile: Path, *options: str) -> str:
    """What a browser without a window prints for a page."""
    assert BROWSER is not None
    run = subprocess.run(
        [
            BROWSER,
            *OPTIONS,
            *("--disable-gpu", "--allow-file-access-from-files", "--virtual-time-budget=10000"),
            f"--user-data-dir={profile}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return run.stdout


def test_the_report_opens_from_disk(folder: Path, tmp_path: Path) -> None:
    light = opened(folder, tmp_path / "light", "light")
    for width in ("wide", "narrow"):
        page = light[width]
        assert len(page["images"]) == 3
        assert all(image["shown"] and min(image["size"]) > 0 for image in page["images"])
        assert page["overflow"] <= 0
        assert page["mode"] == "CSS1Compat"
    dark = opened(folder, tmp_path / "dark", "dark")
    assert light["wide"]["background"] == "rgb(255, 255, 255)"
    assert dark["wide"]["background"] == "rgb(20, 24, 31)"


def test_on_a_phone_words_in_plots_stay_readable(folder: Path, tmp_path: Path) -> None:
    plot, samples, pairs = opened(folder, tmp_path, "light")["narrow"]["images"]
    for image in (plot, pairs):  # their letters are 9 points, 12 pixels of a page
        assert image["share"] * 12 > 7.5
    assert samples["wide"] <= samples["room"] < 400  # no words: the whole picture is seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_scrolls_has_a_shade_where_there_is_more(
    folder: Path, tmp_path: Path, scheme: str
) -> None:
    (folder / "phone.html").write_text(
        '<!doctype html><body style="margin: 0">'
        '<iframe src="report.html" width="400" height="5000" style="border: 0"></iframe>'
    )
    boxes = opened(folder, tmp_path / "boxes", scheme)["narrow"]["boxes"]
    assert [box["more"] for box in boxes if box["table"]] == [True, False]
    assert any(box["more"] for box in boxes if not box["table"])
    shot = tmp_path / "phone.png"
    window = ("--window-size=600,5000", f"--screenshot={shot}")
    browse(folder / "phone.html", tmp_path / "shot", *window, preferring(scheme))
    with Image.open(shot) as file:
        picture = file.convert("L")
    for box in boxes:
        shaded, plain = (
            int(picture.getpixel((round(x), round(box["top"]) + 6)))
            for x in (box["right"] - 4, box["left"] + 4)
        )
        assert (plain - shaded > 5) == box["more"], box
        # Pictures are on white, whatever the page is.
        assert (plain > 200) == (scheme == "light" or not box["table"])
