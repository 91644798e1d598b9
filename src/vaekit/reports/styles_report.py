"""The report on styles: pictures, tables, and what was found in words."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.evaluation.bootstrap import Interval
from vaekit.figures import Report
from vaekit.reports.denoise_results import paired, verdict, with_interval
from vaekit.reports.mnist_results import mean_and_error
from vaekit.reports.styles_measures import SHOWN
from vaekit.reports.styles_results import (
    AGAINST,
    AIM,
    DECODED,
    DETOUR,
    LENGTH,
    LINEAR,
    LONGEST,
    MEASURES,
    MIDDLE,
    PASS,
    PIXELS,
    PLACES,
    SPHERICAL,
    STEPS,
    WAYS,
    Found,
    Measure,
    Results,
    aim_met,
    over_seeds,
)
from vaekit.reports.told import CASES, Told
from vaekit.workflow.looks import panel, samples_title

INTRO = """
A model of objects should lead from one style to another through pictures that are objects all the
way, and it should draw what it is asked for. Both are measured here: on handbags and shoes
([Fashion-MNIST](https://arxiv.org/abs/1708.07747)) and on handwritten digits, both 28 x 28 and
grey. What is wished is written down first, and what was found is said whether or not it is that.
"""
FOUND = """
Verdicts by every measure, for every sort of pairs; the measures are explained below. More steps
that pass are better, and less of all else. Ways through codes have reconstructions at their ends.
Where they lose to pixels and win over pixels between the same reconstructions, it is
reconstructing that costs, and not the way.
"""
JUDGED = """
Two small convolutional classifiers, trained on real pictures of all ten classes each, are the
judges. The one of clothes knows {clothes} of the test pictures of all classes, the one of digits
{digits}. That is what to hold shares against; pictures plainer than real ones may do better.
Distances between pictures are those of the 64 numbers that the judge's last layer reads. A judge
sees what tells classes apart, and not all that a person sees.
"""
MODELS = """
VAEs with a convolutional network (32, 64 and 128 channels) and {latent} latent dimensions, trained
for {epochs} on bags alone and on bags with shoes; {seeds}. Test pictures are none that they saw.
"""
ENDS = """
A way through codes begins and ends with a reconstruction, a mix of pixels with the pictures
themselves. The share of test pictures that the judge takes for what they are, before and after;
the cost is the difference of the two, in percentage points.
"""
WAYS_SHOWN = """
The first {shown} pairs of each sort, drawn at random, on three ways: **pixels** mixes the two
pictures, **linear** decodes codes (posterior means) on the straight line, **spherical** those on
an arc around the origin. The originals stand in front and behind.
"""
PASSING = """
The wish: codes lead through more pictures that pass for an object than pixels do. The share of
{steps} steps between the ends, ends left out, that the judge takes for one of the two classes of
the ends, over {pairs} pairs of test pictures; the same pairs for every model. **Decoded pixels**
are mixed between what the model makes of the two ends, so that these are the same as those of the
ways through codes. The judge has to name one of ten classes whatever it sees: that a double
exposure of two bags is taken for a bag does not make it look like one.
"""
MIDDLES = """
The wish: what codes meet halfway is more like real pictures than a double exposure. The Fréchet
distance, in the judge's features, of the {pairs} pictures halfway to as many validation pictures
of the classes of the ends; lower is better, and real pictures in their place have the distance in
the last column. Bags and shoes in one set are two heaps, and what lies between them is far from
both however real it looks.
"""
EVEN = """
The wish: codes change the picture more evenly than pixels do. The **path length** is that of
[Karras et al. 2019](https://arxiv.org/abs/1812.04948): the squared distance of neighbouring
pictures over the square of the share of the way between them, here the mean over {places} steps,
in the judge's features. It is never below the squared distance of the two ends, which only a
straight way at a constant rate has. Ends that are alike make short ways, and reconstructions are
more alike than pictures, so the length is also given **over the straight one** between the ways'
own ends: 1 is best. The **longest step** of {coarse} over their mean is 1 for a way that changes as
much at every step, however long a way round it is.
"""
DIFFERENCES = """
Differences on the same pairs, written so that more than zero is better, with two 95% intervals:
over pairs (bootstrap, or random halves for Fréchet distances) and over seeds (t). One way is called
better or worse where both leave out zero on the same side. No correction is made for the number of
verdicts.
"""
DIGITS = """
Three models with the same networks, {latent} latent dimensions and {epochs} of training, which
differ in what they are told: a VAE that is told nothing (**vae**), one whose encoder and decoder
are told the digit (**told vae**) and a conditional VAE (**cvae**), whose prior is told it, too.
{seeds}.

**Asked for** is the share of samples that the judge takes for the digit asked for, {aim:.0%} or
more being the wish. **Carried** is the same of {samples:,} test digits whose codes are decoded as
all ten digits. The **Fréchet distance** compares 300 samples of a digit with as many test digits
of the same class, in the judge's features, and is averaged over digits; samples of the model that
is told nothing are of the digit that the judge finds. **Probe** is the accuracy of a linear reader
of the label in the codes of test digits, where 10% is chance: what the model is told need not be
in the code.
"""
CARRIED = """
Each row is one test digit: its code, decoded as every digit from 0 to 9. If the code holds the
hand and nothing else, the row is one hand's ten digits. The conditional VAE's prior differs by
digit, so that its codes are not all meant for all digits.
"""


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    report = Report("Styles", INTRO)
    _findings(report, results)
    judges = {"clothes": results.judge, "digits": results.digits.judge}
    shares = {name: f"{share:.1%}" for name, share in judges.items()}
    report.section("The judges", JUDGED.format(**shares))
    _models(report, results)
    _ends(report, results)
    shown = WAYS_SHOWN.format(shown=SHOWN)
    report.section("From one style to another", shown)
    for found in results.found:
        trained = f"trained on {found.group.objects.title}"
        report.figure(strips(found), f"{found.group.ends.capitalize()}, {trained}.")
    known = {"steps": STEPS, "pairs": results.pairs, "places": PLACES - 1, "coarse": STEPS + 1}
    report.section("Do the steps pass for an object?", PASSING.format(**known))
    _measure(report, results, PASS)
    report.section("Are the middles like real pictures?", MIDDLES.format(**known))
    _measure(report, results, MIDDLE)
    report.section("How evenly does the picture change?", EVEN.format(**known))
    for measure in (LENGTH, DETOUR, LONGEST):
        _measure(report, results, measure)
    _digits(report, results)
    return report.write(path)


def _findings(report: Report, results: Results) -> None:
    """Verdicts on every wish."""
    report.section("What was found", FOUND)
    for ours, theirs, what in _ASKED:
        if results.seeds == 1:
            report.text("One seed was trained, so there are no verdicts on ways.")
            break
        rows = [
            [
                found.group.title,
                *(found.differences[ours, theirs][measure].verdict for measure in MEASURES),
            ]
            for found in results.found
        ]
        headers = ["pairs, trained on", *(measure.title for measure in MEASURES)]
        report.table(headers, rows, what, notes=[_tally(rows)])
    lines = [
        f"- {each.objects.title}: the judge knows {each.decoded.value:.1f}% of reconstructed test "
        f"pictures, and {each.originals.value:.1f}% of the originals."
        for each in results.ends
    ]
    for name, measured in results.digits.measured.items():
        if shares := _asked(measured):
            met = aim_met([share / 100 for share in shares])
            lines.append(
                f"- {name}: {_over_seeds(shares)} per cent of samples are the digit asked for. The "
                f"wish of {AIM:.0%}: {met}."
            )
    report.text("\n".join(lines))


def _tally(rows: list[list[str]]) -> str:
    """How many verdicts there are of each kind."""
    every = [verdict.strip("*") for _, *verdicts in rows for verdict in verdicts]
    counts = (f"{every.count(each)} {each}" for each in ("better", "worse"))
    return f"Of {len(every)} verdicts: {', '.join(counts)}, the others neither."


_ASKED = (
    (LINEAR, PIXELS, "Are codes, on the straight line, better than pixels?"),
    (LINEAR, DECODED, "Are they better than pixels between the same two reconstructions?"),
    (SPHERICAL, LINEAR, "Are codes on an arc better than on the straight line?"),
)


def _models(report: Report, results: Results) -> None:
    counts = {"epochs": _count(results.epochs, "epoch"), "seeds": _count(results.seeds, "seed")}
    report.section("The models of objects", MODELS.format(latent=results.latent, **counts))
    rows = [
        [each.objects.title, each.trained, mean_and_error(each.elbo)] for each in results.objects
    ]
    report.table(
        ["trained on", "pictures", "ELBO of test pictures (nats)"],
        rows,
        notes=["±: one standard error over seeds. Grey values are read as probabilities."],
    )
    panels = [panel(each.look, each.objects.title) for each in results.objects]
    names = results.objects[0].look.label_names
    report.figure(
        figures.side_by_side(panels, names),
        "Codes of held-out pictures in the plane of the two coordinates that carry most rate.",
    )
    report.figures(
        [
            (
                figures.grid(each.look.samples, 10),
                f"{each.objects.title.capitalize()}: {samples_title(each.look)}.",
            )
            for each in results.objects
        ]
    )


def _ends(report: Report, results: Results) -> None:
    report.section("What do the ends cost?", ENDS)
    rows = [
        [
            each.objects.title,
            each.pictures,
            with_interval(each.originals, 1, "-"),
            with_interval(each.decoded, 1, "-"),
            with_interval(each.cost.pairs, 1),
            with_interval(each.cost.seeds, 1),
        ]
        for each in results.ends
    ]
    headers = [
        "trained on",
        "test pictures",
        "originals (%)",
        "reconstructions (%)",
        "cost, over pictures",
        "cost, over seeds",
    ]
    report.table(headers, rows, notes=["In brackets: 95% intervals, bootstrap and t."])


def strips(found: Found) -> Figure:
    """The first pairs, on three ways each."""
    names = [name.removesuffix(" codes") for name in (PIXELS, LINEAR, SPHERICAL)]
    columns = [f"{share:g}" for share in np.linspace(0, 1, STEPS + 2).round(2)]
    ends = found.ends.repeat_interleave(len(names), dim=0).numpy()
    return figures.strips(
        found.shown.numpy(),
        columns,
        rows=names * len(found.ends),
        before=ends[:, 0],
        after=ends[:, 1],
    )


def _measure(report: Report, results: Results, measure: Measure) -> None:
    title = measure.title[0].upper() + measure.title[1:]
    cells = [
        [with_interval(found.values[way][measure], measure.digits, "-") for way in WAYS]
        for found in results.found
    ]
    rows: list[list[Any]] = [
        [found.group.title, *row] for found, row in zip(results.found, cells, strict=True)
    ]
    headers = ["pairs, trained on", *WAYS]
    if measure is MIDDLE:
        headers.append("real pictures")
        for row, found in zip(rows, results.found, strict=True):
            row.append(f"{found.real:.{measure.digits}f}")
    report.table(headers, rows, f"{title}.")
    rows = []
    for found in results.found:
        for ours, theirs in AGAINST:
            gain = found.differences[ours, theirs][measure]
            intervals = [with_interval(each, measure.digits) for each in gain]
            rows.append([found.group.title, f"{ours} against {theirs}", gain.verdict, *intervals])
    headers = ["pairs, trained on", "ways", "verdict", "difference, over pairs", "over seeds"]
    note = DIFFERENCES if measure is PASS else ""
    report.table(headers, rows, f"{title}: differences.", notes=[note] if note else [])


def _digits(report: Report, results: Results) -> None:
    told = results.digits
    known = {
        "latent": results.told_latent,
        "epochs": _count(results.told_epochs, "epoch"),
        "seeds": _count(results.seeds, "seed").capitalize(),
        "aim": AIM,
        "samples": results.samples,
    }
    report.section("Digits that are asked for", DIGITS.format(**known))
    rows = [[name, *_row(measured)] for name, measured in told.measured.items()]
    rows.append(["real test digits", None, f"{100 * told.judge:.1f}", None, None, None, None])
    headers = [
        "model",
        "ELBO (nats)",
        "asked for (%)",
        f"{AIM:.0%}?",
        "carried (%)",
        "Fréchet distance",
        "probe (%)",
    ]
    note = (
        "In brackets: 95% t intervals over seeds; ±: one standard error. The ELBO is that of 2,000 "
        "test digits, given what the model is told: the digit itself is worth up to log 10 = 2.3 "
        "nats, which a model that is told it need not pay."
    )
    report.table(headers, rows, notes=[note], digits=[None, 1, None, None, None, None, None])
    report.table(
        ["model against the VAE that is told nothing", "ELBO", "Fréchet distance", "probe"],
        [[name, *_against(told.measured, name)] for name in _telling(told.measured)],
        "Is it better? Higher for the ELBO, lower for the others; 95% t interval over seeds.",
    )
    report.section("One hand, ten digits", CARRIED)
    for name, each in handwriting(results).items():
        report.figure(each, f"{name}: the codes of test digits, decoded as all ten.")
    report.figures(
        [(each, f"{name}: samples, by digit.") for name, each in samples(results).items()]
    )
    _by_class(report, told.measured)


def _row(measured: list[Told]) -> list[Any]:
    asked = _asked(measured)
    carried = [100 * each.carried.asked.value for each in measured if each.carried]
    return [
        mean_and_error([each.elbo for each in measured]),
        _over_seeds(asked),
        aim_met([share / 100 for share in asked]) if asked else None,
        _over_seeds(carried),
        _over_seeds([each.mean_frechet for each in measured]),
        _over_seeds([100 * each.probe.value for each in measured]),
    ]


def _asked(measured: list[Told]) -> list[float]:
    """The share of samples that are what was asked for, by seed, in per cent; none without."""
    return [100 * each.obedience.asked.value for each in measured if each.obedience]


def _over_seeds(values: list[float]) -> str | None:
    """The mean with its interval, or the one value there is, or nothing."""
    if not values:
        return None
    return with_interval(over_seeds(values), 1, "-") or f"{values[0]:.1f}"


def _telling(measured: dict[str, list[Told]]) -> list[str]:
    return [name for name, found in measured.items() if found[0].obedience is not None]


def _against(measured: dict[str, list[Told]], name: str) -> list[str | None]:
    """How much better a model is than the one that is told nothing, and whether it is."""
    ours, theirs = measured[name], measured[next(iter(CASES))]
    cells: list[str | None] = []
    for pick, sign in _PICKS:
        gain = paired(*([sign * pick(each) for each in side] for side in (ours, theirs)))
        cells.append(": ".join(filter(None, [verdict(gain), with_interval(gain, 1)])))
    return cells


_PICKS: tuple[tuple[Callable[[Told], float], int], ...] = (
    (lambda each: each.elbo, 1),
    (lambda each: each.mean_frechet, -1),
    (lambda each: 100 * each.probe.value, -1),
)


def _by_class(report: Report, measured: dict[str, list[Told]]) -> None:
    """The Fréchet distance and the share asked for of every digit, over seeds."""
    rows = []
    for number in next(iter(measured.values()))[0].frechet:
        cells: list[Any] = [str(number)]
        for found in measured.values():
            known = [value for each in found if (value := each.frechet[number]) is not None]
            cells.append(mean_and_error(known) if known else None)
        for name in _telling(measured):
            shares = [each.obedience.by_class[number] for each in measured[name] if each.obedience]
            cells.append(mean_and_error([100 * share for share in shares]))
        rows.append(cells)
    headers = ["digit", *(f"{name}: Fréchet" for name in measured)]
    headers += [f"{name}: asked for (%)" for name in _telling(measured)]
    note = "±: one standard error over seeds. A digit of which 300 samples were not found has none."
    report.table(headers, rows, "By digit.", notes=[note], digits=[None, *[1] * (len(headers) - 1)])


def handwriting(results: Results) -> dict[str, Figure]:
    """Test digits, and their codes decoded as every digit, by model."""
    found = {}
    for name, (originals, carried) in results.digits.handwriting.items():
        columns = [str(number) for number in range(carried.shape[1])]
        found[name] = figures.strips(carried.numpy(), columns, before=originals.numpy())
    return found


def samples(results: Results) -> dict[str, Figure]:
    """Samples of every digit, a row for each, by model."""
    return {
        name: figures.grid(drawn.flatten(0, 1).numpy(), drawn.shape[1])
        for name, drawn in results.digits.samples.items()
    }


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    drawn = {found.group.name: strips(found) for found in results.found}
    for kind, by_model in (("carried", handwriting(results)), ("samples", samples(results))):
        drawn |= {f"{kind}-{name.replace(' ', '-')}": each for name, each in by_model.items()}
    for each in results.objects:
        drawn[f"samples-{each.objects.name}"] = figures.grid(each.look.samples, 10)
    for name, figure in drawn.items():
        figures.save(figure, folder, name)


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""
    found = {
        each.group.name: {
            measure.short: {way: asdict(each.values[way][measure]) for way in WAYS}
            | {
                f"{ours} against {theirs}": _said(each, measure, ours, theirs)
                for ours, theirs in AGAINST
            }
            for measure in MEASURES
        }
        for each in results.found
    }
    numbers = {
        "judges": {"clothes": results.judge, "digits": results.digits.judge},
        "elbo": {each.objects.name: each.elbo for each in results.objects},
        "ends": {
            each.objects.name: {
                "originals": asdict(each.originals),
                "reconstructions": asdict(each.decoded),
                "cost": _ends_of(each.cost.pairs, each.cost.seeds),
            }
            for each in results.ends
        },
        "ways": found,
        "told": {
            name: [each.to_json() for each in measured]
            for name, measured in results.digits.measured.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n")


def _said(found: Found, measure: Measure, ours: str, theirs: str) -> dict[str, Any]:
    gain = found.differences[ours, theirs][measure]
    return _ends_of(gain.pairs, gain.seeds) | {"verdict": gain.verdict.strip("*")}


def _ends_of(pairs: Interval, seeds: Interval | None) -> dict[str, Any]:
    return {"pairs": asdict(pairs), "seeds": None if seeds is None else asdict(seeds)}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
