"""What is derived from a run is computed once and kept: codes, scores, directions, mixtures.

runs/NAME/derived/WHAT-OPTIONS.safetensors    made anew where the weights have changed
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.metadata import version
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Dataset, Split
from vaekit.data.progress import bar
from vaekit.errors import BadInput
from vaekit.evaluation import Scores, scored
from vaekit.runs import Run
from vaekit.space.directions import Directions, Method, directions
from vaekit.space.mixture import Mixture, mixture
from vaekit.training.checkpoint import State, read, write
from vaekit.training.history import MODEL, STATE
from vaekit.workflow.looks import held_out

Array = NDArray[Any]
Made = tuple[dict[str, Tensor], State]
Part = Literal["train", "held_out"]
Record = TypeVar("Record")
FOLDER = "derived"
MOST = 30_000
"""Rows of a part of the data that are encoded at most."""
_PORTION = 1_000  # rows between two steps of a progress bar

_KIND = "derived"


def derived(run: Run, what: str, options: Mapping[str, Any], make: Callable[[], Made]) -> Made:
    """Tensors and a JSON state that follow from a run's weights, its data and these options.

    They are read from the run's folder `derived` where they are there, and else made and
    written to it; a folder that cannot be written to costs a warning and the time.

    Raises BadInput where the run has no weights.
    """
    name = f"{what}-{_hash(dict(options))[:12]}.safetensors"
    path, source = run.path / FOLDER / name, _source(run)
    try:
        tensors, kept = read(path, _KIND)
        if kept["source"] == source:
            return tensors, kept["state"]
    except (BadInput, KeyError, TypeError):  # missing, damaged or foreign: made either way
        pass
    tensors, state = make()
    try:
        path.parent.mkdir(exist_ok=True)
        write(path, _KIND, tensors, {"source": source, "state": state})
    except OSError as error:
        warnings.warn(f"{path} cannot be written ({error}): it will be made anew.", stacklevel=3)
    return tensors, state


def codes(
    run: Run,
    part: Part = "train",
    dataset: Dataset | None = None,
    *,
    most: int = MOST,
    progress: bool = False,
) -> Array:
    """Codes of the first 30,000 rows of a part of a run's data, float32 (N, D).

    part: the training data, or those held out; see `held_out`.
    dataset: the run's, where it has been loaded already. most: another number of rows.
    """

    def make() -> Made:
        rows, model = _rows(dataset or run.dataset(), part, most), run.model()
        starts = range(0, len(rows), _PORTION)
        found = []
        with bar("encoding", len(rows), progress, passing=True) as show:
            for first in starts:
                found.append(model.encode(rows.take(slice(first, first + _PORTION))))
                show(min(first + _PORTION, len(rows)))
        return {"codes": torch.from_numpy(np.concatenate(found))}, {}

    return derived(run, "codes", {"part": part, "most": most}, make)[0]["codes"].numpy()


def scores(
    run: Run, dataset: Dataset | None = None, *, most: int, draws: int, progress: bool = False
) -> Scores:
    """What a run's model makes of each of the first rows of its held-out data; see `scored`.

    dataset: the run's, where it has been loaded already. most: how many rows, N.
    """

    def make() -> Made:
        rows = _rows(dataset or run.dataset(), "held_out", most)
        model, kind = run.model(), run.spec.kind
        found = scored(model, rows, draws=draws, kind=kind, progress=progress)
        tensors = {name: torch.from_numpy(column) for name, column in found.columns.items()}
        return tensors, {
            "draws": found.draws,
            "binarise": found.binarise,
            "grey": found.grey,
            "code": dict(found.code),
        }

    tensors, state = derived(run, "scores", {"most": most, "draws": draws}, make)
    return Scores({name: column.numpy() for name, column in tensors.items()}, **state)


def attribute_directions(run: Run, method: Method = "balanced") -> Directions:
    """Directions of the attributes of a run's data in the latent space of its model.

    They are found in the codes of the first 30,000 rows of training data; the accuracy is
    that on as many held-out rows, or on the same rows where the data have no others.

    Raises BadInput where the data have no attributes.
    """

    def make() -> Directions:
        dataset = run.dataset()
        names, marks = attributes(dataset, _rows(dataset, "train"))
        _, others = attributes(dataset, _rows(dataset, "held_out"))
        held = codes(run, "held_out", dataset), others
        return directions(codes(run, "train", dataset), marks, names, method, held_out=held)

    return derived_record(run, "directions", {"method": method}, Directions, make)


def code_mixture(run: Run, components: int = 20, seed: int = 0) -> Mixture:
    """A mixture of Gaussians fitted to the codes of a run's training data; see `mixture`."""

    def make() -> Mixture:
        return mixture(codes(run), components, seed)

    options = {"components": components, "seed": seed}
    return derived_record(run, "mixture", options, Mixture, make)


def derived_record(
    run: Run,
    what: str,
    options: Mapping[str, Any],
    record: type[Record],
    make: Callable[[], Record],
) -> Record:
    """`derived` for a record of arrays and of what JSON holds."""
    return _whole(record, derived(run, what, options, lambda: _parted(make())))


def known_rows(run: Run, part: Part, dataset: Dataset) -> tuple[Split, Array]:
    """The rows whose codes `codes` gives, and these."""
    return _rows(dataset, part), codes(run, part, dataset)


def attributes(dataset: Dataset, split: Split) -> tuple[tuple[str, ...], Array]:
    """The names of a split's attributes and who has them, (N, A) bool.

    They are the columns of its table that hold booleans, and each of its labels, as
    `label=name`. Raises BadInput where there are none.
    """
    columns = {name: each for name, each in split.table.items() if each.dtype == np.bool_}
    if split.labels is not None and dataset.label_names:
        there = set(np.unique(dataset.train.table["label"]).tolist())
        for number, name in enumerate(dataset.label_names):
            if number in there:  # a choice of rows may leave none of a class
                columns[f"label={name}"] = split.labels == number
    if not columns:
        raise BadInput(
            f"The data {dataset.name} have no attributes: train on labelled data, or with "
            "`attributes` and a table of them."
        )
    return tuple(columns), np.stack(list(columns.values()), axis=1)


def _rows(dataset: Dataset, part: Part, most: int = MOST) -> Split:
    split = dataset.train if part == "train" else held_out(dataset)
    return split.take(slice(0, most))


def _parted(record: Any) -> Made:
    """The arrays of a record, and its other fields."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    tensors = {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
    return tensors, {name: value for name, value in values.items() if name not in arrays}


def _whole(record: type[Record], made: Made) -> Record:
    """The record of these parts; lists are tuples again."""
    tensors, state = made
    others = {key: tuple(each) if isinstance(each, list) else each for key, each in state.items()}
    return record(**{name: tensor.numpy() for name, tensor in tensors.items()}, **others)


def _source(run: Run) -> str:
    """A digest of what derived things follow from: weights, data and the formulas' version."""
    path = run.path / (MODEL if run.finished or not run.started else STATE)
    try:
        with path.open("rb") as file:
            weights = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: {run.name} has not been trained.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error}): restore it from a copy.") from None
    return _hash([weights, run.data["fingerprint"], version("vaekit")])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
