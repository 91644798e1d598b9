"""The report on faces: what each model does to held-out faces, in pictures and numbers."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from vaekit import figures
from vaekit.evaluation.bootstrap import Interval
from vaekit.figures import Report
from vaekit.reports.faces_figures import (
    NAMES,
    leaks,
    overview,
    paths,
    reconstructions,
    responses,
    samples,
    strips,
)
from vaekit.reports.faces_results import (
    EDITED,
    LATENT,
    METHODS,
    Measured,
    Quality,
    Response,
    Results,
)

INTRO = """
Variational autoencoders of faces, 64 x 64 x 3, with {latent} latent dimensions, trained for
{epochs} on {train:,} faces with the same data, batches and optimiser; everything below is
measured on {held_out:,} faces that none of them has seen. The article's claims are that adding a
vector to a face's code turns its hair blond or puts glasses on it, and, in the work it cites,
that perceptual and adversarial losses take the blur away. Brackets are 95% bootstrap intervals
over faces; they do not cover the luck of a training run, of which there is one for each model.
"""
RECONSTRUCTIONS = """
Held-out faces, encoded and decoded. **PSNR** and **SSIM** compare pixels and reward blur;
the **distance** is the mean squared difference of unit-length SqueezeNet features; **sharpness**
is the variance of the Laplacian relative to that of the real faces, so 1 is as sharp as real and
more is noise. The **Fréchet distance** compares mean and covariance of pooled SqueezeNet features
of equally many pictures. It is not Inception's FID and its numbers compare within this table only.
The perceptual model was trained against layers of the same network, so both of these flatter it;
PSNR, SSIM and sharpness do not know it.
"""
SAMPLES = """
Codes drawn from the standard normal prior, and from a mixture of Gaussians fitted to the codes of
the training faces. Where the mixture's samples are better, the codes do not fill the prior:
the likelihood bought more rate than the prior covers.
"""
STRIPS = """
{attributes}: a direction times a scale, added to the code of held-out faces that a person tagged
as lacking all of these attributes. Each vector is the balanced one: the difference between faces
with and without the attribute, all other attributes held equal. Scale 1 is the way from the
average face without to the average face with it.
"""
JUDGE = """
A logistic regression on pooled SqueezeNet features, trained on real training faces, judges each
attribute. How well it does that on real held-out faces bounds what it can say of edits; on
reconstructions it tells what a model keeps of a face. Balanced accuracy, 50% is guessing.
"""
RESPONSE = """
The judge's mean probability of the attribute in held-out faces that lack it, as the vector is
added: from the decoded face (scale 0) on.
"""
LEAK = """
Attributes come together: the blond of these faces are mostly young women with make-up. A
difference of means therefore carries the others along. The plot shows how much the judge's
probability of the **other** attributes changes (mean size), against the share of faces flipped:
a lower line leaks less for the same effect. Below it, both at one and two times the vector,
and the leak where 50% of the faces are flipped.
"""
CODES = """
The same leak in the codes, without any picture: how far a direction moves what a linear reader
sees of each other attribute, for each step of what it sees of its own; mean size.
"""
VERDICTS = """
Each expectation against what was measured here; undecided where the intervals of the two overlap,
or, of leaks, where that of their difference (bootstrap by face) includes zero.
Leaks are compared at the share of faces that both vectors flip, at most 50%.
"""


def write_report(path: Path, results: Results) -> Path:
    """Write the report as one HTML file and give its path."""
    train, held_out = results.faces
    epochs = f"{results.epochs} epoch{'s' * (results.epochs > 1)}"
    intro = INTRO.format(epochs=epochs, train=train, held_out=held_out, latent=LATENT)
    report = Report("Faces: attribute vectors and sharper losses", intro)
    _models(report, results)
    _quality(report, results)
    _samples(report, results)
    _strips(report, results)
    _judged(report, results)
    _responses(report, results)
    _leaks(report, results)
    _verdicts(report, results)
    _training(report, results)
    return report.write(path)


def _models(report: Report, results: Results) -> None:
    report.section("The models")
    rows = [
        [case.name, f"`{case.recipe}`", f"`{case.net}`", case.about, found.rate]
        for found in results.measured
        for case in (found.case,)
    ]
    report.table(["model", "recipe", "network", "what it minimises", "rate (nats)"], rows)


def _quality(report: Report, results: Results) -> None:
    report.section("Reconstructions", RECONSTRUCTIONS)
    report.figure(reconstructions(results), "Held-out faces and each model's reconstruction.")
    headers = ["model", "PSNR (dB)", "SSIM", "distance", "sharpness", "Fréchet distance"]
    rows: list[list[Any]] = [["real faces", None, None, None, *_pair(results.real)]]
    for found in results.measured:
        quality = found.reconstructions
        compared = (quality.psnr, quality.ssim, quality.distance)
        rows.append([found.case.name, *map(cell, compared), *_pair(quality)])
    note = "Real faces: as many training faces in the place of samples, the best to be had."
    report.table(headers, rows, notes=[note])


def _samples(report: Report, results: Results) -> None:
    report.section("Samples", SAMPLES)
    for found in results.measured:
        report.figures(samples(found))
    rows: list[list[Any]] = [["real faces", "", *_pair(results.real)]]
    for found in results.measured:
        rows.append([found.case.name, "prior", *_pair(found.samples)])
        rows.append([found.case.name, "mixture", *_pair(found.mixture)])
    report.table(["model", "drawn from", "sharpness", "Fréchet distance"], rows)


def _strips(report: Report, results: Results) -> None:
    names = ", ".join(name.replace("_", " ") for name in EDITED)
    report.section("Edits", STRIPS.format(attributes=names))
    for found in results.measured:
        report.figures(strips(found, results))
    report.section("Interpolations", "Between the codes of held-out faces, along an arc.")
    for found in results.measured:
        report.figure(paths(found), f"{found.case.name}.")


def _judged(report: Report, results: Results) -> None:
    report.section("The judge", JUDGE)
    headers = ["attribute", "real faces (%)", *(f"{m.case.name} (%)" for m in results.measured)]
    shown = [*EDITED, "Male", "Young", "Bangs", "Black_Hair", "Wearing_Hat", "Heavy_Makeup"]
    rows: list[list[Any]] = []
    for name in (name for name in shown if name in results.judged):
        rows.append([name, _percent(results.judged[name])])
        rows[-1] += [_percent(found.recognised[name]) for found in results.measured]
    rows.append(["all attributes, mean", _mean(results.judged)])
    rows[-1] += [_mean(found.recognised) for found in results.measured]
    report.table(headers, rows)


def _responses(report: Report, results: Results) -> None:
    report.section("What the judge sees of an edit", RESPONSE)
    for found in _edited(results):
        report.figure(responses(found), f"{found.case.name}: bands are 95% intervals.")


def _leaks(report: Report, results: Results) -> None:
    report.section("What comes along", LEAK)
    for found in _edited(results):
        report.figure(leaks(found), f"{found.case.name}.")
    headers = ["model", "attribute", "vector", "flipped at 1 (%)", "flipped at 2 (%)"]
    headers += ["others at 1 (pp)", "others at 2 (pp)", "others at 50% flipped (pp)"]
    rows = [
        [found.case.name, each.attribute, NAMES[each.method], *_at(each, 1.0, 2.0)]
        for found in results.measured
        for each in found.responses
    ]
    note = "pp: percentage points of the judge's probability. A dash: no scale flips 50%."
    report.table(headers, rows, notes=[note])
    headers = ["model", "attribute", *(NAMES[method] for method in METHODS)]
    rows = [
        [found.case.name, name]
        + [float(ways.leak[ways.place(name)]) for ways in found.directions.values()]
        for found in results.measured
        for name in EDITED
    ]
    report.section("The leak in the codes", CODES)
    report.table(headers, rows, digits=[None, None, 3, 3, 3])


def _edited(results: Results) -> list[Measured]:
    """The models in whose decoded faces the judge sees an edit at all."""
    return [found for found in results.measured if found.responses]


def _verdicts(report: Report, results: Results) -> None:
    report.section("What holds", VERDICTS)
    models = {found.case.name: found.reconstructions for found in results.measured}
    rows: list[list[str | None]] = [
        [
            "perceptual is nearer than pixel in features",
            *_compare(models, "perceptual", "distance"),
        ],
        ["perceptual is sharper than pixel", *_compare(models, "perceptual", "sharpness")],
        ["adversarial is sharper than pixel", *_compare(models, "adversarial", "sharpness")],
        ["residual has a higher PSNR than pixel", *_compare(models, "residual", "psnr")],
        ["residual is nearer than pixel in features", *_compare(models, "residual", "distance")],
    ]
    rows += [_less_leak(found, name) for found in results.measured for name in EDITED]
    report.table(["expectation", "holds", "measured"], rows)


_LOWER = {"distance"}  # the measures of which less is better


def _compare(models: dict[str, Quality], model: str, name: str) -> list[str | None]:
    """Whether a model is better than the one of pixels by a measure, and both values."""
    one, other = getattr(models[model], name), getattr(models["pixel"], name)
    better, worse = one.low > other.high, other.low > one.high
    if name in _LOWER:
        better, worse = one.high < other.low, other.high < one.low
    verdict = "yes" if better else "no" if worse else "undecided"
    return [verdict, f"{cell(one)} against {cell(other)}"]


def _less_leak(found: Measured, name: str) -> list[str | None]:
    """Whether the balanced vector leaks less than the plain one at the same share flipped."""
    words = f"{found.case.name}: the balanced vector of {name} leaks less"
    known = {each.method: each for each in found.responses if each.attribute == name}
    if not known:
        return [words, "undecided", "the judge sees it in every decoded face"]
    return [words, *verdict(known["means"], known["balanced"])]


def verdict(plain: Response, balanced: Response) -> tuple[str, str]:
    """Whether the balanced vector leaks less at the same share flipped, and the measurement."""
    shares = (max(edit.flipped.value for edit in each.edits) for each in (plain, balanced))
    share = min(0.5, *shares)
    one, other = plain.leak_at(share), balanced.leak_at(share)
    if share < 0.05 or one is None or other is None:
        return "undecided", "too few faces are flipped to compare"
    low, high = _less(plain, balanced, share)
    measured = (
        f"{100 * other:.1f} against {100 * one:.1f} pp at {share:.0%} flipped, less by "
        f"{100 * (one - other):.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    )
    return "undecided" if low <= 0 <= high else "yes" if low > 0 else "no", measured


_RESAMPLES = 2_000


def _less(plain: Response, balanced: Response, share: float) -> tuple[float, float]:
    """The 95% bootstrap interval by face of how much less the balanced vector leaks at a share.

    Both are of the same faces, whose flips decide how far each vector has to go.
    """
    count = len(plain.edits[0].flips)
    rows = torch.randint(count, (_RESAMPLES, count), generator=torch.Generator().manual_seed(0))
    gain = plain.resampled(rows, share) - balanced.resampled(rows, share)
    ends = torch.tensor([0.025, 0.975], dtype=gain.dtype)
    low, high = gain.quantile(ends).tolist()
    return low, high


def _training(report: Report, results: Results) -> None:
    report.section("Training", "Means of each epoch, on training and validation faces.")
    for found in results.measured:
        report.figure(figures.curves(found.run.records()), f"{found.case.name}.")


def _pair(quality: Quality) -> list[str | None]:
    return [cell(quality.sharpness), cell(quality.frechet)]


def cell(interval: Interval | None) -> str | None:
    """An interval as a table shows it."""
    if interval is None:
        return None
    digits = next(
        digits for least, digits in ((100, 0), (10, 1), (-math.inf, 3)) if interval.value >= least
    )
    value, low, high = (
        f"{part:,.{digits}f}" for part in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]"


def _at(response: Response, *scales: float) -> list[Any]:
    edits, half = [response.at(scale) for scale in scales], response.leak_at(0.5)
    flipped = [_percent(edit.flipped) for edit in edits]
    changed = [None if edit.leakage is None else _percent(edit.leakage) for edit in edits]
    return [*flipped, *changed, None if half is None else 100 * half]


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _mean(values: dict[str, Interval]) -> str:
    return f"{100 * sum(each.value for each in values.values()) / len(values):.1f}"


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    figures.save(reconstructions(results), folder, "reconstructions")
    for found in results.measured:
        own = folder / found.case.name
        drawn = {"overview": overview(found), "paths": paths(found)}
        if found.responses:
            drawn |= {"responses": responses(found), "leaks": leaks(found)}
        drawn |= dict(zip(("prior", "mixture"), (each for each, _ in samples(found)), strict=True))
        drawn |= {f"strip-{i}": each for i, (each, _) in enumerate(strips(found, results), 1)}
        for name, figure in drawn.items():
            figures.save(figure, own, name)


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""
    numbers: dict[str, Any] = {
        "epochs": results.epochs,
        "judge": {name: asdict(each) for name, each in results.judged.items()},
        "real": asdict(results.real),
    }
    for found in results.measured:
        numbers[found.case.name] = {
            "rate": found.rate,
            "reconstructions": asdict(found.reconstructions),
            "samples": asdict(found.samples),
            "mixture": asdict(found.mixture),
            "recognised": {name: asdict(each) for name, each in found.recognised.items()},
            "edits": [_plain(each) for each in found.responses],
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n")


def _plain(response: Response) -> dict[str, Any]:
    """A response without what it keeps of every face."""
    whole = asdict(response)
    for edit in whole["edits"]:
        del edit["flips"], edit["leaks"]
    return whole
