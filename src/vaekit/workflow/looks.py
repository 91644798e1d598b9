"""What a trained model makes of its data, as arrays and as figures."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from vaekit import figures
from vaekit.data import Dataset, Split
from vaekit.errors import BadInput
from vaekit.kinds import KINDS
from vaekit.model import Autoencoder
from vaekit.runs import Run
from vaekit.space import Ball, circle, empty_sites, lattice
from vaekit.workflow.given import given

Array = NDArray[Any]
SIDE = 15
_ROWS = 1_000  # rows that a rate is measured on


@final
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Arrays behind the figures of one model.

    points: encodings (posterior modes) of N held-out rows, (N, D). labels: (N,) or None.
    circle: encloses 99% of them in the plane of two coordinates.
    sites: the inscribed lattice (S, D); empty: which sites lie in a hole, (S,).
    decoded, samples, originals, reconstructions: (n, *shape).
    drawn: whether rows can be drawn.
    prior: whether the samples are drawn from the model's own prior.
    """

    points: Array
    labels: Array | None
    label_names: tuple[str, ...] | None
    circle: Ball
    sites: Array
    empty: Array
    decoded: Array
    samples: Array
    originals: Array
    reconstructions: Array
    drawn: bool
    prior: bool


def look(
    model: Autoencoder,
    dataset: Dataset,
    *,
    encoded: Split | None = None,
    samples: int = 100,
    limit: int = 10_000,
    seed: int = 0,
    axes: tuple[int, ...] | None = None,
) -> Look:
    """Encode up to `limit` rows, decode the lattice, sample and reconstruct.

    axes: the coordinates of the map and the lattice; left out, the two that carry most rate.

    encoded: the rows to encode; left out, held-out ones: the validation split, or the
        test split where that is empty. What is reconstructed is always held out.
    """
    split = (encoded or held_out(dataset)).take(slice(0, limit))
    points = model.encode(split)
    around = circle(points, axes=axes or busiest(model, split, points))
    sites = lattice(around, points.shape[1], SIDE)
    others = held_out(dataset)
    first = others.batch(slice(0, 20))
    return Look(
        points,
        split.labels,
        dataset.label_names,
        around,
        sites,
        empty_sites(sites, points),
        decode(model, sites, some_context(others, len(sites), seed=None)),
        draw_samples(model, points, samples, seed, some_context(others, samples, seed)),
        first.x.numpy(),
        model.reconstruct(first).numpy(),
        KINDS[dataset.kind].drawn(dataset.shape),
        "prior" in model.latent.provides,
    )


def busiest(model: Autoencoder, split: Split, points: Array) -> tuple[int, ...]:
    """The two coordinates that carry most rate, in their order; of codes without a rate by
    dimension, those that vary most."""
    worth = points.std(axis=0)
    if "rates" in model.latent.provides:
        with torch.no_grad():
            trace = next(model.traces(split.batch(slice(0, _ROWS)).to(model.device), 1))
        assert trace.draw.rates is not None
        worth = trace.draw.rates.mean(0).cpu().numpy()
    return tuple(sorted(int(axis) for axis in np.argsort(-worth)[:2]))


def held_out(dataset: Dataset) -> Split:
    """The validation split, or the test split where there is none, or the training data."""
    return next(split for split in (dataset.validation, dataset.test, dataset.train) if len(split))


def decode(model: Autoencoder, codes: Array, context: Tensor | None = None) -> Array:
    """Likelihood means of codes (n, D), (n, *shape)."""
    return model.decode(torch.as_tensor(codes, dtype=torch.float32), context).numpy()


def some_context(split: Split, n: int, seed: int | None) -> Tensor | None:
    """Contexts of n random rows of a split (n, E), or n times its first; None where it has none."""
    if split.context is None:
        return None
    numbers = np.random.default_rng(seed)
    rows = np.zeros(n, int) if seed is None else numbers.integers(len(split), size=n)
    return torch.from_numpy(split.context[rows])


def draw_samples(
    model: Autoencoder, points: Array, n: int, seed: int, context: Tensor | None = None
) -> Array:
    """n decoded codes from the prior, (n, *shape).

    A plain autoencoder has no prior: it gets a Gaussian with the mean and covariance of
    its encodings `points` (N, D), the kindest simple guess.
    """
    if "prior" not in model.latent.provides:
        numbers = np.random.default_rng(seed)
        cov = np.atleast_2d(np.cov(points, rowvar=False))
        return decode(model, numbers.multivariate_normal(points.mean(0), cov, n), context)
    generator = torch.Generator(model.device).manual_seed(seed)
    return model.sample(n, generator=generator, context=context).cpu().numpy()


def panel(found: Look, title: str, *, sites: bool = False, decoded: bool = False) -> figures.Panel:
    """One scatter plot of the encodings with the circle; the lattice and its pictures if asked."""
    extra: dict[str, Any] = {"sites": found.sites, "empty": found.empty} if sites else {}
    if decoded:
        extra["decoded"] = found.decoded
    return figures.Panel(found.points, found.labels, title, found.circle, **extra)


def model_figures(found: Look, records: list[dict[str, Any]], title: str) -> dict[str, Figure]:
    """All figures of one model by file name; pictures only where the data are pictures."""
    pictures: dict[str, Figure] = {}
    for name, sites in (("encodings", False), ("lattice-sites", True)):
        pictures[name] = figures.side_by_side([panel(found, title, sites=sites)], found.label_names)
    if found.drawn:
        pictures["lattice"] = figures.grid(found.decoded, SIDE, title=f"{title}: decoded lattice")
        pictures["reconstructions"] = figures.pairs(
            found.originals, found.reconstructions, title=title
        )
        pictures["samples"] = figures.grid(
            found.samples, 10, title=f"{title}: {samples_title(found)}"
        )
    if records:
        pictures["curves"] = figures.curves(records, title=title)
        code = records[-1].get("validation") or records[-1].get("code") or {}
        if rates := code.get("rates"):
            pictures["rates"] = figures.rates(rates, active=code.get("active"), title=title)
    return pictures


def samples_title(found: Look) -> str:
    """What the samples are samples of."""
    return "samples from the prior" if found.prior else "samples from a Gaussian fit to its codes"


def draw_figures(run: Run, data: Any = None, *, limit: int = 10_000) -> list[Path]:
    """All figures of a run, as PNG and SVG in its folder `figures`; gives their paths.

    data: others than the run's, as `evaluate_run` takes them: all of them are drawn, in a folder
        of their name below that.
    Raises BadInput for a limit below 1, and as `evaluate_run`.
    """
    if limit < 1:
        raise BadInput(f"`limit` must be 1 or more, not {limit}.")
    others = given(run, data)
    dataset, folder, title = others.dataset, run.path / "figures", run.name
    if not others.own:
        dataset = replace(dataset, validation=others.part("all"))
        name = re.sub(r"[^\w+-]+", "-", dataset.name)
        folder, title = folder / name, f"{run.name} on {dataset.name}"
    found = look(run.model(), dataset, limit=limit)
    drawn = model_figures(found, run.records(), title)
    return [path for name, figure in drawn.items() for path in figures.save(figure, folder, name)]
