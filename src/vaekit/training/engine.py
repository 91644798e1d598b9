"""The training loop."""

import os
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from vaekit.data import Dataset
from vaekit.errors import BadInput, expect
from vaekit.kinds import KINDS
from vaekit.model import Autoencoder
from vaekit.objectives import Objective, check
from vaekit.training.beginning import begin
from vaekit.training.display import Display, display
from vaekit.training.group import joined
from vaekit.training.history import Record
from vaekit.training.keeper import Keeper
from vaekit.training.lock import held_together
from vaekit.training.logs import Log
from vaekit.training.options import Training
from vaekit.training.process import prepare
from vaekit.training.session import Session
from vaekit.training.stop import StopRequest
from vaekit.training.support import check_support, warn_of_grey

_DEFAULT = Training()


def fit(
    model: Autoencoder,
    objective: Objective,
    dataset: Dataset,
    options: Training = _DEFAULT,
    *,
    folder: Path | None = None,
    on_epoch: Callable[[Record], None] | None = None,
    progress: bool = True,
) -> list[Record]:
    """Train a model in place and give the record of every epoch.

    folder: gets `checkpoint/state.safetensors`, `metrics.jsonl`, TensorBoard's events and, at
        the end, `model.safetensors`. If it has a checkpoint, training goes on from there and
        ends, on the same machine, with the same files as if it had never stopped. Left out,
        nothing is written.
    on_epoch: called with each record as it is made.
    progress: whether to show progress on stderr.

    The model is left on the device, in evaluation mode, with its final weights; denormal
    numbers count as zero from here on in this process, which keeps the memory it frees.

    Raises BadInput where options, data or folder make no sense, another process trains in the
    folder, training diverges or the disk is full; Interrupted after Ctrl-C or SIGTERM, once the
    step is finished and a checkpoint written.
    """
    expect("model", model, Autoencoder, "an `Autoencoder`, the first that a recipe gives")
    expect("objective", objective, Objective, "an objective, the second that a recipe gives")
    expect("dataset", dataset, Dataset, "a `Dataset`, which `vaekit.load_data` makes of arrays")
    expect("options", options, Training, "`Training(epochs=…)`")
    check(model, objective)
    prepare()
    group = joined()
    if group.world != options.devices:
        raise BadInput(
            f"`devices={options.devices}` needs as many processes, and there are {group.world}: "
            "train a run, or start them with torchrun."
        )
    fabric = _fabric(options)
    torch.manual_seed(group.seed(options.seed))
    if options.compile:
        if model.refinement is not None:
            part = type(model.refinement).__name__
            raise BadInput(
                f"`compile`: {part} needs second derivatives, which what is compiled does not "
                "give: leave it out."
            )
        model.encoder.compile()
        model.decoder.compile()
    check_support(model.likelihood, dataset)
    begin(model, dataset, options.seed)
    session = Session(fabric, model, objective, dataset, options, group)
    with nullcontext() if folder is None else held_together(folder, group):
        keeper, unit = Keeper(folder, session), KINDS[dataset.kind].unit
        if group.first and not session.at.step:
            warn_of_grey(model.likelihood, dataset)
        with (
            keeper.naming_what_is_left(),
            closing(keeper.log()) as log,
            display(options.epochs, len(dataset.train), unit, progress and group.first) as shown,
            StopRequest() as stop,
        ):
            _train(session, keeper, log, shown, stop, on_epoch)
            session.finish()
            keeper.save_model()
    return log.history


def _train(
    session: Session,
    keeper: Keeper,
    log: Log,
    shown: Display,
    stop: StopRequest,
    on_epoch: Callable[[Record], None] | None,
) -> None:
    """The loop. The device is waited for where `means` are shown or saved, and between epochs."""
    if not session.at.step:
        keeper.save()
    while not session.finished:
        for batch in session.rest_of_epoch():
            session.step(batch)
            shown.step(len(batch) * session.group.world)
            if shown.due():
                done = sum(session.running.points) * session.group.world
                shown.show(session.at.epoch + 1, done, session.means())
            stopping, due = session.group.any(stop.requested, keeper.due())
            if stopping:
                raise keeper.interrupted()
            if due:
                keeper.save()
        record = session.end_epoch(lambda: stop.requested)
        if record is None:
            raise keeper.interrupted()
        with keeper.writing():
            log.add(record, shown.per_second())
        session.at.log_size, session.at.log_digest = log.size, log.digest
        shown.epoch(record)
        if on_epoch is not None:
            on_epoch(record)
    keeper.save()


def place(options: Training) -> str:
    """Where training with these options computes, in words; raises BadInput where it cannot."""
    if options.devices > 1:
        return f"{options.devices} processes"
    device = _fabric(options).device
    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    return f"{device}, {threads} thread{'s' * (threads != 1)}"


def _fabric(options: Training) -> Fabric:
    kind, _, number = options.device.partition(":")
    if options.devices > 1 and kind in ("auto", "cuda") and torch.cuda.is_available():
        kind, number = "cuda", os.environ.get("LOCAL_RANK", "0")
    try:
        return Fabric(
            accelerator=kind, devices=[int(number)] if number else 1, precision=options.precision
        )
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        there += ["mps"] * torch.backends.mps.is_available()
        raise BadInput(
            f"`device={options.device!r}` is not to be had here: take {' or '.join(there)}."
        ) from error
