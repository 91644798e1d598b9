"""Music, measured: a hierarchical decoder of melodies against a flat one, and what codes hold."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from vaekit.data import Dataset, load
from vaekit.data.music import check_installed
from vaekit.errors import BadInput
from vaekit.model import Autoencoder
from vaekit.reports import music_measures as measures
from vaekit.reports.forecast import Forecast, Trial, forecast
from vaekit.reports.music_report import save_figures, save_numbers, save_tunes, write_report
from vaekit.reports.music_results import (
    BARS,
    CASES,
    CHORALES,
    LANGUAGE,
    RIGHT,
    SHORT,
    STEPS,
    Case,
    OfChorales,
    OfLength,
    Results,
    Sampled,
    Shown,
    Size,
)
from vaekit.runs import Run
from vaekit.training import Training
from vaekit.workflow.looks import some_rows
from vaekit.workflow.music import Played, named, played_rows

Array = NDArray[Any]

_FOLK, _BACH = "nottingham", "jsb-chorales"
_FULL = Size(
    seeds=3,
    epochs={2: 4, 16: 32},
    language={2: 3, 16: 4},
    chorales=8,
    pairs=100,
    edited=200,
    samples={2: 500, 16: 200},
)
_QUICK = Size(
    seeds=1,
    epochs={2: 1, 16: 2},
    language={2: 1, 16: 1},
    chorales=2,
    pairs=24,
    edited=50,
    samples={2: 200, 16: 60},
)
_EVERY = {2: 1, 16: 4}  # bars from one training window to the next
_BATCH = {2: 32, 16: 16}
_FREE = {2: 33.0, 16: 177.0}  # nats of a window that are not charged: the paper's 48 and 256 bits
_OPTIONS: dict[str, Any] = {"latent": 64, "beta": 0.2, "warmup": 2.0}
_SILENT: dict[str, Any] = {"latent": 1, "beta": 1000.0, "warmup": 0.0}
_SHOWN = 2  # windows and samples that are heard
_CHORALES = 0  # in place of bars
_TIMED = Played("", np.zeros((0, 0)), tempo=140)  # as all tunes are played here


def music(
    folder: Path | None = None,
    *,
    quick: bool = False,
    seeds: int | None = None,
    progress: bool = True,
) -> Path:
    """Play folk tunes and chorales from codes, and measure whether a conductor helps.

    How long training takes is found out and said at its start. What is already trained in the
    folder is kept, so an experiment that was stopped goes on.

    Args:
        folder: Where runs, tunes, figures, numbers and the report go; reproduce-music by default,
            and reproduce-music-quick with quick.
        quick: Train briefly and measure fewer melodies: a rough picture.
        seeds: Training runs of every net, for the intervals; 3 by default, and 1 with quick.
        progress: Show progress.
    """
    if seeds is not None and seeds < 1:
        raise BadInput(f"`seeds` must be 1 or more, not {seeds}.")
    check_installed()
    size = _QUICK if quick else _FULL
    size = size if seeds is None else replace(size, seeds=seeds)
    folder = folder or Path("reproduce-music" + "-quick" * quick)
    console = Console(stderr=True, quiet=not progress)
    bench = _Bench.of(size, folder / "runs", console, progress)
    lengths = {bars: _of_length(bench, bars) for bars in BARS}
    chorales = _of_chorales(bench)
    twins = measures.near_twins(bench.sets[BARS[0]])
    results = Results(size, _OPTIONS | {"free_rate": _FREE}, lengths, chorales, twins)
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    save_tunes(folder / "tunes", results)
    return write_report(folder / "report.html", results)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """What is trained, on what and where.

    sets: by bars of a window, and the chorales' by 0. trials: by the name of the run, with the
    key of their data.
    """

    size: Size
    folder: Path
    console: Console
    progress: bool
    sets: dict[int, Dataset]
    options: dict[int, tuple[str, dict[str, Any]]]
    trials: dict[str, tuple[int, Trial]]
    left: Forecast

    @staticmethod
    def of(size: Size, folder: Path, console: Console, progress: bool) -> "_Bench":
        """All of it, with a forecast of how long training takes."""
        options: dict[int, tuple[str, dict[str, Any]]] = {
            bars: (_FOLK, {"bars": bars, "every": _EVERY[bars]}) for bars in BARS
        }
        options[_CHORALES] = (_BACH, {"bars": SHORT})
        sets = {key: load(name, **each, progress=progress) for key, (name, each) in options.items()}
        trials = _trials(size)
        left = forecast(
            {name: trial for name, (_, trial) in trials.items()},
            {name: sets[key] for name, (key, _) in trials.items()},
            folder,
            console,
        )
        return _Bench(size, folder, console, progress, sets, options, trials, left)

    def run(self, name: str) -> Run:
        """A finished run, trained where it is not there."""
        key, trial = self.trials[name]
        data, options = self.options[key]
        self.console.print(f"[bold]{name}[/]: {trial.training.epochs} epochs")
        run = trial.run(name, self.folder, data, data_options=options, progress=self.progress)
        self.left.done(name)
        return run

    def runs(self, key: int, cases: tuple[Case, ...]) -> dict[str, list[Run]]:
        """The runs of every case, by seed."""
        seeds = range(self.size.seeds)
        return {each.name: [self.run(_name(each, key, n)) for n in seeds] for each in cases}


def _name(case: Case, key: int, seed: int) -> str:
    what = f"{key}-bars" if key else "chorales"
    return f"{case.name.replace(' ', '-')}-{what}-seed{seed}"


def _trials(size: Size) -> dict[str, tuple[int, Trial]]:
    """Every model by the name of its run, with the key of its data."""
    found = {}
    for bars in BARS:
        free = _OPTIONS | {"free_rate": _FREE[bars]}
        for case in CASES:
            for seed in range(size.seeds):
                training = _training(size.epochs[bars], _BATCH[bars], seed)
                trial = Trial("music-vae", free, training, case.net, case.options)
                found[_name(case, bars, seed)] = (bars, trial)
        training = _training(size.language[bars], _BATCH[bars], 0)
        trial = Trial("music-vae", _SILENT, training, LANGUAGE.net, LANGUAGE.options)
        found[_name(LANGUAGE, bars, 0)] = (bars, trial)
    free = _OPTIONS | {"free_rate": _FREE[BARS[0]]}
    for case in CHORALES:
        for seed in range(size.seeds):
            training = _training(size.chorales, _BATCH[BARS[0]], seed)
            trial = Trial("music-vae", free, training, case.net, case.options)
            found[_name(case, _CHORALES, seed)] = (_CHORALES, trial)
    return found


def _training(epochs: int, batch: int, seed: int) -> Training:
    return Training(
        epochs=epochs, batch_size=batch, learning_rate=2e-3, schedule="cosine", clip=1.0, seed=seed
    )


def _of_length(bench: _Bench, bars: int) -> OfLength:
    """Everything about melodies of so many bars."""
    dataset, size, say = bench.sets[bars], bench.size, bench.console.print
    runs = bench.runs(bars, CASES)
    silent = bench.run(_name(LANGUAGE, bars, 0))
    language = silent.model()
    models = {name: [run.model() for run in each] for name, each in runs.items()}
    say(f"measuring: what is played of {bars} bars")
    found = {name: [measures.of_run(run, dataset) for run in each] for name, each in runs.items()}
    say("measuring: ways between tunes")
    pair = measures.ends(dataset.test, size.pairs)
    ways = {name: measures.ways(each, language, *pair) for name, each in models.items()}
    say("measuring: attributes")
    x = dataset.test.batch(some_rows(dataset.test, size.edited)).x
    edits = {name: measures.edits(each, x) for name, each in runs.items() if bars == SHORT}
    say("measuring: samples")
    samples, n = _samples(dataset, models, language, size.samples[bars])
    return OfLength(
        bars=bars,
        steps=dataset.shape[-1],
        trained=len(dataset.train),
        tested=len(dataset.test),
        common=measures.common(dataset.test.x[:]),
        runs=found,
        language=measures.of_run(silent, dataset, (RIGHT,)),
        blend=measures.plain_way(language, *pair),
        ways=ways,
        edits=edits,
        samples=samples,
        sampled=n,
        shown=_shown({name: each[0] for name, each in runs.items()}, dataset),
    )


def _of_chorales(bench: _Bench) -> OfChorales:
    """Everything about four voices at once."""
    dataset = bench.sets[_CHORALES]
    runs = bench.runs(_CHORALES, CHORALES)
    bench.console.print("measuring: chorales")
    found = {name: [measures.of_run(run, dataset) for run in each] for name, each in runs.items()}
    firsts = {name: each[0] for name, each in runs.items()}
    common = measures.common(dataset.test.x[:])
    return OfChorales(len(dataset.train), len(dataset.test), common, found, _shown(firsts, dataset))


def _samples(
    dataset: Dataset,
    models: dict[str, list[Autoencoder]],
    language: Autoencoder,
    most: int,
) -> tuple[list[Sampled], int]:
    """How far samples are from data, and of how many windows that is said."""
    data, other = measures.halves(dataset, most)
    first = next(iter(models.values()))[0]
    kinds = {"other data": [other], "other data, transposed": [measures.moved(first, other)]}
    for name, known in models.items():
        for temperature, words in ((1.0, "drawn"), (0.0, "likeliest")):
            kinds[f"{name}, {words}"] = _rows(known, len(data), temperature)
    kinds[f"{LANGUAGE.name}, drawn"] = _rows([language], len(data), 1.0)
    return measures.sampled(data, kinds), len(data)


def _rows(models: list[Autoencoder], n: int, temperature: float) -> list[Array]:
    """Samples (n, V, T) of every model, symbols."""
    return [measures.drawn(each, n, temperature).numpy().astype(np.int64) for each in models]


def _shown(runs: dict[str, Run], dataset: Dataset) -> Shown:
    """Tunes of the first run of every case, to be seen and heard."""
    places = some_rows(dataset.test, _SHOWN)
    x, names = dataset.test.batch(places).x, named(dataset.test, places)
    rows = {"as it is": x}
    rows |= {name: run.model().reconstruct(x) for name, run in runs.items()}
    first = next(iter(runs.values()))
    again = [
        played_rows(first, np.stack([each[n].numpy() for each in rows.values()]), rows, _TIMED)
        for n in range(len(x))
    ]
    pair = measures.shown_ends(dataset.test)
    ways, samples = dict[str, list[Played]](), dict[str, list[Played]]()
    shares = ["first", *(f"{share:.1f}" for share in np.linspace(0, 1, STEPS)), "last"]
    for name, run in runs.items():
        model = run.model()
        rows_of_way = np.concatenate([pair[0], measures.coded(model, *pair)[0], pair[1]])
        ways[name] = played_rows(run, rows_of_way, shares, _TIMED)
        drawn = measures.drawn(model, _SHOWN, 1.0).numpy()
        samples[name] = played_rows(run, drawn, map(str, range(1, _SHOWN + 1)), _TIMED)
    return Shown(names, again, ways, samples)
