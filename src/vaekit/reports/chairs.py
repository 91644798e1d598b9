"""Chairs from any side, measured: a generator of styles, and a VAE that turns what it never saw."""

from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from vaekit.data import Dataset, Split, load
from vaekit.data.conditions import conditions
from vaekit.errors import BadInput
from vaekit.evaluation.views import Views
from vaekit.reports.chairs_measures import (
    made_of_few,
    measured_turned,
    measured_unseen,
    sheets_of_generator,
    sheets_of_variational,
)
from vaekit.reports.chairs_report import save_figures, save_numbers, write_report
from vaekit.reports.chairs_results import Results, Size, Tally, Way
from vaekit.reports.forecast import Trial, forecast
from vaekit.runs import Run
from vaekit.training import Training

_FULL = Size(40, 40, 20, (1, 4, 16), 8, 12, 64)
_QUICK = Size(10, 10, 5, (1, 8), 2, 12, 32)
_UNSEEN = 0.2  # of the views of each seat
_NET = {"channels": (32, 64, 128, 256), "hidden_conv": (512,)}
_LATENT = 50
_BATCH = 64
_STYLED = ("id", "elevation", "azimuth:angle")
_TOLD = {"variational": ("elevation", "azimuth:angle")}


def chairs(
    folder: Path = Path("reproduce-chairs"),
    *,
    data: str = "chairs",
    quick: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> Path:
    """Train networks that draw seats from any side, and measure them on views they never saw.

    One is the published generator, which learns a code for every seat; the other is variational
    and finds the code of a new seat from one picture. How long that takes is found out and said
    at its start. What is already trained in the folder is kept.

    Args:
        folder: Where runs, figures, numbers and the report go.
        data: The seats: chairs, or a folder or archive in the published layout.
        quick: Train for a few epochs on small pictures.
        seed: Seed of training, and of what is held out.
        progress: Show progress.
    """
    size, console = _QUICK if quick else _FULL, Console(stderr=True, quiet=not progress)
    seats = _Seats(data, size, seed, progress)
    trials = _trials(size, seed)
    datasets = {name: seats.dataset(name) for name in trials}
    left = forecast(trials, datasets, folder / "runs", console)
    runs: dict[str, Run] = {}
    for name, trial in trials.items():
        console.print(f"[bold]{name}[/]: {trial.training.epochs} epochs")
        run = trial.run(name, folder / "runs", datasets[name], progress=progress)
        runs[name] = replace(run, given=datasets[name])
        left.done(name)
    console.print("measuring")
    results = _measured(seats, runs, size, seed)
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    return write_report(folder / "report.html", results)


def _trials(size: Size, seed: int) -> dict[str, Trial]:
    """Every model by the name of its run."""
    found = {
        "generator": _drawing(size.generator, seed, 1.0),
        "plain": _drawing(size.generator, seed),
        "variational": _turning(size.variational, seed),
    }
    for count in size.known:
        for others in _OTHERS:
            found[f"few-{count}-{others}"] = _drawing(size.few, seed)
    return found


def _drawing(epochs: int, seed: int, transformed: float = 0.0) -> Trial:
    """A generator with its published loss."""
    return Trial(
        "generator",
        {"latent": _LATENT, "transformed": transformed},
        Training(
            epochs=epochs, batch_size=_BATCH, learning_rate=2e-3, schedule="cosine", seed=seed
        ),
        net_options=_NET,
        likelihood_options={"colour_weight": 10.0},
    )


def _turning(epochs: int, seed: int) -> Trial:
    """A VAE whose encoder reads one view while another is decoded."""
    return Trial(
        "vae",
        {"latent": _LATENT},
        Training(epochs=epochs, batch_size=_BATCH, schedule="cosine", seed=seed, pair="id"),
        net_options=_NET,
    )


@final
class _Seats:
    """The seats and what is held out of them.

    whole: all their views. held: the seats that are new. order: of the views of every seat, those
    first that are known where few are.
    """

    def __init__(self, data: str, size: Size, seed: int, progress: bool) -> None:
        self.name, self.size = data, size
        found = load(data, image_size=size.image_size, test=0, validation=0, progress=progress)
        if found.shape[0] != 4:
            raise BadInput(f"'{data}' holds no rendered objects: names must say id and view")
        # In memory, as they are small and read over and over.
        self.whole = replace(found.train, x=np.ascontiguousarray(found.train.x[:]))
        self.views = Views.from_split(self.whole)
        ids = np.unique(self.views.of)
        least = min(int((self.views.of == name).sum()) for name in ids)
        if len(ids) < size.held + 3 or least <= max(size.known):
            raise BadInput(
                f"'{data}' has {len(ids)} seats, of at least {least} views: this needs "
                f"{size.held + 3} and {max(size.known) + 1}"
            )
        random = np.random.RandomState(seed)
        self.ids, self.held = ids, np.sort(random.permutation(ids)[: size.held])
        self.place = np.zeros(len(self.whole), np.int64)
        for name in ids:
            own = np.flatnonzero(self.views.of == name)
            self.place[own] = random.permutation(len(own))
        self.new = np.isin(self.views.of, self.held)
        counts = np.array([(self.views.of == name).sum() for name in self.views.of])
        self.unseen = self.place >= np.round((1 - _UNSEEN) * counts)

    def rows(self, name: str) -> NDArray[np.int64]:
        """The rows that a model is trained on."""
        seen, old = np.flatnonzero(~self.unseen), np.flatnonzero(~self.new)
        whole = {"generator": seen, "plain": seen, "variational": old}
        if name in whole:
            return whole[name]
        _, count, others = name.split("-")
        few = np.flatnonzero(self.new & (self.place < int(count)))
        if others == "with":
            return np.union1d(old, few)
        # As many rows an epoch, and so as many steps, as with the others.
        return np.tile(few, -(-len(old) // len(few)))

    def dataset(self, name: str) -> Dataset:
        """The data that a model is trained on."""
        train, none = self.whole.take(self.rows(name)), self.whole.take(slice(0, 0))
        found = Dataset(self.name, "image", train, none, none)
        return found.told(conditions(_TOLD.get(name, _STYLED), train.table, None))

    def told(self, run: Run, rows: NDArray[np.bool_]) -> Split:
        """Rows with the contexts that a run's model reads."""
        some, data = self.whole.take(np.flatnonzero(rows)), run.dataset()
        assert data.conditions is not None
        return replace(some, context=data.conditions.encode(some.table, None))


def _measured(seats: _Seats, runs: dict[str, Run], size: Size, seed: int) -> Results:
    generator, variational = runs["generator"], runs["variational"]
    unseen = seats.told(generator, seats.unseen)
    new, old = (seats.told(variational, rows) for rows in (seats.new, ~seats.new))
    known = seats.views.take(~seats.unseen)
    drawing = {"generator": generator.model(), "plain": runs["plain"].model()}
    made, shown = measured_unseen(drawing, unseen, known)
    turned, strips = measured_turned(variational.model(), new, Views.from_split(old), size.given)
    sheets = {"unseen": shown, "turned": strips}
    sheets |= sheets_of_generator(drawing["plain"], seats.told(generator, ~seats.unseen), seed)
    sheets |= sheets_of_variational(variational.model(), old, seed)
    return Results(
        size,
        len(seats.ids),
        int((~seats.unseen).sum()),
        int(seats.unseen.sum()),
        made,
        turned,
        {count: _growing(seats, runs, count) for count in size.known},
        sheets,
    )


def _growing(seats: _Seats, runs: dict[str, Run], count: int) -> list[Way]:
    """Ways of making the views of new seats of which so many others are known."""
    asked = seats.new & (seats.place >= max(seats.size.known))
    known = seats.new & (seats.place < count)
    tally = Tally()
    for others in ("with", "alone"):
        run = runs[f"few-{count}-{others}"]
        rows = seats.told(run, asked)
        views, made = Views.from_split(rows), run.model().reconstruct(rows.batch())
        for name in seats.held:
            own = views.of == name
            tally.add(f"generator, {_OTHERS[others]}", name, made[own], views.x[own])
    variational = runs["variational"]
    made_of_few(
        variational.model(),
        seats.told(variational, known),
        seats.told(variational, asked),
        seats.views.take(~seats.new),
        tally,
    )
    return tally.ways()


_OTHERS = {"with": "with the other seats", "alone": "without them"}
