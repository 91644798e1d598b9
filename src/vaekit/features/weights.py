"""Weights of published networks: where they are found, and reading them without trust."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urldefrag, urlsplit

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vaekit.data.cache import cache_dir, data_dirs
from vaekit.data.fetch import download
from vaekit.errors import BadInput

Shapes = Mapping[str, tuple[int, ...]]


def find(network: str, weights: str | Path | None, others: Iterable[str] = ()) -> Path:
    """The file with a network's weights.

    weights: a .safetensors or .npz file; or its address, https://...#sha256=HEX, from where it
        is downloaded once; left out, the first such file in $VAEKIT_DATA/NETWORK, or in the
        cache's `weights` whose name begins with the network's.
    others: networks that would do, too.

    Raises BadInput where there is none, saying which of the others are there and what to provide.
    """
    if weights is None:
        return _at_hand(network) or _missing(network, [name for name in others if _at_hand(name)])
    if re.match(r"https?://", str(weights)):
        return _downloaded(network, str(weights))
    path = Path(weights).expanduser()
    if not path.is_file():
        raise BadInput(f"`weights` {weights}: there is no such file.")
    return path


def read(path: Path, needed: Shapes, known: Iterable[str]) -> dict[str, Tensor]:
    """The needed tensors of a file, as float32.

    known: names that a file may hold too; those are not read.

    Raises BadInput where the file is of another format or damaged, and for the first tensor
    that is missing, unknown, of another shape or not finite.
    """
    opened = _FORMATS.get(path.suffix.lower())
    if opened is None:
        raise BadInput(
            f"'{path}' is neither .safetensors nor .npz, and nothing else is read: {_CONVERT}"
        )
    try:
        with opened(path) as file:
            names, tensor = file
            if problem := _names(names, needed, known):
                raise BadInput(f"'{path}' holds the weights of another network: {problem}.")
            return {name: _checked(tensor(name), name, needed[name], path) for name in needed}
    except BadInput:
        raise
    except _UNREADABLE as error:
        pickled = "it holds Python objects, which are never unpickled"
        reason = pickled if "allow_pickle" in str(error) else str(error)
        raise BadInput(f"cannot read '{path}': {reason}; provide it again.") from None


_CONVERT = (
    "a .pth is a pickle; convert it with "
    "safetensors.torch.save_file(torch.load(FILE, weights_only=True), 'NAME.safetensors')."
)
_UNREADABLE = (
    SafetensorError,
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)

_File = tuple[list[str], Callable[[str], Tensor]]


@contextmanager
def _safetensors(path: Path) -> Iterator[_File]:
    path.open("rb").close()  # safetensors calls whatever it may not open missing
    with safe_open(path, "pt") as file:
        yield list(file.keys()), file.get_tensor


@contextmanager
def _npz(path: Path) -> Iterator[_File]:
    if not zipfile.is_zipfile(path):  # numpy would take it for a pickle
        raise ValueError("it is no whole .npz archive")
    with np.load(path, allow_pickle=False) as file:
        yield list(file.files), lambda name: torch.from_numpy(file[name])


_FORMATS: dict[str, Callable[[Path], AbstractContextManager[_File]]] = {
    ".safetensors": _safetensors,
    ".npz": _npz,
}


def _names(names: list[str], needed: Shapes, known: Iterable[str]) -> str:
    """What is wrong with the names in a file."""
    present, allowed = set(names), {*needed, *known}
    for name in needed:
        if name not in present:
            return f"it lacks {name}"
    unknown = next((name for name in names if name not in allowed), "")
    return unknown and f"it has {unknown}, which the network lacks"


def _checked(tensor: Tensor, name: str, shape: tuple[int, ...], path: Path) -> Tensor:
    problem = ""
    if tuple(tensor.shape) != shape:
        problem = f"has shape {tuple(tensor.shape)}, not {shape}"
    elif not tensor.is_floating_point():
        problem = f"holds {tensor.dtype}, not floating-point numbers"
    elif not tensor.isfinite().all():
        problem = "holds numbers that are not finite"
    if problem:
        raise BadInput(f"'{path}' holds the weights of another network: its {name} {problem}.")
    return tensor.to(torch.float32, copy=True)  # not a view of the file


def _at_hand(network: str) -> Path | None:
    patterns = [(folder / network, "*") for folder in data_dirs()]
    patterns.append((cache_dir() / "weights", f"{network}*"))
    for folder, stem in patterns:
        for suffix in _FORMATS:
            if found := sorted(folder.glob(stem + suffix)):
                return found[0]
    return None


def _missing(network: str, there: Sequence[str]) -> NoReturn:
    instead = f", but of {' and '.join(there)}: take `network={there[0]}`, or" if there else ":"
    raise BadInput(
        f"There are no weights of {network} here{instead} give `weights` a .safetensors or .npz "
        "file with torchvision's names (features.0.weight and so on), or https://...#sha256=HEX, "
        f"or put the file into $VAEKIT_DATA/{network}; {_CONVERT}"
    )


def _downloaded(network: str, address: str) -> Path:
    """The file at an address, from the cache where it is there already."""
    url, fragment = urldefrag(address)
    suffix = Path(urlsplit(url).path).suffix.lower()
    if suffix not in _FORMATS:
        raise BadInput(f"`weights` {address} is neither .safetensors nor .npz: {_CONVERT}")
    digest = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment)
    if digest is None:
        raise BadInput(
            f"`weights` {address} must end in #sha256= and the 64 digits of the file's SHA-256, so "
            "that nothing else is ever used."
        )
    sha256 = digest[1].lower()
    target = cache_dir() / "weights" / f"{network}-{sha256[:16]}{suffix}"
    return target if target.is_file() else download([url], target, sha256)
