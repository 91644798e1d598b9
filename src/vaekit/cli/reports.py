"""`vaekit demo` and `vaekit reproduce`."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from vaekit.cli.flags import Arguments, asks_help, call, command, is_flag
from vaekit.cli.options import summary
from vaekit.errors import BadInput, Interrupted, nearest


@command
def demo(*, folder: Path = Path("demo"), seed: int = 0) -> None:
    """Train an autoencoder and a VAE side by side on small digits, and say what was seen.

    A report shows all of it. Nothing is downloaded. What was finished before in the folder is kept.

    Args:
        folder: Where runs, figures and the report go.
        seed: Seed of the training runs.
    """
    from vaekit.reports import demo as experiment

    with _saying_how_to_go_on():
        shown = experiment.demo(folder, seed=seed)
    print("Try next:")
    print(f"  vaekit evaluate {folder / 'vae'}")
    print(f"  vaekit describe {folder / 'vae'}")
    print("  vaekit train vae mnist --latent 2")
    print(f"Open {shown.page} in a browser.")
    print(shown.seen)


EXPERIMENTS = {
    "mnist": "vaekit.reports.mnist",
    "faces": "vaekit.reports.faces",
    "denoise": "vaekit.reports.denoise",
    "chairs": "vaekit.reports.chairs",
    "styles": "vaekit.reports.styles",
    "speech": "vaekit.reports.speech",
    "music": "vaekit.reports.music",
    "likelihoods": "vaekit.reports.likelihoods",
}


def reproduce(arguments: Arguments) -> None:
    """Train published models anew and write a report that measures their claims."""
    name = arguments[0] if arguments and not is_flag(arguments[0]) else ""
    if not name and asks_help(arguments):
        print(_overview())
        return
    if not name:
        raise BadInput(f"vaekit reproduce needs an experiment: {' or '.join(EXPERIMENTS)}.")
    if name not in EXPERIMENTS:
        hint = nearest(name, EXPERIMENTS)
        raise BadInput(f"There is no experiment {name!r} to reproduce: {hint}")
    experiment = getattr(import_module(EXPERIMENTS[name]), name)
    with _saying_how_to_go_on():
        prog = f"vaekit reproduce {name}"
        report = call(experiment, prog, arguments[1:], without=("progress",))
    print(f"Open {report} in a browser.")


def _overview() -> str:
    lines = ["usage: vaekit reproduce EXPERIMENT [OPTIONS]", "", summary(reproduce), ""]
    for name, home in EXPERIMENTS.items():
        lines.append(f"  {name:<8} {summary(getattr(import_module(home), name))}")
    return "\n".join([*lines, "", "`vaekit reproduce EXPERIMENT --help` lists its options."])


@contextmanager
def _saying_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except Interrupted as error:
        text = str(error).partition(" To go on:")[0]
        raise Interrupted(f"{text} To go on, give the same command again.") from error
