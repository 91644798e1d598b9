"""Files of tensors: written whole or not at all, and read without trust.

The header has a digest of itself and of the tensors, so that a changed byte is noticed.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vaekit.errors import BadInput
from vaekit.training.history import KEY

State = dict[str, Any]

_FORMAT = 1


def write(path: Path, kind: str, tensors: Mapping[str, Tensor], state: State) -> None:
    """Write tensors and a JSON state as one safetensors file, replacing it in one stroke.

    kind: what the file is, for `read` to ask for.

    A process that dies at any moment leaves the old file or the new one.

    Raises OSError where it cannot be written, or has no folder: one that was removed is not made
    anew. The old file is then as it was.
    """
    # A folder of its own: what a killed process left in it goes with the next write.
    scratch = path.with_name(path.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    stored = _storable(tensors)
    header = {"kind": kind, "format": _FORMAT, "state": state}
    header["digest"] = _digest(header, stored)
    try:
        unfinished = scratch / path.name
        save_file(stored, unfinished, {KEY: json.dumps(header, sort_keys=True)})
        unfinished.chmod(scratch.stat().st_mode & 0o666)  # as the umask says, not private
        _sync(unfinished)
        os.replace(unfinished, path)
        _sync(path.parent)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read(path: Path, kind: str) -> tuple[dict[str, Tensor], State]:
    """The tensors and the state of a file of this kind, in memory of their own.

    One that a training process replaces meanwhile is read anew: safetensors opens a file for
    its header and again for its tensors. Raises BadInput where the file is missing, cut short,
    changed or of another kind. Files from before digests were written are believed.
    """
    while True:
        before = _version(path)
        try:
            return _read(path, kind)
        except BadInput:
            if _version(path) == before:
                raise


def _version(path: Path) -> tuple[int, int] | None:
    """Which of the files that have been at a path this is; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _read(path: Path, kind: str) -> tuple[dict[str, Tensor], State]:
    try:
        path.open("rb").close()  # safetensors calls whatever it may not open missing
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {}).get(KEY, "{}"))
            if not isinstance(header, dict) or header.get("kind") != kind:
                raise BadInput(
                    f"{path} is not a {kind} of vaekit: give a run directory's own file."
                )
            if header.get("format") != _FORMAT or not isinstance(header.get("state"), dict):
                raise BadInput(f"{path} was written by another version of vaekit: use that one.")
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        digest = header.pop("digest", None)
        if digest is not None and digest != _digest(header, tensors):
            raise BadInput(
                f"{path} is damaged: its bytes are not those that were written. Restore it from "
                "a copy, or start a new run."
            )
        return tensors, header["state"]
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: restore it, or start a new run.") from None
    except (SafetensorError, OSError, json.JSONDecodeError, RecursionError) as error:
        raise BadInput(
            f"{path} cannot be read ({error}): restore it from a copy, or start a new run."
        ) from error


def write_weights(path: Path, module: nn.Module, state: State | None = None) -> None:
    """Write a module's weights, as `load_weights` reads them; raises OSError.

    state: what a run keeps beside them.
    """
    write(path, "model", module.state_dict(), state or {})


def save_weights(module: nn.Module, path: str | Path) -> None:
    """Keep the weights of a model, however it was composed, in a safetensors file.

    A file that is there is replaced in one stroke. Raises BadInput where it cannot be written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_weights(Path(path), module)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def load_weights(module: nn.Module, path: str | Path) -> None:
    """Fill a model, composed as that of the file was, with its weights.

    path: what `save_weights` wrote, or the `model.safetensors` that `fit` left in its folder.

    Raises BadInput where the file is missing, damaged or of another model; it names the first
    tensor that differs, and the model stays as it was.
    """
    fill(module, read(Path(path), "model")[0], Path(path))


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy tensors read from `path` into a module, whose memory layout stays.

    Raises BadInput naming the first tensor that does not fit.
    """
    compare(module.state_dict(), tensors, path)
    module.load_state_dict(tensors)


def compare(needed: Mapping[str, Tensor], tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise BadInput naming the first tensor, read from `path`, that is not as needed."""
    for name in [*needed, *(tensors.keys() - needed.keys())]:
        if name not in tensors:
            problem = f"it lacks {name}"
        elif name not in needed:
            problem = f"it has {name}, which the model lacks"
        elif tensors[name].shape != needed[name].shape:
            shapes = (tuple(tensors[name].shape), tuple(needed[name].shape))
            problem = f"its {name} has shape {shapes[0]}, not {shapes[1]}"
        else:
            continue
        raise BadInput(
            f"{path} holds the weights of another model: {problem}. Compose the model as that was, "
            "or restore the run's own file."
        )


def nest(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Names under a prefix: `weight` becomes `prefix/weight`."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """What `nest` put under a prefix, with its own names again."""
    start = f"{prefix}/"
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators that training on a device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Put generators back to a state, as far as the device has them."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])


def _storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors in main memory, contiguous, each with memory of its own (tied weights share)."""
    stored: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        storage = tensor.untyped_storage().data_ptr()
        stored[name] = tensor.clone() if storage in seen else tensor
        seen.add(storage)
    return stored


def _digest(header: State, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of a header and of contiguous tensors in main memory, in hex."""
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
