"""Bounds on the likelihood of data, and what they are made of."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Batches, Split, rows_of
from vaekit.data.dataset import Binarise
from vaekit.data.progress import bar
from vaekit.errors import BadInput, expect
from vaekit.evaluation.annealing import Annealing, annealed_likelihood
from vaekit.evaluation.pictures import WINDOW, psnr, ssim
from vaekit.kinds import KINDS, usual
from vaekit.model import Autoencoder, Held
from vaekit.records import Batch, Draw, Trace, check_draws, check_seed, importance_bound
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
    binarise: how the data's grey values were made black and white.
    grey: whether some stayed between black and white under a likelihood that counts, which reads
        them as probabilities. Distortion, ELBO and bound are then the article's and bound no
        density; those to compare with papers are `binarised_elbo` and `binarised_bound`, of the
        same pictures drawn black and white with the grey values as probabilities.
    distortion: E_q[-log p(x|z)]; squared_error: of reconstructions, by value; mistaken: of
        reconstructions of symbols instead, the share of those that are others.
    psnr, ssim: of reconstructions of pictures; None for other data, and ssim for pictures
        smaller than its window.
    rate, elbo, bound: KL(q || p), the evidence lower bound and the importance-weighted
        bound with K draws, all as log-likelihoods in nats (higher is better);
        None for a plain autoencoder.
    annealed: the bound by annealed importance sampling, where asked for; where some stayed grey,
        of the pictures drawn black and white.
    active_units: dimensions whose posterior mean varies over the data, and not for nothing;
        rates: KL by dimension in nats where the posterior factorises.
    """

    points: int
    draws: int
    binarise: Binarise
    grey: bool
    distortion: Estimate
    squared_error: Estimate | None = None
    mistaken: Estimate | None = None
    psnr: Estimate | None = None
    ssim: Estimate | None = None
    rate: Estimate | None = None
    elbo: Estimate | None = None
    bound: Estimate | None = None
    binarised_elbo: Estimate | None = None
    binarised_bound: Estimate | None = None
    annealed: Estimate | None = None
    active_units: int | None = None
    active: list[bool] | None = None
    rates: list[float] | None = None

    def rows(self) -> list[tuple[str, float, float | None, str]]:
        """Name, value, standard error and unit of every number, for a table.

        Where there are more than 256 dimensions, without the rate of each.
        """
        bound, grey = f"importance-weighted bound, K = {self.draws}", ", grey" if self.grey else ""
        black = ", binarised" if self.grey else ""
        named = {
            f"ELBO{grey}": self.elbo,
            "ELBO, binarised": self.binarised_elbo,
            "rate": self.rate,
            f"distortion{grey}": self.distortion,
            f"{bound}{grey}": self.bound,
            f"{bound}, binarised": self.binarised_bound,
            f"bound by annealing{black}": self.annealed,
            "reconstruction error, squared": self.squared_error,
            "reconstruction, symbols that are wrong": self.mistaken,
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
        rates = self.rates or []
        for dimension, rate in enumerate(rates if len(rates) <= _LISTED else []):
            rows.append((f"rate of z{dimension}", rate, None, "nats"))
        return rows

    def to_json(self) -> dict[str, Any]:
        """The same numbers as a dictionary that JSON can hold, absent ones left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def evaluate(
    model: Autoencoder,
    split: Split | Tensor | Held,
    *,
    draws: int | None = None,
    seed: int = 0,
    batch_size: int = 500,
    limit: int | None = None,
    kind: str = "",
    annealing: Annealing | None = None,
    progress: bool = False,
) -> Evaluation:
    """Bounds, rate, distortion and activity of a model on a split of N points.

    Repeatable for a seed; torch's global random state is left as it was. Grey values are made
    black and white as in training; see `Evaluation.grey` for those that stay grey. Where values
    are missing, the numbers are of those that are there.

    split: of a data set; or an array, a tensor or a list of pictures, as `vaekit.data.load`
        takes them.
    draws: K, of each point; 100 by default where codes are drawn at all.
    kind: of the data, in `KINDS`; left out, their shape's usual.
    annealing: how to find the likelihood by annealing, too; left out, it is not.

    Raises BadInput for an empty split, and for a number of draws or a seed that makes no sense;
    for draws of codes that are not drawn, and annealing where the prior has no density.
    """
    expect("model", model, Autoencoder, "a model; a run is measured by `vaekit.evaluate_run`")
    split = rows_of(split)
    if limit is not None and limit < 1:
        raise BadInput(f"`limit` must be 1 or more, not {limit}.")
    points = split.take(slice(0, limit))
    if draws is not None and draws > 1 and "log_q" not in model.provides:
        raise BadInput(
            f"`draws={draws}` is for a bound on the likelihood, and the codes of "
            f"{type(model.latent).__name__} are not drawn: leave it out, or take a stochastic "
            "latent, such as vae's."
        )
    draws = _DRAWS if draws is None else draws
    how: dict[str, Any] = {"seed": seed, "batch_size": batch_size}
    found = scored(model, points, draws=draws, kind=kind, progress=progress, **how)
    binary = None
    if found.grey and "rate" in model.provides:
        points = replace(points, binarise="dynamic")
        binary = scored(model, points, draws=draws, kind=kind, **how).evaluation()
    result = found.evaluation(binary)
    if annealing is None:
        return result
    return replace(result, annealed=_annealed(model, points, annealing, progress=progress, **how))


def _annealed(
    model: Autoencoder,
    split: Split,
    annealing: Annealing,
    *,
    seed: int,
    batch_size: int,
    progress: bool,
) -> Estimate:
    """The likelihood of a split's rows by annealing, in portions of rows."""
    batches, found = Batches(split, batch_size, shuffle=False, device=model.device), list[Tensor]()
    with _seeded(seed), bar("annealing", len(split), progress, passing=True) as show:
        for batch in batches.epoch(0):
            for portion in batch.split(_ANNEALED):
                found.append(annealed_likelihood(model, portion, annealing).double().cpu())
                show(sum(map(len, found)))
    return _estimate(torch.cat(found).numpy(), "nats")


def scored(
    model: Autoencoder,
    split: Split,
    *,
    draws: int,
    seed: int = 0,
    batch_size: int = 500,
    kind: str = "",
    progress: bool = False,
) -> "Scores":
    """What `evaluate` measures, of each of the N rows of a split; see there.

    Raises BadInput as `evaluate`.
    """
    check_draws(draws)
    check_seed(seed)
    if not len(split):
        raise BadInput("There is nothing to evaluate: this split of the data is empty.")
    if "log_q" not in model.provides:
        draws = 1  # every draw of a deterministic code is the same
    batches = Batches(split, batch_size, shuffle=False, device=model.device)
    shape = tuple(split.x.shape[1:])
    known = KINDS[kind or usual(shape)]
    sums, activity = _Sums(known.drawn(shape), known.played), Activity()
    with _seeded(seed), bar("evaluating", len(batches), progress, passing=True) as show:
        for done, batch in enumerate(batches.epoch(0), 1):
            sums.add(model, batch, draws, activity)
            show(done)
    columns = {name: torch.cat(values).numpy() for name, values in sums.columns.items()}
    return Scores(columns, draws, split.binarise, sums.grey, activity.report())


@final
@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model makes of each of N rows; see `Evaluation` for what the numbers are.

    columns: distortion, rate, elbo, bound, squared_error and the like, float64 (N,) each, where
        the model has them.
    code: how many units are active, which, and the rates by dimension, where there are rates.
    """

    columns: Mapping[str, NDArray[np.float64]]
    draws: int
    binarise: Binarise
    grey: bool
    code: Mapping[str, Any]

    def evaluation(self, binary: Evaluation | None = None) -> Evaluation:
        """Means and standard errors over the rows; `binary` of the same, binarised."""
        units = {"squared_error": "per value", "psnr": "dB", "ssim": "at most 1"}
        units["mistaken"] = "share"
        known: dict[str, Any] = {
            name: _estimate(values, units.get(name, "nats"))
            for name, values in self.columns.items()
        }
        known |= self.code
        if binary is not None:
            known |= {"binarised_elbo": binary.elbo, "binarised_bound": binary.bound}
        points = len(self.columns["distortion"])
        return Evaluation(points, self.draws, self.binarise, self.grey, **known)


@final
class _Sums:
    """Numbers by data point, collected over batches; pictures, symbols: whether it is those."""

    def __init__(self, pictures: bool, symbols: bool) -> None:
        self.pictures, self.symbols = pictures, symbols
        self.columns: dict[str, list[Tensor]] = {}
        self.grey = False

    def add(self, model: Autoencoder, batch: Batch, draws: int, activity: Activity) -> None:
        """Score one batch with K = draws codes each."""
        traces = list[Trace]()
        for trace in model.traces(batch, draws):
            if not traces and "rate" in model.provides:
                activity.add(trace.draw)
            traces.append(_light(trace))
        distortion = -torch.cat([trace.log_px for trace in traces]).mean(0)
        self._append("distortion", distortion)
        provides = model.provides
        if "rate" in provides:
            # A rate without a closed form is an estimate from its draws: all of them.
            weights = torch.tensor([float(len(trace.log_px)) for trace in traces])
            rates = torch.stack([_rate(trace) for trace in traces])
            rate = (weights.to(rates) @ rates) / weights.sum()
            self._append("rate", rate)
            self._append("elbo", -distortion - rate)
        if "log_q" in provides:
            self._append("bound", importance_bound(traces))
        self._compare(model, batch)
        if model.likelihood.counts and not self.grey:
            self.grey = bool(((batch.x > 0) & (batch.x < 1)).any())

    def _compare(self, model: Autoencoder, batch: Batch) -> None:
        """Reconstructions with originals."""
        x, reconstruction = batch.x, model.reconstruct(batch)
        there = torch.ones_like(x) if batch.mask is None else batch.mask
        if self.symbols:
            others = ((reconstruction != x) * there).flatten(1).sum(1)
            self._append("mistaken", others / there.flatten(1).sum(1))
            return
        squares = ((reconstruction - x).square() * there).flatten(1).sum(1)
        self._append("squared_error", squares / there.flatten(1).sum(1))
        if self.pictures and batch.mask is None:
            shown = reconstruction.clamp(0, 1)  # however far off a poor model may be
            self._append("psnr", psnr(shown, x))
            if min(x.shape[2:]) >= WINDOW:
                self._append("ssim", ssim(shown, x))

    def _append(self, name: str, values: Tensor) -> None:
        self.columns.setdefault(name, []).append(values.double().cpu())


_DRAWS = 100
_LISTED = 256  # rates that a table has at most, one a row: a deep ladder's are thousands
_ANNEALED = 20  # rows a pass, times the chains


def _light(trace: Trace) -> Trace:
    """The trace with its numbers by row alone: without distributions, codes and what made them."""
    draw = trace.draw
    none = draw.z.new_empty(0)  # a part of z would keep all of it
    few = Draw(none, none, draw.log_q, draw.log_p, draw.rate)
    return replace(trace, px=None, draw=few)  # type: ignore[arg-type]


def _rate(trace: Trace) -> Tensor:
    assert trace.draw.rate is not None
    return trace.draw.rate


def _estimate(values: np.ndarray[Any, Any], unit: str) -> Estimate:
    with np.errstate(invalid="ignore"):  # the PSNR of a perfect picture is infinite
        spread = values.std(ddof=1) if len(values) > 1 else math.nan
    return Estimate(float(values.mean()), float(spread / math.sqrt(len(values))), unit)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
