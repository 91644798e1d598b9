"""A run's files by name, and what its log and weights say, read without torch and without trust."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from vaekit.errors import BadInput

STATE = Path("checkpoint", "state.safetensors")
MODEL = Path("model.safetensors")
METRICS = Path("metrics.jsonl")
KEY = "vaekit"
"""Our entry in the header of a file of tensors."""

Record = dict[str, Any]
"""An epoch: its number, the steps so far, metrics of training and validation, learning rate."""

_FIELDS = {"epoch": int, "step": int, "train": dict, "validation": dict}


def logged(folder: Path) -> list[Record]:
    """What training in a folder has logged, one record per completed epoch.

    Raises BadInput where the log is not what its checkpoint, or the trained model, knows of it.
    """
    path, known = folder / METRICS, _known(folder)  # in this order: a live log grows first
    try:
        text = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error}): restore it from a copy.") from None
    found = parse(text[: text.rfind(b"\n") + 1], path)  # a killed process may leave half a line
    if known is not None:
        verify(text, *known, path)
    return found


def verify(text: bytes, size: int, digest: str, path: Path) -> None:
    """Raise BadInput unless a log starts with as many bytes, of this digest, as are known of it.

    digest: "" where it was not written down.
    """
    if len(text) < size:
        raise BadInput(
            f"{path} is missing or shorter than its checkpoint knows: "
            "restore it, or start a new run."
        )
    if digest and hashlib.sha256(text[:size]).hexdigest() != digest:
        raise BadInput(
            f"{path} is damaged: it is not what training wrote. Restore it from a copy, or start "
            "a new run."
        )


def _known(folder: Path) -> tuple[int, str] | None:
    """The log's size in bytes and digest as the checkpoint, else the trained model, knows them."""
    for path in (STATE, MODEL):
        state = state_of(folder / path)
        known = state.get("at", state)
        if isinstance(known, dict) and isinstance(known.get("log_digest"), str):
            size = known.get("log_size")
            return (size, known["log_digest"]) if type(size) is int else None
    return None


def parse(text: bytes, path: Path) -> list[Record]:
    """The records of a log, one a line; raises BadInput naming the first line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not _is_record(record):
            raise BadInput(
                f"{path} is damaged: line {number} is no record of an epoch. Restore it from a "
                "copy, or start a new run."
            )
        found.append(record)
    return found


def _is_record(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    if any(type(record.get(name)) is not kind for name, kind in _FIELDS.items()):
        return False
    metrics = [*record["train"].items(), *record["validation"].items()]
    return isinstance(record.get("learning_rate"), int | float) and all(
        isinstance(value, int | float | list) for _, value in metrics
    )


def spent(state: dict[str, Any]) -> float | None:
    """The seconds of training behind a checkpoint with this state; None where it has none."""
    seconds = state.get("seconds")
    if isinstance(seconds, int | float) and 0 <= seconds < math.inf:
        return seconds
    return None


def state_of(path: Path) -> dict[str, Any]:
    """The state in the header of a file of tensors that vaekit wrote; empty where there is none."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, _MOST)))
        state = json.loads(header["__metadata__"][KEY])["state"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return state if isinstance(state, dict) else {}


_MOST = 10**8  # bytes of a header
