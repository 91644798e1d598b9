"""`vaekit train` and `vaekit resume`."""

from typing import NoReturn

from vaekit.cli.flags import Arguments, Parsed, asks_help, command, show_help
from vaekit.cli.messages import renamed
from vaekit.cli.options import Option, options_of
from vaekit.data import SOURCES, Dataset, load
from vaekit.data.readers import HOW, READERS
from vaekit.errors import BadInput
from vaekit.runs import ROOT, Run, check_name, open_run
from vaekit.training import Training

_PROG = "vaekit train RECIPE DATA"
_RUN = [
    Option("name", "name", str | None, None, "Name of the run, such as vae-mnist-1 by default."),
    Option("root", "root", str, ROOT, "Folder of runs."),
    Option("progress", "progress", bool, True, "Whether to show progress."),
]
# The seed of training is --seed; that of the random split gets a name of its own.
RENAMED = {"seed": "data_seed"}


def data_options() -> list[Option]:
    """The flags of data."""
    common = options_of(load, without=("source", "labels", "columns", "progress"), renamed=RENAMED)
    readers = (options_of(each.options, without=HOW) for each in READERS)
    own = dict[str, Option]()
    for option in (option for listed in readers for option in listed):
        own.setdefault(option.name, option)  # some share a few
    return [*common, *own.values()]


def training_options() -> list[Option]:
    """The flags of training."""
    return options_of(Training)


def train(arguments: Arguments) -> None:
    """Train a recipe on data; the result is a run."""
    placed = _leading(arguments)
    if len(placed) < 2:
        _help_or_refuse(arguments, placed)
    from vaekit.cli.parts import CHOICES, Rows, spec_from
    from vaekit.recipes import RECIPES, called
    from vaekit.workflow.train import start

    recipe, source = called(placed[0]), placed[1]
    if recipe not in RECIPES and source in RECIPES:
        raise BadInput(f"The recipe comes first, then data: `vaekit train {source} {recipe}`.")
    loaded: list[Dataset] = []

    def rows_of(parsed: Parsed) -> Rows:
        Training(**parsed.given_of(training_options()))  # refuses what makes no sense early
        own = parsed.all_of(_RUN)
        if own["name"] is not None:
            check_name(own["root"], own["name"])
        with renamed(**RENAMED):
            options = parsed.given_of(data_options())
            loaded.append(load(source, **options, progress=own["progress"]))
        return loaded[0].kind, loaded[0].shape

    groups = {"": [*_RUN, *CHOICES], "data": data_options(), "training": training_options()}
    prog = f"vaekit train {recipe} {source}"
    known = SOURCES.get(source)
    likely = (known.kind, known.shape) if known else None
    parsed, spec = spec_from(prog, recipe, arguments[2:], groups, rows_of, likely)
    run = start(
        spec,
        loaded[0],
        source,
        parsed.given_of(data_options()),
        Training(**parsed.given_of(training_options())),
        **parsed.all_of(_RUN),
    )
    _report(run)


@command
def resume(
    run: str,
    /,
    *,
    root: str = ROOT,
    epochs: int | None = None,
    data: str | None = None,
    progress: bool = True,
) -> None:
    """Go on with a run that was stopped, as if it had never been.

    Args:
        run: Name or folder of the run.
        root: Folder of runs.
        epochs: A larger number of epochs than before, to train on.
        data: Where the run's data are now, if they were moved: it is kept in the run.
        progress: Whether to show progress.
    """
    from vaekit.workflow import train as experiment

    found = open_run(run, root)
    if data is None and found.finished and epochs in (None, found.training.epochs):
        print(
            f"{found.name} is finished, at epoch {len(found.records())}; "
            "--epochs with a larger number trains on."
        )
        return
    _report(experiment.resume(found, epochs=epochs, data=data, progress=progress))


def _leading(arguments: Arguments) -> list[str]:
    """The arguments before the first flag."""
    first = next((i for i, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    return arguments[:first]


def _help_or_refuse(arguments: Arguments, placed: list[str]) -> NoReturn:
    """Print the help that holds for every recipe and exit, or say what is missing."""
    from vaekit.cli.parts import CHOICES, recipe_options
    from vaekit.recipes import RECIPES, called

    if not asks_help(arguments):
        missing = "DATA, a data set's name or a path" if placed else "a recipe, then data"
        raise BadInput(
            f"vaekit train needs {missing}, before any flag: such as `vaekit train vae mnist`."
        )
    groups: dict[str, list[Option]] = {"": [*_RUN, *CHOICES]}
    about = (
        f"Train a recipe ({', '.join(RECIPES)}) on data ({', '.join(SOURCES)}, or a path). "
        "`vaekit train vae mnist --help` lists that recipe's, network's and likelihood's options."
    )
    if placed:
        recipe = called(placed[0])
        groups[f"recipe {recipe}"] = recipe_options(recipe)
    groups |= {"data": data_options(), "training": training_options()}
    show_help(_PROG, about, groups)


def _report(run: Run) -> None:
    """Say how training ended, where the run is and what to type next."""
    from vaekit.workflow.train import reference

    records = run.records()
    part = "validation" if records[-1]["validation"] else "train"
    means = {name: value for name, value in records[-1][part].items() if isinstance(value, float)}
    numbers = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    name = reference(run)
    uses = ["figures", "evaluate", *(["sample"] if "rate" in means else ["reconstruct"]), "encode"]
    print(f"{run.name}: epoch {len(records)}, {part} {numbers} (nats)")
    print(f"The run is in {run.path}. Next:")
    for use in uses:
        print(f"  vaekit {use} {name}")
    print(f"  tensorboard --logdir {run.path}")
