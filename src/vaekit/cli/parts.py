"""Flags of a recipe, a network and a likelihood, which depend on names and on data.

Which network and likelihood there are by default follows from the data's shape, and which
data from other flags. So parsing has two stages: everything that is known from names alone,
then, with the shape, the flags of the defaults.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vaekit.cli.flags import Arguments, Parsed, asks_help, is_flag, parse, refuse, value_of
from vaekit.cli.options import Option, options_of, summary
from vaekit.errors import BadInput
from vaekit.nets import Shape
from vaekit.recipes import LIKELIHOODS, NETS, RECIPES, default_likelihood, default_net
from vaekit.spec import PARTS, Spec, lookup

Groups = Mapping[str, Sequence[Option]]

_PARTS: dict[str, tuple[dict[str, Any], Callable[[Shape], str]]] = {
    "net": (NETS, default_net),
    "likelihood": (LIKELIHOODS, default_likelihood),
}
CHOICES = [
    Option(
        kind,
        kind,
        str | None,
        None,
        f"One of {', '.join(table)}; by default from the data's shape.",
    )
    for kind, (table, _) in _PARTS.items()
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
    shape_of: Callable[[Parsed], Shape],
    likely: Shape | None,
) -> tuple[Parsed, Spec]:
    """Parse a command's flags and those of the model, or print help that lists exactly these.

    groups: the command's own. shape_of: the data's shape, from what was parsed so far.
    likely: their shape where it is known without looking; for the help alone.

    Raises BadInput for an unknown recipe, network, likelihood or flag.
    """
    of_recipe = recipe_options(recipe)
    names = {kind: _named(kind, arguments) for kind in _PARTS}
    if asks_help(arguments) and likely is not None:
        names |= {kind: _PARTS[kind][1](likely) for kind, name in names.items() if not name}
    chosen = {kind: _options(kind, name) for kind, name in names.items() if name}
    about = summary(RECIPES[recipe])
    if len(chosen) < len(_PARTS):
        about += (
            " Network and likelihood follow from the data's shape: "
            "add --net or --likelihood to see their options."
        )
    headed = {f"recipe {recipe}": of_recipe}
    headed |= {f"{kind} {names[kind]}": options for kind, options in chosen.items()}
    own = next(iter(groups))
    ordered = {own: groups[own], **headed, **groups}  # the model before data and training
    first = parse(prog, about, ordered, arguments, partly=True)
    listed = [option for group in (*groups.values(), *headed.values()) for option in group]
    _refuse_unheard_of(first.left, listed)
    shape = shape_of(first)
    defaults = {kind: of(shape) for kind, (_, of) in _PARTS.items() if kind not in chosen}
    late = {kind: _options(kind, name) for kind, name in defaults.items()}
    headed = {f"{kind} {defaults[kind]}": options for kind, options in late.items()}
    second = parse(prog, about, headed, first.left, partly=True)
    if second.left:
        _refuse_others(second.left, names | defaults)
        every = [*listed, *(option for options in late.values() for option in options)]
        refuse(second.left, [option.flag for option in every])
    given = {kind: first.given_of(options) for kind, options in chosen.items()}
    given |= {kind: second.given_of(options) for kind, options in late.items()}
    names |= defaults
    return first, Spec(
        recipe,
        shape,
        first.given_of(of_recipe),
        names["net"],
        given["net"],
        names["likelihood"],
        given["likelihood"],
    )


def _named(kind: str, arguments: Arguments) -> str:
    name = value_of(f"--{kind}", arguments)
    if name:
        lookup(kind, _PARTS[kind][0], name)
    return name


def _options(kind: str, name: str) -> list[Option]:
    return options_of(_PARTS[kind][0][name])


def _refuse_unheard_of(left: Arguments, listed: Sequence[Option]) -> None:
    """Refuse a flag that no network or likelihood has, before data are loaded."""
    possible = {option.flag for option in listed}
    for kind, (table, _) in _PARTS.items():
        possible |= {option.flag for name in table for option in _options(kind, name)}
    known = possible | {f"no-{flag}" for flag in possible}
    for argument in left:
        flag = argument.partition("=")[0].replace("_", "-")
        if is_flag(flag) and flag.removeprefix("--") not in known:
            refuse([argument], possible)


def _refuse_others(left: Arguments, names: Mapping[str, str]) -> None:
    """Refuse a flag of a network or a likelihood that was not chosen, saying whose it is."""
    for argument in left:
        flag = argument.partition("=")[0].replace("_", "-")
        for kind, (table, _) in _PARTS.items():
            for name in table:
                flags = {f"--{option.flag}" for option in _options(kind, name)}
                if flag in flags or flag.replace("--no-", "--") in flags:
                    raise BadInput(
                        f"{flag} is an option of --{kind} {name}, but the {kind} is {names[kind]}."
                    )
