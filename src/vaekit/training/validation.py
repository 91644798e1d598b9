"""Measuring a model between epochs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

import torch
from lightning_fabric import Fabric

from vaekit.data import Batches, Dataset
from vaekit.records import Moment
from vaekit.training.activity import Activity
from vaekit.training.checkpoint import random_states, set_random_states
from vaekit.training.group import Group
from vaekit.training.losses import Losses
from vaekit.training.options import Training
from vaekit.training.running import Running, diverged

_SAMPLE = 1_000  # training points that show how active the code is where none are held out


@final
class Validation:
    """Means and activity of the code over the validation data, the same draws every time."""

    def __init__(
        self, fabric: Fabric, losses: Losses, dataset: Dataset, options: Training, group: Group
    ) -> None:
        self._group = group
        self.held_out = len(dataset.validation) > 0
        self._fabric, self._losses = fabric, losses
        self._moment = Moment(points=len(dataset.train))
        self._batches = Batches(
            dataset.validation if self.held_out else dataset.train.take(slice(0, _SAMPLE)),
            2 * options.batch_size,  # no graph is kept, so this fits where training did
            shuffle=False,
            rank=group.rank,
            world=group.world,
            device=fabric.device,
            pair=options.pair,
        )

    def measure(
        self, step: int, stopping: Callable[[], bool]
    ) -> tuple[dict[str, float], Activity] | None:
        """The means and the activity after a step, or None where asked to stop before the end.

        Schedules read as finished, so that the means of all epochs compare.

        Raises BadInput where a mean is not finite.
        """
        running, activity = Running(len(self._batches), self._fabric.device), Activity()
        with self._aside(), self._fabric.autocast():
            for batch in self._batches.epoch(0):
                if self._group.any(stopping())[0]:
                    return None
                if not len(batch):
                    running.skip()
                    continue
                trace = self._losses.trace(batch, self._moment)
                _, metrics = self._losses.explain(trace)
                running.add(metrics, len(batch))
                activity.add(trace.draw)
        broken = running.broken()
        if self._group.any(broken is not None)[0]:
            terms = ", ".join(broken[1]) if broken else "a term"
            raise diverged(f"{terms} of the validation data", step)
        activity.reduce(self._group)
        return running.means(self._group), activity

    @property
    def rows(self) -> int:
        """How many data points are measured."""
        return len(self._batches.split)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Evaluation mode, no gradients, and random numbers that leave training's alone."""
        states = random_states(self._fabric.device)
        self._losses.eval()
        torch.manual_seed(self._group.seed(0))
        try:
            with torch.no_grad():
                yield
        finally:
            set_random_states(states, self._fabric.device)
            self._losses.train()
