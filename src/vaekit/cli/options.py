"""Options from signatures and docstrings: names, types, defaults and what they mean."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, final, get_args, get_origin, get_type_hints

from docstring_parser import parse_from_object

from vaekit.errors import BadInput

# By type: the word for a value in help, and what one and many are called in errors.
_WORDS: dict[Any, tuple[str, str, str]] = {
    int: ("INT", "a whole number", "whole numbers"),
    float: ("NUMBER", "a number", "numbers"),
    str: ("TEXT", "a text", "texts"),
    Path: ("PATH", "a file", "files"),
    bool: ("", "no value", ""),
}


@final
@dataclass(frozen=True)
class Option:
    """One option of a part.

    name: in the signature. flag: on the command line, without dashes.
    positional: whether it is given by its place.
    """

    name: str
    flag: str
    kind: Any
    default: Any
    help: str
    positional: bool = False

    @property
    def key(self) -> str:
        """The flag as an identifier."""
        return self.flag.replace("-", "_")

    @property
    def label(self) -> str:
        """What it is called in help and errors."""
        return self.name.upper() if self.positional else f"--{self.flag}"

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    @property
    def many(self) -> bool:
        """Whether it takes several values."""
        return any(get_origin(kind) is tuple for kind in _either(self.kind))

    @property
    def choices(self) -> tuple[str, ...]:
        """The only values it takes, if there are such."""
        return tuple(
            each for kind in _either(self.kind) for each in get_args(kind) if not self.many
        )

    @property
    def metavar(self) -> str:
        """The word for a value in help."""
        return "{" + ",".join(self.choices) + "}" if self.choices else _WORDS[self._types[-1]][0]

    @property
    def expects(self) -> str:
        """What value it takes, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return _WORDS[self._types[-1]][2 if self.many else 1]

    @property
    def shown_default(self) -> str:
        """The default as one would type it; nothing where there is none to type."""
        if self.kind is bool:
            return self.label if self.default is True else ""
        if self.required or self.default in (None, ()):
            return ""
        return " ".join(map(str, self.default)) if self.many else str(self.default)

    def read(self, given: Any) -> Any:
        """The value that a word means, or several words; raises BadInput where they mean none."""
        if self.many and not given and self.default == ():
            raise BadInput(f"{self.label} takes {self.expects}, and there are none.")
        if self.many and self._types[-1] in (int, float):  # as 4,5 or 4 5
            given = [part for word in given for part in word.split(",")]
        try:
            return tuple(map(self._read, given)) if self.many else self._read(given)
        except ValueError:
            words = " ".join(given) if self.many else given
            raise BadInput(f"{self.label} takes {self.expects}, not {words!r}.") from None

    @property
    def _types(self) -> tuple[Any, ...]:
        """The types of a value, the strictest first."""
        kinds = _either(self.kind)
        return get_args(kinds[0])[:1] if self.many else kinds

    def _read(self, word: Any) -> Any:
        if self.choices and word not in self.choices:
            raise ValueError
        if self.choices:
            return word
        *first, last = self._types
        for kind in first:
            try:
                return kind(word)
            except ValueError:
                continue
        return last(word)


def options_of(
    part: Callable[..., Any],
    *,
    without: Iterable[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> list[Option]:
    """The options of a function or class, but for some; `renamed` have another flag."""
    hints = get_type_hints(part.__init__ if isinstance(part, type) else part)  # type: ignore[misc]
    told = {entry.arg_name: entry.description for entry in parse_from_object(part).params}
    return [
        Option(
            name,
            (renamed or {}).get(name, name).rstrip("_").replace("_", "-"),  # from_: --from
            hints[name],
            parameter.default,
            " ".join((told.get(name) or "").split()),
            parameter.kind is parameter.POSITIONAL_ONLY,
        )
        for name, parameter in inspect.signature(part).parameters.items()
        # A module without options of its own inherits *args, **kwargs.
        if name not in without
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def description(part: Callable[..., Any]) -> str:
    """A part's docstring up to its "Args:"."""
    return (inspect.getdoc(part) or "").partition("\n\nArgs:")[0]


def summary(part: Callable[..., Any]) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(part) or "").split("\n")[0]


def _either(kind: Any) -> tuple[Any, ...]:
    """The types of a union without its None; the one type of what is none."""
    union = get_origin(kind) in (Union, UnionType)
    return tuple(each for each in get_args(kind) if each is not NoneType) if union else (kind,)
