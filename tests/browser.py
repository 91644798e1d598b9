"""The browser that tests open pages in: Chromium without a window, driven through chromedriver."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

Found = TypeVar("Found")

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = next(filter(None, map(shutil.which, ("chromedriver", "chromium.chromedriver"))), None)
NO_BROWSER = "no chromium or google-chrome on PATH"
# A shot of software rendering is the same on every machine.
OPTIONS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--disable-background-networking"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--disable-component-update"),
)
_DRIVEN = (
    *("--force-device-scale-factor=1", "--disable-search-engine-choice-screen"),
    "--disable-sync",
)


def driven(profile: Path, downloads: Path) -> Any:
    """A selenium driver with this profile and folder of downloads; whoever starts it quits it.

    Skips the test where there is no browser, driver or selenium.
    """
    if BROWSER is None:
        pytest.skip(NO_BROWSER)
    if DRIVER is None:
        pytest.skip("no chromedriver on PATH")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for each in (*OPTIONS, *_DRIVEN, f"--user-data-dir={profile}", "--window-size=1280,900"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    service = webdriver.ChromeService(executable_path=DRIVER)
    return webdriver.Chrome(options=options, service=service)


def until(holds: Callable[[], Found], what: str, seconds: float = 20.0) -> Found:
    """What `holds` gives once that is true of it; the test fails where it is not in time.

    what: is said then. Elements that a page has just replaced are looked for again.
    """
    from selenium.common.exceptions import StaleElementReferenceException

    end = time.monotonic() + seconds
    while True:
        try:
            found = holds()
        except StaleElementReferenceException:
            found = None  # type: ignore[assignment]
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"after {seconds:g} seconds still not so: {what}")
        time.sleep(0.01)


def sized(driver: Any, width: int, height: int, scheme: str = "light") -> None:
    """Make the page so wide and high, for a reader who likes this colour scheme."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    prefers = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", prefers)
