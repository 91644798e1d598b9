"""`vaekit recipes`, `vaekit datasets` and `vaekit runs`."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaekit.cli.flags import command
from vaekit.cli.options import Option, options_of, summary
from vaekit.cli.output import table
from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, list_runs


@command
def recipes(name: str | None = None, /) -> None:
    """The recipes there are, or the options of one.

    Args:
        name: A recipe, to see its options.
    """
    from vaekit.cli.parts import recipe_options
    from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES

    if name is None:
        rows = [(key, summary(part), _paper(part)) for key, part in RECIPES.items()]
        table(("recipe", "what it is", "paper"), rows)
        print(f"Networks (--net): {', '.join(NETS)}.")
        print(f"Likelihoods (--likelihood): {', '.join(LIKELIHOODS)}.")
        print(f"Corruptions (--corruption): {', '.join(CORRUPTIONS)}.")
        print("`vaekit recipes NAME` shows a recipe's options.")
        return
    options = recipe_options(name)
    print(f"{name}: {summary(RECIPES[name])}\n{_paper(RECIPES[name])}")
    _options(f"recipe {name}", options)
    tables: dict[str, dict[str, Callable[..., Any]]] = {
        "net": NETS,
        "likelihood": LIKELIHOODS,
        "corruption": CORRUPTIONS,
    }
    for kind, parts in tables.items():
        for key, part in parts.items():
            _options(f"--{kind} {key}", options_of(part))


@command
def datasets() -> None:
    """The data sets known by name, and where they are."""
    from vaekit.data import SOURCES
    from vaekit.data.cache import data_dirs

    def place(name: str, origin: str) -> str:
        found = (folder / name for folder in data_dirs() if (folder / name).is_dir())
        return str(next(found, "")) or origin

    rows = [
        (
            source.name,
            source.description,
            f"{source.sizes} of {' x '.join(map(str, source.shape))}",
            source.terms,
            place(source.name, source.origin),
        )
        for source in SOURCES.values()
    ]
    table(("name", "what", "size", "terms", "where"), rows)
    print("Paths work too: IDX, .npy, .npz, or a folder or zip of images.")


@command
def runs(*, root: str = ROOT) -> None:
    """The runs there are and how far they got.

    Args:
        root: Folder of runs.
    """
    found = list_runs(root)
    if not found:
        print(f"There are no runs in {Path(root)} yet: `vaekit train vae digits` makes one.")
        return
    rows = [_row(run) for run in found]
    headers = ("run", "recipe", "data", "state", "epochs", "validation loss (nats)")
    table(headers, rows, right=(4, 5))


def _row(run: Run) -> tuple[str, ...]:
    recipe, data = str(run.config["spec"].get("recipe", "")), str(run.data["name"])
    try:
        state, records = run.state, run.records()
    except BadInput as error:
        return run.name, recipe, data, f"damaged: {error}", "", ""
    loss = records[-1]["validation"].get("loss") if records else None
    return (
        run.name,
        recipe,
        data,
        state,
        f"{len(records)}/{run.training.epochs}",
        "" if loss is None else f"{loss:.2f}",
    )


def _paper(part: Callable[..., Any]) -> str:
    link = re.search(r"https?://\S+[^\s.,;)]", inspect.getdoc(part) or "")
    return link[0] if link else ""


def _options(title: str, options: list[Option]) -> None:
    rows = [(f"  {option.label}", option.shown_default, option.help) for option in options]
    if rows:
        table((title, "default", "meaning"), rows)
