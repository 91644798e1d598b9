"""The report on speech: sounds, pictures, tables and verdicts."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.data.sound import DECIBELS
from vaekit.evaluation.bootstrap import Interval
from vaekit.figures import Report
from vaekit.figures.heat import heat
from vaekit.figures.lines import Line, lines
from vaekit.figures.spectrograms import spectrograms
from vaekit.reports.denoise_results import verdict
from vaekit.reports.speech_results import (
    LISTENERS,
    MAIN,
    REAL,
    SWAPPED,
    TOLD,
    TURNED,
    Results,
    Traded,
    Way,
    semitones,
    widest,
)

INTRO = """
A variational autoencoder of short segments of speech has a mean code for every speaker. Take a
recording's codes, subtract the mean code of who speaks and add that of someone else, and the
decoder says the same in another voice
([Hsu, Zhang and Glass 2017](https://arxiv.org/abs/1704.04222)). Here that is done to spoken
digits of six people, for all 30 pairs of them, and judges trained on real recordings say what
they hear. What a reader would think of first needs no model: add the **difference of the two
speakers' mean spectra** to every frame, as an equaliser would.
"""
JUDGES = """
Three convolutional judges read the segments that the models read ({frames} frames,
{milliseconds:.0f} ms) and average their log-probabilities over a recording. They learned from the
{trained:,} recordings that the models learned from. **Speaker** says who speaks. **Voice** does
too, but hears every recording less its own mean spectrum: it cannot tell a microphone or a room,
and no equaliser can fool it. **Digit** says what is said. Of the {measured} test recordings, which
no model and no judge learned from, they are right about:
"""
SPOKEN = """
Test recordings as spectrograms. An **original** and a **reconstruction** should be heard as their
own speaker and digit: they are the ceiling. A **transformation**, and the swap of the **mean
spectrum**, should be heard as the speaker asked for and as the digit that was said; each recording
is given the five other speakers. Beside the published way stands that of conditional models,
which are **told who speaks**: they read a recording as its speaker's and say it as another's.
Models: codes of {latent} dimensions, beta {beta:g}, {epochs} epochs, {seeds}. Intervals are 95%:
Wilson's where there is one answer for each recording, else bootstrapped over recordings, whose
versions stay together.
"""
HOLDS = """
Is a transformation heard as it should be more often than the swap of mean spectra? Of what was
exchanged a judge should hear what was asked for, and of the rest what it was. The difference is
paired by recording. It counts as clear where zero is in neither interval: the bootstrap's over
recordings and the t interval over training runs. Neither covers other speakers than these six.
"""
WAVES = """
What one hears is a wave. Here {waved} recordings (one of each speaker and digit) go from
spectrogram to wave, by Griffin and Lim's method, and back before the judges hear them.
"""
LISTEN = """
The digit {digit}, by every speaker and then in the voice of the next. Every clip, the originals
too, comes from its spectrogram by Griffin and Lim's method, so that what differs is the
spectrogram alone.
"""
PITCH = """
An equaliser leaves the pitch of a voice where it is; another voice has another one. Here it is
tracked (pYIN) in the waves of {waved} recordings, of their reconstructions and of their
transformations; of each wave the median over the frames that have a pitch is taken. The medians of
training recordings by speaker, in hertz: {speakers}. **Nearer** is how often a transformation's
pitch is closer to that of the speaker asked for than the reconstruction's: a half would be chance.
"""
SCALE = """
The way from one speaker's mean code to another's can be gone in part, or beyond: scale 0 is the
reconstruction, 1 the whole way. First run of the main model.
"""
GRID = """
One training run each, {epochs} epochs, on {measured_rows} test recordings: nats by segment, and
shares of transformations at scale 1. The distortion is that of normalised values, {values:,} a
segment.
"""
ANGLES = """
The published check: vectors from the mean of all to the mean code of a speaker, or of a digit.
Where speakers lie at right angles to digits, one can be exchanged without the other. Mean of the
absolute cosines, first run of the main model: **{across:.2f}** between a speaker and a digit,
**{speakers:.2f}** between two speakers, **{digits:.2f}** between two digits. Random directions in
{latent} dimensions would have {random:.2f}. Vectors of n classes sum to zero, so that those of one
kind have cosines of −1 / (n − 1) on average.
"""
DIGITS = """
The same for what is said: every recording is given the nine other digits. A digit is no constant
of a recording: its segments are different sounds, and their mean code says little about any of
them.
"""
TITLES = {"speaker": "speaker", "voice": "voice", "digit": "digit"}


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    report = Report("Speech in another voice", INTRO)
    _verdicts(report, results)
    _listen(report, results)
    _judges(report, results)
    report.section("Another speaker", SPOKEN.format(**_told(results)))
    _ways(report, results.spoken)
    _pairs(report, results)
    report.section("As one hears it", WAVES.format(waved=results.waved))
    _ways(report, results.waves)
    _pitch(report, results)
    report.section("How far to go", SCALE)
    report.figure(by_scale(results), "Shares of transformations; bands are 95% intervals.")
    _grid(report, results)
    _angles(report, results)
    report.section("Another digit", DIGITS)
    _ways(report, results.digits)
    return report.write(path)


def _told(results: Results) -> dict[str, Any]:
    seeds, epochs = results.seeds, results.size.epochs
    runs = f"{seeds} training run{'s' * (seeds > 1)}"
    return {"latent": MAIN[0], "beta": MAIN[1], "epochs": epochs, "seeds": runs}


def differences(results: Results) -> list[tuple[str, str, str, Interval, Interval | None]]:
    """What is heard of which way, by which listener, and how much more often than by mean
    spectra."""
    found = []
    kinds = {"spectrograms": results.spoken, "waves": results.waves, "digits": results.digits}
    for kind, ways in kinds.items():
        named = {way.name: way for way in ways}
        theirs = named[SWAPPED]
        for ours in (named[name] for name in (TURNED, TOLD) if name in named):
            for each in LISTENERS:
                seeds = ours.over_seeds(each, theirs)
                found.append((kind, ours.name, each, ours.less(each, theirs), seeds))
    return found


def _verdicts(report: Report, results: Results) -> None:
    report.section("What holds", HOLDS)
    words = {"spectrograms": "another speaker", "waves": "another speaker, through a wave"}
    words["digits"] = "another digit"
    rows = []
    for kind, way, each, less, seeds in differences(results):
        rows.append(
            [
                words[kind],
                way,
                TITLES[each],
                _points(less),
                None if seeds is None else _points(seeds),
                verdict(widest(less, seeds)),
            ]
        )
    headers = [
        "given",
        "way",
        "judge",
        "over recordings (points)",
        "over runs (points)",
        "is it better?",
    ]
    note = (
        "The voice judge hears no mean spectrum, so the swap cannot please it when another speaker "
        "is asked for: that line says that the model does more than an equaliser, not that it "
        "does it well."
    )
    report.table(headers, rows, notes=[note])


def _points(interval: Interval) -> str:
    """A difference of shares in percentage points."""
    ends = (interval.value, interval.low, interval.high)
    value, low, high = (f"{100 * end:+.1f}" for end in ends)
    return f"{value} [{low}, {high}]".replace("-", "−")


def _share(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _listen(report: Report, results: Results) -> None:
    shown = results.shown
    report.section("Listen", LISTEN.format(digit=shown.digit))
    for row in shown.clips:
        report.audio([(clip.wave, clip.about) for clip in row], results.sound.rate)
    report.figure(
        strips(results),
        f"The digit {shown.digit}: each row is one recording, as it is and in all voices. In the "
        "column of the speaker of the row: the reconstruction.",
    )


def strips(results: Results) -> Figure:
    """One recording of every speaker and its versions in all voices."""
    shown = results.shown
    rows = [[DECIBELS * np.asarray(each, np.float64) for each in row] for row in shown.rows]
    return spectrograms(
        rows,
        second=results.sound.second,
        hertz=results.sound.hertz,
        names=shown.speakers,
        columns=["original", *(f"as {name}" for name in shown.speakers)],
    )


def _judges(report: Report, results: Results) -> None:
    sound = results.sound
    known = {"frames": sound.frames, "milliseconds": 1000 * sound.frames / sound.second}
    report.section(
        "The judges", JUDGES.format(trained=results.trained, measured=results.measured, **known)
    )
    real = results.spoken[0]
    rows = [[TITLES[each], _share(real.share(each))] for each in LISTENERS]
    report.table(["judge", "right about real test recordings (%)"], rows)


def _ways(report: Report, ways: Sequence[Way]) -> None:
    rows = [[way.name, *(_share(way.share(each)) for each in LISTENERS)] for way in ways]
    headers = ["", *(f"{TITLES[each]} (%)" for each in LISTENERS)]
    several = [way for way in ways if len(way.by_seed("digit")) > 1]
    notes = [
        f"Runs one by one, {way.name}: "
        + "; ".join(
            f"{TITLES[each]} " + ", ".join(f"{100 * share:.1f}" for share in way.by_seed(each))
            for each in LISTENERS
        )
        + "."
        for way in several
    ]
    report.table(headers, rows, notes=notes)


def _pairs(report: Report, results: Results) -> None:
    names = list(results.shown.speakers)
    for each, about in (("speaker", "heard as the speaker asked for"), ("digit", "digit kept")):
        rows = [
            [
                f"from {one}",
                *(
                    None
                    if one == to
                    else round(100 * float(results.pairs[one, to].by_recording(each).mean()))
                    for to in names
                ),
            ]
            for one in names
        ]
        caption = f"Transformations by pair: {about} (%), {results.measured // len(names)} "
        caption += "recordings of each speaker."
        report.table(["", *(f"to {name}" for name in names)], rows, caption)


def _pitch(report: Report, results: Results) -> None:
    pitches = results.pitches
    speakers = ", ".join(f"{name} {hertz:.0f}" for name, hertz in pitches.speakers.items())
    report.section("Pitch", PITCH.format(waved=results.waved, speakers=speakers))
    known = pitches.known
    rows = [[f"has a pitch: {name}", _share(share)] for name, share in pitches.heard().items()]
    if (nearer := pitches.nearer()) is not None:
        rows.append(["nearer", _share(nearer)])
    ends = [semitones(hertz) for hertz in pitches.speakers.values()]
    note = (
        f"Nearer is of the {int(known.sum()):,} of {known.numel():,} transformations that have a "
        f"pitch and whose reconstructions have one, of {int(known.any(1).sum())} recordings. "
        f"The speakers' medians span {max(ends) - min(ends):.1f} semitones. "
        "95% intervals, bootstrapped over recordings."
    )
    report.table(["", "share (%)"], rows, notes=[note])
    report.figure(
        tracks(results),
        "Pitch of one recording each, of the pairs whose pitches lie farthest apart.",
    )


def tracks(results: Results) -> Figure:
    """Pitches over time, by example."""
    plots = {}
    for (one, to), found in results.shown.tracks.items():
        plots[f"{one} to {to}"] = [
            Line(name, (np.arange(len(track)) / results.sound.second).tolist(), track.tolist())
            for name, track in found.items()
        ]
        end = len(found[REAL]) / results.sound.second
        ends = [results.pitches.speakers[to]] * 2
        plots[f"{one} to {to}"].append(Line("median of the speaker asked for", [0, end], ends))
    return lines(plots, xlabel="seconds", ylabel="pitch (Hz)")


def by_scale(results: Results) -> Figure:
    """What each listener hears over the scale of the transformation."""
    titles = {"speaker": "speaker asked for", "voice": "voice asked for", "digit": "same digit"}
    drawn = []
    for each, title in titles.items():
        found = [way.share(each) for way in results.scales.values()]
        y, low, high = (
            [100 * getattr(one, end) for one in found] for end in ("value", "low", "high")
        )
        drawn.append(Line(title, list(results.scales), y, low, high))
    return lines({"": drawn}, xlabel="scale", ylabel="transformations heard so (%)")


def traded(results: Results) -> Figure:
    """Keeping the digit over naming the target, a line for each model, a mark for each scale."""
    plots: dict[str, list[Line]] = {}
    for each, title in (("speaker", "speaker asked for"), ("voice", "voice asked for")):
        for model in results.grid:
            x, y = (
                [100 * way.share(name).value for way in model.ways.values()]
                for name in (each, "digit")
            )
            plots.setdefault(title, []).append(Line(model.name, x, y))
        swap = results.spoken[-1]
        x, y = ([100 * swap.share(name).value] for name in (each, "digit"))
        plots[title].append(Line(swap.name, x, y))
    return lines(plots, xlabel="heard as asked for (%)", ylabel="heard as the same digit (%)")


def _grid(report: Report, results: Results) -> None:
    sound = results.sound
    known = {"epochs": results.size.epochs, "measured_rows": results.measured}
    report.section("Codes and beta", GRID.format(**known, values=sound.mels * sound.frames))
    rows = [[model.name, *_of_model(model)] for model in results.grid]
    headers = ["model", "rate (nats)", "distortion (nats)", "active units", "kept: speaker (%)"]
    headers += ["kept: digit (%)", "asked: speaker (%)", "asked: voice (%)", "digit kept (%)"]
    note = "Kept: of reconstructions. Asked, and the last column: of transformations."
    report.table(headers, rows, notes=[note], digits=[None, 1, 1, None, 1, 1, 1, 1, 1])
    scales = ", ".join(f"{scale:g}" for scale in results.size.few)
    about = f"What it costs to be heard as asked for, at the scales {scales}"
    report.figure(traded(results), f"{about}; the swap of mean spectra is one point.")


def _of_model(model: Traded) -> list[Any]:
    whole = model.ways[1.0]
    kept = [100 * model.again.share(each).value for each in ("speaker", "digit")]
    asked = [100 * whole.share(each).value for each in ("speaker", "voice", "digit")]
    return [model.rate, model.distortion, model.active, *kept, *asked]


def _angles(report: Report, results: Results) -> None:
    report.section("Right angles", ANGLES.format(**angles(results), latent=MAIN[0]))
    classes = results.classes
    rows = [*classes.rows("speaker"), *classes.rows("digit")]
    names = [classes.values[row] for row in rows]
    report.figure(
        heat(classes.cosines[np.ix_(rows, rows)], names),
        "Cosines between mean codes, speakers first, then digits.",
    )


def angles(results: Results) -> dict[str, float]:
    """Means of the absolute cosines between pairs of one kind and of both, and of random ones."""
    classes = results.classes
    cosines = np.abs(classes.cosines)
    speakers, digits = classes.rows("speaker"), classes.rows("digit")

    def within(rows: Any) -> float:
        return float(cosines[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)].mean())

    return {
        "across": float(cosines[np.ix_(speakers, digits)].mean()),
        "speakers": within(speakers),
        "digits": within(digits),
        "random": float(np.sqrt(2 / (np.pi * classes.means.shape[1]))),
    }


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    drawn = {"strips": strips(results), "pitch": tracks(results), "scale": by_scale(results)}
    drawn["trade"] = traded(results)
    for name, figure in drawn.items():
        figures.save(figure, folder, name)


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""

    def numbers(way: Way) -> dict[str, Any]:
        return {each: asdict(way.share(each)) | {"by run": way.by_seed(each)} for each in LISTENERS}

    def ways(found: Sequence[Way]) -> dict[str, Any]:
        return {way.name: numbers(way) for way in found}

    pitches = results.pitches
    nearer = pitches.nearer()
    found = {
        "recordings": {"trained": results.trained, "measured": results.measured},
        "epochs": results.size.epochs,
        "spectrograms": ways(results.spoken),
        "waves": ways(results.waves),
        "digits": ways(results.digits),
        "differences": [
            {"given": kind, "way": way, "judge": each, "over recordings": asdict(less)}
            | {"over runs": None if seeds is None else asdict(seeds)}
            for kind, way, each, less, seeds in differences(results)
        ],
        "scales": {f"{scale:g}": numbers(way) for scale, way in results.scales.items()},
        "pairs": {way.name: numbers(way) for way in results.pairs.values()},
        "grid": {
            model.name: {
                "rate": model.rate,
                "distortion": model.distortion,
                "active units": model.active,
                "reconstruction": numbers(model.again),
                "scales": {f"{scale:g}": numbers(way) for scale, way in model.ways.items()},
            }
            for model in results.grid
        },
        "cosines": angles(results),
        "pitch": {
            "speakers": pitches.speakers,
            "measurable": int(pitches.known.sum()),
            "heard": {name: asdict(share) for name, share in pitches.heard().items()},
            "nearer": None if nearer is None else asdict(nearer),
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")
