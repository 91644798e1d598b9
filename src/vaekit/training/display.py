"""What training shows while it runs."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final


@final
class Display:
    """Where training is: a bar on a terminal, a line for each epoch elsewhere, on stderr."""

    def __init__(self, epochs: int, points: int, bar: Any = None, lines: bool = False) -> None:
        self._epochs, self._points = epochs, points
        self._bar, self._lines = bar, lines
        self._task = None if bar is None else bar.add_task("", total=points, numbers="")
        self._next = 0.0
        self._validation = ""
        self._trained = 0
        self._since = time.monotonic()

    def due(self) -> bool:
        """Whether the bar wants news: four times a second at most."""
        return self._bar is not None and time.monotonic() >= self._next

    def step(self, points: int) -> None:
        """Count data points trained."""
        self._trained += points

    def per_second(self) -> float:
        """Data points trained in a second since the last epoch began."""
        return self._trained / max(time.monotonic() - self._since, 1e-9)

    def show(self, epoch: int, done: int, means: dict[str, float]) -> None:
        """Draw the bar: an epoch (from 1) under way with so many data points done."""
        if self._bar is not None:
            first = dict(list(means.items())[:3])  # more does not fit on a line
            numbers = f"{_numbers(first)}{self._validation}  {self.per_second():,.0f}/s"
            title = f"epoch {epoch}/{self._epochs}"
            self._bar.update(self._task, description=title, completed=done, numbers=numbers)
            self._bar.refresh()
            self._next = time.monotonic() + 0.25

    def epoch(self, record: dict[str, Any]) -> None:
        """Say how an epoch ended."""
        if record["validation"]:
            self._validation = f"  validation {_short(record['validation']['loss'])}"
        self.show(record["epoch"], self._points, record["train"])
        if self._lines:
            parts = [f"epoch {record['epoch']}/{self._epochs}", _numbers(record["train"])]
            if record["validation"]:
                parts.append("| validation: " + _numbers(record["validation"]))
            print("  ".join([*parts, f"{self.per_second():,.0f}/s"]), file=sys.stderr, flush=True)
        self._trained, self._since = 0, time.monotonic()


@contextmanager
def display(epochs: int, points: int, wanted: bool) -> Iterator[Display]:
    """A display for as long as training runs: silent, lines or, on a terminal, a bar."""
    if not (wanted and sys.stderr.isatty()):
        yield Display(epochs, points, lines=wanted)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[numbers]}"),
    )
    # Without a thread of its own: it would take turns with the training loop.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        yield Display(epochs, points, bar)


def _numbers(means: dict[str, Any]) -> str:
    scalars = {name: value for name, value in means.items() if isinstance(value, int | float)}
    return "  ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in scalars.items())


def _short(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.2g}"
