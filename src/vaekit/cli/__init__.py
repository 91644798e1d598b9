"""The command line: which commands there are, their help, and how errors look.

Commands live in the modules of this package and are imported when called, so that
`vaekit --help` needs nothing but this file.
"""

import io
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib import import_module
from typing import Any, NamedTuple, final

from vaekit.cli.messages import on_one_line
from vaekit.errors import BadInput, Interrupted, nearest
from vaekit.memory import bounded

BAD_INPUT = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
_HELP = ("-h", "--help", "help")


class Command(NamedTuple):
    """A command: the heading it is listed under, one line about it, and where it lives."""

    heading: str
    line: str
    home: str


COMMANDS = {
    "demo": Command(
        "Start here",
        "an autoencoder and a VAE side by side on small digits, in a minute",
        "reports:demo",
    ),
    "recipes": Command(
        "Start here", "the models there are, with papers and options", "lists:recipes"
    ),
    "datasets": Command("Start here", "the data sets known by name", "lists:datasets"),
    "train": Command("Train", "train a recipe on data; the result is a run", "train:train"),
    "resume": Command("Train", "go on with a run that was stopped", "train:resume"),
    "runs": Command("Train", "the runs there are; compare or remove some", "runs:runs"),
    "figures": Command("Look and measure", "draw a run's pictures", "measure:figures"),
    "evaluate": Command(
        "Look and measure", "ELBO, rate, distortion and more, in nats", "measure:evaluate"
    ),
    "describe": Command(
        "Look and measure", "every layer with its output and parameters", "describe:describe"
    ),
    "explore": Command(
        "Look and measure", "walk through a run's model in the browser", "explore:explore"
    ),
    "sample": Command("Use", "new data from the prior", "use:sample"),
    "reconstruct": Command("Use", "data, encoded and decoded again", "use:reconstruct"),
    "denoise": Command("Use", "noise taken off pictures, or measured", "denoise:denoise"),
    "encode": Command("Use", "data to codes, as Parquet, CSV or .npy", "use:encode"),
    "decode": Command("Use", "codes to data", "use:decode"),
    "grid": Command("Edit", "codes under every value of what a model is told", "grids:grid"),
    "attributes": Command(
        "Edit", "directions of attributes: lengths, accuracies, leaks", "edit:attributes"
    ),
    "edit": Command("Edit", "pictures with an attribute added, step by step", "edit:edit"),
    "interpolate": Command("Edit", "the way from one picture to another", "walks:interpolate"),
    "traverse": Command("Edit", "one coordinate of a code at a time", "walks:traverse"),
    "reproduce": Command(
        "Reproduce", "published results, trained anew and measured", "reports:reproduce"
    ),
}

EXAMPLES = (
    "vaekit demo",
    "vaekit train vae mnist --latent 2 --epochs 20",
    "vaekit figures vae-mnist-1",
    "vaekit encode vae-mnist-1 --out codes.parquet",
    "vaekit edit faces --image me.jpg --attribute Eyeglasses",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code: 0, 2 for bad input, 130 when interrupted.

    141 when the reader of a pipe has seen enough.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    os.environ["MPLBACKEND"] = "agg"  # figures go to files; one of windows may not be there
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed, and the next file opened would take its place
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):  # a terminal may lack ± and its like
            stream.reconfigure(errors="replace")
    if os.environ.get("RANK", "0") != "0":  # one of several processes: the first one speaks
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        with redirect_stderr(_Unfailing(sys.stderr)):
            code = _outcome(arguments)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        code = BROKEN_PIPE
    for stream in (sys.stdout, sys.stderr):
        _give_up_on_the_rest(stream)
    return code


@final
class _Unfailing:
    """A stream for what is only told: no run ends because it cannot be, but for a closed pipe."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _outcome(arguments: list[str]) -> int:
    """The exit code of a command; what it raises is said in a line."""
    try:
        with _one_line_each(), bounded():
            code = _call(arguments)
            sys.stdout.flush()
            return code
    except BadInput as error:
        return _fail(error)
    except (Interrupted, KeyboardInterrupt) as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(f"{error.filename or 'The system'}: {error.strerror or error}.")


def _give_up_on_the_rest(stream: Any) -> None:
    """Drop what a stream still holds and cannot write, or Python would fail at it in the end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def help_text() -> str:
    """What `vaekit --help` prints."""
    lines = ["vaekit: compose, train, judge and use variational autoencoders.", ""]
    lines += ["  vaekit COMMAND …          `vaekit COMMAND --help` lists its options"]
    heading = ""
    for name, command in COMMANDS.items():
        if command.heading != heading:
            heading = command.heading
            lines += ["", heading]
        lines.append(f"  {name:<12} {command.line}")
    return "\n".join([*lines, "", "Examples", *(f"  {example}" for example in EXAMPLES)])


def _call(arguments: list[str]) -> int:
    if len(arguments) > 1 and arguments[0] in _HELP and arguments[1] in COMMANDS:
        arguments = [arguments[1], "--help"]
    if not arguments or arguments[0] in _HELP:
        print(help_text())
        return 0
    name, *rest = arguments
    if name == "--version":
        from vaekit import __version__

        print(__version__)
        return 0
    if name not in COMMANDS:
        hint = nearest(name, COMMANDS, "`vaekit --help` lists them.")
        raise BadInput(f"There is no command {name!r}: {hint}")
    module, _, function = COMMANDS[name].home.partition(":")
    try:
        getattr(import_module(f"vaekit.cli.{module}"), function)(rest)
    except SystemExit as stop:  # after help; or by rich, with 1, at a closed pipe
        return BROKEN_PIPE if stop.code else 0
    return 0


def _fail(error: object) -> int:
    _say(f"error: {error}")
    return BAD_INPUT


def _say(text: str) -> None:
    print(on_one_line(text), file=sys.stderr)


@contextmanager
def _one_line_each() -> Iterator[None]:
    """Show a warning, or a thread that failed, as a line, without the place in the code."""

    def show(message: Warning | str, category: Any, *place: Any, **more: Any) -> None:
        _say(f"warning: {message}")

    def ended(thread: threading.ExceptHookArgs) -> None:
        _say(f"warning: {thread.exc_value}")

    before = threading.excepthook
    with warnings.catch_warnings():
        warnings.showwarning = show
        threading.excepthook = ended
        try:
            yield
        finally:
            threading.excepthook = before
