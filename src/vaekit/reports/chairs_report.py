"""The report on chairs: pictures, tables and verdicts."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from vaekit import figures
from vaekit.evaluation.bootstrap import Interval
from vaekit.figures import Report
from vaekit.figures.lines import Line, lines
from vaekit.reports.chairs_results import MEASURES, Results, Sheet, Way

INTRO = """
A network that is told which seat and from where draws it
([Dosovitskiy et al. 2015](https://arxiv.org/abs/1411.5928)); a variational autoencoder that is
told only from where finds the seat in one picture of it. Here both learn from {seats} seats, each
seen from many sides, on {side} x {side} pixels, and are measured on views they never saw. The
**error** is the mean squared error of the colours, in units of 0.001, white being 1; the
**overlap** is that of the masks, intersection over union. Intervals are 95%, over seats by
bootstrap. There is one training run of each model: the luck of training is in none of them.
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
    report.table(["is it better than", "error", "overlap"], _verdicts(results))
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
    for measure, title in MEASURES:
        report.figure(growing(results, measure), f"{title.capitalize()}; bands are 95% intervals.")
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
    less, more = one.less("error", other), one.less("overlap", other)
    cells = [
        f"{_verdict(less, -1)}: {_shown(less, 1000, 2)}",
        f"{_verdict(more, 1)}: {_shown(more, 1, 3)}",
    ]
    return [f"**{one.name}** than {other.name}{suffix}", *cells]


def _verdict(difference: Interval, wanted: int) -> str:
    if difference.low <= 0 <= difference.high:
        return "no clear difference"
    return "**better**" if difference.value * wanted > 0 else "**worse**"


def _shown(interval: Interval, times: float, digits: int) -> str:
    value, low, high = (
        f"{times * end:+.{digits}f}" for end in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]".replace("-", "−")


def _table(report: Report, ways: list[Way]) -> None:
    rows = []
    for way in ways:
        error, overlap = way.mean("error"), way.mean("overlap")
        ends = f"{1000 * error.low:.2f} to {1000 * error.high:.2f}"
        others = f"{overlap.low:.3f} to {overlap.high:.3f}"
        rows.append([way.name, 1000 * error.value, ends, overlap.value, others])
    headers = ["drawn by", "error (0.001)", "95%", "overlap", "95%"]
    report.table(headers, rows, digits=[None, 2, None, 3, None])


def growing(results: Results, measure: str) -> Figure:
    """A measure of every way over the number of known views."""
    times, title = {"error": (1000.0, "error (0.001)"), "overlap": (1.0, "overlap")}[measure]
    counts = list(results.growing)
    names = [way.name for way in results.growing[counts[0]]]
    drawn = []
    for name in names:
        found = [
            next(way for way in results.growing[count] if way.name == name).mean(measure)
            for count in counts
        ]
        y, low, high = (
            [times * getattr(each, end) for each in found] for end in ("value", "low", "high")
        )
        drawn.append(Line(name, counts, y, low, high))
    return lines({"views of new seats": drawn}, xlabel="known views of each", ylabel=title)


def _sheet(report: Report, sheet: Sheet) -> None:
    report.figure(drawn(sheet), sheet.about)


def drawn(sheet: Sheet) -> Figure:
    """The rows of pictures, with their names."""
    return figures.strips(sheet.pictures.numpy(), sheet.columns, rows=sheet.rows)


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    for name, sheet in results.sheets.items():
        figures.save(drawn(sheet), folder, name)
    for measure, _ in MEASURES:
        figures.save(growing(results, measure), folder, f"few-{measure}")


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""

    def numbers(ways: list[Way]) -> dict[str, Any]:
        return {
            way.name: {
                measure: asdict(way.mean(measure)) | {"by seat": getattr(way, measure).tolist()}
                for measure, _ in MEASURES
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
