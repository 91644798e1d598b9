"""What a measuring process reports: one JSON object as the last line of its output."""

import itertools
import json
import os
import pty
import statistics
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def report(**values: Any) -> None:
    """Print what was measured, for the process that asked."""
    print(json.dumps(values), flush=True)


def ask(*arguments: str, **environment: str) -> dict[str, Any]:
    """Run `python -m ARGUMENTS` in a process of its own and give what it reports.

    It sees a terminal, so that the cost of drawing progress is part of what is measured.
    """
    command = [sys.executable, "-m", *arguments]
    print("$ python -m", *arguments, file=sys.stderr, flush=True)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    shown: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, shown))
    reader.start()
    output, _ = process.communicate()
    reader.join()
    if process.returncode:
        sys.exit(b"".join(shown).decode(errors="replace") + f"\n{' '.join(command)} failed")
    values: dict[str, Any] = json.loads(output.splitlines()[-1])
    print("  ", values, file=sys.stderr, flush=True)
    return values


def _drain(terminal: int, shown: list[bytes]) -> None:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end has closed
            data = b""
        if not data:
            os.close(terminal)
            return
        shown.append(data)


def rate(points: int, ends: list[float]) -> float:
    """Data points a second from the second epoch on, from when each epoch ended."""
    return points / statistics.median(b - a for a, b in itertools.pairwise(ends))
