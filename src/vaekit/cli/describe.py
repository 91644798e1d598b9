"""`vaekit describe`."""

import re

from vaekit.cli.flags import Arguments, Parsed, asks_help, parse
from vaekit.cli.options import Option
from vaekit.errors import BadInput
from vaekit.nets import Shape
from vaekit.recipes import RECIPES
from vaekit.runs import ROOT, open_run
from vaekit.spec import Spec

_PROG = "vaekit describe"
_ROOT = Option("root", "root", str, ROOT, "Folder of runs.")
_DATA = [
    Option("data", "data", str | None, None, "Data whose shape to take: a name or a path."),
    Option("shape", "shape", str, "1,28,28", "Shape of the data: 1,28,28 or 64 for vectors."),
]


def describe(arguments: Arguments) -> None:
    """Every layer of a run or a recipe, with its output's shape and its parameters."""
    if not arguments or arguments[0].startswith("-"):
        _help_or_refuse(arguments)
    what, *rest = arguments
    spec = _recipe(what, rest) if what in RECIPES else _run(what, rest)
    import torch

    from vaekit import describe as layers

    with torch.random.fork_rng(devices=[]):
        model, _ = spec.build()
    print(f"{spec.recipe} with net {spec.net} and likelihood {spec.likelihood}")
    print(layers.describe(model, spec.shape))


def _run(name: str, arguments: Arguments) -> Spec:
    parsed = parse(f"{_PROG} {name}", "Every layer of a run's model.", {"": [_ROOT]}, arguments)
    return open_run(name, parsed.values["root"]).spec


def _recipe(recipe: str, arguments: Arguments) -> Spec:
    from vaekit.cli.parts import CHOICES, spec_from

    def shape_of(parsed: Parsed) -> Shape:
        if parsed.values["data"] is None:
            return _shape(parsed.values["shape"])
        from vaekit.data import load

        return load(parsed.values["data"]).shape

    groups = {"": [*_DATA, *CHOICES]}
    likely = _shape("1,28,28")
    _, spec = spec_from(f"{_PROG} {recipe}", recipe, arguments, groups, shape_of, likely)
    return spec


def _shape(text: str) -> Shape:
    sizes = re.split(r"[,x ]+", text.strip("()[] "))
    if not all(re.fullmatch(r"[1-9]\d*", size) for size in sizes) or len(sizes) not in (1, 3):
        raise BadInput(f"--shape takes C,H,W or F in whole numbers, such as 1,28,28, not {text!r}.")
    return tuple(map(int, sizes))


def _help_or_refuse(arguments: Arguments) -> None:
    if not asks_help(arguments):
        raise BadInput(f"{_PROG} needs a run or a recipe first: such as `{_PROG} vae`.")
    about = (
        f"Every layer of a run, or of a recipe ({', '.join(RECIPES)}), with its output's shape "
        f"and its parameters. `{_PROG} vae --help` lists that recipe's options."
    )
    parse(f"{_PROG} RUN|RECIPE", about, {"": [_ROOT, *_DATA]}, ["--help"])
