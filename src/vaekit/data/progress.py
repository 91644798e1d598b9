"""A progress bar on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(
    title: str, total: int | None, shown: bool, *, passing: bool = False
) -> Iterator[Callable[..., None]]:
    """Give a function that sets how much is done, and of what total where that is not known.

    passing: whether it goes when all is done, and is left out where no terminal shows it.
    """
    if not shown:
        yield lambda done, total=None: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    hidden = passing and not console.is_terminal  # a file would get empty lines
    with Progress(*columns, console=console, disable=hidden, transient=passing) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done, total=None: progress.update(task, completed=done, total=total)
