"""A browser without a window, and a small trained run, once for all tests of the explorer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import driven, sized
from page_calls import Asking

import vaekit as vk
from vaekit.explorer import Explored, explored, served
from vaekit.runs import Run

Console = Callable[[], list[str]]


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A two-dimensional VAE of labelled 8 x 8 digits; tests leave it as it is."""
    return vk.train(
        "vae",
        "digits",
        name="digits",
        root=tmp_path_factory.mktemp("explored"),
        options={"latent": 2},
        net_options={"hidden": (64, 32)},
        training=vk.Training(epochs=12, batch_size=32),
        progress=False,
    )


@pytest.fixture(scope="module")
def model(digits: Run) -> Explored:
    """The digits as they are explored."""
    return explored(digits)


@pytest.fixture(scope="module")
def address(model: Explored) -> Iterator[str]:
    """Where their page is served."""
    with served(model) as found:
        yield found


@pytest.fixture
def ask(address: str) -> Iterator[Asking]:
    """What asks their server as a page does."""
    with Asking(address) as found:
        yield found


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser a worker; `browser` is it, with nothing left of the test before."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "downloads").mkdir()
    driver = driven(folder / "profile", folder / "downloads")
    driver.downloads = folder / "downloads"
    yield driver
    driver.quit()


@pytest.fixture
def browser(started: Any) -> Iterator[Any]:
    """A selenium driver at an empty page of 1,280 x 900; what it saves lies in `downloads`."""
    sized(started, 1280, 900)
    started.get_log("browser")
    yield started
    started.get("about:blank")
    for each in started.downloads.iterdir():
        each.unlink()


@pytest.fixture
def console(browser: Any) -> Console:
    """What pages said on the console since it was asked last: "LEVEL message"."""
    return lambda: [f"{each['level']} {each['message']}" for each in browser.get_log("browser")]


@pytest.fixture
def downloads(browser: Any) -> Path:
    """The folder that the browser saves files in, empty at first."""
    folder: Path = browser.downloads
    return folder
