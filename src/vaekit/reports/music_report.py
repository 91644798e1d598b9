"""The report on music: players, piano rolls, tables and verdicts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.data.music import HOLD, METERS
from vaekit.data.synth import RATE
from vaekit.evaluation.bootstrap import Interval, mean_intervals
from vaekit.figures import Report
from vaekit.figures.files import wav, write
from vaekit.figures.lines import Line, lines
from vaekit.reports.denoise_results import paired, verdict, with_interval
from vaekit.reports.music_results import (
    BLEND,
    CODED,
    CODES,
    DECODED,
    FLAT,
    HIERARCHICAL,
    LONG,
    PRIOR,
    PUBLISHED,
    RIGHT,
    SHORT,
    SOURCE,
    STEPS,
    WRONG,
    Edits,
    OfLength,
    OfRun,
    Results,
    Way,
    accuracy,
)
from vaekit.reports.speech_results import widest
from vaekit.reports.styles_results import over_seeds
from vaekit.workflow.music import Played, one_after_another

INTRO = """
MusicVAE ([Roberts et al. 2018]({source})) plays melodies from a code. Its claim: a decoder that
**conducts**, making a vector for each bar from which a second memory plays that bar alone, plays
16 bars again better than a flat one does, once it hears what it played itself. Here that is
measured on folk tunes and on chorales, with nets of equal size and equal training, and what was
found is said whether or not it is that.
"""
DATA = """
Melodies of the [Nottingham folk tunes](https://github.com/jukedeck/nottingham-dataset) in 4/4, a
symbol for each sixteenth: one of 128 pitches that begins, hold, or rest. The published models
learned from millions of melodies out of crawled MIDI files; here there are {tunes} tunes. Windows
overlap in training alone: {windows}. They are split by tune. Some tunes are near-twins, whatever
their key: one has half or more of the other's figures of eight notes. {apart} of {tunes} tunes
({share:.1%}) have one in another split, and {known} of {tested} test tunes have one among those
that were trained on: too few to part the data otherwise.

A melody is mostly held notes: the commonest symbol alone would be right in {common}. Accuracies
are to be held against that. A decoder that takes a rest for a held note where it begins may go on
with rests, and be right in far fewer steps.
"""
NETS = """
**Flat** is one LSTM that reads the code in every step; **hierarchical** is the published one, whose
state is made anew for each bar; the **transformer** attends to the code and to all steps before.
All have the same encoder, a bidirectional LSTM, a code of {latent} dimensions, beta {beta:g} and a
rate of which so many nats a window are free ({free}, the paper's 48 and 256 bits), training with
transposition by up to 5 semitones, {epochs}, and {seeds} each.
"""
PLAYED = """
The share of steps that are right on test windows, **forced**, each given the right steps before it,
and **played**, each given what the model itself played before it (always the likeliest symbol).
**Notes** are the same of those steps alone in which a note begins, which tell tunes apart. In
brackets: 95% t intervals over training runs.
"""
APART = """
The published figures ([Roberts et al. 2018]({source}), quoted from memory and not held against the
paper) are of other data, millions of windows of melodies from crawled files against hundreds of
folk tunes here, and of far larger nets that were trained for far longer. Which of two is better can
be compared, how right they are cannot.
"""
HOLDS = """
Does one net play better than another? The difference in percentage points, paired by seed, with its
95% t interval. No correction is made for the number of verdicts.
"""
CODE = """
What the code is worth: test windows decoded from their own code, from that of a window of another
tune, and from a code drawn from the prior. A decoder that ignores its code is as right with any.
The ELBO and the rate are in nats, bounds on the log-likelihood of test windows; a dimension is
active where its mean varies over the data.
"""
BETWEEN = """
Ways between {pairs} pairs of test windows of different tunes, in {steps} places. **Codes**: played
from the arc between the two codes. **Blend of the ends**: each step from the one or from the other
melody, from the second with the probability of the place, as in the paper. **Blend of the played
ends**: the same between what the model plays at its two ends, so that reconstructing costs both
the same. Distance is the share of steps that differ from an end of the way. The **excess** is what
a melody costs, in nats a step, beyond the mix of what the way's ends cost, under a language model
of these data: an LSTM whose code carries nothing ({rate:.2f} nats a window); it is right in
{right:.1%} of test steps of {short} bars, which cost it {cost:.3f} nats each. What is likeliest is
played, and such melodies cost less than real ones, so costs are compared within a way. Shown is
the first pair of which both begin with a note.
"""
ATTRIBUTES = """
Attributes are measured on the melodies themselves, and directions in the codes lead from windows
below the median to those above, all others held equal (`balanced`). {edited} test windows of
{short} bars are moved along each direction, decoded by what is likeliest, and measured again.
Changes are in standard deviations of the test windows, from scale 0, with 95% bootstrap intervals
over windows (means over training runs).
"""
SAMPLES = """
Codes from the prior, at temperature 1, and then steps that are **drawn** at temperature 1, or
**likeliest**. The total variation distance, from 0 to 1, between the distributions of samples and
those of {short} or {long} bars of one half of the tunes. Beside it stand the floor, as many windows
of the other half; the same transposed as they are in training, in which tunes come in all keys
while the collection has a few; and the language model, which has no code. In brackets: 95%
intervals from random halves, which do not say how far a distance is biased upwards; the floor is
biased alike.
"""
CHORALES = """
Bach's chorales, four voices at once, {trained:,} windows of {short} bars in training and {tested:,}
to test. Accuracies by voice, with 95% t intervals over training runs. The commonest symbol alone
would be right in {common:.1%} of steps: what can be gained by knowing a code is in the notes.
"""
HEARD = """
Played by a plain synthesiser; the same as MIDI and WAV files lie in `tunes/` beside this page, with
all ways and samples. The first training run of each net.
"""
VOICES = ("soprano", "alto", "tenor", "bass")


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    report = Report("Melodies from codes", INTRO.format(source=SOURCE))
    _findings(report, results)
    _data(report, results)
    report.section("Played again", PLAYED)
    _accuracies(report, results)
    _again(report, results.lengths)
    report.section("What the code is worth", CODE)
    _codes(report, results)
    _between(report, results)
    _attributes(report, results)
    _samples(report, results)
    _chorales(report, results)
    return report.write(path)


def difference(
    ours: Sequence[OfRun], theirs: Sequence[OfRun], played: bool, begun: bool = False
) -> Interval | None:
    """How many more percentage points of steps one net has right than another, over seeds."""
    values = (accuracy(runs, RIGHT, played, begun) for runs in (ours, theirs))
    return paired(*([100 * each for each in found] for found in values))


def worth(runs: Sequence[OfRun], played: bool, begun: bool = False) -> Interval | None:
    """How many more percentage points are right with the own code than with another's."""
    values = (accuracy(runs, code, played, begun) for code in (RIGHT, WRONG))
    return paired(*([100 * each for each in found] for found in values))


def _findings(report: Report, results: Results) -> None:
    long, rows = results.lengths[LONG], list[list[str | None]]()
    ours, theirs = long.runs[HIERARCHICAL], long.runs[FLAT]
    claim, notes = (difference(ours, theirs, True, begun) for begun in (False, True))
    report.section("What was found")
    report.note(
        f"The paper's claim, that the hierarchical decoder plays {LONG} bars better than the flat "
        f"one: {verdict(claim)} in all steps, {verdict(notes)} in those in which a note begins, "
        "with nets of this size, this training and these data."
    )
    said = [
        f"{name}: {_over(accuracy(runs, RIGHT, True, True), 100)} per cent of the notes, and "
        f"{_over([run.silent for run in runs], 100)} per cent of the windows without any note"
        for name, runs in long.runs.items()
    ]
    report.text(
        f"What is played of {LONG} bars where and as it should be: {'; '.join(said)}. Steps that "
        "are right are mostly those in which a note is held."
    )
    for bars, each in results.lengths.items():
        for played, words in _BOTH:
            for begun, which in _STEPS:
                gain = difference(each.runs[HIERARCHICAL], each.runs[FLAT], played, begun)
                about = f"{bars} bars, {words}, {which}"
                rows.append(["hierarchical against flat", about, *_said(gain)])
    kinds = {f"{bars} bars": each.runs for bars, each in results.lengths.items()}
    for kind, found in (kinds | {"chorales": results.chorales.runs}).items():
        for name, runs in found.items():
            for begun, which in _STEPS:
                about = f"{kind}, {name}, played, {which}"
                rows.append(
                    ["its own code against another's", about, *_said(worth(runs, True, begun))]
                )
    headers = ["what", "of which melodies", "difference (points of steps)", "verdict"]
    note = "In brackets: 95% t intervals over training runs."
    report.table(headers, rows, "Is more played right?", notes=[note])
    rows = []
    for bars, each in results.lengths.items():
        for name, ways in each.ways.items():
            over, seeds = ways[CODED].less(ways[DECODED])
            clear = over if seeds is None else widest(over, seeds)
            cells = [with_interval(over, 3), with_interval(seeds, 3), verdict(clear)]
            rows.append([f"{bars} bars, {name}", *cells])
    headers = ["melodies, net", "gain (nats a step), over pairs", "over runs", "verdict"]
    caption = "Do codes lead through likelier tunes than a blend of the same two ends?"
    note = "A verdict needs both intervals, bootstrapped over pairs and t over training runs."
    report.table(headers, rows, caption, notes=[note])


_BOTH = ((False, "forced"), (True, "played"))
_STEPS = ((False, "all steps"), (True, "notes"))


def _said(gain: Interval | None) -> list[str | None]:
    return [with_interval(gain, 1), verdict(gain)]


def _data(report: Report, results: Results) -> None:
    lengths, twins, size = results.lengths, results.twins, results.size
    windows = "; ".join(
        f"{each.trained:,} windows of {bars} bars to train on and {each.tested:,} to test"
        for bars, each in lengths.items()
    )
    common = " and ".join(f"{each.common:.1%} ({bars} bars)" for bars, each in lengths.items())
    report.section(
        "The data",
        DATA.format(
            tunes=twins.tunes,
            windows=windows,
            apart=twins.apart,
            share=twins.apart / max(1, twins.tunes),
            known=twins.known,
            tested=twins.tested,
            common=common,
        ),
    )
    epochs = " and ".join(f"{_count(n, 'epoch')} of {b} bars" for b, n in size.epochs.items())
    free = " and ".join(f"{n:g} for {b} bars" for b, n in results.options["free_rate"].items())
    report.section(
        "The nets",
        NETS.format(
            latent=results.options["latent"],
            beta=results.options["beta"],
            free=free,
            epochs=epochs,
            seeds=_count(size.seeds, "training run"),
        ),
    )
    rows = [
        [name, *(f"{each.runs[name][0].parameters:,}" for each in lengths.values())]
        for name in lengths[SHORT].runs
    ]
    report.table(["net", *(f"parameters, {bars} bars" for bars in lengths)], rows)


def _accuracies(report: Report, results: Results) -> None:
    for bars, each in results.lengths.items():
        told = PUBLISHED if bars == LONG else {}
        rows: list[list[Any]] = []
        for name, runs in (each.runs | {"language model, no code": [each.language]}).items():
            cells = [
                None if played and name not in each.runs else _over(values, 100)
                for begun, _ in _STEPS
                for played, _ in _BOTH
                for values in [accuracy(runs, RIGHT, played, begun)]
            ]
            known = " and ".join(f"{100 * share:.1f}" for share in told.get(name, ()))
            rows.append([name, *cells, known or None])
        rows.append(["always the commonest symbol", *[f"{100 * each.common:.1f}"] * 2])
        headers = ["net", *(f"{words} (%)" for _, words in _BOTH)]
        headers += [f"notes, {words} (%)" for _, words in _BOTH]
        headers += ["published"] if told else []
        rows = [[*row, *[None] * len(headers)][: len(headers)] for row in rows]
        report.table(headers, rows, f"Steps that are right, {bars} bars.")
    report.text(APART.format(source=SOURCE))
    differences = []
    for bars, each in results.lengths.items():
        for name, (played, words) in product(each.runs, _BOTH):
            if name != FLAT:
                gains = [difference(each.runs[name], each.runs[FLAT], played, b) for b, _ in _STEPS]
                cells = [cell for gain in gains for cell in _said(gain)]
                differences.append([f"{bars} bars, {words}, {name}", *cells])
    headers = ["against the flat one", "all steps (points)", "verdict", "notes (points)", "verdict"]
    report.table(headers, differences, "Differences.", notes=[HOLDS])


def _again(report: Report, lengths: dict[int, OfLength]) -> None:
    report.text(HEARD)
    for bars, each in lengths.items():
        for name, tunes in zip(each.shown.names, each.shown.again, strict=True):
            report.figure(_rolled([tunes]), f"{name}: a test window of {bars} bars, played again.")
            if bars == SHORT or tunes is each.shown.again[0]:
                report.audio([_heard(tune, f"{name}: {tune.name}") for tune in tunes], RATE)


def _codes(report: Report, results: Results) -> None:
    rows = []
    for bars, each in results.lengths.items():
        for name, runs in each.runs.items():
            elbo = [run.elbo / each.steps for run in runs]
            rate = [run.rate for run in runs]
            active = [float(run.active) for run in runs]
            units = (_over(elbo, 1, 3), _over(rate, 1), _over(active, 1, 0))
            rows.append([f"{bars} bars, {name}", *units])
        alone = [f"{-each.language.elbo / each.steps:.3f}", f"{each.language.rate:.1f}"]
        rows.append([f"{bars} bars, language model", f"−{alone[0]}", alone[1], "0"])
    headers = ["melodies, net", "ELBO (nats a step)", "rate (nats a window)", "active dimensions"]
    report.table(headers, rows, "Bounds on the test windows.")
    shares: list[list[str | None]] = []
    for bars, each in results.lengths.items():
        for name, runs in each.runs.items():
            for (played, words), (begun, which) in product(_BOTH, _STEPS):
                cells = [_over(accuracy(runs, code, played, begun), 100) for code in CODES]
                gain = with_interval(worth(runs, played, begun), 1)
                shares.append([f"{bars} bars, {name}, {words}, {which}", *cells, gain])
    headers = ["melodies, net", *(f"{code} (%)" for code in CODES), "worth (points)"]
    note = f"Worth: the steps that are right with {RIGHT} code less those with {WRONG}."
    report.table(headers, shares, "Steps that are right, by whose code it is.", notes=[note])


def _between(report: Report, results: Results) -> None:
    short = results.lengths[SHORT]
    report.section(
        "From one tune to another",
        BETWEEN.format(
            pairs=results.size.pairs,
            steps=STEPS,
            short=SHORT,
            rate=short.language.rate,
            right=accuracy([short.language], RIGHT, False)[0],
            cost=-short.language.elbo / short.steps,
        ),
    )
    for bars, each in results.lengths.items():
        words = "Bands: 95% bootstrap intervals over pairs, means over training runs."
        report.figure(distances(each), f"{bars} bars: distance to both ends. {words}")
        report.figure(excess(each), f"{bars} bars: cost beyond that of the ends. {words}")
    rows = []
    for bars, each in results.lengths.items():
        rows.append([f"{bars} bars", BLEND, _mean_excess(each.blend)])
        for name, ways in each.ways.items():
            rows += [[f"{bars} bars, {name}", key, _mean_excess(way)] for key, way in ways.items()]
    headers = ["melodies, net", "way", "excess (nats a step)"]
    report.table(headers, rows, "The mean excess of what lies between the ends.")
    for bars, each in results.lengths.items():
        if bars == SHORT:
            for name, tunes in each.shown.ways.items():
                middle = -(-len(tunes) // 2)
                about = f"{name}: from one test window, the first here, to another, the last."
                report.figure(_rolled([tunes[:middle], tunes[middle:]]), about)
                about = f"{name}: all of the way, one after another"
                report.audio([_heard(one_after_another(tunes), about)], RATE)


def _mean_excess(way: Way) -> str | None:
    values = way.between.mean(0)
    return with_interval(mean_intervals(values[:, None])[0], 3, "+")


def distances(each: OfLength) -> Figure:
    """How far the way is from both ends, by net."""
    share = np.linspace(0, 1, STEPS).tolist()
    plots = {}
    for name, ways in each.ways.items():
        drawn = []
        for title, way in ((BLEND, each.blend), (CODED, ways[CODED])):
            for end, words in ((0, "first"), (1, "last")):
                found = mean_intervals(way.distance[..., end].mean(0))
                drawn.append(_line(f"{title}, to the {words}", share, found))
        plots[name] = drawn
    return lines(plots, xlabel="place", ylabel="share of steps that differ")


def excess(each: OfLength) -> Figure:
    """What lies on the way costs beyond its ends, by net."""
    share = np.linspace(0, 1, STEPS).tolist()
    plots = {
        name: [
            _line(title, share, mean_intervals(way.excess.mean(0)))
            for title, way in ((BLEND, each.blend), *((key, ways[key]) for key in (DECODED, CODED)))
        ]
        for name, ways in each.ways.items()
    }
    return lines(plots, xlabel="place", ylabel="excess (nats a step)")


def _line(name: str, x: Sequence[float], found: Sequence[Interval]) -> Line:
    values = ([getattr(each, end) for each in found] for end in ("value", "low", "high"))
    y, low, high = values
    return Line(name, list(x), y, low, high)


def _attributes(report: Report, results: Results) -> None:
    each = results.lengths[SHORT]
    text = ATTRIBUTES.format(edited=results.size.edited, short=SHORT)
    report.section("More of an attribute", text)
    report.figure(own_changes(each.edits), "Each direction's own measure, over its scale.")
    for name, edits in each.edits.items():
        rows = []
        for attribute, cells in zip(edits.names, edits.matrix(), strict=True):
            marked = [with_interval(cell, 2) for cell in cells]
            place = edits.names.index(attribute)
            marked[place] = f"**{marked[place]}**"
            rows.append([attribute, *marked])
        headers = ["added, at scale 1", *edits.names]
        report.table(headers, rows, f"{name}: what is added (rows) and what changes (columns).")


def own_changes(edits: dict[str, Edits]) -> Figure:
    """What each direction does to its own measure."""
    plots = {
        name: [
            _line(attribute, found.scales, found.curve(place))
            for place, attribute in enumerate(found.names)
        ]
        for name, found in edits.items()
    }
    return lines(plots, xlabel="scale", ylabel="change (standard deviations)")


def _samples(report: Report, results: Results) -> None:
    report.section("Samples against data", SAMPLES.format(short=SHORT, long=LONG))
    for bars, each in results.lengths.items():
        names = list(each.samples[0].distances)
        rows = [
            [found.name, *(with_interval(found.distances[name], 3, "-") for name in names)]
            for found in each.samples
        ]
        caption = f"Total variation, {bars} bars: {each.sampled} windows of each."
        report.table(["melodies", *names], rows, caption)
        tunes = [tune for found in each.shown.samples.values() for tune in found]
        width = len(next(iter(each.shown.samples.values())))
        grid = [tunes[first : first + width] for first in range(0, len(tunes), width)]
        figure = _rolled(grid, list(each.shown.samples))
        report.figure(figure, f"Samples of {bars} bars, steps drawn at temperature 1.")
        some = [(name, found[0]) for name, found in each.shown.samples.items()]
        report.audio([_heard(tune, f"{name}: {bars} bars, sample 1") for name, tune in some], RATE)


def _chorales(report: Report, results: Results) -> None:
    found = results.chorales
    known = {"trained": found.trained, "tested": found.tested, "common": found.common}
    report.section("Chorales", CHORALES.format(short=SHORT, **known))
    rows = []
    for name, runs in found.runs.items():
        for played, words in _BOTH:
            for code in (RIGHT, WRONG, PRIOR):
                voices = np.stack([run.accuracy[code].of(played) for run in runs])
                cells = [_over(column.tolist(), 100) for column in voices.T]
                rows.append([f"{name}, {words}, {code} code", *cells])
    report.table(["net, way and code", *(f"{voice} (%)" for voice in VOICES)], rows)
    worths = [
        [f"{name}, {which}", *(cell for p, _ in _BOTH for cell in _said(worth(runs, p, begun)))]
        for name, runs in found.runs.items()
        for begun, which in _STEPS
    ]
    headers = ["net", "worth forced (points)", "verdict", "worth played (points)", "verdict"]
    report.table(headers, worths, "What its own code is worth against another's, over all voices.")
    for name, tunes in found.shown.samples.items():
        report.figure(_rolled([tunes]), f"{name}: samples, steps drawn at temperature 1.")
        report.audio([_heard(tune, f"{name}: sample {tune.name}") for tune in tunes], RATE)
    tunes = found.shown.again[0]
    report.figure(_rolled([tunes]), f"{found.shown.names[0]}: a test window, played again.")
    report.audio([_heard(tune, f"{found.shown.names[0]}: {tune.name}") for tune in tunes], RATE)


def _heard(tune: Played, about: str) -> tuple[np.ndarray[Any, Any], str]:
    """A tune as a player takes it; one without notes is said to be that."""
    silent = (np.asarray(tune.symbols) >= HOLD).all()
    return tune.wave, about + ", which has no note" * bool(silent)


def _rolled(rows: Sequence[Sequence[Played]], names: Sequence[str] = ()) -> Figure:
    bar = METERS[rows[0][0].meter]
    if len(rows) == 1 and rows[0][0].symbols.shape[1] > 8 * bar:  # long ones below each other
        names = [tune.name for tune in rows[0]]
        rows = [[tune] for tune in rows[0]]
        return figures.rolls([[each.roll for each in row] for row in rows], bar=bar, names=names)
    heads = [tune.name for tune in rows[0]] if len(rows) == 1 else []
    return figures.rolls(
        [[each.roll for each in row] for row in rows], bar=bar, names=names, columns=heads
    )


def _over(values: Sequence[float], factor: float, digits: int = 1) -> str:
    """The mean with its t interval, or the one value there is."""
    scaled = [factor * value for value in values]
    return with_interval(over_seeds(scaled), digits, "-") or f"{scaled[0]:.{digits}f}".replace(
        "-", "−"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    for bars, each in results.lengths.items():
        figures.save(distances(each), folder, f"distance-{bars}-bars")
        figures.save(excess(each), folder, f"excess-{bars}-bars")
    figures.save(own_changes(results.lengths[SHORT].edits), folder, "attributes")


def save_tunes(folder: Path, results: Results) -> None:
    """Write what is heard as MIDI and WAV files: reconstructions, ways and samples."""
    kinds = {f"{bars}-bars": each.shown for bars, each in results.lengths.items()}
    for kind, shown in (kinds | {"chorales": results.chorales.shown}).items():
        for number, tunes in enumerate(shown.again, start=1):
            _save(folder / kind / f"again-{number}", tunes)
        for name, tunes in shown.ways.items():
            _save(folder / kind / f"way-{name}", [one_after_another(tunes)], [""])
        for name, tunes in shown.samples.items():
            _save(folder / kind / f"sample-{name}", tunes)


def _save(stem: Path, tunes: Iterable[Played], names: Sequence[str] | None = None) -> None:
    for number, tune in enumerate(tunes):
        own = tune.name.replace(" ", "-") if names is None else names[number]
        path = stem.with_name("-".join(filter(None, (stem.name, own))))
        write(path.with_name(f"{path.name}.mid"), tune.midi)
        write(path.with_name(f"{path.name}.wav"), wav(tune.wave, RATE))


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""
    lengths = {
        str(bars): {
            "windows": {"trained": each.trained, "tested": each.tested},
            "common": each.common,
            "runs": _runs(each.runs),
            "language": _runs({"": [each.language]})[""][0],
            "differences": _differences(each),
            "ways": {BLEND: _way(each.blend)}
            | {
                name: {
                    CODED: _way(ways[CODED]),
                    DECODED: _way(ways[DECODED]),
                    "gain": _ends(*ways[CODED].less(ways[DECODED])),
                }
                for name, ways in each.ways.items()
            },
            "attributes": {
                name: {
                    attribute: dict(zip(edits.names, map(asdict, row), strict=True))
                    for attribute, row in zip(edits.names, edits.matrix(), strict=True)
                }
                for name, edits in each.edits.items()
            },
            "samples": {
                found.name: {name: asdict(value) for name, value in found.distances.items()}
                for found in each.samples
            },
        }
        for bars, each in results.lengths.items()
    }
    numbers = {
        "published": {name: list(each) for name, each in PUBLISHED.items()},
        "twins": asdict(results.twins),
        "lengths": lengths,
        "chorales": _runs(results.chorales.runs),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n")


def _runs(runs: dict[str, list[OfRun]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                "parameters": run.parameters,
                "elbo": run.elbo,
                "rate": run.rate,
                "active": run.active,
                "silent": run.silent,
                "accuracy": {
                    code: {
                        f"{words}, {which}": each.of(played, begun).tolist()
                        for played, words in _BOTH
                        for begun, which in _STEPS
                    }
                    for code, each in run.accuracy.items()
                },
            }
            for run in found
        ]
        for name, found in runs.items()
    }


def _differences(each: OfLength) -> dict[str, Any]:
    flat = each.runs[FLAT]
    return {
        name: {
            f"{words}, {which}": _ends_of(difference(runs, flat, played, begun))
            for played, words in _BOTH
            for begun, which in _STEPS
        }
        for name, runs in each.runs.items()
        if name != FLAT
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "excess": [asdict(each) for each in mean_intervals(way.excess.mean(0))],
        "distance": {
            words: [asdict(each) for each in mean_intervals(way.distance[..., end].mean(0))]
            for end, words in ((0, "first"), (1, "last"))
        },
    }


def _ends(pairs: Interval, seeds: Interval | None) -> dict[str, Any]:
    return {"pairs": asdict(pairs), "seeds": _ends_of(seeds)}


def _ends_of(gain: Interval | None) -> dict[str, float] | None:
    return None if gain is None else asdict(gain)
