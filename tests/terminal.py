"""A terminal for tests: what a process draws on it, as a person would see it."""

import codecs
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])")


class Terminal:
    """Lines of so many columns; what is longer wraps, as it does on a real one.

    drawn: how often its last line was erased to be drawn anew. wrapped: how many lines did wrap.
    """

    def __init__(self, columns: int) -> None:
        self.columns, self.lines = columns, [""]
        self.row = self.column = self.wrapped = self.drawn = 0

    def feed(self, text: str) -> None:
        """Take what was written to it."""
        place = 0
        while place < len(text):
            control = _CONTROL.match(text, place)
            if control:
                self._control(control[1], control[2])
                place = control.end()
                continue
            self._letter(text[place])
            place += 1

    def shown(self) -> list[str]:
        """The lines, without spaces at their ends."""
        return [line.rstrip() for line in self.lines]

    def _control(self, numbers: str, letter: str) -> None:
        count = int(numbers) if numbers.isdigit() else 1
        if letter == "A":
            self.row = max(0, self.row - count)
        elif letter == "K":
            self.lines[self.row] = ""
            self.drawn += 1
        elif letter not in "mhlG":
            raise AssertionError(f"the test's terminal does not know {letter}")

    def _letter(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self._down()
        else:
            if self.column == self.columns:
                self.wrapped += 1
                self.column = 0
                self._down()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")


def on_a_terminal(
    command: Sequence[str],
    columns: int,
    folder: Path,
    keys: dict[str, bytes] | None = None,
    kind: str = "xterm",
) -> tuple[int, Terminal, str]:
    """Run a command on a terminal of so many columns: its exit code, what is seen, what was sent.

    keys: what is typed once a text has been seen. kind: of terminal, as terminfo calls it.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    unset = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment | {"TERM": kind},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=_its_terminal,
    )
    os.close(theirs)
    sent, waiting = "", dict(keys or {})
    for heard in written(ours):
        sent += heard
        for text in [text for text in waiting if text in sent]:
            os.write(ours, waiting.pop(text))
    os.close(ours)
    terminal = Terminal(columns)
    terminal.feed(sent)
    return process.wait(60), terminal, sent


def _its_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def written(terminal: int) -> Iterator[str]:
    """What is written to a terminal, piece by piece, until nobody has it open any more."""
    decoder = codecs.getincrementaldecoder("utf-8")()  # a letter may come in two pieces
    with contextlib.suppress(OSError):  # which is how Linux says that nobody has
        while data := os.read(terminal, 65_536):
            yield decoder.decode(data)
