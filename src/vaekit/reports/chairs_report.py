"""The report on chairs: pictures, tables and verdicts."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from vaekit import figures
from vaekit.figures import Report
from vaekit.figures.lines import Line, lines
from vaekit.reports.chairs_results import MEASURES, Measure, Results, Sheet, Way
from vaekit.reports.denoise_results import verdict, with_interval

INTRO = """
A network that is told which seat and from where draws it
([Dosovitskiy et al. 2015](https://arxiv.org/abs/1411.5928)); a variational autoencoder that is
told only from where finds the seat in one picture of it. Here both learn from {seats} seats, each
seen from many sides, on {side} x {side} pixels, and are measured on views they never saw. The
**error** is the mean squared error of the colours, in units of 0.001, white being 1; the
**overlap** is that of the masks, intersection over union. Intervals are 95%, over seats by
bootstrap. There is one training run of each model: the luck of training is in none of them. A
squared error forgives a blur more than a picture that is sharp and wrong: look at both.
"""
UNSEEN = """
A fifth of the views of every seat were held out at random: {trained:,} were trained on for
{epochs} epochs, {held:,} are measured. What a reader would think of first: the nearest view of
the same seat that was seen, and a blend of the two beside it, weighted by nearness. The generator
is the published one with its loss, the colours weighing ten times the mask, and its random
transformations (shift, zoom, stretch, turn, hue, saturation, brightness) of which it is told;
**plain** is trained without these.
"""
TURNED = """
{held} seats were held out altogether. The variational model sees one picture of each, in turn from
{given} sides, and is asked for all other views; its encoder was trained to read one view of a seat
while another was decoded (`pair`), {epochs} epochs. What a reader would think of first: the same
views of the training seat that looks most like it in the given view.
"""
GROWING = """
How many views of a new seat does it take? The published experiment on the transfer of knowledge:
the generator is trained on so many views of each of the {held} new seats, with all views of the
other {others} seats and without these, {epochs} epochs of as many steps either way, without
transformations. The variational model was not trained on the new seats at all: it takes the mean
of the codes of the known views. All are measured on the same views, none of which is ever known.
"""
FEW = """
{seats} seats carry claims on views of known seats, as each has many; they are few for claims on
seats. The published sets have 809 to 1,393 chairs: that styles mix into new ones, that differences
of styles mean the same elsewhere, or that samples look like seats nobody has drawn cannot be shown
here, only looked at. With {held} new seats, an interval says how these {held} vary, and seats of
one maker look alike.
"""
SHEETS = {
    "styles": "Styles between seats",
    "arithmetic": "Sums of styles",
    "samples": "New seats",
}


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    size = results.size
    intro = INTRO.format(seats=results.seats, side=size.image_size)
    report = Report("Chairs from any side", intro)
    report.section("What holds", "By the interval of the difference, paired by seat.")
    headers = ["is it better than", *(f"{measure.title}, better by" for measure in MEASURES)]
    report.table(headers, _verdicts(results))
    report.note(FEW.format(seats=results.seats, held=size.held))
    counts = {"trained": results.trained, "held": results.unseen_views, "epochs": size.generator}
    report.section("Views that were not seen", UNSEEN.format(**counts))
    _table(report, results.unseen)
    _sheet(report, results.sheets["unseen"])
    known = {"held": size.held, "given": size.given, "epochs": size.variational}
    report.section("New seats from one picture", TURNED.format(**known))
    _table(report, results.turned)
    _sheet(report, results.sheets["turned"])
    others = {"held": size.held, "others": results.seats - size.held, "epochs": size.few}
    report.section("With few views of a seat", GROWING.format(**others))
    for measure in MEASURES:
        about = f"{measure.about.capitalize()}; bands are 95% intervals."
        report.figure(growing(results, measure), about)
    for count, ways in results.growing.items():
        report.text(f"**{_views(count)} of each new seat known**")
        _table(report, ways)
    for name, title in SHEETS.items():
        report.section(title)
        _sheet(report, results.sheets[name])
    return report.write(path)


def _views(count: int) -> str:
    return f"{count} view{'s' * (count != 1)}"


def _verdicts(results: Results) -> list[list[Any]]:
    """The models against what a reader would think of first."""
    rows = []
    for ways in (results.unseen, results.turned):
        first, *others = ways
        rows += [_against(first, other) for other in others]
    for count, ways in results.growing.items():
        named = {way.name: way for way in ways}
        suffix = f", {_views(count)} known"
        taught, alone, found = (named[name] for name in _FEW_WAYS)
        rows += [_against(taught, alone, suffix), _against(taught, found, suffix)]
        rows.append(_against(found, named["most similar seat"], suffix))
    return rows


_FEW_WAYS = (
    "generator, with the other seats",
    "generator, without them",
    "variational, from these views",
)


def _against(one: Way, other: Way, suffix: str = "") -> list[Any]:
    cells = [
        f"{verdict(gain)}: {with_interval(gain, measure.digits)}"
        for measure in MEASURES
        for gain in [one.gain(measure, other)]
    ]
    return [f"**{one.name}** than {other.name}{suffix}", *cells]


def _table(report: Report, ways: list[Way]) -> None:
    rows = []
    for way in ways:
        cells: list[Any] = []
        for measure in MEASURES:
            mean = way.mean(measure)
            cells += [
                mean.value,
                f"{mean.low:.{measure.digits}f} to {mean.high:.{measure.digits}f}",
            ]
        rows.append([way.name, *cells])
    headers = ["drawn by"]
    for measure in MEASURES:
        headers += [measure.title, "95%"]
    places = [each for measure in MEASURES for each in (measure.digits, None)]
    report.table(headers, rows, digits=[None, *places])


def growing(results: Results, measure: Measure) -> Figure:
    """A measure of every way over the number of known views."""
    counts = list(results.growing)
    drawn = []
    for place, way in enumerate(results.growing[counts[0]]):
        found = [results.growing[count][place].mean(measure) for count in counts]
        y, low, high = ([getattr(each, end) for each in found] for end in ("value", "low", "high"))
        drawn.append(Line(way.name, counts, y, low, high))
    plots = {"views of new seats": drawn}
    return lines(plots, xlabel="known views of each", ylabel=measure.title)


def _sheet(report: Report, sheet: Sheet) -> None:
    report.figure(drawn(sheet), sheet.about)


def drawn(sheet: Sheet) -> Figure:
    """The rows of pictures, with their names."""
    return figures.strips(sheet.pictures.numpy(), sheet.columns, rows=sheet.rows)


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    for name, sheet in results.sheets.items():
        figures.save(drawn(sheet), folder, name)
    for measure in MEASURES:
        figures.save(growing(results, measure), folder, f"few-{measure.name}")


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""

    def numbers(ways: list[Way]) -> dict[str, Any]:
        return {
            way.name: {
                measure.name: asdict(way.mean(measure)) | {"by seat": measure.of(way).tolist()}
                for measure in MEASURES
            }
            for way in ways
        }

    found = {
        "unseen": numbers(results.unseen),
        "turned": numbers(results.turned),
        "few": {str(count): numbers(ways) for count, ways in results.growing.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")
