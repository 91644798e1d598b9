"""Options from signatures: names, types, defaults and help of functions and classes.

A docstring's "Args:", or the strings below a dataclass's fields, say what they mean.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, final, get_args, get_origin, get_type_hints

_KINDS = {int: "a whole number", float: "a number", str: "a text"}
_MANY = {int: "whole numbers", float: "numbers", str: "texts"}


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
    def expects(self) -> str:
        """What value it takes, in words."""
        kind = without_none(self.kind)
        if get_origin(kind) is Literal:
            return "one of " + ", ".join(map(str, get_args(kind)))
        if get_origin(kind) is tuple:
            return _MANY.get(get_args(kind)[0], "files")
        return _KINDS.get(kind, "a number" if get_args(kind) else "a value")


def options_of(
    part: Callable[..., Any],
    *,
    without: Iterable[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> list[Option]:
    """The options of a function or class, but for some; `renamed` have another flag."""
    hints = get_type_hints(part.__init__ if isinstance(part, type) else part)  # type: ignore[misc]
    help_ = documented(part)
    return [
        Option(
            name,
            (renamed or {}).get(name, name).replace("_", "-"),
            hints[name],
            parameter.default,
            help_.get(name, ""),
            parameter.kind is parameter.POSITIONAL_ONLY,
        )
        for name, parameter in inspect.signature(part).parameters.items()
        # A module without options of its own inherits *args, **kwargs.
        if name not in without
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def documented(part: Callable[..., Any]) -> dict[str, str]:
    """What a part's docstring says under "Args:", or below its fields, by option."""
    _, _, section = (inspect.getdoc(part) or "").partition("\nArgs:\n")
    section = textwrap.dedent(section.partition("\n\n")[0])
    entries = re.findall(r"^(\w+): (.*(?:\n +.*)*)", section, re.MULTILINE)
    if entries or not isinstance(part, type):
        return {name: " ".join(text.split()) for name, text in entries}
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for line, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            found[ast.unparse(line.target)] = " ".join(str(text).split())
    return found


def description(part: Callable[..., Any]) -> str:
    """A part's docstring up to its "Args:"."""
    return (inspect.getdoc(part) or "").partition("\n\nArgs:")[0]


def summary(part: Callable[..., Any]) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(part) or "").split("\n")[0]


def without_none(kind: Any) -> Any:
    """A type without the None of an option that may be absent."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    kinds = tuple(part for part in get_args(kind) if part is not NoneType)
    return kinds[0] if len(kinds) == 1 else Union[kinds]  # noqa: UP007
