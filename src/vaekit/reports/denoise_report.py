"""The report on de-noising: pictures, tables and verdicts."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.denoising import Change
from vaekit.figures import Report
from vaekit.figures.lines import Line, lines
from vaekit.reports.denoise_filters import FILTERS
from vaekit.reports.denoise_results import (
    CASES,
    CLEAN,
    MAIN,
    SHARES,
    AtScale,
    Bound,
    OfData,
    Results,
    paired,
    verdict,
    with_interval,
)
from vaekit.reports.mnist_results import mean_and_error

INTRO = """
A model whose encoder reads noisy pictures while its decoder must give the clean ones learns to
take noise off. Here variational autoencoders of digits (28 x 28, grey) and faces (64 x 64,
colour) do that, against three classical filters at their best settings. Then a claim is tested:
that a little corruption while training improves the bound on the likelihood of **clean** data
([Im et al. 2017](https://arxiv.org/abs/1511.06406)).
"""
MODELS = """
Three models of each sort of picture, which differ in what their encoder reads while training.
The last one sees three strengths of noise, one drawn for every picture; when it is used, no model
is told how strong the noise is. The filters are: they get its standard deviation, and the setting
that gives the highest PSNR on {chosen} validation pictures. Noisy pictures are cut off at black
and white, as a file would, which filters do not know of; `h`, `sigma` and `weight` are in units of
the noise before it is cut off, `side` in pixels.
"""
SCALES = """
{name}: {trained:,} pictures to train on, {epochs}, measured on {measured:,} test pictures.
**PSNR** and **SSIM** compare with the clean pictures. The gain is over the noisy picture; the last
column is how much better **VAE-all** is than the method of the row. Both are differences
by picture, with 95% bootstrap intervals of the differences themselves. They do not cover the luck
of training, of which there is one run for each model.
"""
VERDICTS = """
Is VAE-all, the model trained on all three strengths, nearer to the clean pictures than the filter
that did best on validation pictures, and than the model trained on clean pictures? By the interval
of the difference.
"""
FARES = """
Mean PSNR of test pictures after de-noising, by the noise they were given; noise of the first kind
is what the models of the last two columns were trained on, and the others are none that they have
seen. Noise none is a clean picture: no model can do better than it decodes those. **Better** and
**worse** are than the noisy picture, by the interval of the difference.
"""
CLAIM = """
VAEs of 784-200-200-50 units and back, trained for {epochs} epochs on statically binarised digits,
of whose pixels the share below was turned to salt and pepper (half each) in what the encoder
reads, as in the paper for binary digits; {seeds} seeds each. All numbers are of the first
{points:,} test digits, in nats, higher is better. The **bound** is importance-weighted, K =
{draws}, of clean digits through q(z|x); the ELBO is the same with one code.
"""
OPTIMISED = """
What is maximised with a corruption is the **criterion**: the mean over corrupted digits x~ of
E[log p(x, z) − log q(z|x~)], z drawn from q(z|x~), with x clean. For every x~ that is an ordinary
lower bound on log p(x), with q(z|x~) in the place of q(z|x), so the mean over x~ is a bound too.
It is the paper's tractable criterion. The paper ranks it above the bound of the mixture q(z|x) =
E[q(z|x~)], but it is never above: the divergence from p(z|x) is convex, so that the mixture's is
at most the mean of the parts'. The gap is what a code tells of x~ beyond x. A better bound of clean
data must therefore come from a decoder or an encoder that is better for having been trained so,
not from the criterion being tighter.
"""
SHORT = """
This training is short: it says what the corruption does in {epochs} epochs, and cannot say what it
does in hundreds, when an encoder has had the time to learn its digits by heart.
"""


MEASURES = (("psnr", "PSNR (dB)", 2), ("ssim", "SSIM", 3))


def write_report(path: Path, results: Results, chosen: int) -> Path:
    """Write the report as one HTML file and give its path."""
    report = Report("De-noising", INTRO)
    report.section("The models", MODELS.format(chosen=chosen))
    rows = [[case.title, case.about] for case in CASES]
    report.table(["model", "its encoder reads, while training"], rows)
    report.figure(curves(results, "psnr"), "Mean PSNR after de-noising; bands are 95% intervals.")
    report.figure(curves(results, "ssim"), "Mean SSIM after de-noising.")
    for data in results.data:
        _scales(report, data)
    _verdicts(report, results)
    for data in results.data:
        _fares(report, data)
    _bounds(report, results)
    return report.write(path)


def curves(results: Results, measure: str) -> Figure:
    """A measure of every method over the strength of the noise, by sort of picture."""
    label = next(title for name, title, _ in MEASURES if name == measure)
    plots = {}
    for data in results.data:
        names = (*(each.name for each in FILTERS), CLEAN.title, MAIN.title)
        changes = {name: [getattr(at.of(name), measure) for at in data.scales] for name in names}
        first: list[Change] = next(iter(changes.values()))
        drawn = {"noisy": [each.before for each in first if each.before is not None]}
        drawn |= {name: [each.after for each in found] for name, found in changes.items()}
        scales = [at.scale for at in data.scales]
        plots[data.name] = [_line(name, scales, found) for name, found in drawn.items()]
    return lines(plots, xlabel="standard deviation of the noise", ylabel=label)


def _line(name: str, x: list[float], found: list[Interval]) -> Line:
    y, low, high = ([getattr(each, end) for each in found] for end in ("value", "low", "high"))
    return Line(name, x, y, low, high)


def pictures(at: AtScale) -> Figure:
    """The first pictures, by what was done to them: a row each."""
    images = np.stack([rows.numpy() for rows in at.shown.values()])
    return figures.strips(images, [""] * images.shape[1], rows=list(at.shown))


def _scales(report: Report, data: OfData) -> None:
    name, epochs = data.name.capitalize(), f"{data.epochs} epoch{'s' * (data.epochs > 1)}"
    told = {"trained": data.trained, "measured": data.measured, "epochs": epochs}
    report.section(f"{name}, by strength", SCALES.format(name=name, **told))
    for at in data.scales:
        for number, (measure, title, digits) in enumerate(MEASURES):
            caption = f"{name}, Gaussian noise of {at.scale:g}: {title}."
            rows: list[list[Any]] = []
            for method in at.methods:
                found: Change = getattr(method, measure)
                less = method.less[number] if method.less else None
                gains = (with_interval(found.gain, digits), with_interval(less, digits))
                setting = ", ".join(f"{name} {value:g}" for name, value in method.setting.items())
                rows.append([method.name, setting, found.after.value, *gains])
            assert found.before is not None
            rows.insert(0, ["noisy", None, found.before.value, None, None])
            headers = ["method", "setting", title, "gain", f"{MAIN.title} is better by"]
            report.table(headers, rows, caption, digits=[None, None, digits, None, None])
        report.figure(pictures(at), f"{name}, noise of {at.scale:g}: the first test pictures.")


def _verdicts(report: Report, results: Results) -> None:
    report.section("What holds", VERDICTS)
    rows = []
    for data in results.data:
        for at in data.scales:
            for name in (at.best, CLEAN.title):
                less = at.of(name).less
                assert less is not None
                cells = [
                    f"{verdict(each)}: {with_interval(each, digits)}"
                    for each, (_, _, digits) in zip(less, MEASURES, strict=True)
                ]
                rows.append([data.name, at.scale, name, *cells])
    headers = ["pictures", "noise", f"{MAIN.title} against", *(title for _, title, _ in MEASURES)]
    report.table(headers, rows, digits=[None, 2, None, None, None])


def _fares(report: Report, data: OfData) -> None:
    report.section(f"{data.name.capitalize()}: noise of other sorts", FARES)
    columns = [data.fares[case.title] for case in CASES]
    rows = []
    for each in zip(*columns, strict=True):
        before = each[0].psnr.before
        cells = [f"{found.psnr.after.value:.2f} {found.psnr.verdict}".strip() for found in each]
        rows.append([each[0].noise, None if before is None else before.value, *cells])
    headers = ["noise", "noisy (dB)", *(f"{case.title} (dB)" for case in CASES)]
    report.table(headers, rows, digits=[None, 2, None, None, None])


def gains(results: Results, name: str) -> dict[float, Interval | None]:
    """By share, how much higher a bound is than without corruption, with its interval."""
    plain = [getattr(bound, name) for bound in results.of_share(SHARES[0])]
    return {
        share: paired([getattr(bound, name) for bound in results.of_share(share)], plain)
        for share in SHARES[1:]
    }


def bound_figure(results: Results) -> Figure | None:
    """The gain in both bounds of clean digits over the share of corrupted pixels."""
    drawn = []
    for name, title in (("weighted", "importance-weighted bound"), ("elbo", "ELBO")):
        found = {share: gain for share, gain in gains(results, name).items() if gain is not None}
        if found:
            drawn.append(_line(title, [100 * share for share in found], list(found.values())))
    if not drawn:
        return None
    titles = {"clean test digits": drawn}
    return lines(titles, xlabel="corrupted pixels (%)", ylabel="gain over none (nats)")


def _bounds(report: Report, results: Results) -> None:
    seeds = len(results.of_share(SHARES[0]))
    known = {"epochs": results.bound_epochs, "points": results.points, "draws": results.draws}
    report.section("Does corruption improve the bound?", CLAIM.format(seeds=seeds, **known))
    report.text(OPTIMISED)
    weighted, elbo = gains(results, "weighted"), gains(results, "elbo")
    rows: list[list[Any]] = []
    for share in SHARES:
        found = results.of_share(share)
        means = [_mean(found, name) for name in ("criterion", "elbo", "weighted")]
        gain = weighted.get(share)
        cells = [with_interval(elbo.get(share), 2), with_interval(gain, 2)]
        rows.append([f"{share:.0%}", *means, *cells, verdict(gain) if share else None])
    headers = ["corrupted", "criterion", "ELBO, clean", f"bound, clean, K = {results.draws}"]
    headers += ["ELBO, gain over 0%", "bound, gain over 0%", "is the bound better?"]
    note = (
        "±: one standard error over seeds. Gains: 95% t interval over seeds, paired, as runs of "
        "one seed start from the same weights and see the same batches."
    )
    report.table(headers, rows, notes=[note], digits=[None, 2, 2, 2, None, None, None])
    if (drawn := bound_figure(results)) is not None:
        report.figure(drawn, "Gain over training without corruption; bands are 95% t intervals.")
    report.note(SHORT.format(epochs=results.bound_epochs))


def _mean(found: list[Bound], name: str) -> tuple[float, float] | float:
    return mean_and_error([getattr(bound, name) for bound in found])


def save_figures(folder: Path, results: Results) -> None:
    """Write the figures as files, too."""
    drawn = {"psnr": curves(results, "psnr"), "ssim": curves(results, "ssim")}
    for data in results.data:
        for at in data.scales:
            drawn[f"{data.name}-{100 * at.scale:.0f}"] = pictures(at)
    if (bounds := bound_figure(results)) is not None:
        drawn["bounds"] = bounds
    for name, figure in drawn.items():
        figures.save(figure, folder, name)


def save_numbers(path: Path, results: Results) -> None:
    """Write all numbers as JSON."""
    numbers: dict[str, Any] = {"bounds": [asdict(bound) for bound in results.bounds]}
    for data in results.data:
        numbers[data.name] = {
            "scales": [
                {"scale": at.scale, "best": at.best, "methods": [asdict(m) for m in at.methods]}
                for at in data.scales
            ],
            "fares": {name: [asdict(each) for each in found] for name, found in data.fares.items()},
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n")
