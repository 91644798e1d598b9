"""The pages on likelihoods: the table in Markdown, and a report with the curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from matplotlib.figure import Figure

from vaekit.figures import Report
from vaekit.figures.lines import Line, lines
from vaekit.figures.table import markdown
from vaekit.reports.likelihoods_results import DRAWS, ROWS, Found, Row, mean, verdict
from vaekit.writing import replacing

INTRO = """
Models of binarised MNIST as papers train them, trained anew: minus the log-likelihood of the test
digits in nats, by the importance-weighted bound with {draws} draws unless the row says otherwise;
lower is better. *Dynamic* digits are drawn black and white anew for every epoch, with the grey
values as probabilities; *static* ones are those of Larochelle and Murray, drawn once. Networks are
784-200-200 with tanh and a code of 50 Gaussian units, as in the importance-weighted paper, unless
the row says otherwise.
"""
READING = """
An interval is over seeds (t quantiles) where there are several, and with one seed over test
digits, which leaves out the luck of training. *Late* is how much the ELBO of held-out digits
rose over the last tenth of the epochs, in which the learning rate falls to zero, or the bound that
a model is trained on: where it is large, longer training would give more. Importance-weighted
models of many draws begin with one, which rises to K over most of their epochs (`rising`), and
their gradient goes through a few draws, chosen by their weights (`chosen`). Larger batches, with
networks in bfloat16 and a larger learning rate, take less time to the same bound and were found
later: rows in batches of 250 were trained before. Minutes are of training by the clock, on one
thread unless said otherwise, and longer where other work ran beside it or it was paused.
Published numbers are of the papers named, under conditions of their own:
"""
DIGITS = 10_000  # of the test
_SHOWN = 40  # points of a curve
HEADER = (
    *("model", "ours", "seeds", "epochs", "batch", "minutes"),
    *("late", "published", "ours is", "of"),
)


def write_pages(folder: Path, table: Path | None, found: Mapping[str, Sequence[Found]]) -> Path:
    """Write the table and the report of what was measured, and give the report's path."""
    rows = [cells(row, found[row.key]) for row in ROWS if row.key in found]
    draws = max((each.draws for entries in found.values() for each in entries), default=0)
    intro = INTRO.format(draws=f"{draws:,}")
    absent = [f"{row.title} ({row.binarised})" for row in ROWS if row.key not in found]
    sources = dict.fromkeys(row.source for row in ROWS if row.key in found and row.source)
    reading = READING + "".join(f"\n- {source.replace(', ', ': ', 1)}." for source in sources)
    reading += "\n" if sources else ""
    reading += f"\nNot trained yet: {'; '.join(absent)}.\n" if absent else ""
    text = f"# Results\n{intro}\n{markdown(HEADER, rows)}\n{reading}"
    text += "\n    make results\n"
    for path in (folder / "results.md", *([table] if table else [])):
        with replacing(path) as part:
            part.write_text(text)
    report = Report("Likelihoods of MNIST", intro.replace("*", ""))
    report.section("Against published numbers", reading.replace("*", ""))
    report.table(list(HEADER), [list(row) for row in rows])
    if any(each.late is not None for entries in found.values() for each in entries):
        report.section("Training")
        report.figure(
            curves(found),
            "Minus the ELBO of held-out digits, or the bound trained on; the first seed of each. "
            "Epochs are drawn as if all took as long; with draws that rise, late ones take longer.",
        )
    return report.write(folder / "report.html")


def cells(row: Row, entries: Sequence[Found]) -> tuple[str, ...]:
    """A row of the table."""
    interval, late = mean(entries), [each.late for each in entries if each.late is not None]
    threads = max(each.threads for each in entries)
    minutes = f"{fmean(each.minutes for each in entries):.0f}"
    return (
        f"{row.title}, {row.binarised}{_roughly(entries[0])}",
        f"**{interval.value:.2f}** [{interval.low:.2f}, {interval.high:.2f}]",
        str(len(entries)),
        str(max(each.epochs for each in entries)),
        str(row.trial(0).training.batch_size),
        minutes if threads == 1 else f"{minutes}, {threads} threads",
        f"{fmean(late):+.2f}" if late else "",
        "none for this network" if row.published is None else f"{row.published:.2f}",
        verdict(row, entries),
        row.source.partition(", ")[0],
    )


def _roughly(found: Found) -> str:
    """By what a row was measured, where it is less than of the others."""
    if found.draws >= DRAWS and found.points >= DIGITS:
        return ""
    return f" ({found.draws:,} draws, {found.points:,} digits)"


def curves(found: Mapping[str, Sequence[Found]]) -> Figure:
    """Minus the held-out bound over the minutes of training, by row and kind of digits."""
    plots: dict[str, list[Line]] = {}
    for row in ROWS:
        for first in found.get(row.key, ())[:1]:
            each = first.minutes / max(1, first.epochs)
            points = [
                (each * number, -value)
                for number, value in enumerate(first.curve, start=1)
                if value is not None and number >= len(first.curve) // 10
            ]
            points = points[:: max(1, len(points) // _SHOWN)]
            if points:
                minutes, values = zip(*points, strict=True)
                plots.setdefault(f"{row.binarised} digits", []).append(
                    Line(row.title, minutes, values)
                )
    return lines(plots, xlabel="minutes of training", ylabel="minus the bound (nats)")
