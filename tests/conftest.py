"""What all tests share: one thread each, and a cache that is no user's."""

import os
import signal

import pytest

# Before anything imports torch, and inherited by the processes that tests start: two test
# workers with a pool of threads each spend their time waiting for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a test prepares or downloads stays out of the user's cache."""
    os.environ["VAEKIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


# A suite that is started in the background has Ctrl-C ignored, and so would all its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
