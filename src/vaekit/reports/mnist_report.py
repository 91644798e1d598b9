"""The report on the article's experiment: its claims as a table of measurements."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ttest_ind

from vaekit import figures
from vaekit.evaluation.generation import Generation
from vaekit.figures import Report
from vaekit.reports.mnist_results import CASES, Measured, Results, mean_and_error
from vaekit.space import normal_emptiness
from vaekit.workflow.looks import SIDE, panel, samples_title

INTRO = """
Four networks of 784-500-250-d units and back, trained on MNIST: a plain autoencoder (AE) and a
variational one (VAE), with 2 and with 10 latent dimensions. The article's claims are that an
autoencoder leaves holes in its latent space, that a VAE fills a disk, and that digits decoded
from a lattice laid over that disk prove it. Here each claim is a number.
"""
OBJECTIVE = """
The article minimises the binary cross-entropy for the AE, and KL + half the binary cross-entropy
for the VAE, which is a VAE with beta 2. Means over the 50,000 training digits in the last epoch,
in nats; ± is one standard error over seeds. Adam 1e-3, batches of 100.
"""
MEAN_DIGIT = """
The article's own run of the 10-dimensional autoencoder ended at **206.05**. That is the loss of
the mean digit: the network answered every input with the same picture and had not trained. It is
no measurement of an autoencoder, so what to compare with is the trained network's loss here.
"""
SPACE = """
Codes (posterior means) of the 10,000 validation digits, coloured by digit. The circle has its
centre at their mean and encloses 99% of them; the lattice of 15 x 15 sites is inscribed in it.
Hollow sites are empty: farther from every code than 95% of the codes are from their nearest
neighbour. Below, every site decoded.
"""
JUDGED = """
A small convolutional classifier, trained on the same digits, is the judge; it names {accuracy}
of the test digits correctly. Pictures are compared with real test digits in the space of its
features, in sets of equal size. **Sure** is the share of pictures it gives one digit with more
than 90% confidence. The **Fréchet distance** compares mean and covariance of the features (lower
is better; it falls with the size of the sets, so compare within a column only). **Precision** is
the share of pictures that lie among the real ones, **recall** the share of real ones that lie
among the pictures (k = 3 neighbours, features scaled to unit length).
"""
EMPTY = """
The share of the 225 lattice sites that are farther from every code than 95% of the codes are from
their nearest neighbour, over seeds. In 10 dimensions all coordinates count: codes are far from
their neighbours there, so the measure forgives more, and models compare at equal size only.
"""
TRUE = """
The same VAE trained on the evidence lower bound itself (beta 1) with all 60,000 training digits,
batches of 128, and evaluated on the 10,000 test digits, in nats per digit. Lower is better.
Grey values count as probabilities, the article's convention.
"""


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    report = Report("The article's experiment on MNIST", INTRO)
    _losses(report, results)
    for latent in (2, 10):
        _space(report, results, latent)
    _emptiness(report, results)
    _judged(report, results)
    _verdicts(report, results)
    _bounds(report, results)
    _pictures(report, results)
    return report.write(path)


def _emptiness(report: Report, results: Results) -> None:
    report.section("How much of the circle is empty", EMPTY)
    rows = []
    for case in CASES:
        shares = [100 * entry.empty for entry in results.measured[case.name]]
        rows.append([case.name, mean_and_error(shares), ", ".join(f"{s:.1f}" for s in shares)])
    for size in (2, 10):
        share = 100 * normal_emptiness(len(results.looks[f"VAE-{size}"].points), size)
        rows.append([f"a standard normal in {size} dimensions, for comparison", share, ""])
    report.table(["model", "empty sites (%)", "by seed (%)"], rows)


def _losses(report: Report, results: Results) -> None:
    report.section("The article's numbers", OBJECTIVE)
    rows = []
    for case in CASES:
        losses = [entry.loss for entry in results.measured[case.name]]
        each = ", ".join(f"{loss:.2f}" for loss in losses)
        rows.append([case.name, case.article, mean_and_error(losses), each])
    headers = [
        "model",
        "article, one run (nats)",
        f"here, epoch {results.epochs} (nats)",
        "here, by seed (nats)",
    ]
    report.table(headers, rows, digits=[None, 2, 2, None])
    report.note(MEAN_DIGIT)


def _space(report: Report, results: Results, latent: int) -> None:
    names = [case.name for case in CASES if case.latent == latent]
    extra = "" if latent == 2 else _plane(latent)
    report.section(f"Latent space, {latent} dimensions", SPACE + extra)
    looks = [results.looks[name] for name in names]
    panels = [panel(found, name, sites=True) for name, found in zip(names, looks, strict=True)]
    report.figure(figures.side_by_side(panels, looks[0].label_names), "Codes and lattice sites.")
    report.figures(
        [
            (figures.grid(found.decoded, SIDE), f"{name}: the lattice, decoded.")
            for name, found in zip(names, looks, strict=True)
        ]
    )
    report.figures(
        [
            (figures.grid(found.samples, 10), f"{name}: {samples_title(found)}.")
            for name, found in zip(names, looks, strict=True)
        ]
    )


def _plane(latent: int) -> str:
    return (
        f"\nOf the {latent} coordinates the plane shows the first two; at the lattice's sites the "
        "others are zero. Distances are measured in all of them."
    )


def _judged(report: Report, results: Results) -> None:
    text = JUDGED.format(accuracy=f"{results.judge_accuracy:.2%}")
    report.section("Do they pass for digits?", text)
    headers = ["", "sure (%)", "Fréchet distance", "precision (%)", "recall (%)"]
    for (title, pick, note), real in zip(_SETS, results.real, strict=True):
        rows = [["real digits", *_cells([real])]]
        for case in CASES:
            found = [pick(entry) for entry in results.measured[case.name]]
            rows.append([case.name, *_cells(found)])
        report.table(
            headers,
            rows,
            caption=f"{title}: {real.size:,} pictures of each model and seed.",
            notes=[note],
        )


_SETS: tuple[tuple[str, Callable[[Measured], Generation], str], ...] = (
    (
        "The decoded lattice",
        lambda entry: entry.lattice,
        "A lattice shows rare regions as often as common ones, so it can't match the real "
        "digits' frequencies; its distance is for comparing models.",
    ),
    (
        "Samples",
        lambda entry: entry.samples,
        "An autoencoder has no prior to sample from: its samples are decoded from a Gaussian "
        "with the mean and covariance of its codes, the kindest simple guess.",
    ),
)


def _cells(found: list[Generation]) -> list[Any]:
    return [
        mean_and_error([100 * entry.confidence.sure for entry in found]),
        mean_and_error([entry.frechet.mean for entry in found]),
        mean_and_error([100 * entry.precision.mean for entry in found]),
        mean_and_error([100 * entry.recall.mean for entry in found]),
    ]


def _summary(entries: list[Measured], pick: Callable[[Measured], float]) -> Any:
    return mean_and_error([pick(entry) for entry in entries])


CLAIMS: tuple[tuple[str, str, Callable[[Measured], float], int], ...] = (
    ("leaves less of its circle empty", "empty sites (%)", lambda m: 100 * m.empty, -1),
    (
        "decodes a lattice closer to real digits",
        "Fréchet distance",
        lambda m: m.lattice.frechet.mean,
        -1,
    ),
    (
        "decodes a lattice the judge is surer of",
        "sure (%)",
        lambda m: 100 * m.lattice.confidence.sure,
        1,
    ),
    ("samples closer to real digits", "Fréchet distance", lambda m: m.samples.frechet.mean, -1),
    (
        "samples that lie among real digits",
        "precision (%)",
        lambda m: 100 * m.samples.precision.mean,
        1,
    ),
    ("samples that cover real digits", "recall (%)", lambda m: 100 * m.samples.recall.mean, 1),
)


def _verdicts(report: Report, results: Results) -> None:
    report.section(
        "Where the article's claim holds",
        "Does the VAE do better than the autoencoder with as many dimensions? A claim holds, or "
        "its opposite does, where the 95% interval of the difference over seeds (Welch's t) leaves "
        "out zero.",
    )
    rows = []
    for latent in (2, 10):
        plain, variational = (results.measured[f"{kind}-{latent}"] for kind in ("AE", "VAE"))
        for claim, unit, pick, sign in CLAIMS:
            ours, theirs = _summary(variational, pick), _summary(plain, pick)
            verdict = _verdict([pick(m) for m in variational], [pick(m) for m in plain], sign)
            rows.append([f"{latent}-d VAE {claim}", unit, theirs, ours, verdict])
    report.table(["claim", "measured by", "AE", "VAE", "verdict"], rows)


def _verdict(ours: list[float], theirs: list[float], sign: int) -> str:
    """Whether the first values are better (sign 1: larger), by the difference's own interval."""
    if min(len(ours), len(theirs)) < 2:
        return "one seed: no verdict"
    if np.ptp(ours) == np.ptp(theirs) == 0:
        low = high = float(np.mean(ours) - np.mean(theirs))
    else:
        low, high = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    if low <= 0 <= high:
        return "no clear difference"
    return "**holds**" if sign * low > 0 else "**the opposite holds**"


def _bounds(report: Report, results: Results) -> None:
    report.section("The true ELBO", TRUE)
    rows = []
    for latent, found in results.bounds.items():
        columns = [
            mean_and_error([sign * entry[name] for entry in found])
            for name, sign in (("elbo", -1), ("rate", 1), ("distortion", 1), ("bound", -1))
        ]
        active = mean_and_error([entry["active_units"] for entry in found])
        rows.append([f"VAE-{latent}", *columns, active])
    headers = [
        "model",
        "−ELBO, one draw (nats)",
        "rate (nats)",
        "distortion (nats)",
        "−log p(x), importance-weighted, K = 50 (nats)",
        "active units",
    ]
    report.table(
        headers, rows, caption=f"After {results.elbo_epochs} epochs; ± over {results.seeds} seeds."
    )


def _pictures(report: Report, results: Results) -> None:
    report.section("Reconstructions and training", "Twenty validation digits and training curves.")
    for case in CASES:
        found, first = results.looks[case.name], results.measured[case.name][0]
        report.figure(figures.pairs(found.originals, found.reconstructions), f"{case.name}.")
        report.figure(figures.curves(first.run.records()), f"{case.name}: training curves.")
