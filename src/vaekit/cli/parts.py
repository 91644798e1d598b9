"""Flags of a recipe, a network, a likelihood and a corruption, which depend on names and data.

Which network and likelihood there are by default follows from the data's shape, and which
data from other flags. So the flags of all of them are parsed, and those of the ones that
the shape does not lead to are refused once it is known. A flag that parts of two sorts share
means the one that is chosen; where both are, each has a flag of its own, as --corruption-scale.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from vaekit.cli.flags import Arguments, Groups, Parsed, asks_help, parse, show_help
from vaekit.cli.options import Option, options_of, summary
from vaekit.errors import BadInput, lookup
from vaekit.kinds import KINDS
from vaekit.nets import Shape
from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES, part_for
from vaekit.spec import PARTS, Spec

Rows = tuple[str, Shape]
"""The kind of some data and the shape of their rows."""

_PARTS: dict[str, dict[str, Any]] = {
    "net": NETS,
    "likelihood": LIKELIHOODS,
    "corruption": CORRUPTIONS,
}
_EVERY = [(kind, name) for kind, table in _PARTS.items() for name in table]
_NONE = {"corruption"}  # kinds of which there is none by default
CHOICES = [
    Option(
        kind,
        kind,
        str | None,
        None,
        f"Noise in what the encoder reads while training: {', '.join(table)}; none by default."
        if kind in _NONE
        else f"One of {', '.join(table)}; by default from the data's shape.",
    )
    for kind, table in _PARTS.items()
]


def recipe_options(recipe: str) -> list[Option]:
    """The flags of a recipe; raises BadInput where there is none of this name."""
    part = lookup("recipe", RECIPES, recipe)
    return options_of(part, without=PARTS)


def spec_from(
    prog: str,
    recipe: str,
    arguments: Arguments,
    groups: Groups,
    rows_of: Callable[[Parsed], Rows],
    likely: Rows | None,
) -> tuple[Parsed, Spec]:
    """Parse a command's flags and those of the model, or print help that lists exactly these.

    groups: the command's own. rows_of: the data's kind and shape, from what was parsed.
    likely: these where they are known without looking; for the help alone.

    Raises BadInput for an unknown recipe, network, likelihood or flag.
    """
    of_recipe = recipe_options(recipe)
    listed = [*of_recipe, *(option for group in groups.values() for option in group)]
    of_parts = [option for kind, name in _EVERY for option in _options(kind, name)]
    helped = asks_help(arguments)
    words = [word for word in arguments if word not in ("-h", "--help")]
    parsed = parse(prog, [*of_parts, *listed], words)
    names: dict[str, str] = dict.fromkeys(_NONE, "") | parsed.given_of(CHOICES)
    for kind, name in names.items():
        if name or kind not in _NONE:
            lookup(kind, _PARTS[kind], name)
    if helped:
        usually = {} if likely is None else _defaults(recipe, *likely)
        _show_help(prog, recipe, groups, usually | names)
    parsed.given_of(listed)  # refuses what it cannot read before data are loaded
    _refuse_others(parsed, names)
    data, shape = rows_of(parsed)
    names = _defaults(recipe, data, shape) | names
    _refuse_others(parsed, names)
    chosen: dict[str, Any] = dict(names)
    for kind, name in names.items():
        chosen[f"{kind}_options"] = parsed.given_of(_options(kind, name)) if name else {}
    return parsed, Spec(recipe, shape, parsed.given_of(of_recipe), **chosen, kind=data)


def _options(kind: str, name: str) -> list[Option]:
    """The flags of a part: each by its own name, and those that are shared by a longer one too."""
    own = options_of(_PARTS[kind][name])
    return own + [_longer(kind, option) for option in own if option.key in _SHARED]


def _longer(kind: str, option: Option) -> Option:
    return replace(option, flag=f"{kind}-{option.flag}")


def _keys(kind: str) -> set[str]:
    return {option.key for part in _PARTS[kind].values() for option in options_of(part)}


_SHARED = {
    key for kind in _PARTS for other in _PARTS if kind < other for key in _keys(kind) & _keys(other)
}


def _defaults(recipe: str, data: str, shape: Shape) -> dict[str, str]:
    return {
        kind: part_for(kind, RECIPES[recipe], getattr(KINDS[data], kind)(shape))
        for kind in _PARTS
        if kind not in _NONE
    }


def _show_help(prog: str, recipe: str, groups: Groups, names: Mapping[str, str]) -> NoReturn:
    about = summary(RECIPES[recipe])
    if len(names) < len(_PARTS):
        about += (
            " Network and likelihood follow from the data's shape: "
            "add --net or --likelihood to see their options."
        )
    chosen = {kind: options_of(_PARTS[kind][name]) for kind, name in names.items() if name}
    model = {f"recipe {recipe}": recipe_options(recipe)}
    for kind, own in chosen.items():
        others = {each.key for other in chosen if other != kind for each in chosen[other]}
        shown = [_longer(kind, option) if option.key in others else option for option in own]
        model[f"{kind} {names[kind]}"] = shown
    show_help(prog, about, {"": groups[""], **model, **groups})  # before data and training


def _refuse_others(parsed: Parsed, names: Mapping[str, str]) -> None:
    """Refuse flags of parts that were not chosen, saying whose they are, or of two that were."""
    owners: dict[str, list[tuple[str, str, Option]]] = {}
    for kind, name in _EVERY:
        for option in _options(kind, name):
            if option.key in parsed.words:
                owners.setdefault(option.key, []).append((kind, name, option))
    for listed in owners.values():
        chosen = [(kind, option) for kind, name, option in listed if names.get(kind) == name]
        kind, name, option = listed[0]
        if len(chosen) > 1:
            flags = " and ".join(_longer(kind, option).label for kind, option in chosen)
            raise BadInput(f"{option.label} could be that of both: say {flags}.")
        if not chosen and all(kind in names for kind, _, _ in listed):
            whose = " or ".join(dict.fromkeys(f"--{kind} {name}" for kind, name, _ in listed))
            others = (
                f"the {kind} is {names[kind]}" if names[kind] else f"there is no {kind}"
                for kind in dict.fromkeys(kind for kind, _, _ in listed)
            )
            raise BadInput(f"{option.label} is an option of {whose}, but {' and '.join(others)}.")
