"""Bounds on the likelihood of data, and what they are made of."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from vaekit.data import Batches, Split
from vaekit.data.dataset import Binarise
from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.evaluation.pictures import WINDOW, psnr, ssim
from vaekit.model import Autoencoder
from vaekit.training.activity import Activity


@final
@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over data points, its standard error over them, and its unit."""

    value: float
    standard_error: float
    unit: str = "nats"


@final
@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model makes of a split of data.

    points: N data points. draws: K codes drawn for each.
    distortion: E_q[-log p(x|z)]; squared_error: of reconstructions, by value.
    psnr, ssim: of reconstructions of pictures; None for other data, and ssim for pictures
        smaller than its window.
    rate, elbo, bound: KL(q || p), the evidence lower bound and the importance-weighted
        bound with K draws, all as log-likelihoods in nats (higher is better);
        None for a plain autoencoder.
    active_units: dimensions whose posterior mean varies over the data; rates: KL by
        dimension in nats where the posterior factorises.
    """

    points: int
    draws: int
    distortion: Estimate
    squared_error: Estimate
    psnr: Estimate | None = None
    ssim: Estimate | None = None
    rate: Estimate | None = None
    elbo: Estimate | None = None
    bound: Estimate | None = None
    active_units: int | None = None
    rates: list[float] | None = None

    def rows(self) -> list[tuple[str, float, float | None, str]]:
        """Name, value, standard error and unit of every number, for a table."""
        named = {
            "ELBO": self.elbo,
            "rate": self.rate,
            "distortion": self.distortion,
            f"importance-weighted bound, K = {self.draws}": self.bound,
            "reconstruction error, squared": self.squared_error,
            "reconstruction, PSNR": self.psnr,
            "reconstruction, SSIM": self.ssim,
        }
        rows: list[tuple[str, float, float | None, str]] = [
            (name, estimate.value, estimate.standard_error, estimate.unit)
            for name, estimate in named.items()
            if estimate is not None
        ]
        if self.active_units is not None:
            rows.append(("active units", self.active_units, None, "dimensions"))
        for dimension, rate in enumerate(self.rates or []):
            rows.append((f"rate of z{dimension}", rate, None, "nats"))
        return rows

    def to_json(self) -> dict[str, Any]:
        """The same numbers as a dictionary that JSON can hold, absent ones left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def evaluate(
    model: Autoencoder,
    split: Split,
    *,
    draws: int = 100,
    seed: int = 0,
    batch_size: int = 500,
    limit: int | None = None,
    binarise: Binarise = "none",
    progress: bool = False,
) -> Evaluation:
    """Bounds, rate, distortion and activity of a model on a split of N points.

    Repeatable for a seed; torch's global random state is left as it was. For grey values
    under a Bernoulli, numbers are of the grey image read as probabilities, the article's
    convention, unless `binarise` is "dynamic".

    Raises BadInput for an empty split or a number of draws below 1.
    """
    if draws < 1:
        raise BadInput(f"`draws` must be 1 or more, not {draws}.")
    if limit is not None and limit < 1:
        raise BadInput(f"`limit` must be 1 or more, not {limit}.")
    if not len(split):
        raise BadInput("There is nothing to evaluate: this split of the data is empty.")
    if "log_q" not in model.latent.provides:
        draws = 1  # every draw of a deterministic code is the same
    points = split.take(slice(0, limit))
    device = next(model.parameters()).device
    batches = Batches(points, batch_size, binarise=binarise, shuffle=False, device=device)
    sums, activity = _Sums(), Activity()
    with _seeded(seed), _bar(len(batches), progress) as bar:
        for x in batches.epoch(0):
            sums.add(model, x, draws, activity)
            bar()
    return sums.evaluation(draws, activity)


@final
class _Sums:
    """Numbers by data point, collected over batches."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Tensor]] = {}

    def add(self, model: Autoencoder, x: Tensor, draws: int, activity: Activity) -> None:
        """Score one batch x (B, ...) with K = draws codes each."""
        log_px, log_w = [], []
        for part, trace in enumerate(model.traces(x, draws)):
            log_px.append(trace.log_px)
            if trace.draw.rate is not None:
                log_w.append(trace.log_w)
                if part == 0:
                    activity.add(trace.draw)
                    self._append("rate", trace.draw.rate)
        distortion = -torch.cat(log_px).mean(0)
        self._append("distortion", distortion)
        reconstruction = model.reconstruct(x)
        self._append("squared_error", (reconstruction - x).square().flatten(1).mean(1))
        if x.ndim == 4:
            shown = reconstruction.clamp(0, 1)  # however far off a poor model may be
            self._append("psnr", psnr(shown, x))
            if min(x.shape[2:]) >= WINDOW:
                self._append("ssim", ssim(shown, x))
        if log_w:
            self._append("elbo", -distortion - self.columns["rate"][-1].to(x.device))
            self._append("bound", log_mean_exp(torch.cat(log_w)))

    def _append(self, name: str, values: Tensor) -> None:
        self.columns.setdefault(name, []).append(values.double().cpu())

    def evaluation(self, draws: int, activity: Activity) -> Evaluation:
        """Means and standard errors over everything added."""
        columns = {name: torch.cat(values).numpy() for name, values in self.columns.items()}
        units = {"squared_error": "per value", "psnr": "dB", "ssim": "at most 1"}
        known: dict[str, Any] = {
            name: _estimate(values, units.get(name, "nats")) for name, values in columns.items()
        }
        known |= activity.report()
        return Evaluation(len(columns["distortion"]), draws, **known)


def _estimate(values: np.ndarray[Any, Any], unit: str) -> Estimate:
    with np.errstate(invalid="ignore"):  # the PSNR of a perfect picture is infinite
        spread = values.std(ddof=1) if len(values) > 1 else math.nan
    return Estimate(float(values.mean()), float(spread / math.sqrt(len(values))), unit)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def _bar(batches: int, shown: bool) -> Iterator[Any]:
    with Progress(console=Console(stderr=True), disable=not shown, transient=True) as bar:
        task = bar.add_task("evaluating", total=batches)
        yield lambda: bar.advance(task)
