"""How threads wait, in real processes: idle, beside a busy one, as the user says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def environment(code: str = "import vaekit", **given: str) -> dict[str, str]:
    """What a process has of these names after some code."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "KMP_"))}
    shown = f"{code}\nimport json, os\nprint(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [sys.executable, "-c", shown], env=bare | given, capture_output=True, text=True, check=True
    )
    whole: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return {name: whole[name] for name in NAMES if name in whole}


@pytest.fixture
def busy() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield
    process.kill()
    process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the load is not read")
def test_beside_a_busy_process_threads_sleep(busy: None) -> None:
    assert environment() == {"OMP_WAIT_POLICY": "passive"}


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_the_user_says_stands(name: str) -> None:
    assert environment(**{name: "1"}) == ({name: "1"} if name in NAMES else {})


def test_where_torch_was_first_nothing_is_set() -> None:
    assert environment("import torch\nimport vaekit") == {}
