"""What training shows while it runs."""

import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_EVERY = 0.25  # seconds between two drawings
_RECENT = 5  # epochs that the time left is judged by
_MARGIN = 3  # columns left free: a terminal writes ^C behind the bar
_LEAST, _MOST = 8, 24  # columns of the bar
_GAP = "  "


class _Part(NamedTuple):
    """Words of a line, and how soon they go where it is too long: the highest rank first."""

    words: str
    rank: int = 0


@final
class Display:
    """Where training is, on stderr: a line for each finished epoch, on a terminal above a bar.

    The bar says how much time all epochs still take. What is drawn is drawn by the training
    loop, as a thread would take turns with it, at most four times a second, and fits the width
    of the terminal.

    unit: what data points are called. live: what draws on a terminal. lines: whether each epoch
        is said where there is none.
    """

    def __init__(
        self,
        epochs: int,
        points: int,
        unit: str = "rows",
        live: Live | None = None,
        lines: bool = False,
    ) -> None:
        self._epochs, self._points, self._unit = epochs, points, unit
        self._live, self._lines = live, lines
        self._next = 0.0
        self._waiting: list[list[_Part]] = []  # lines of epochs that are not drawn yet
        self._widths: dict[str, int] = {}
        self._trained = self._in_all = 0
        self._since = time.monotonic()
        self._marks = deque([(self._since, 0)], _RECENT + 1)  # when so many points were trained

    def due(self) -> bool:
        """Whether a terminal wants news."""
        return self._live is not None and time.monotonic() >= self._next

    def step(self, points: int) -> None:
        """Count data points trained."""
        self._trained += points
        self._in_all += points

    def per_second(self) -> float:
        """Data points trained in a second since the last epoch began."""
        return self._trained / max(time.monotonic() - self._since, 1e-9)

    def show(self, epoch: int, done: int, means: Mapping[str, Any]) -> None:
        """Draw the bar: an epoch (from 1) under way with so many data points done."""
        if self._live is None:
            return
        named = enumerate(_named(means))
        parts = [_Part(words, 2 if place == 0 else 3 + place) for place, words in named]
        ends = [_Part(self._speed(), 3), _Part(self._left(epoch, done), 1)]
        self._draw(self._live, epoch, done, [*parts, *ends])

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Say how an epoch ended."""
        number, seconds = record["epoch"], time.monotonic() - self._since
        ends = [self._speed(), f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"]
        self._marks.append((time.monotonic(), self._in_all))
        left = self._left(number, self._points)
        if self._live is not None:
            self._waiting.append(self._kept(record, *ends))
            if self.due():
                self._draw(self._live, number, self._points, [_Part(left, 1)])
        elif self._lines:
            parts = [f"epoch {number}/{self._epochs}", *_named(record["train"])]
            if record["validation"]:
                first, *others = _named(record["validation"])
                parts += [f"| validation: {first}", *others]
            print(*filter(None, [*parts, *ends, left]), sep=_GAP, file=sys.stderr, flush=True)
        self._trained, self._since = 0, time.monotonic()

    def close(self) -> None:
        """Draw what waits to be drawn."""
        if self._live is not None and self._waiting:
            self._live.update(Text(""))
            self._print(self._live.console)

    def _kept(self, record: Mapping[str, Any], speed: str, seconds: str) -> list[_Part]:
        """The line that a terminal keeps of an epoch; numbers stand below each other."""
        means = enumerate(_scalars(record["train"]))
        named = [(*mean, 1 if place == 0 else 2 + place) for place, mean in means]
        if record["validation"]:
            named.append(("validation", _short(record["validation"]["loss"]), 1))
        parts = [_Part(self._title(record["epoch"]))]
        for name, value, rank in named:
            width = self._widths[name] = max(self._widths.get(name, 0), len(value))
            parts.append(_Part(f"{name} {value:>{width}}", rank))
        return [*parts, _Part(speed, 2), _Part(seconds, 2)]

    def _draw(self, live: Live, epoch: int, done: int, parts: Sequence[_Part]) -> None:
        width = live.console.width - _MARGIN
        words = _fitted([_Part(self._title(epoch)), *parts], width - _LEAST - len(_GAP))
        room = width - len(_GAP.join([*words, ""]))
        line = Table.grid(padding=(0, len(_GAP), 0, 0))
        bar = ProgressBar(total=self._points, completed=done, width=min(max(room, 0), _MOST))
        title, *others = [Text(each, no_wrap=True) for each in words]
        line.add_row(title, bar, *others)
        live.update(line)
        if self._waiting:
            self._print(live.console)  # which draws the bar below, too
        else:
            live.refresh()
        self._next = time.monotonic() + _EVERY

    def _print(self, console: Console) -> None:
        width = console.width - _MARGIN
        lines = (_GAP.join(_fitted(parts, width)) for parts in self._waiting)
        console.print(Text("\n".join(lines)), no_wrap=True, overflow="crop", crop=True)
        self._waiting.clear()

    def _title(self, epoch: int) -> str:
        return f"epoch {epoch:>{len(str(self._epochs))}}/{self._epochs}"

    def _speed(self) -> str:
        return f"{self.per_second():,.0f} {self._unit}/s"

    def _left(self, epoch: int, done: int) -> str:
        """The time that all epochs still take; nothing where that is not known or none is left."""
        more = (self._epochs - epoch + 1) * self._points - done
        since, before = self._marks[0]
        trained = self._in_all - before
        if not trained or not more:
            return ""
        return f"{_clock((time.monotonic() - since) / trained * more)} left"


@contextmanager
def display(epochs: int, points: int, unit: str, wanted: bool) -> Iterator[Display]:
    """A display for as long as training runs: silent, lines or, on a terminal, a bar, too."""
    console = Console(stderr=True)
    if not (wanted and sys.stderr.isatty()) or console.is_dumb_terminal:
        yield Display(epochs, points, unit, lines=wanted)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        shown = Display(epochs, points, unit, live)
        try:
            yield shown
        finally:
            shown.close()


def _fitted(parts: Sequence[_Part], width: int) -> list[str]:
    """The words that fit a width, in their order; those of rank 0 stay in any case."""
    kept = [part for part in parts if part.words]
    while len(_GAP.join(part.words for part in kept)) > width:
        last = max(kept, key=lambda part: part.rank)
        if not last.rank:
            break
        kept.remove(last)
    return [part.words for part in kept]


def _scalars(means: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), _short(value))
        for name, value in means.items()
        if isinstance(value, int | float)
    ]


def _named(means: Mapping[str, Any]) -> list[str]:
    return [f"{name} {value}" for name, value in _scalars(means)]


def _short(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.2g}"


def _clock(seconds: float) -> str:
    """A time as 0:05, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
