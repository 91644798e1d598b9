"""A run that is being trained as it is now: its weights would change under the page."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from weakref import finalize

from vaekit.errors import BadInput
from vaekit.runs import Run
from vaekit.training.history import METRICS, MODEL, STATE

_KEPT = (STATE, MODEL, METRICS)  # in this order: a live log grows after its checkpoint


def pinned(run: Run) -> Run:
    """A run that stays as it is: itself, or while it is trained a copy of its last checkpoint.

    The copy, of weights and log, lies in a temporary folder as long as it is used.

    Raises BadInput where there is no checkpoint yet.
    """
    if not run.live:
        return run
    if not (run.started or (run.path / MODEL).exists()):
        raise BadInput(f"{run.name} has no checkpoint yet: it is {run.state}. Wait for one.")
    folder = Path(mkdtemp(prefix="vaekit-"))
    copy = replace(run, path=folder / run.name)
    finalize(copy, shutil.rmtree, folder, ignore_errors=True)
    for name in _KEPT:
        if (run.path / name).exists():
            (copy.path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.path / name, copy.path / name)
    return copy
