"""The explorer in a browser: `python -m benchmarks.explorer train FOLDER WHAT`, `… measure RUN`.

train makes a run of digits or of faces; its weights need no quality, its sizes are the usual ones.
measure serves it by `vaekit explore`, opens the page in Chromium without a window, and reports how
long things took there: round trips of decoding while the pointer moves, points on the map, frames
while it is dragged, and decoding in a saved page.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measured import report

MOVES, PAUSE = 400, 0.016  # of the pointer: sixty a second
_READY = """new MutationObserver(() => {
  if (document.documentElement.dataset.ready) window.readyAt ??= performance.now();
}).observe(document, {attributes: true, subtree: true});
performance.setResourceTimingBufferSize(10000);"""
_TRIPS = """return performance.getEntriesByType("resource")
  .filter(({name}) => name.includes("api/decode")).map(({duration}) => duration);"""
_FRAMES = """window.frames_ = []; window.counting = true;
const count = (now) => {
  window.frames_.push(now);
  if (window.counting) requestAnimationFrame(count);
};
requestAnimationFrame(count);"""
_SAVED = """const done = arguments[arguments.length - 1];
(async () => {
  const times = [], rows = [];
  for (const code of arguments[0]) {
    const start = performance.now();
    const {data} = await vaekit.decode(Float32Array.from(code), null);
    times.push(performance.now() - start);
    rows.push(Array.from(data));
  }
  done([times, rows]);
})();"""


def train(folder: Path, what: str) -> None:
    """A run of all digits, or of faces of 64 x 64."""
    import vaekit as vk

    if what == "digits":
        options: dict[str, Any] = {"data": "mnist", "data_options": {"validation": 0}}
    else:
        options = {"data": "celeba", "data_options": {"image_size": 64}}
    vk.train(
        "vae",
        **options,
        name=what,
        root=folder,
        options={"latent": 10 if what == "digits" else 100},
        training=vk.Training(epochs=1, batch_size=128),
        progress=False,
    )
    report(run=str(folder / what))


def measure(run: Path) -> None:
    """Everything about one run."""
    from vaekit.explorer import explored

    found = explored(run)  # codes are kept, as after the first time
    with browser() as driver:
        start = time.perf_counter()
        with serving(run) as address:
            driver.get(address)
            _until(driver, "return window.readyAt")
            usable = time.perf_counter() - start
            loaded = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
            painted = driver.execute_script("return window.readyAt") - driver.execute_script(loaded)
            trips = _moved(driver)
            frames = _panned(driver)
        ours = _saved(driver, found, run)
    report(
        points=len(found.codes),
        usable=usable,
        painted=painted / 1_000,
        trips=len(trips),
        median=float(np.median(trips)),
        most=float(np.quantile(trips, 0.99)),
        frames=1_000 / float(np.mean(frames)),
        slow=float(np.quantile(frames, 0.99)),
        **ours,
    )


def _moved(driver: Any) -> list[float]:
    """Milliseconds of round trips while the pointer moves over the map, between the points."""
    box = _box(driver)
    driver.execute_script("document.getElementById('snap').click()")
    time.sleep(1)
    driver.execute_script("performance.clearResourceTimings()")
    for turn in np.linspace(0, 12 * np.pi, MOVES):
        away = 0.25 * turn / (12 * np.pi)
        x = box[0] + box[2] * (0.5 + away * np.cos(turn))
        y = box[1] + box[3] * (0.5 + away * np.sin(turn))
        _mouse(driver, "Moved", x, y)
        time.sleep(PAUSE)
    time.sleep(0.5)
    return list(driver.execute_script(_TRIPS))


def _panned(driver: Any) -> list[float]:
    """Milliseconds between frames while the map is dragged."""
    box = _box(driver)
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    _mouse(driver, "Moved", x, y)
    _mouse(driver, "Pressed", x, y, button="left", clickCount=1)
    driver.execute_script(_FRAMES)
    for turn in np.linspace(0, 4 * np.pi, MOVES // 2):
        place = x + 60 * np.sin(turn), y + 60 * np.sin(2 * turn)
        _mouse(driver, "Moved", *place, button="left", buttons=1)
        time.sleep(PAUSE)
    driver.execute_script("window.counting = false")
    _mouse(driver, "Released", x, y, button="left", clickCount=1)
    return list(np.diff(driver.execute_script("return window.frames_")))


def _saved(driver: Any, found: Any, run: Path) -> dict[str, float]:
    """Decoding in a saved page: milliseconds, megabytes, and how far pixels are from PyTorch's."""
    from vaekit.explorer.saved import save_page

    with tempfile.TemporaryDirectory() as folder:
        path = save_page(run, Path(folder) / "page.html")
        driver.get(path.as_uri())
        _until(driver, "return window.readyAt")
        codes = found.codes[:50]
        times, rows = driver.execute_async_script(_SAVED, codes.tolist())
        size = path.stat().st_size / 1e6
    away = np.abs(np.array(rows, int) - found.decode(codes).reshape(len(codes), -1)).max()
    return {"saved": float(np.median(times)), "megabytes": size, "away": int(away)}


@contextmanager
def serving(run: Path) -> Iterator[str]:
    """`vaekit explore` in a process of its own; gives the address that it prints."""
    command = [sys.executable, "-m", "vaekit", "explore", str(run), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window, driven through chromedriver."""
    from selenium import webdriver

    options, names = webdriver.ChromeOptions(), ("chromium", "chromium-browser", "google-chrome")
    options.binary_location = next(filter(None, map(shutil.which, names)))
    with tempfile.TemporaryDirectory() as profile:
        for each in ("--headless", "--no-sandbox", f"--user-data-dir={profile}"):
            options.add_argument(each)
        options.add_argument("--window-size=1280,900")
        service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _READY})
        try:
            yield driver
        finally:
            driver.quit()


def _box(driver: Any) -> list[float]:
    return list(
        driver.execute_script(
            "const b = document.getElementById('map').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
    )


def _mouse(driver: Any, kind: str, x: float, y: float, **named: Any) -> None:
    event = {"type": f"mouse{kind}", "x": float(x), "y": float(y), **named}
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def _until(driver: Any, script: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not driver.execute_script(script):
        if time.monotonic() > end:
            sys.exit(f"the page was not ready after {seconds:g} seconds")
        time.sleep(0.02)


COMMANDS: dict[str, Callable[..., None]] = {
    "train": lambda folder, what: train(Path(folder), what),
    "measure": lambda run: measure(Path(run)),
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
