"""Parsing: options become flags, by tyro, and what it refuses becomes one sentence."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, make_dataclass
from difflib import get_close_matches
from io import StringIO
from itertools import dropwhile, takewhile
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, final, get_args, get_origin

from vaekit.cli.options import Option, description, options_of, without_none
from vaekit.errors import BadInput

Arguments = list[str]


@final
@dataclass(frozen=True)
class Parsed:
    """What was given.

    values: by option key, defaults included. given: the keys on the command line.
    left: arguments that no option took.
    """

    values: dict[str, Any]
    given: frozenset[str]
    left: Arguments

    def all_of(self, options: Iterable[Option]) -> dict[str, Any]:
        """The values of some options by the names in their signature."""
        return {option.name: self.values[option.key] for option in options}

    def given_of(self, options: Iterable[Option]) -> dict[str, Any]:
        """Those among them that were on the command line."""
        return self.all_of(option for option in options if option.key in self.given)


def command(function: Callable[..., None]) -> Callable[[Arguments], None]:
    """A command from a function: positional-only parameters by place, the others as flags."""

    def run(arguments: Arguments) -> None:
        name = function.__name__
        options = options_of(function)
        about = description(function)
        parsed = parse(f"vaekit {name}", about, {"": options}, arguments)
        placed = [parsed.values[option.key] for option in options if option.positional]
        flags = parsed.all_of(option for option in options if not option.positional)
        function(*placed, **flags)

    return run


def parse(
    prog: str,
    about: str,
    groups: Mapping[str, Sequence[Option]],
    arguments: Arguments,
    *,
    partly: bool = False,
) -> Parsed:
    """Parse arguments, or print help and exit.

    groups: options under the heading they are listed by; under "" come the plain ones.
    partly: give what no option takes back, as `left`, instead of refusing it.

    Raises BadInput for what cannot be parsed.
    """
    import tyro

    options = [option for group in groups.values() for option in group]
    heard = StringIO()
    try:
        with redirect_stderr(heard):
            values, left = tyro.cli(
                _structure(groups),
                prog=prog,
                description=about,
                args=arguments,
                return_unknown_args=True,
                config=(tyro.conf.OmitArgPrefixes,),
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise BadInput(_problem(heard.getvalue(), prog, options, arguments)) from None
    if left and not partly:
        refuse(left, [option.flag for option in options])
    return Parsed(_flat(values, groups), _given(arguments, options), left)


@contextmanager
def renamed(**flags: str) -> Iterator[None]:
    """Errors about parameters of the library that are flags by another name here."""
    try:
        yield
    except BadInput as error:
        text = str(error)
        for parameter, flag in flags.items():
            text = text.replace(f"`{parameter}`", f"`{flag}`")
        raise BadInput(text) from error


def asks_help(arguments: Arguments) -> bool:
    """Whether help is wanted."""
    return "-h" in arguments or "--help" in arguments


def is_flag(word: str) -> bool:
    """Whether an argument is a flag, rather than a value such as -1."""
    return re.match(r"--?[A-Za-z]", word) is not None


def value_of(flag: str, arguments: Arguments, *, many: bool = False) -> str:
    """What follows a flag, before parsing: one word, or many up to the next flag."""
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == flag and equals:
            return value
        if name == flag:
            words = list(takewhile(lambda word: not word.startswith("--"), arguments[place + 1 :]))
            return " ".join(words if many else words[:1])
    return ""


def refuse(left: Arguments, flags: Iterable[str]) -> None:
    """Raise BadInput for an argument that no option took, suggesting the nearest flag."""
    first = next(filter(is_flag, left), left[0])
    if not is_flag(first):
        raise BadInput(f"What is {first!r} for? `--help` lists what this command takes.")
    name = first.partition("=")[0].lstrip("-").replace("_", "-")
    near = get_close_matches(name, flags, n=1)
    hint = f"did you mean --{near[0]}?" if near else "`--help` lists those there are."
    raise BadInput(f"There is no option {first.partition('=')[0]} here: {hint}")


def _structure(groups: Mapping[str, Sequence[Option]]) -> Any:
    """The dataclass whose fields tyro makes flags of."""
    import tyro

    fields: list[Any] = []
    for number, (title, options) in enumerate(groups.items()):
        if not title:
            fields += [_field(option) for option in options]
        elif options:
            group: Any = make_dataclass(f"Group{number}", [_field(option) for option in options])
            annotation = Annotated[(group, tyro.conf.arg(name=title))]
            fields.append((f"group_{number}", annotation, field(default_factory=group)))
    return make_dataclass("Options", fields, kw_only=True)


def _field(option: Option) -> tuple[str, Any, Any]:
    import tyro

    marks: list[Any] = [tyro.conf.arg(help=option.help, metavar=_metavar(option))]
    if option.positional:
        marks.append(tyro.conf.Positional)
    if option.default is False:
        marks.append(tyro.conf.FlagCreatePairsOff)
    missing = option.default is inspect.Parameter.empty
    default = field() if missing else field(default=option.default)
    return option.key, Annotated[(option.kind, *marks)], default


def _metavar(option: Option) -> str | None:
    kind = without_none(option.kind)
    if option.positional:
        return option.name.upper()
    names = {int: "INT", float: "NUMBER", str: "TEXT", Path: "FILE"}
    if get_origin(kind) is Literal:
        return "{" + ",".join(map(str, get_args(kind))) + "}"
    if get_origin(kind) is tuple:
        return f"{names.get(get_args(kind)[0], 'FILE')} ..."
    if get_args(kind) and get_origin(kind) in (Union, UnionType):
        return "NUMBER"
    return names.get(kind) if kind is not option.kind or kind is str or kind is float else None


def _flat(values: Any, groups: Mapping[str, Sequence[Option]]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for number, (title, options) in enumerate(groups.items()):
        home = getattr(values, f"group_{number}") if title and options else values
        flat |= {option.key: getattr(home, option.key) for option in options}
    return flat


def _given(arguments: Arguments, options: Sequence[Option]) -> frozenset[str]:
    words = {
        argument.partition("=")[0][2:].replace("-", "_")
        for argument in arguments
        if argument.startswith("--")
    }
    keys = {option.key for option in options}
    return frozenset(keys & (words | {word.removeprefix("no_") for word in words}))


def _problem(heard: str, prog: str, options: Sequence[Option], arguments: Arguments) -> str:
    """One sentence from the box in which tyro explains why it refused."""
    _, *lines = (line.strip("│ ") for line in heard.splitlines())
    body = dropwhile(_is_ruler, lines)
    text = " ".join(takewhile(lambda line: not _is_ruler(line), body))
    named = re.findall(r"--([\w-]+)", text)
    for option in options:
        if option.flag in named:
            many = get_origin(without_none(option.kind)) is tuple
            given = value_of(f"--{option.flag}", arguments, many=many)
            found = f", not {given!r}" if given else ""
            return f"--{option.flag} takes {option.expects}{found}."
    for option in (option for option in options if option.positional):
        if option.default is inspect.Parameter.empty and option.name.upper() in text:
            return f"{prog} needs {option.name.upper()}: {option.help} See {prog} --help."
        if f"'{option.name}'" in text:
            return f"{option.name.upper()} must be {option.expects}. See {prog} --help."
    return f"{text} See {prog} --help."


def _is_ruler(line: str) -> bool:
    return len(line) > 1 and set(line) <= set("─-")
