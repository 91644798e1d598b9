"""Files to load: every test has a cache of its own."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from data_pictures import MakeImages, encoded, picture
from data_server import Server


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("VAEKIT_CACHE", str(folder))
    return folder


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets."""
    given = os.environ.get("VAEKIT_DATA")
    if not given or not Path(given, "mnist").is_dir():
        pytest.skip("needs MNIST in $VAEKIT_DATA")
    return Path(given)


@pytest.fixture
def images(tmp_path: Path) -> MakeImages:
    """Make a folder of random pictures; gives its path."""

    def make(
        count: int = 20,
        folder: str = "pictures",
        size: tuple[int, int] = (12, 10),
        mode: str = "RGB",
        suffix: str = ".png",
        seed: int = 0,
    ) -> Path:
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(seed)
        for number in range(count):
            (place / f"{number:05d}{suffix}").write_bytes(
                encoded(picture(random, size, mode), suffix)
            )
        return place

    return make


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()
