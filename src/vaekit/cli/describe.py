"""`vaekit describe`."""

import re
import warnings
from typing import NoReturn

from vaekit.cli.flags import Arguments, Parsed, asks_help, call, show_help
from vaekit.cli.options import Option
from vaekit.data import Dataset
from vaekit.errors import BadInput
from vaekit.kinds import usual
from vaekit.nets import Shape
from vaekit.recipes import RECIPES, called
from vaekit.runs import ROOT, open_run
from vaekit.spec import Spec
from vaekit.training import Training

Described = tuple[Spec, Dataset | None, int]
"""What a model is built from, its data where they are to be had, and the rows of a batch."""

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
    what, rest = called(arguments[0]), arguments[1:]
    spec, data, size = _recipe(what, rest) if what in RECIPES else call(_of_run, _PROG, arguments)
    import torch

    from vaekit import describe as layers
    from vaekit.footprint import step_memory
    from vaekit.workflow.overview import overview

    with torch.random.fork_rng(devices=[]):
        model, objective = spec.build()
    rows = size if data is None else min(size, len(data.train))
    step = step_memory(model, spec.shape, rows, objective)
    print(overview(spec, model, data, step_bytes=step), end="\n\n")
    print(layers.describe(model, spec.shape))


def _of_run(run: str, /, *, root: str = ROOT) -> Described:
    """Every layer of a run's model, with its output's shape and its parameters; and its data.

    Args:
        run: Name or folder of the run.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    try:
        return opened.spec, opened.dataset(), opened.training.batch_size
    except BadInput as error:  # the model can be told of without them
        warnings.warn(str(error), stacklevel=2)
        return opened.spec, None, opened.training.batch_size


def _recipe(recipe: str, arguments: Arguments) -> Described:
    from vaekit.cli.parts import CHOICES, Rows, spec_from

    loaded: list[Dataset] = []

    def rows_of(parsed: Parsed) -> Rows:
        given = parsed.all_of(_DATA)
        if given["data"] is None:
            shape = _shape(given["shape"])
            return usual(shape), shape
        from vaekit.data import load

        loaded.append(load(given["data"]))
        return loaded[0].kind, loaded[0].shape

    groups = {"": [*_DATA, *CHOICES]}
    likely = ("image", _shape("1,28,28"))
    _, spec = spec_from(f"{_PROG} {recipe}", recipe, arguments, groups, rows_of, likely)
    return spec, loaded[0] if loaded else None, Training().batch_size


def _shape(text: str) -> Shape:
    sizes = re.split(r"[,x ]+", text.strip("()[] "))
    if not all(re.fullmatch(r"[1-9]\d*", size) for size in sizes) or len(sizes) not in (1, 3):
        raise BadInput(f"--shape takes C,H,W or F in whole numbers, such as 1,28,28, not {text!r}.")
    return tuple(map(int, sizes))


def _help_or_refuse(arguments: Arguments) -> NoReturn:
    if not asks_help(arguments):
        raise BadInput(f"{_PROG} needs a run or a recipe first: such as `{_PROG} vae`.")
    about = (
        f"Every layer of a run, or of a recipe ({', '.join(RECIPES)}), with its output's shape "
        f"and its parameters. `{_PROG} vae --help` lists that recipe's options."
    )
    show_help(f"{_PROG} RUN|RECIPE", about, {"": [_ROOT, *_DATA]})
