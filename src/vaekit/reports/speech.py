"""Speech, measured: another speaker's voice by a model's codes, against an equaliser."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch
from rich.console import Console

from vaekit.data import Dataset, Sound, load
from vaekit.data.progress import bar
from vaekit.data.sound import check_installed
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.judge import load_judge, save
from vaekit.evaluation.listening import Ear, Listener, train_listener
from vaekit.reports.forecast import Trial, forecast
from vaekit.reports.speech_measures import (
    Recordings,
    Roles,
    Voices,
    heard_as,
    mean_spectra,
    pitch_of_speakers,
    pitches_of,
    shown,
    swapped,
    through_wave,
)
from vaekit.reports.speech_report import save_figures, save_numbers, write_report
from vaekit.reports.speech_results import (
    AGAIN,
    BETAS,
    LATENTS,
    LISTENERS,
    MAIN,
    REAL,
    SWAPPED,
    TOLD,
    TURNED,
    Pitches,
    Results,
    Size,
    Traded,
    Way,
)
from vaekit.runs import Run
from vaekit.training import Training

_DATA, _TOLD = "speech", ("speaker",)
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
_FEW = (0.5, 1.0, 1.5)
_FULL = Size(epochs=20, judge=5, takes=5, heard=1, scales=_STEPS, few=_FEW, known=2)
_QUICK = Size(epochs=3, judge=2, takes=1, heard=1, scales=_FEW, few=(1.0,), known=1)


def speech(
    folder: Path = Path("reproduce-speech"),
    *,
    seeds: int | None = None,
    quick: bool = False,
    progress: bool = True,
) -> Path:
    """Give spoken digits the voice of another speaker, and measure what is heard.

    How long training takes is found out and said at its start. What is already trained in the
    folder is kept, so an experiment that was stopped goes on.

    Args:
        folder: Where runs, judges, figures, numbers and the report go.
        seeds: Training runs of the main model; three by default, one where it is quick.
        quick: Train for three epochs and measure fewer recordings.
        progress: Show progress.
    """
    seeds = (1 if quick else 3) if seeds is None else seeds
    if seeds < 1:
        raise BadInput(f"`seeds` must be 1 or more, not {seeds}.")
    check_installed()
    size, console = _QUICK if quick else _FULL, Console(stderr=True, quiet=not progress)
    dataset = load(_DATA, progress=progress)
    trials, told = _trials(size, seeds), _told(size, seeds)
    known = load(_DATA, condition=_TOLD, progress=False)
    named = {_name(*key): trial for key, trial in trials.items()} | told
    sets = {name: known if name in told else dataset for name in named}
    left = forecast(named, sets, folder / "runs", console)
    runs: dict[tuple[int, float, int], Run] = {}
    for key, trial in trials.items():
        console.print(f"[bold]{_name(*key)}[/]: {size.epochs} epochs")
        runs[key] = trial.run(_name(*key), folder / "runs", _DATA, progress=progress)
        left.done(_name(*key))
    roles = []
    for name, trial in told.items():
        console.print(f"[bold]{name}[/]: {size.epochs} epochs")
        options = {"condition": _TOLD}
        run = trial.run(name, folder / "runs", _DATA, data_options=options, progress=progress)
        roles.append(Roles(run))
        left.done(name)
    results = _measured(dataset, runs, roles, size, folder, console)
    save_numbers(folder / "numbers.json", results)
    save_figures(folder / "figures", results)
    return write_report(folder / "report.html", results)


def _name(latent: int, beta: float, seed: int) -> str:
    return f"latent{latent}-beta{beta:g}-seed{seed}"


def _trials(size: Size, seeds: int) -> dict[tuple[int, float, int], Trial]:
    """Every model by the size of its code, beta and seed; the main one's first."""
    keys = [(*MAIN, seed) for seed in range(seeds)]
    keys += [(latent, beta, 0) for latent in LATENTS for beta in BETAS if (latent, beta) != MAIN]
    return {
        (latent, beta, seed): Trial(
            "vae",
            {"latent": latent, "beta": beta},
            Training(epochs=size.epochs, batch_size=128, schedule="cosine", seed=seed),
        )
        for latent, beta, seed in keys
    }


def _told(size: Size, seeds: int) -> dict[str, Trial]:
    """Models like the main one that are told who speaks, by the names of their runs."""
    (latent, beta), epochs = MAIN, size.epochs
    return {
        f"told-seed{seed}": Trial(
            "vae",
            {"latent": latent, "beta": beta},
            Training(epochs=epochs, batch_size=128, schedule="cosine", seed=seed),
        )
        for seed in range(seeds)
    }


def _measured(
    dataset: Dataset,
    runs: dict[tuple[int, float, int], Run],
    roles: list[Roles],
    size: Size,
    folder: Path,
    console: Console,
) -> Results:
    sound = dataset.sound
    assert sound is not None
    known = Recordings.of(dataset.train, sound)
    test = Recordings.of(dataset.test, sound).first(size.takes)
    bench = _Bench(sound, _listeners(known, sound, size, folder, dataset, console), known, test)
    main = [Voices(run) for key, run in runs.items() if key[:2] == MAIN]
    console.print("measuring: spectrograms")
    spoken, pairs = bench.ways("speaker", main)
    spoken.insert(-1, bench.told(roles))
    digits, _ = bench.ways("digit", main)
    scales = {scale: bench.turned(main[0], scale) for scale in size.scales}
    console.print("measuring: waves and their pitch")
    few = replace(bench, test=test.first(size.heard))
    waves, pitches = few.waves(main, pitch_of_speakers(known.first(size.known), sound))
    waves.insert(-1, few.told(roles, waved=True))
    grid = []
    for (latent, beta, seed), run in runs.items():
        if not seed:
            console.print(f"measuring: {_name(latent, beta, seed)}")
            grid.append(_traded(bench, latent, beta, run, dataset, size))
    return Results(
        size,
        len(main),
        sound,
        len(known),
        len(test),
        len(few.test),
        spoken,
        waves,
        digits,
        scales,
        sorted(grid, key=lambda each: (each.beta, each.latent)),
        pairs,
        main[0].classes,
        pitches,
        shown(main[0], test, mean_spectra(known, "speaker"), pitches.speakers),
    )


