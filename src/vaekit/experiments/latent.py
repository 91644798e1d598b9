"""What the codes of a run's training data say: directions of attributes, a mixture."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.data import Dataset, Split
from vaekit.errors import BadInput
from vaekit.experiments.pictures import encode, held_out
from vaekit.runs import Run
from vaekit.space.directions import Directions, Method, directions
from vaekit.space.mixture import Mixture, mixture
from vaekit.training.checkpoint import MODEL, STATE, below, nest, read, write

Array = NDArray[Any]
MOST = 30_000
"""Rows of training data that are encoded at most."""

_FILE = Path("directions.safetensors")
_KIND = "directions"


def attribute_directions(run: Run, method: Method = "balanced") -> Directions:
    """Directions of the attributes of a run's data in the latent space of its model.

    They are found in the codes of the first 30,000 rows of training data; the accuracy is
    that on as many held-out rows, or on the same rows where the data have no others. They
    are stored in the run, in `directions.safetensors`, and found anew when its weights have
    changed since; its data are not read where they are stored.

    Raises BadInput where the data have no attributes.
    """
    path, weights = run.path / _FILE, _digest(run)
    stored, state = _stored(path, weights)
    if method in state["methods"]:
        return _unpacked(method, below(stored, method), state["methods"][method])
    found = _found(run, method)
    tensors = {name: torch.from_numpy(getattr(found, name).copy()) for name in _ARRAYS}
    names = {"names": list(found.names), "left_out": list(found.left_out)}
    state["methods"][method] = names
    try:
        write(path, _KIND, stored | nest(tensors, method), state)
    except OSError as error:
        warnings.warn(f"{path} cannot be written ({error}): it will be made anew.", stacklevel=2)
    return found


def code_mixture(run: Run, components: int = 20, seed: int = 0) -> Mixture:
    """A mixture of Gaussians fitted to the codes of a run's training data; see `mixture`."""
    return mixture(encode(run.model(), run.dataset().train.take(slice(0, MOST))), components, seed)


def attributes(dataset: Dataset, split: Split) -> tuple[tuple[str, ...], Array]:
    """The names of a split's attributes and who has them, (N, A) bool.

    They are the columns of its table that hold booleans, and each of its labels, as
    `label=name`. Raises BadInput where there are none.
    """
    columns = {name: each for name, each in split.table.items() if each.dtype == np.bool_}
    if split.labels is not None and dataset.label_names:
        for number, name in enumerate(dataset.label_names):
            columns[f"label={name}"] = split.labels == number
    if not columns:
        raise BadInput(
            f"The data {dataset.name} have no attributes: train on labelled data, or with "
            "`attributes` and a table of them."
        )
    return tuple(columns), np.stack(list(columns.values()), axis=1)


def _found(run: Run, method: Method) -> Directions:
    dataset = run.dataset()
    train, other = (split.take(slice(0, MOST)) for split in (dataset.train, held_out(dataset)))
    names, marks = attributes(dataset, train)
    _, held_marks = attributes(dataset, other)
    model = run.model()
    held = encode(model, other), held_marks
    return directions(encode(model, train), marks, names, method, held_out=held)


_ARRAYS = ("vectors", "accuracy", "effects")


def _unpacked(method: Method, stored: dict[str, torch.Tensor], names: Any) -> Directions:
    arrays = {name: stored[name].numpy() for name in _ARRAYS}
    return Directions(method, tuple(names["names"]), **arrays, left_out=tuple(names["left_out"]))


def _stored(path: Path, weights: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """What the run's file holds, or nothing where it belongs to other weights."""
    fresh: dict[str, Any] = {"weights": weights, "methods": {}}
    try:
        tensors, state = read(path, _KIND)
    except BadInput:  # missing or damaged: made anew either way
        return {}, fresh
    return (tensors, state) if state.get("weights") == weights else ({}, fresh)


def _digest(run: Run) -> str:
    """A digest of the weights that `Run.model` gives."""
    path = run.path / (MODEL if run.finished or not run.started else STATE)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise BadInput(f"{path} is missing: {run.name} has not been trained.") from None
