"""`vaekit runs`, `vaekit runs compare` and `vaekit runs remove`."""

from json import dumps
from pathlib import Path

from vaekit.cli.flags import Arguments, call
from vaekit.cli.output import table, target, write_figure
from vaekit.runs import ROOT
from vaekit.workflow.listing import Summary, remove_runs, summarise_runs
from vaekit.writing import plain

_FIGURE = "comparison.png"


def runs(arguments: Arguments) -> None:
    """List the runs there are, compare or remove some."""
    actions = {"compare": _compare, "remove": _remove}
    action, *rest = arguments or [""]
    if action in actions:
        call(actions[action], f"vaekit runs {action}", rest)
    else:
        call(_list, "vaekit runs", arguments)


def _list(*, json: bool = False, root: str = ROOT) -> None:
    """The runs there are and how far they got.

    `vaekit runs compare NAME NAME ...` puts some side by side, `vaekit runs remove NAME ...`
    removes some.

    Args:
        json: Print JSON and nothing else.
        root: Folder of runs.
    """
    found = summarise_runs(root)
    if json:
        print(dumps(plain([each.to_json() for each in found]), indent=2))
    elif not found:
        print(f"There are no runs in {Path(root)} yet: `vaekit train vae digits` makes one.")
    else:
        headers = ("run", "recipe", "data", "state", "epochs", "validation loss (nats)")
        table(headers, map(_row, found), right=(4, 5))


def _compare(
    names: tuple[str, ...],
    /,
    *,
    out: Path | None = None,
    force: bool = False,
    json: bool = False,
    root: str = ROOT,
) -> None:
    """Put runs side by side: a table, and one figure of their curves.

    The table has the options that differ, parameters, time, and what the last epoch's validation
    measured.

    Args:
        names: Names or folders of two runs or more.
        out: A .png file; comparison.png in the folder of runs by default, made anew each time.
        force: Replace a file of that name that is there.
        json: Print JSON and nothing else; the figure is written where --out is given.
        root: Folder of runs.
    """
    from vaekit.workflow.compare import compare_runs

    default = Path(root, _FIGURE)
    path = target(out, default, (".png",), force or out is None)
    found = compare_runs(names, root)
    if json:
        print(dumps(plain(found.to_json()), indent=2))
    else:
        table(("", *found.sides), found.rows(), right=range(1, len(found.sides) + 1))
    if not json and not found.same_data:
        print("Their data, or how these are split, differ: the losses do not compare.")
    if out is not None or not json:
        write_figure(path, found.figure())
    if not json:
        print(path)


def _remove(names: tuple[str, ...], /, *, root: str = ROOT) -> None:
    """Remove runs with all that is in their folders, for good; nothing is asked.

    Where one of them is no run, or is being trained, none is removed.

    Args:
        names: Names or folders of the runs.
        root: Folder of runs.
    """
    for path in remove_runs(names, root):
        print(f"Removed {path}")


def _row(run: Summary) -> tuple[str, ...]:
    epochs = "" if run.epochs is None else f"{run.epochs}/{run.wanted}"
    loss = "" if run.loss is None else f"{run.loss:.2f}"
    return run.name, run.recipe, run.data, run.state, epochs, loss
