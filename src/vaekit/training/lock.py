"""A run is trained by one owner at a time.

    runs/NAME/training.lock    is there, and locked, while a run is trained

The lock belongs to a file that its owner has open, and the workers that the owner started: it
ends with the last of these processes, however they end. Importing this needs no torch.
"""

import errno
import os
import platform
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from vaekit.errors import BadInput, unwritable

if TYPE_CHECKING:
    from vaekit.training.group import Group

LOCK = Path("training.lock")

_PATIENCE = 1.0  # seconds: who asks whether a run is trained holds its lock for a moment
_GLANCES = 3
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
_OWN: ContextVar[frozenset[Path]] = ContextVar("_OWN", default=frozenset())


@contextmanager
def held(folder: Path) -> Iterator[tuple[int, ...]]:
    """Own a run's folder, made where it is missing, for as long as this lasts.

    Gives the open files that workers must inherit to own it, too. What the same thread does
    inside may ask again.

    Raises BadInput where another process or thread owns it, or it cannot be written to.
    """
    if folder.resolve() in _OWN.get():
        yield ()
        return
    file = _locked(folder)
    try:
        with inherited(folder):
            yield () if file is None else (file,)
    finally:
        if file is not None:
            with suppress(OSError):  # it went with its folder; Windows leaves it
                (folder / LOCK).unlink()
            os.close(file)


@contextmanager
def inherited(folder: Path) -> Iterator[None]:
    """Own a run's folder with the process that started this one, whose file this one inherited."""
    token = _OWN.set(_OWN.get() | {folder.resolve()})
    try:
        yield
    finally:
        _OWN.reset(token)


@contextmanager
def held_together(folder: Path, group: "Group") -> Iterator[tuple[int, ...]]:
    """`held` by the first of the processes that train together; all of them hear a refusal."""
    with ExitStack() as stack:
        files: tuple[int, ...] = ()
        refusal = ""
        if group.first:
            try:
                files = stack.enter_context(held(folder))
            except BadInput as error:
                refusal = str(error)
        if refusal := group.told(refusal):
            raise BadInput(refusal)
        yield files


def is_held(folder: Path) -> bool:
    """Whether a run is being trained."""
    for _ in range(_GLANCES):
        try:
            file = os.open(folder / LOCK, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # another user's: that it is there must do
            return True
        try:
            if _lock(file):  # for a moment: its owner was killed
                return False
        except OSError:
            return False
        finally:
            os.close(file)
        time.sleep(0.002)  # or was it only another who asks?
    return True


def _locked(folder: Path) -> int | None:
    """An open file that is locked; None, with a warning, where the file system has no locks."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        file = _opened(folder)
        try:
            # Whoever ends removes the file, and what was opened just before is locked in vain.
            if _lock(file) and os.fstat(file).st_nlink:
                _sign(file)
                return file
            owner = _owner(file)
        except OSError as error:
            os.close(file)
            if error.errno not in _NO_LOCKS:
                raise
            (folder / LOCK).unlink(missing_ok=True)
            warnings.warn(
                f"The file system of {folder} has no locks: never train a run of it twice at once.",
                stacklevel=4,
            )
            return None
        os.close(file)
        if time.monotonic() > deadline:
            raise BadInput(
                f"{folder} is being trained by {owner}: wait for its end, or stop it first."
            )
        time.sleep(0.02)


def _opened(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unwritable(folder, error) from error


def _lock(file: int) -> bool:
    """Lock an open file unless another has; raises OSError where there are no locks."""
    from filelock import lock_descriptor  # slow to import, and seldom needed

    return lock_descriptor(file, blocking=False)


def _sign(file: int) -> None:
    """Say in the file who locked it, as far as the disk has room."""
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()} {platform.node()}\n".encode())


def _owner(file: int) -> str:
    """Who locked the file, in words."""
    number, _, host = os.read(file, 200).decode(errors="replace").strip().partition(" ")
    if not number.isdecimal():
        return "another process"
    return f"process {number}" + (f" on {host}" if host != platform.node() else "")
