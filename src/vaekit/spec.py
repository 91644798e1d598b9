"""The configuration of one model: names and options, as given, that build it again."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, final, get_type_hints

from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from vaekit.errors import BadInput, lookup, nearest
from vaekit.kinds import KINDS, Kind, usual
from vaekit.nets import Shape
from vaekit.objectives import check
from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES, Parts, called, part_for

Options = dict[str, Any]
PARTS = ("shape", "net", "likelihood", "context")
"""What a recipe is given of the data and the other choices: no options of its own."""


@final
@dataclass(frozen=True)
class Spec:
    """A recipe, a network, a likelihood and a corruption by name, each with its options verbatim.

    shape: the data's event shape. net, likelihood: left empty, they follow from it.
    context: the size of the context that the model reads beside the data. How a network does
        is then among its options, given or not.
    kind: of the data, in `KINDS`; left empty, as before there were kinds, the shape's usual.
    corruption: of what the encoder reads while training; left empty, there is none.

    Raises BadInput for an unknown name or option.
    """

    recipe: str
    shape: Shape
    options: Options = field(default_factory=dict)
    net: str = ""
    net_options: Options = field(default_factory=dict)
    likelihood: str = ""
    likelihood_options: Options = field(default_factory=dict)
    context: int = 0
    kind: str = ""
    corruption: str = ""
    corruption_options: Options = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        for each in fields(self):
            _check_type(f"`{each.name}`", getattr(self, each.name), _HINTS[each.name])
        if not self.shape or min(self.shape) < 1 or self.context < 0:
            raise BadInput(f"`shape` must be of sizes above 0, not {self.shape}.")
        for name in ("options", "net_options", "likelihood_options", "corruption_options"):
            object.__setattr__(self, name, _with_tuples(getattr(self, name)))
        object.__setattr__(self, "kind", self.kind or usual(self.shape))
        data: Kind = lookup("kind of data", KINDS, self.kind)
        object.__setattr__(self, "recipe", called(self.recipe))
        recipe = lookup("recipe", RECIPES, self.recipe)
        for part in ("net", "likelihood"):
            usually = getattr(data, part)(self.shape)
            object.__setattr__(self, part, part_for(part, recipe, usually, getattr(self, part)))
        if self.corruption_options and not self.corruption:
            raise BadInput("`corruption_options` need a `corruption`: name one.")
        if self.corruption and KINDS[self.kind].played:
            raise BadInput(
                "`corruption` is of values, and melodies are symbols, whose numbers are but names: "
                "leave it out."
            )
        for kind, table, name, options in self._parts():
            check_options(f"{kind} {name}", lookup(kind, table, name), options)
        if self.context:
            known = options_of(NETS[self.net])
            usually = {name: known[name].default for name in _BEFORE if name in known}
            object.__setattr__(self, "net_options", usually | self.net_options)

    @property
    def drawn(self) -> bool:
        """Whether the data can be drawn."""
        return KINDS[self.kind].drawn(self.shape)

    @property
    def noise(self) -> str:
        """The corruption and its options, in words; nothing where there is none."""
        options = ", ".join(f"{name} {value}" for name, value in self.corruption_options.items())
        return f"{self.corruption} ({options})" if options else self.corruption

    def build(self) -> Parts:
        """The model, with weights drawn from torch's generator, and its objective."""
        model, objective = RECIPES[self.recipe](
            self.shape,
            net=NETS[self.net](**self.net_options),
            likelihood=LIKELIHOODS[self.likelihood](**self.likelihood_options),
            context=self.context,
            **self.options,
        )
        if self.corruption:
            part = CORRUPTIONS[self.corruption](**self.corruption_options)
            model.corruption = part.fitted(self.shape, KINDS[self.kind].bounds)
        check(model, objective)
        return model, objective

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return asdict(self) | {"shape": list(self.shape)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Spec":
        """The specification that `to_json` wrote."""
        try:
            spec = Spec(**{**values, "context": 0})
            if not (context := values.get("context", 0)):
                return spec
            known = options_of(NETS[spec.net])
            before = {name: value for name, value in _BEFORE.items() if name in known}
            return replace(spec, context=context, net_options=before | spec.net_options)
        except TypeError as error:
            raise BadInput(f"The model's configuration is not one vaekit wrote: {error}.") from None

    def _parts(self) -> list[tuple[str, Mapping[str, Callable[..., Any]], str, Options]]:
        parts: list[tuple[str, Mapping[str, Callable[..., Any]], str, Options]] = [
            ("recipe", RECIPES, self.recipe, self.options),
            ("net", NETS, self.net, self.net_options),
            ("likelihood", LIKELIHOODS, self.likelihood, self.likelihood_options),
            ("corruption", CORRUPTIONS, self.corruption, self.corruption_options),
        ]
        return parts if self.corruption else parts[:-1]


def _with_tuples(options: Options) -> Options:
    """A copy whose lists are tuples, so that what JSON gives back equals what went in."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in {**options}.items()
    }


def options_of(part: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The options of a recipe, network, likelihood or corruption, by name, from its signature."""
    variadic = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return {
        name: parameter
        for name, parameter in inspect.signature(part).parameters.items()
        if name not in PARTS and parameter.kind not in variadic
    }


def check_options(what: str, part: Callable[..., Any], options: Options) -> None:
    """Raise BadInput for the first option that the part does not have, or not of such a value."""
    known = options_of(part)
    hints = get_type_hints(part.__init__ if isinstance(part, type) else part)  # type: ignore[misc]
    for name, value in options.items():
        if name not in known:
            hint = nearest(name, known, "it has {}." if known else "it has none.")
            raise BadInput(f"{what} has no option {name!r}: {hint}")
        _check_type(f"`{name}` of {what}", value, hints[name])


def _check_type(what: str, value: Any, hint: Any) -> None:
    for each in value if isinstance(value, tuple) else (value,):
        if type(each) is int and abs(each) > _MOST:
            raise BadInput(f"{what} is {each}, and {_MOST:,} is most.")
        if type(each) is bool and "bool" not in str(hint):
            raise BadInput(f"{what} is {each}, which is no number.")
    try:
        check_type(value, hint, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)
    except TypeCheckError as error:
        raise BadInput(f"{what} is {value!r:.60}, which {error}.") from None


_BEFORE: Options = {"embed": False}
"""Options of networks that read a context, as they were before there were such options."""

_MOST = 2**40
_HINTS = get_type_hints(Spec)
