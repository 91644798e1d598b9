"""Parsing: options become flags by argparse, and what it refuses becomes one sentence."""

import re
import shutil
import sys
import textwrap
from argparse import (
    SUPPRESS,
    ArgumentError,
    ArgumentParser,
    BooleanOptionalAction,
    RawDescriptionHelpFormatter,
)
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar, final

from vaekit.cli.messages import printable
from vaekit.cli.options import Option, description, options_of
from vaekit.errors import BadInput

_LIKE = 0.65  # how alike a flag must be to be meant: --batch is like --batch-size
T = TypeVar("T")
Arguments = list[str]
Groups = Mapping[str, Sequence[Option]]
"""Options under the heading they are listed by in help; under "" come the plain ones."""


@final
@dataclass(frozen=True)
class Parsed:
    """What was on the command line: the words given for options, by their keys."""

    words: Mapping[str, Any]

    def given_of(self, options: Iterable[Option]) -> dict[str, Any]:
        """The values of those options that were given, by the names in their signature.

        Raises BadInput for words that are no such values.
        """
        present = (option for option in options if option.key in self.words)
        return {option.name: option.read(self.words[option.key]) for option in present}

    def all_of(self, options: Iterable[Option]) -> dict[str, Any]:
        """The same, and defaults of the others."""
        listed = list(options)
        return {option.name: option.default for option in listed} | self.given_of(listed)


def command(function: Callable[..., None]) -> Callable[[Arguments], None]:
    """A command from a function: positional-only parameters by place, the others as flags."""
    return lambda arguments: call(function, f"vaekit {function.__name__}", arguments)


def call(
    function: Callable[..., T], prog: str, arguments: Arguments, *, without: Iterable[str] = ()
) -> T:
    """What a function gives for arguments, or its help; `without` some of its parameters."""
    options = options_of(function, without=without)
    if asks_help(arguments):
        show_help(prog, description(function), {"": options})
    values = parse(prog, options, arguments).all_of(options)
    placed = [values.pop(option.name) for option in options if option.positional]
    return function(*placed, **values)


def asks_help(arguments: Arguments) -> bool:
    """Whether help is wanted."""
    return "-h" in arguments or "--help" in arguments


def is_flag(word: str) -> bool:
    """Whether an argument is a flag, rather than a value such as -1."""
    return re.match(r"--?[A-Za-z]", word) is not None


def parse(prog: str, options: Sequence[Option], arguments: Arguments) -> Parsed:
    """What arguments give of options; where some share a flag, their values are read later.

    Raises BadInput for flags and words that none of them takes, and for what is missing.
    """
    flags = {option.flag: option for option in options if not option.positional}
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser._negative_number_matcher = re.compile(r"-(\.?\d|inf|nan)")  # no flags
    for flag, option in flags.items():
        parser.add_argument(f"--{flag}", default=SUPPRESS, **_action(option))
    try:
        found, left = parser.parse_known_args([_with_dashes(word) for word in arguments])
    except ArgumentError as error:  # it lacks a value, or has one that is not for it
        flag = (error.argument_name or "").partition("/")[0].removeprefix("--")
        raise BadInput(f"--{flag} takes {flags[flag].expects}.") from None
    for word in filter(is_flag, left):
        _refuse(word.partition("=")[0], flags)
    words = vars(found)
    for option in (option for option in options if option.positional):
        if left:
            words[option.key], left = (left, []) if option.many else (left[0], left[1:])
    if left:
        _refuse_word(prog, left[0], options)
    for option in options:
        if option.required and option.key not in words:
            raise BadInput(f"{prog} needs {option.label}: {option.help} See {prog} --help.")
    return Parsed(words)


def show_help(prog: str, about: str, groups: Groups) -> NoReturn:
    """Print what a command does and takes, and exit."""
    width = max(shutil.get_terminal_size().columns - 2, 20)
    placed = [_placed(option) for group in groups.values() for option in group if option.positional]
    parser = ArgumentParser(
        usage=" ".join([printable(prog).replace("%", "%%"), *placed, "[OPTIONS]"]),
        description="\n\n".join(
            textwrap.fill(text, width, break_on_hyphens=False) for text in about.split("\n\n")
        ),
        formatter_class=_Help,
    )
    for title, options in groups.items():
        group = parser.add_argument_group(f"{title} options") if title else parser
        for option in options:
            shown = f" (default: {option.shown_default})" if option.shown_default else ""
            more: dict[str, Any] = {"help": (option.help + shown).replace("%", "%%")}
            if option.positional:
                group.add_argument(option.name, metavar=_placed(option), **more)
            elif option.default is False:  # nobody asks for what is so already
                group.add_argument(option.label, action="store_true", **more)
            else:
                more |= {} if option.kind is bool else {"metavar": option.metavar}
                group.add_argument(option.label, default=SUPPRESS, **_action(option), **more)
    print(parser.format_help(), end="")
    sys.exit()


@final
class _Help(RawDescriptionHelpFormatter):
    """Argparse's layout, in which no path or name is cut at a hyphen."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        words = " ".join(text.split())
        return textwrap.wrap(words, width, break_on_hyphens=False, break_long_words=False)


def _action(option: Option) -> dict[str, Any]:
    if option.kind is bool:
        return {"action": BooleanOptionalAction}
    # Given twice, it has the values of both.
    return {"nargs": "*", "action": "extend"} if option.many else {}


def _placed(option: Option) -> str:
    label = f"{option.label} ..." if option.many else option.label
    return label if option.required else f"[{label}]"


def _with_dashes(word: str) -> str:
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if is_flag(word) else word


def _refuse_word(prog: str, word: str, options: Sequence[Option]) -> NoReturn:
    """Raise BadInput for a word too many, saying what there is to say."""
    placed = [option.label for option in options if option.positional]
    valued = (each for each in options if not each.positional and each.kind is not bool)
    first = next((option.label for option in valued), "")
    after = f"After {' '.join(placed)} {prog}" if placed else prog
    such = f"only options, such as {first}" if first else "nothing"
    raise BadInput(f"What is {word!r} for? {after} takes {such}; `--help` lists what there is.")


def _refuse(flag: str, flags: Iterable[str]) -> NoReturn:
    """Raise BadInput for a flag that there is not, suggesting the nearest."""
    name, known = flag.lstrip("-"), list(flags)
    near = get_close_matches(name, known, n=1, cutoff=_LIKE)
    near += [each for each in known if name == "".join(word[0] for word in each.split("-"))]
    hint = f"did you mean --{near[0]}?" if near else "`--help` lists those there are."
    raise BadInput(f"There is no option {flag} here: {hint}")
