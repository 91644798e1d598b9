"""When checkpoints are written, and what a full disk or a removed folder means."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from vaekit.errors import BadInput, Interrupted, unwritable
from vaekit.training import checkpoint, snapshot
from vaekit.training.history import METRICS, MODEL, STATE
from vaekit.training.logs import Log
from vaekit.training.session import Session


@final
class Keeper:
    """Keeps a session in a folder: at its start, every so many seconds and at its end.

    A folder that already has a checkpoint puts the session where that was written. With no
    folder nothing is kept.

    Raises BadInput where the folder holds another run, or a part of one.
    """

    def __init__(self, folder: Path | None, session: Session) -> None:
        self._folder, self._session, self._group = folder, session, session.group
        self._kept: int | None = None
        self._log = Log(None)
        self._next = time.monotonic() + session.options.checkpoint_seconds
        if folder is None:
            return
        if (folder / STATE).exists():
            snapshot.restore(session, folder / STATE)
            self._kept = session.at.step
            return
        for left in (folder / METRICS, folder / MODEL):
            if left.exists() and left.stat().st_size:
                raise BadInput(
                    f"{folder / STATE} is missing though {left.name} is there: "
                    "restore it, or start a new run."
                )

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self._folder is not None and time.monotonic() >= self._next

    def save(self) -> None:
        """Write a checkpoint; raises BadInput where training diverged or the disk is full.

        All processes come here together; the first writes.
        """
        if self._folder is not None:
            with self.writing():
                if self._group.first:
                    (self._folder / STATE).parent.mkdir(exist_ok=True)
                snapshot.save(self._session, self._folder / STATE)
            self._kept = self._session.at.step
            self._next = time.monotonic() + self._session.options.checkpoint_seconds

    def save_model(self) -> None:
        """Write the model's weights; raises BadInput where the disk is full."""
        if self._folder is not None and self._group.first:
            with self.writing():
                state = {
                    "epochs": self._session.options.epochs,
                    "log_size": self._log.size,
                    "log_digest": self._log.digest,
                }
                checkpoint.write_weights(self._folder / MODEL, self._session.model, state)

    def log(self) -> Log:
        """The log of the epochs completed, open for more; raises BadInput where it is damaged."""
        with self.writing():
            at = self._session.at
            self._log = Log(self._folder, at.log_size, at.log_digest, self._group.first)
        return self._log

    def interrupted(self) -> Interrupted:
        """Write a checkpoint and give the error that ends a run that was asked to stop."""
        self.save()
        step = self._session.at.step
        if self._folder is None:
            return Interrupted(f"Stopped after step {step}. {self._left()}")
        return Interrupted(f"Stopped after step {step}, which is kept.")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Makes of an OSError (a full disk, most likely) one that names the folder and the fix.

        Nothing is written to a folder that was removed meanwhile: half a run would be none.
        """
        try:
            self._refuse_removed()
            yield
        except OSError as error:
            self._refuse_removed()
            assert self._folder is not None
            then = "train again" if self._kept is None else "resume"
            raise unwritable(self._folder, error, then) from error

    def _refuse_removed(self) -> None:
        if self._folder is None or not self._log.open or (self._folder / METRICS).exists():
            return
        self._kept = None
        raise BadInput(
            f"{self._folder} was removed during training, or its {METRICS}: train a new run."
        )

    @contextmanager
    def naming_what_is_left(self) -> Iterator[None]:
        """Adds to an error of training which checkpoint there is to go on from."""
        try:
            yield
        except BadInput as error:
            raise BadInput(f"{error} {self._left()}") from error

    def _left(self) -> str:
        if self._folder is None:
            return "Nothing was saved, as no folder was given."
        if self._kept is None:
            return "There is no checkpoint."
        return f"The checkpoint of step {self._kept} is intact."
