"""What training writes down: metrics.jsonl and TensorBoard events."""

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, BinaryIO, final

from vaekit.training.history import METRICS, Record, parse, verify


@final
class Log:
    """metrics.jsonl, one JSON object per epoch, and TensorBoard's events beside it.

    The records hold nothing that depends on the clock, so two equal runs write equal files.
    Of a resumed run the file is cut back to the `size` in bytes its checkpoint knows of, which
    have this `digest`. Of several processes one `writes`; the others know what it has written.

    Raises BadInput where the file is shorter than that or not ours, OSError on a full disk.
    """

    def __init__(
        self, folder: Path | None, size: int = 0, digest: str = "", writes: bool = True
    ) -> None:
        self.size, self.history = size, list[Record]()
        self._sha256 = hashlib.sha256()
        self._lines: BinaryIO | None = None
        self._events: _Events | None = None
        if folder is None:
            return
        path = folder / METRICS
        lines = _first(path, size)
        verify(lines, size, digest, path)
        self.history = parse(lines, path)
        self._sha256.update(lines)
        if not writes:
            return
        self._lines = path.open("ab")
        self._lines.truncate(size)
        self._events = _Events(folder, len(self.history))

    @property
    def open(self) -> bool:
        """Whether there is a file that this process writes."""
        return self._lines is not None

    @property
    def digest(self) -> str:
        """That of the bytes so far."""
        return self._sha256.hexdigest()

    def add(self, record: Record, per_second: float) -> None:
        """Write an epoch's record, on the disk when this returns; raises OSError."""
        self.history.append(record)
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        self.size += len(line)
        self._sha256.update(line)
        if self._lines is None or self._events is None:
            return
        self._lines.write(line)
        self._lines.flush()
        os.fsync(self._lines.fileno())
        self._events.add(record, per_second)

    def close(self) -> None:
        """Close the files; what could not be written has been reported by `add`."""
        for file in (self._lines, self._events):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()


@final
class _Events:
    """TensorBoard scalars, written as they come (its own writer needs a thread)."""

    def __init__(self, folder: Path, epoch: int) -> None:
        from tensorboard.compat.proto.event_pb2 import (  # type: ignore[import-untyped]
            Event,
            SessionLog,
        )
        from tensorboard.summary.writer.record_writer import (  # type: ignore[import-untyped]
            RecordWriter,
        )

        name = f"events.out.tfevents.{time.time_ns() // 1_000_000_000}.vaekit.{os.getpid()}"
        self._file = (folder / name).open("ab")
        self._writer = RecordWriter(self._file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        # Tells TensorBoard to forget what an interrupted process wrote about later epochs.
        start = SessionLog(status=SessionLog.START)
        self._write(Event(wall_time=time.time(), step=epoch + 1, session_log=start))

    def add(self, record: Record, per_second: float) -> None:
        """One event with an epoch's scalars."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]

        scalars = {"learning_rate": record["learning_rate"], "per_second": per_second}
        for part in ("train", "validation", "code"):
            scalars |= {f"{part}/{name}": value for name, value in record.get(part, {}).items()}
        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in scalars.items()
            if isinstance(value, int | float)
        ]
        summary = Summary(value=values)
        self._write(Event(wall_time=time.time(), step=record["epoch"], summary=summary))

    def close(self) -> None:
        self._file.close()

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString())
        self._file.flush()


def _first(path: Path, size: int) -> bytes:
    """The first bytes of a file; of one that is missing, none."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        return b""
