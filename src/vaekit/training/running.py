"""The metrics of an epoch under way."""

from typing import final

import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.training.group import Group


@final
class Running:
    """The metrics of every batch of an epoch, kept on the device so that adding never waits.

    A row for each batch, rather than running sums, makes `add` one operation, and tells later
    at which step and in which term an epoch went wrong.

    batches: the most there can be.
    """

    def __init__(self, batches: int, device: torch.device) -> None:
        self._batches, self._device = batches, device
        self.reset()

    def reset(self) -> None:
        """Start again from nothing."""
        self.names: tuple[str, ...] = ()
        self.points: list[int] = []
        self._rows = torch.zeros(0, 0)

    def add(self, metrics: dict[str, Tensor], points: int) -> None:
        """Take in a batch's means, scalars on the device, over so many data points.

        Of no points, they are left out, whatever they are.
        """
        names = tuple(metrics)
        if not self.names:
            self.names = names
            self._rows = torch.zeros(self._batches, len(names), device=self._device)
        elif names != self.names:
            raise ValueError(f"An objective's metrics must not change: {self.names}, then {names}.")
        if points:
            torch.stack(list(metrics.values()), out=self._rows[len(self.points)])
        self.points.append(points)

    def skip(self) -> None:
        """Take in a batch of which this process had no rows."""
        if not self.names:
            raise BadInput("`batch_size` is smaller than the number of processes: raise it.")
        self.points.append(0)

    @property
    def rows(self) -> Tensor:
        """The metrics so far, one row for each batch, on the device."""
        return self._rows[: len(self.points)]

    def put(self, names: tuple[str, ...], points: list[int], rows: Tensor) -> None:
        """Go on from what these attributes were."""
        self.names, self.points = names, points
        self._rows = torch.zeros(self._batches, len(names), device=self._device)
        self._rows[: len(points)] = rows

    def means(self, group: Group | None = None) -> dict[str, float]:
        """The mean of each metric over all data points so far; waits for the device.

        group: the processes whose data points count, left out only this one's.
        """
        weights = torch.tensor(self.points, dtype=torch.float64)
        sums, points = weights @ self.rows.cpu().double(), weights.sum()
        if group is not None:
            group.add([sums, points])
        return dict(zip(self.names, (sums / points).tolist(), strict=True))

    def broken(self) -> tuple[int, list[str]] | None:
        """The first batch (from 1) that was not finite and its terms, or None; waits."""
        finite = torch.isfinite(self.rows).cpu()
        if finite.all():
            return None
        first = int(finite.all(1).logical_not().nonzero()[0])
        return first + 1, [n for n, good in zip(self.names, finite[first], strict=True) if not good]


def diverged(what: str, step: int) -> BadInput:
    """The error that names what is not finite and the step (from 1) that made it so."""
    return BadInput(
        f"Training diverged at step {step} (not finite: {what}). "
        "Lower `learning_rate` or set `clip`."
    )
