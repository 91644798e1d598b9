"""What training carries from step to step, and how it takes one."""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, final

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from vaekit.data import Batches, Dataset
from vaekit.errors import BadInput
from vaekit.model import Autoencoder
from vaekit.objectives import Objective
from vaekit.records import Batch, Moment
from vaekit.training.activity import COLLAPSED, PATIENT
from vaekit.training.average import Average, overwrite
from vaekit.training.group import Group
from vaekit.training.losses import Losses, trainable
from vaekit.training.optimisers import made
from vaekit.training.options import Training
from vaekit.training.running import Running, diverged
from vaekit.training.validation import Validation


@final
@dataclass
class Position:
    """Where training is: the scalars of a checkpoint.

    step: steps taken.
    epoch: epochs completed.
    batch: batches taken of the epoch under way.
    log_size: bytes of metrics.jsonl that belong to the completed epochs; `log_digest` is theirs.
    best: the lowest validation loss, with `patience`; `waited` counts the epochs since then.
    skipped: steps of the epoch under way that were left out, with `skip`.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    log_size: int = 0
    log_digest: str = ""
    best: float | None = None
    waited: int = 0
    skipped: int = 0


@final
class Session:
    """Model, objective, optimisers, averages and place in the data: what a checkpoint restores.

    Raises BadInput where data and options make no sense together.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: Autoencoder,
        objective: Objective,
        dataset: Dataset,
        options: Training,
        group: Group | None = None,
    ) -> None:
        if not len(dataset.train):
            raise BadInput(f"{dataset.name} has no training data: give a source that has some.")
        if options.patience and not len(dataset.validation):
            raise BadInput("`patience` needs validation data: hold some out, or leave it away.")
        if len(dataset.train) % options.batch_size == 1 and not _takes_one_row(model, dataset):
            raise BadInput(
                f"`batch_size={options.batch_size}` leaves one row for the last batch, and "
                "batch normalisation needs two: change it by one."
            )
        self.fabric, self.options, self.dataset, self.model = fabric, options, dataset, model
        self.group = group or Group()
        self.at = Position()
        self.batches = Batches(
            dataset.train,
            options.batch_size,
            seed=options.seed,
            rank=self.group.rank,
            world=self.group.world,
            device=fabric.device,
            pair=options.pair,
        )
        self.losses = Losses(model, objective, trainable(objective.phases(model)))
        fabric.to_device(self.losses)
        self.validation = Validation(fabric, self.losses, dataset, options, self.group)
        self.optimisers: list[Any] = [
            fabric.setup_optimizers(each)
            for phase in self.losses.phases
            for each in made(
                options.optimiser, phase.parameters, options.weight_decay, fabric.device.type
            )
        ]
        # To reach every weight is what backward does unasked, and then it is faster.
        weights = {p for p in self.losses.parameters() if p.requires_grad}
        self._inputs = [
            None if weights == set(phase.parameters) else phase.parameters
            for phase in self.losses.phases
        ]
        self.running = Running(len(self.batches), fabric.device)
        self.average = None if options.ema is None else Average(model, options.ema)
        self.best: dict[str, Tensor] = {}
        self.spent = 0.0  # seconds, before this process took over
        self._since = time.monotonic()
        self._warned = False

    @property
    def seconds(self) -> float:
        """The time that training has taken so far."""
        return self.spent + time.monotonic() - self._since

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or none has been better for long enough."""
        patience = self.options.patience
        tired = patience is not None and self.at.waited >= patience
        return tired or self.at.epoch >= self.options.epochs

    def rest_of_epoch(self) -> Iterator[Batch]:
        """The batches of the epoch under way that have not been taken yet."""
        self.losses.train()
        return self.batches.epoch(self.at.epoch, start=self.at.batch)

    def step(self, batch: Batch) -> None:
        """One step of every phase on a batch. Nothing in here waits for the device, but `skip`."""
        at, metrics = self.at, dict[str, Tensor]()
        moment = Moment(at.step / len(self.batches), at.step, len(self.dataset.train))
        if len(batch):
            with self.fabric.autocast():
                # The trace is not kept: backward then works in the memory it leaves, in cache.
                totals, metrics = self.losses(batch, moment)
            # All gradients first: a step changes weights the other phases' graphs still need.
            for i, (total, inputs) in enumerate(zip(totals, self._inputs, strict=True), start=1):
                self.fabric.backward(total, inputs=inputs, retain_graph=i < len(totals))
        self._reduce(len(batch) / self.batches.rows(at.batch))
        norm = 0.0 if self.options.skip is None else self._norm()
        if not len(batch):
            self.running.skip()
        else:
            self.running.add(metrics, len(batch) if math.isfinite(norm) else 0)
        followed = self.options.skip is None or norm <= self.options.skip
        if self.options.clip is not None:
            for phase in self.losses.phases:
                torch.nn.utils.clip_grad_norm_(phase.parameters, self.options.clip)
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["lr"] = self._learning_rate(at.step)
            if followed:
                optimiser.step()
            optimiser.zero_grad()
        at.step, at.batch, at.skipped = at.step + 1, at.batch + 1, at.skipped + (not followed)
        if self.average is not None and followed:
            self.average.update(at.step)

    def _norm(self) -> float:
        """The length of the gradient of all phases together; waits for the device."""
        weights = (p for phase in self.losses.phases for p in phase.parameters)
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients))

    def _reduce(self, share: float) -> None:
        """Make of each process's gradients those of the whole batch, of which it had a share."""
        if self.group.world == 1:
            return
        weights = [p for phase in self.losses.phases for p in phase.parameters]
        for weight in weights:
            if weight.grad is None:  # no rows in this part of the batch
                weight.grad = torch.zeros_like(weight)
        self.group.add([w.grad for w in weights if w.grad is not None], share)
        self.group.share(self.losses.buffers())

    def means(self) -> dict[str, float]:
        """The epoch's means so far, of this process's part; waits for the device.

        Raises BadInput where one is not finite, naming it and the step.
        """
        if broken := self._broken():
            raise broken
        return self.running.means()

    def check(self) -> None:
        """Raise BadInput where a mean or a weight is not finite; waits for the device.

        Where there are several processes, all of them do.
        """
        problem = self._broken()
        for name, weight in self.losses.named_parameters():
            if problem is None and not torch.isfinite(weight).all():
                problem = diverged(f"the weights {name}", self.at.step)
        (anywhere,) = self.group.any(problem is not None)
        if anywhere:
            raise problem or diverged("in another process", self.at.step)

    def _broken(self) -> BadInput | None:
        if self.at.batch and self.at.skipped == self.at.batch == len(self.batches):
            return BadInput(
                f"Training left out every step of epoch {self.at.epoch + 1}: raise `skip`, or "
                "lower `learning_rate`."
            )
        found = self.running.broken()
        if found is None:
            return None
        batch, terms = found
        return diverged(", ".join(terms), self.at.step - self.at.batch + batch)

    def end_epoch(self, stopping: Callable[[], bool]) -> dict[str, Any] | None:
        """Close the epoch and give its record, or None where asked to stop before the end.

        Raises BadInput where a term or a weight is not finite.
        """
        self.check()
        at, train = self.at, self.running.means(self.group)
        with self.average.in_place() if self.average else nullcontext():
            measured = self.validation.measure(at.step, stopping)
            if measured is None:
                return None
            validation, activity = measured
            if self.options.patience:
                self._judge(validation["loss"])
        if at.step >= PATIENT and activity.collapsed() and not self._warned:
            warnings.warn(COLLAPSED, stacklevel=2)
            self._warned = True
        held_out, code = self.validation.held_out, activity.report()
        record = {
            "epoch": at.epoch + 1,
            "step": at.step,
            "train": train,
            "validation": {**validation, **code} if held_out else {},
            "learning_rate": self._learning_rate(at.step - 1),
        }
        if self.options.skip is not None:
            record["skipped"] = at.skipped
            if 2 * at.skipped > at.batch:
                warnings.warn(_MOST_SKIPPED.format(at.skipped, at.batch), stacklevel=2)
        if code and not held_out:  # of some training rows, after the epoch: no mean over it
            record["code"] = {"rows": self.validation.rows, **code}
        at.epoch, at.batch, at.skipped = at.epoch + 1, 0, 0
        self.running.reset()
        return record

    def finish(self) -> None:
        """Leave the model with its final weights: the best, the average or the last."""
        if self.best:
            overwrite(self.model, self.best)
        elif self.average:
            overwrite(self.model, self.average.tensors)
        self.losses.eval()

    def _judge(self, loss: float) -> None:
        """Keep the model's weights if they are the best so far."""
        self.at.waited += 1
        if self.at.best is None or loss < self.at.best:
            self.at.best, self.at.waited = loss, 0
            self.best = {name: t.clone() for name, t in self.model.state_dict().items()}

    def _learning_rate(self, step: int) -> float:
        return self.options.learning_rate_at(step, len(self.batches))


_MOST_SKIPPED = (
    "{} of the epoch's {} steps were left out, as their gradients were longer: raise `skip`, which "
    "is for the few that would undo training."
)


def _takes_one_row(model: Autoencoder, dataset: Dataset) -> bool:
    """Whether a training step can be made of one row: tried on a copy."""
    if not any(isinstance(part, _BatchNorm) for part in model.modules()):
        return True
    batch = next(iter(Batches(dataset.train, 1, shuffle=False, device=model.device).epoch(0)))
    try:
        with torch.no_grad(), torch.random.fork_rng():
            deepcopy(model).train()(batch)
    except ValueError:  # PyTorch's, for one value a channel
        return False
    return True
