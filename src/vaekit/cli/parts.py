"""Flags of a recipe, a network and a likelihood, which depend on names and on data.

Which network and likelihood there are by default follows from the data's shape, and which
data from other flags. So the flags of all of them are parsed, and those of the ones that
the shape does not lead to are refused once it is known.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from vaekit.cli.flags import Arguments, Groups, Parsed, asks_help, parse, show_help
from vaekit.cli.options import Option, options_of, summary
from vaekit.errors import BadInput
from vaekit.kinds import KINDS, usual
from vaekit.nets import Shape
from vaekit.recipes import LIKELIHOODS, NETS, RECIPES
from vaekit.spec import PARTS, Spec, lookup

Rows = tuple[str, Shape]
"""The kind of some data and the shape of their rows."""

_PARTS: dict[str, dict[str, Any]] = {"net": NETS, "likelihood": LIKELIHOODS}
_EVERY = [(kind, name) for kind, table in _PARTS.items() for name in table]
CHOICES = [
    Option(
        kind,
        kind,
        str | None,
        None,
        f"One of {', '.join(table)}; by default from the data's shape.",
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
    likely: Shape | None,
) -> tuple[Parsed, Spec]:
    """Parse a command's flags and those of the model, or print help that lists exactly these.

    groups: the command's own. rows_of: the data's kind and shape, from what was parsed.
    likely: their shape where it is known without looking; for the help alone.

    Raises BadInput for an unknown recipe, network, likelihood or flag.
    """
    of_recipe = recipe_options(recipe)
    listed = [*of_recipe, *(option for group in groups.values() for option in group)]
    of_parts = [option for kind, name in _EVERY for option in _options(kind, name)]
    helped = asks_help(arguments)
    words = [word for word in arguments if word not in ("-h", "--help")]
    parsed = parse(prog, [*of_parts, *listed], words)
    names: dict[str, str] = parsed.given_of(CHOICES)
    for kind, name in names.items():
        lookup(kind, _PARTS[kind], name)
    if helped:
        usually = {} if likely is None else _defaults(usual(likely), likely)
        _show_help(prog, recipe, groups, usually | names)
    parsed.given_of(listed)  # refuses what it cannot read before data are loaded
    _refuse_others(parsed, names)
    data, shape = rows_of(parsed)
    names = _defaults(data, shape) | names
    _refuse_others(parsed, names)
    net, likelihood = (parsed.given_of(_options(kind, names[kind])) for kind in _PARTS)
    options = parsed.given_of(of_recipe)
    chosen = (names["net"], net, names["likelihood"], likelihood)
    return parsed, Spec(recipe, shape, options, *chosen, kind=data)


def _options(kind: str, name: str) -> list[Option]:
    return options_of(_PARTS[kind][name])


def _defaults(data: str, shape: Shape) -> dict[str, str]:
    return {part: getattr(KINDS[data], part)(shape) for part in _PARTS}


def _show_help(prog: str, recipe: str, groups: Groups, names: Mapping[str, str]) -> NoReturn:
    about = summary(RECIPES[recipe])
    if len(names) < len(_PARTS):
        about += (
            " Network and likelihood follow from the data's shape: "
            "add --net or --likelihood to see their options."
        )
    model = {f"recipe {recipe}": recipe_options(recipe)}
    model |= {f"{kind} {name}": _options(kind, name) for kind, name in names.items()}
    show_help(prog, about, {"": groups[""], **model, **groups})  # before data and training


def _refuse_others(parsed: Parsed, names: Mapping[str, str]) -> None:
    """Refuse flags of networks and likelihoods that were not chosen, saying whose they are."""
    for kind, chosen in names.items():
        own = {option.key for option in _options(kind, chosen)}
        for name in _PARTS[kind]:
            for option in _options(kind, name):
                if option.key in parsed.words and option.key not in own:
                    raise BadInput(
                        f"{option.label} is an option of --{kind} {name}, "
                        f"but the {kind} is {chosen}."
                    )
