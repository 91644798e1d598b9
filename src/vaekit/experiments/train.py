"""Train a run: from names and options to a finished run directory, and on from where it stopped."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints

from vaekit.data import SOURCES, Dataset, Split, load
from vaekit.describe import write_graph
from vaekit.errors import BadInput, Interrupted
from vaekit.model import Autoencoder
from vaekit.objectives import Objective
from vaekit.recipes import LIKELIHOODS
from vaekit.runs import ROOT, Run, check_name, create, open_run
from vaekit.spec import Options, Spec
from vaekit.training import Training, fit

_ROWS = 4096  # checked at a time


def train(
    recipe: str,
    data: str | Path,
    *,
    name: str | None = None,
    root: str | Path = ROOT,
    net: str = "",
    likelihood: str = "",
    options: Mapping[str, Any] | None = None,
    net_options: Mapping[str, Any] | None = None,
    likelihood_options: Mapping[str, Any] | None = None,
    data_options: Mapping[str, Any] | None = None,
    training: Training | None = None,
    progress: bool = True,
) -> Run:
    """Train a recipe on data and keep everything in a new run directory.

    data: a data set's name or a path, as `vaekit.data.load` takes them, with `data_options`.
    name: the run's; left out, one such as vae-mnist-1 is made up.
    net, likelihood: by name; left out, they follow from the data's shape.
    options: the recipe's. All options are stored as given.

    Raises BadInput for anything that makes no sense, before a directory is made; Interrupted
    after Ctrl-C, with a checkpoint to resume from.
    """
    if name is not None:
        check_name(root, name)
    dataset = load(data, **(data_options or {}), progress=progress)
    spec = Spec(
        recipe,
        dataset.shape,
        dict(options or {}),
        net,
        dict(net_options or {}),
        likelihood,
        dict(likelihood_options or {}),
    )
    return start(
        spec,
        dataset,
        data,
        dict(data_options or {}),
        training or Training(),
        name=name,
        root=root,
        progress=progress,
    )


def start(
    spec: Spec,
    dataset: Dataset,
    source: str | Path,
    data_options: Options,
    training: Training,
    *,
    name: str | None = None,
    root: str | Path = ROOT,
    progress: bool = True,
) -> Run:
    """`train` for data that are loaded already, from `source` with `data_options`."""
    spec = replace(spec, context=dataset.conditions.size if dataset.conditions else 0)
    model, objective = _build(spec, training)
    check_support(model, dataset, spec.likelihood)
    data: dict[str, Any] = {
        "name": dataset.name,
        "source": _lasting(source),
        "options": {key: value for key, value in data_options.items() if key != "workers"}
        | dict(dataset.prepared),
        "fingerprint": dataset.fingerprint,
    }
    if dataset.conditions:
        data["conditions"] = dataset.conditions.to_json()
    run = create(root, name, spec, data, training)
    if progress:
        print(f"The run is in {run.path}", file=sys.stderr)
    try:
        write_graph(run.path, model, dataset.shape)
        _fit(run, model, objective, dataset, progress)
    finally:
        if not run.started:  # nothing was trained that could be lost
            run.discard()
    return run


def resume(
    run: Run | str | Path,
    *,
    root: str | Path = ROOT,
    epochs: int | None = None,
    progress: bool = True,
) -> Run:
    """Train an interrupted run to its end, as if it had never stopped.

    run: itself, its name under `root` or its path.
    epochs: a larger number than before trains on, a finished run too.

    A finished run is given back as it is. Raises BadInput where the data or a file of the run
    have changed; Interrupted after Ctrl-C.
    """
    run = run if isinstance(run, Run) else open_run(run, root)
    wanted = run.training.epochs
    if epochs is not None and epochs < wanted:
        raise BadInput(f"`epochs` must be {wanted}, those of {run.name}, or more, not {epochs}.")
    further = epochs is not None and epochs > wanted
    if run.finished and not further:
        return run
    dataset = run.dataset(progress=progress)
    model, objective = _build(run.spec, run.training)
    if further:
        assert epochs is not None
        run = run.with_epochs(epochs)
        if run.finished:
            run.reopen()
    _fit(run, model, objective, dataset, progress)
    return run


def check_support(model: Autoencoder, dataset: Dataset, likelihood: str) -> None:
    """Raise BadInput where data lie outside the support of a model's likelihood."""
    support: Any = model.likelihood.support
    for split in (dataset.train, dataset.validation, dataset.test):
        outside = _outside(split, support)
        if outside is None:
            continue
        others = [
            name
            for name, part in LIKELIHOODS.items()
            if part.support.check(outside)  # type: ignore[attr-defined]
        ]
        raise BadInput(
            f"`likelihood={likelihood!r}` needs values in {_interval(support)}, but "
            f"{dataset.name} has {outside:.6g}: use {' or '.join(others)}, or rescale the data."
        )


def _build(spec: Spec, training: Training) -> tuple[Autoencoder, Objective]:
    torch.manual_seed(training.seed)
    return spec.build()


def _fit(
    run: Run, model: Autoencoder, objective: Objective, dataset: Dataset, progress: bool
) -> None:
    try:
        fit(model, objective, dataset, run.training, folder=run.path, progress=progress)
    except Interrupted as error:
        raise Interrupted(f"{error} To go on:\n  vaekit resume {reference(run)}") from error


def reference(run: Run) -> str:
    """How a command calls a run: by name under the usual root, else by path."""
    return run.name if run.path == Path(ROOT, run.name) else str(run.path)


def _lasting(source: str | Path) -> str:
    """A source that means the same from any folder."""
    return str(source) if str(source) in SOURCES else str(Path(source).expanduser().resolve())


def _outside(split: Split, support: Any) -> Tensor | None:
    """A value of the data that lies outside a support, if one does."""
    if split.x.dtype == "uint8" and support.check(torch.tensor([0.0, 1.0])).all():
        return None  # bytes are read as [0, 1]
    for start in range(0, len(split), _ROWS):
        x = split.tensor(slice(start, start + _ROWS))
        bad = x[~support.check(x)]
        if len(bad):
            return bad[0]
    return None


def _interval(support: Any) -> str:
    if isinstance(support, constraints.interval):
        return f"[{support.lower_bound:g}, {support.upper_bound:g}]"
    return str(support)
