"""Files prepared once: a folder of the cache that is complete or absent, made by processes.

parent ── first row, names ──▶ worker ── rows ──▶ file
       ◀─ digest, broken, … ─
"""

import contextlib
import fcntl
import json
import math
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, final

from vaekit.errors import BadInput

Chunk = tuple[int, list[str]]

_CHUNK = 32  # files; part of the digest, so it doesn't depend on the number of workers
_FILES_PER_WORKER = 64  # fewer aren't worth starting another process for
# There is a process for each core already: threads of theirs would wait for each other.
_ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def build(folder: Path, make: Callable[[Path], None]) -> None:
    """Fill a folder under another name and rename it, unless it is there already.

    One process at a time makes it; the system frees a dead one's lock.

    Raises BadInput where the cache can't be written.
    """
    if folder.exists():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not folder.exists():
                _build(folder, make)
    except OSError as error:
        raise BadInput(
            f"cannot write the cache '{folder.parent}': {error}; set VAEKIT_CACHE"
        ) from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, make: Callable[[Path], None]) -> None:
    for abandoned in folder.parent.glob(f"{folder.name}.*.partial"):
        shutil.rmtree(abandoned, ignore_errors=True)
    partial = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    partial.mkdir()
    try:
        make(partial)
        for file in partial.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def chunks_of(names: Sequence[str]) -> list[Chunk]:
    """The names in chunks, each with the number of its first."""
    starts = range(0, len(names), _CHUNK)
    return [(first, list(names[first : first + _CHUNK])) for first in starts]


def workers_for(files: int, workers: int | None) -> int:
    """How many processes prepare so many files: as many as asked for, or as there are cores."""
    return min(workers or _cores(), max(1, math.ceil(files / _FILES_PER_WORKER)))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def apart(
    program: str, plan: Mapping[str, Any], chunks: Sequence[Chunk], workers: int
) -> Generator[dict[str, Any]]:
    """What worker processes answer for each chunk, in the order of the chunks.

    program: a module whose function `serve` they run; it is sent the plan first.
    """
    processes: list[_Worker] = []
    idle: SimpleQueue[_Worker] = SimpleQueue()
    pool = ThreadPoolExecutor(workers)

    def ask(chunk: Chunk) -> dict[str, Any]:
        worker = idle.get()
        try:
            return worker.ask(chunk)
        finally:
            idle.put(worker)

    try:
        for _ in range(workers):
            processes.append(_Worker(program, plan))
            idle.put(processes[-1])
        yield from pool.map(ask, chunks)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in processes:
            worker.stop()
        pool.shutdown()


def serve(answer: Callable[[int, list[str]], dict[str, Any]]) -> None:
    """Answer the chunks that come on stdin, a line each, as a worker does."""
    for line in sys.stdin:
        first, names = json.loads(line)
        try:
            os.write(1, f"{json.dumps(answer(first, names))}\n".encode())
        except BrokenPipeError:  # the parent is gone
            return


@final
class _Worker:
    """A process that prepares chunks.

    A fresh interpreter: it neither forks a process full of threads nor runs the user's script
    again, and it ends when its parent does.
    """

    def __init__(self, program: str, plan: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {program} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ALONE, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            process_group=0,  # out of reach of Ctrl-C, which the parent sees to
        )
        self._send(plan)

    def ask(self, chunk: Chunk) -> dict[str, Any]:
        self._send(chunk)
        assert self._process.stdout
        answer = self._process.stdout.readline()
        if not answer:
            raise BadInput(
                f"a decoding process died near '{chunk[1][0]}'; pass `workers=1` to see why"
            )
        found: dict[str, Any] = json.loads(answer)
        return found

    def _send(self, message: object) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # then there is no answer, either
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        self._process.kill()
        with contextlib.suppress(BrokenPipeError), self._process:
            pass
