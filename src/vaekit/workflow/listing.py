"""The runs there are: how far each got, and removing some. Needs no torch."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, list_runs, open_run


@final
@dataclass(frozen=True, slots=True)
class Summary:
    """How far a run got.

    state: as `Run.state` says it, or "damaged: …" with what is wrong; its numbers are then None.
    epochs: completed, of those `wanted`.
    loss: the validation loss in nats after the last of them; best: the lowest, of `best_epoch`.
    None where there is none.
    """

    name: str
    path: str
    recipe: str
    data: str
    created: str
    state: str
    epochs: int | None = None
    wanted: int | None = None
    loss: float | None = None
    best: float | None = None
    best_epoch: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def summarise_runs(root: str | Path = ROOT) -> list[Summary]:
    """How far every run under `root` got, oldest first; a damaged one hides no other.

    Those whose `run.json` cannot be read are left out, with a warning each.
    """
    return [summary(run) for run in list_runs(root)]


def summary(run: Run) -> Summary:
    """How far a run got."""
    about = (
        run.name,
        str(run.path),
        str(run.config["spec"].get("recipe", "")),
        str(run.data["name"]),
        str(run.config["created"]),
    )
    try:
        state, epochs, wanted = run.state, run.epochs, run.training.epochs
        losses = validation_losses(run.records()[:epochs])
    except BadInput as error:
        return Summary(*about, f"damaged: {error}")
    best = min(losses, key=lambda epoch: losses[epoch], default=None)
    return Summary(
        *about,
        state,
        epochs,
        wanted,
        losses.get(epochs),
        None if best is None else losses[best],
        best,
    )


def validation_losses(records: Sequence[dict[str, Any]]) -> dict[int, float]:
    """The validation loss in nats of every epoch (from 1) that has a finite one."""
    losses = {
        number: record["validation"].get("loss") for number, record in enumerate(records, start=1)
    }
    return {
        number: float(loss)
        for number, loss in losses.items()
        if isinstance(loss, int | float) and abs(loss) <= sys.float_info.max
    }


def remove_runs(runs: Sequence[Run | str | Path], root: str | Path = ROOT) -> list[Path]:
    """Remove runs with all that is in their folders; gives the paths.

    runs: themselves, their names under `root` or their paths.

    Raises BadInput, and removes none, where one of them is no run, is a link to one, or is being
    trained.
    """
    found = [run if isinstance(run, Run) else open_run(run, root) for run in runs]
    for run in found:
        if run.path.is_symlink():
            raise BadInput(f"{run.path} is a link, to {run.path.resolve()}: give that.")
        if run.live:
            raise BadInput(f"{run.path} is being trained: wait for its end, or stop it first.")
    for run in found:
        run.discard()
    return [run.path for run in found]