def _listeners(
    known: Recordings, sound: Sound, size: Size, folder: Path, dataset: Dataset, console: Console
) -> dict[str, Listener]:
    """Every listener by name, trained once for these data."""
    found = {}
    for name, column in LISTENERS.items():
        ear = Ear(sound, centred=name == "voice")
        path = folder / "judges" / f"{name}-{dataset.fingerprint[:12]}-{size.judge}.safetensors"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            own = known.column(column)
            with bar(f"training the judge of {name}s", None, not console.quiet) as show:
                listener = train_listener(
                    known.spectrograms, own, ear, epochs=size.judge, progress=show
                )
            save(listener.judge, path)
        found[name] = Listener(load_judge(path), tuple(sorted(set(known.column(column)))), ear)
    return found


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """What voices are measured with: listeners, recordings that are known, and others."""

    sound: Sound
    listeners: dict[str, Listener]
    known: Recordings
    test: Recordings

    def heard(self, name: str, versions: list[Any], column: str = "", asked: Any = ()) -> Way:
        """How versions of the test recordings are heard."""
        return heard_as(self.listeners, name, versions, self.test, column, asked)

    def again(self, voices: Voices) -> Way:
        """Reconstructions."""
        return self.heard(AGAIN, voices.again(self.test))

    def turned(self, voices: Voices, scale: float, column: str = "speaker") -> Way:
        """Transformations by a model's codes."""
        asked = self.test.asked(column)
        versions = voices.turned(self.test, column, asked, scale)
        return self.heard(TURNED, versions, column, asked)

    def told(self, roles: list[Roles], waved: bool = False) -> Way:
        """Transformations by models that are told who speaks; waved: through a wave and back."""
        asked, ways = self.test.asked("speaker"), []
        for each in roles:
            versions = each.turned(self.test, asked)
            versions = through_wave(self.sound, versions)[1] if waved else versions
            ways.append(self.heard(TOLD, versions, "speaker", asked))
        return _joined(ways)

    def swapped(self, column: str) -> Way:
        """Transformations by mean spectra alone."""
        asked = self.test.asked(column)
        means = mean_spectra(self.known, column)
        return self.heard(SWAPPED, swapped(self.test, column, asked, means), column, asked)

    def ways(self, column: str, main: list[Voices]) -> tuple[list[Way], dict[Any, Way]]:
        """All ways of giving another class of a column, and the model's by pair of these."""
        again = _joined([self.again(voices) for voices in main])
        turned = _joined([self.turned(voices, 1.0, column) for voices in main])
        real = self.heard(REAL, self.test.spectrograms)
        asked, own = self.test.asked(column), self.test.column(column)
        kinds = [(own[n], to) for n, to in asked]
        pairs = {}
        for pair in sorted(set(kinds)):
            there = torch.tensor([kind == pair for kind in kinds])
            right = {name: each.flatten(1)[:, there, None] for name, each in turned.right.items()}
            pairs[pair] = Way(" to ".join(pair), right)
        return [real, again, turned, self.swapped(column)], pairs

    def waves(self, main: list[Voices], speakers: dict[str, float]) -> tuple[list[Way], Pitches]:
        """The ways of giving another speaker, through a wave and back, and what pitch does."""
        asked = self.test.asked("speaker")
        originals, real = through_wave(self.sound, self.test.spectrograms)
        again, turned, pitches = list[Way](), list[Way](), list[Pitches]()
        for voices in main:
            before, heard = through_wave(self.sound, voices.again(self.test))
            again.append(self.heard(AGAIN, heard))
            after, heard = through_wave(self.sound, voices.turned(self.test, "speaker", asked))
            turned.append(self.heard(TURNED, heard, "speaker", asked))
            waves = originals, before, after
            pitches.append(pitches_of(self.sound, speakers, self.test, asked, waves))
        means = mean_spectra(self.known, "speaker")
        _, other = through_wave(self.sound, swapped(self.test, "speaker", asked, means))
        ways = [self.heard(REAL, real), _joined(again), _joined(turned)]
        return [*ways, self.heard(SWAPPED, other, "speaker", asked)], Pitches.joined(pitches)


def _joined(ways: list[Way]) -> Way:
    return ways[0].with_seeds(ways[1:])


def _traded(
    bench: _Bench, latent: int, beta: float, run: Run, dataset: Dataset, size: Size
) -> Traded:
    """What a model costs on the test segments, and how its versions are heard."""
    found, voices = evaluate(run.model(), dataset.test, draws=1, kind=dataset.kind), Voices(run)
    assert found.rate is not None
    return Traded(
        latent,
        beta,
        found.rate.value,
        found.distortion.value,
        found.active_units or 0,
        bench.again(voices),
        {scale: bench.turned(voices, scale) for scale in size.few},
    )
