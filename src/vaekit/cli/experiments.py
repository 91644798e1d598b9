"""`vaekit demo` and `vaekit reproduce`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from vaekit.cli.flags import command
from vaekit.errors import Interrupted


@command
def demo(*, folder: Path = Path("demo"), seed: int = 0) -> None:
    """Train an autoencoder and a VAE side by side on 8 x 8 digits and write a report.

    Nothing is downloaded. What was finished before in the folder is kept.

    Args:
        folder: Where runs, figures and the report go.
        seed: Seed of the training runs.
    """
    from vaekit.experiments import demo as experiment

    with _saying_how_to_go_on():
        report = experiment.demo(folder, seed=seed)
    print("Try next:")
    print(f"  vaekit evaluate {folder / 'vae'}")
    print(f"  vaekit describe {folder / 'vae'}")
    print("  vaekit train vae mnist --latent 2")
    print(f"Open {report} in a browser.")


@command
def reproduce(
    what: Literal["mnist"],
    /,
    *,
    seeds: int = 3,
    epochs: int = 40,
    elbo_epochs: int = 20,
    folder: Path | None = None,
) -> None:
    """Train published models anew and write a report that measures their claims.

    What was finished before in the folder is kept, so a run that was stopped goes on.

    Args:
        what: Which experiment.
        seeds: Training runs of every model.
        epochs: Epochs in the article's objective.
        elbo_epochs: Epochs in the true ELBO.
        folder: Where runs, figures and the report go; reproduce-mnist by default.
    """
    from vaekit.experiments import reproduce as experiments

    with _saying_how_to_go_on():
        report = getattr(experiments, what)(
            folder or Path(f"reproduce-{what}"),
            seeds=seeds,
            epochs=epochs,
            elbo_epochs=elbo_epochs,
        )
    print(f"Open {report} in a browser.")


@contextmanager
def _saying_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except Interrupted as error:
        text = str(error).partition(" To go on:")[0]
        raise Interrupted(f"{text} To go on, give the same command again.") from error
