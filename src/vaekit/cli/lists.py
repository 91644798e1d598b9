"""`vaekit recipes` and `vaekit datasets`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaekit.cli.flags import command
from vaekit.cli.options import Option, options_of, summary
from vaekit.cli.output import table


@command
def recipes(name: str | None = None, /) -> None:
    """The recipes there are by what sets them apart, or the options of one.

    Args:
        name: A recipe, to see its options.
    """
    from vaekit.cli.parts import recipe_options
    from vaekit.recipes import CORRUPTIONS, GROUPS, LIKELIHOODS, NETS, RECIPES, called, paper
    from vaekit.recipes.costs import NEEDS, STEPS

    if name is None:
        for title, group in GROUPS.items():
            rows = list[tuple[str, ...]]()
            for key, part in group.items():
                step = f"{STEPS[key]:.1f}" if key in STEPS else ""
                rows.append((key, step, NEEDS.get(key, ""), summary(part)))
                rows.append(("", "", "", paper(part)))
            table((title, "step", "needs", "what it is, and its paper"), rows, right=[1])
            print()
        print("step: a training step, times that of vae on the same network, as measured.")
        print(f"Networks (--net): {', '.join(NETS)}.")
        print("Likelihoods (--likelihood):", *(f"  {each}" for each in LIKELIHOODS), sep="\n")
        print(f"Corruptions (--corruption): {', '.join(CORRUPTIONS)}.")
        print("`vaekit recipes NAME` shows a recipe's options.")
        return
    name = called(name)
    options = recipe_options(name)
    print(f"{name}: {summary(RECIPES[name])}\n{paper(RECIPES[name])}")
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

    for source in SOURCES.values():
        size = f"{source.sizes} of {' x '.join(map(str, source.shape))}"
        print(f"{source.name}: {source.description}; {size}.")
        print(f"  Terms: {source.terms}")
        print(f"  Where: {next(filter(Path.is_dir, source.places), source.origin)}")
    print(
        "Paths work too: IDX, .npy, .npz, .mat, or a folder, .zip or .tar of images, recordings "
        "or MIDI files."
    )


def _options(title: str, options: list[Option]) -> None:
    rows = [(f"  {option.label}", option.shown_default, option.help) for option in options]
    if rows:
        table((title, "default", "meaning"), rows)
