"""Train a run: from names and options to a finished run directory, and on from where it stopped."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vaekit.data import Dataset, load
from vaekit.data.batches import check_pair
from vaekit.describe import write_graph
from vaekit.errors import BadInput, Interrupted, expect
from vaekit.footprint import require_room
from vaekit.memory import require
from vaekit.model import Autoencoder
from vaekit.objectives import Objective
from vaekit.runs import ROOT, Run, check_name, create, lasting, open_run
from vaekit.spec import Options, Spec
from vaekit.training import Training, fit
from vaekit.training.beginning import check_rows
from vaekit.training.engine import place
from vaekit.training.group import joined
from vaekit.training.lock import held, held_together, inherited
from vaekit.training.support import check_support
from vaekit.workflow.overview import overview
from vaekit.workflow.processes import check_devices, train_together

_BESIDE = 3  # times the parameters: their gradients and Adam's two moments
_NOT_KEPT = ("labels", "workers")  # options of data that a run has no use for


def train(
    recipe: str,
    data: Any,
    *,
    name: str | None = None,
    root: str | Path = ROOT,
    net: str = "",
    likelihood: str = "",
    corruption: str = "",
    options: Mapping[str, Any] | None = None,
    net_options: Mapping[str, Any] | None = None,
    likelihood_options: Mapping[str, Any] | None = None,
    corruption_options: Mapping[str, Any] | None = None,
    data_options: Mapping[str, Any] | None = None,
    training: Training | None = None,
    progress: bool = True,
) -> Run:
    """Train a recipe on data and keep everything in a new run directory.

    data: a data set's name, a path or rows in memory, as `vaekit.data.load` takes them, with
        `data_options`; or a `Dataset`. A run keeps what is in memory only while it is open:
        later its data are given again by `Run.with_data`.
    name: the run's; left out, one such as vae-mnist-1 is made up.
    net, likelihood: by name; left out, they follow from the data's shape.
    corruption: of what the encoder reads while training, by name; left out, there is none.
    options: the recipe's. All options are stored as given.

    Raises BadInput for anything that makes no sense, before a directory is made; Interrupted
    after Ctrl-C, with a checkpoint to resume from.
    """
    expect("training", training, Training | None, "`Training(epochs=…)`")
    if name is not None:
        check_name(root, name)
    given = dict(data_options or {})
    if not isinstance(data, Dataset):
        dataset = load(data, **given, progress=progress)
    elif given:
        raise BadInput("`data_options` are for data to load: this data set is loaded already.")
    else:
        dataset, given = data, {"binarise": data.binarise}
    spec = Spec(
        recipe,
        dataset.shape,
        dict(options or {}),
        net,
        dict(net_options or {}),
        likelihood,
        dict(likelihood_options or {}),
        kind=dataset.kind,
        corruption=corruption,
        corruption_options=dict(corruption_options or {}),
    )
    return start(
        spec,
        dataset,
        data if isinstance(data, str | Path) else None,
        given,
        training or Training(),
        name=name,
        root=root,
        progress=progress,
    )


def start(
    spec: Spec,
    dataset: Dataset,
    source: str | Path | None,
    data_options: Options,
    training: Training,
    *,
    name: str | None = None,
    root: str | Path = ROOT,
    progress: bool = True,
) -> Run:
    """`train` for data that are loaded already, from `source` with `data_options`.

    source: None for data that are in memory only.
    """
    group = joined()
    training = training if group.world == 1 else replace(training, devices=group.world)
    context = dataset.conditions.size if dataset.conditions else 0
    spec = replace(spec, context=context, kind=dataset.kind)
    if training.devices > group.world:
        check_devices(training.devices)
    if source is None and training.devices > group.world:
        raise BadInput(
            f"`devices={training.devices}` needs data that every process can load: write the "
            "arrays to a file with numpy.savez, and give its path."
        )
    model, objective = _build(spec, training)
    _check(model, objective, dataset, training)
    step = require_room(model, objective, dataset, training)
    data: dict[str, Any] = {
        "name": dataset.name,
        "source": None if source is None else lasting(source),
        "options": {k: value for k, value in data_options.items() if k not in _NOT_KEPT}
        | dict(dataset.prepared),
        "fingerprint": dataset.fingerprint,
    }
    beside = {"conditions": dataset.conditions, "sound": dataset.sound}
    data |= {name: each.to_json() for name, each in beside.items() if each}
    run = create(root, name, spec, data, training) if group.first else None
    run = run or open_run(group.told(""))
    if not group.first:
        _fit(run, model, objective, dataset, False)
        return run
    run = replace(run, given=dataset if source is None else None)
    group.told(str(run.path))
    if progress:
        print(f"The run is in {run.path}", file=sys.stderr)
        _announce(run, model, dataset, step)
    try:
        with held(run.path) as lock:
            write_graph(run.path, model, dataset.shape)
            if training.devices > group.world:
                train_together(run.path, run.training.devices, progress, lock)
            else:
                _fit(run, model, objective, dataset, progress)
    except BaseException as error:
        kept = isinstance(error, BadInput | Interrupted | KeyboardInterrupt) and run.started
        if not (kept or run.begun):  # nothing was trained that could be lost
            run.discard()
        raise
    return run


def resume(
    run: Run | str | Path,
    *,
    root: str | Path = ROOT,
    epochs: int | None = None,
    data: Any = None,
    progress: bool = True,
) -> Run:
    """Train an interrupted run to its end, as if it had never stopped.

    run: itself, its name under `root` or its path.
    epochs: a larger number than before trains on, a finished run too.
    data: its data where they are now, as `Run.with_data` takes them; a path is kept in the run.

    A finished run is given back as it is. Raises BadInput where the data or a file of the run
    have changed, or another process trains it; Interrupted after Ctrl-C.
    """
    run = run if isinstance(run, Run) else open_run(run, root)
    wanted = run.training.epochs
    if epochs is not None and epochs < wanted:
        raise BadInput(f"`epochs` must be {wanted}, those of {run.name}, or more, not {epochs}.")
    further = epochs is not None and epochs > wanted
    group = joined()
    if data is not None:
        run = run.with_data(data)
        if group.first and isinstance(data, str | Path):
            run.keep()
    if run.finished and not further:
        return run
    together = run.training.devices > group.world == 1
    if together:
        check_devices(run.training.devices)
    with held_together(run.path, group) as lock:
        dataset = run.dataset(progress=progress and group.first)
        model, objective = _build(run.spec, run.training)
        if further and group.first:
            assert epochs is not None
            run = run.with_epochs(epochs)
        run = run if group.world == 1 else open_run(group.told(str(run.path)))
        step = require_room(model, objective, dataset, run.training)
        if progress and group.first:
            _announce(run, model, dataset, step)
        if together:
            train_together(run.path, run.training.devices, progress, lock)
        else:
            _fit(run, model, objective, dataset, progress)
    return run


def train_on(run: Run, progress: bool) -> None:
    """What each of several processes does: train a run from where it is to its end."""
    progress = progress and joined().first
    model, objective = _build(run.spec, run.training)
    with inherited(run.path):
        _fit(run, model, objective, run.dataset(progress=progress), progress)


def _build(spec: Spec, training: Training) -> tuple[Autoencoder, Objective]:
    torch.manual_seed(training.seed)
    model, objective = spec.build()
    trained = {p for each in objective.phases(model) for p in each.parameters if p.requires_grad}
    size = sum(p.numel() * p.element_size() for p in trained)
    count = sum(p.numel() for p in trained)
    require(_BESIDE * size, f"Training {count:,} parameters")
    return model, objective


def _check(model: Autoencoder, objective: Objective, dataset: Dataset, training: Training) -> None:
    """Raise BadInput where model, data and options make no sense together."""
    check_support(model.likelihood, dataset)
    check_pair(dataset.train, training.pair)
    check_rows(model, dataset)
    objective.phases(model)  # reads the weights of features, before anything is announced
    place(training)


def _announce(run: Run, model: Autoencoder, dataset: Dataset, step: int) -> None:
    """Say what is about to be trained; step: the bytes that one takes."""
    training, done = run.training, len(run.records())
    about = overview(
        run.spec, model, dataset, training, device=place(training), step_bytes=step, done=done
    )
    print(about, file=sys.stderr, flush=True)


def _fit(
    run: Run, model: Autoencoder, objective: Objective, dataset: Dataset, progress: bool
) -> None:
    try:
        fit(model, objective, dataset, run.training, folder=run.path, progress=progress)
    except Interrupted as error:
        raise Interrupted(f"{error} To go on: vaekit resume {reference(run)}") from error


def reference(run: Run) -> str:
    """How a command calls a run: by name under the usual root, else by path."""
    return run.name if run.path == Path(ROOT, run.name) else str(run.path)
