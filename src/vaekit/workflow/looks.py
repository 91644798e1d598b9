"""What a trained model makes of its data, as arrays and as figures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from vaekit import figures
from vaekit.data import Dataset, Sound, Split
from vaekit.data.music import METERS, notes
from vaekit.data.sound import DECIBELS
from vaekit.errors import BadInput
from vaekit.kinds import KINDS
from vaekit.model import Autoencoder
from vaekit.records import Batch
from vaekit.runs import Run
from vaekit.space import Ball, Plane, circle, coordinates, empty_sites, lattice, principal
from vaekit.training.activity import Activity
from vaekit.workflow.given import Part, given

Array = NDArray[Any]
NAMES: dict[Part, str] = {"train": "training", "validation": "validation", "test": "test"}
SIDE = 15
_ROWS = 1_000  # rows that a rate is measured on
_ROLLS = 4  # of melodies, side by side
_SEGMENTS = 8  # of sound, side by side


@final
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Arrays behind the figures of one model.

    data: the name of the data. encoded, held_out: which part of them is encoded, and which
        reconstructed.
    points: encodings (posterior modes) of N rows, (N, D). labels: (N,) or None.
    circle: encloses 99% of them in the plane that is shown. view: what that plane is, where the
        space is more than it.
    sites: the inscribed lattice (S, D); empty: which sites lie in a hole, (S,).
    decoded, samples, originals, reconstructions: (n, *shape).
    told: what a model with conditions is told as it decodes the lattice: "label=7".
    gaps: whether values are missing from the originals, which are 0.5 there.
    drawn: whether rows can be drawn as pictures. sound: how they are drawn as spectrograms.
    bar: its steps, where they are drawn as piano rolls.
    prior: whether the samples are drawn from the model's own prior.
    """

    data: str
    encoded: Part
    held_out: Part
    points: Array
    labels: Array | None
    label_names: tuple[str, ...] | None
    circle: Ball
    view: str
    sites: Array
    empty: Array
    decoded: Array
    told: str
    samples: Array
    originals: Array
    reconstructions: Array
    gaps: bool
    drawn: bool
    prior: bool
    sound: Sound | None = None
    bar: int | None = None

    @property
    def codes(self) -> str:
        """What the encodings are the codes of."""
        return f"{len(self.points):,} {NAMES[self.encoded]} rows of {self.data}"


def look(
    model: Autoencoder,
    dataset: Dataset,
    *,
    encoded: Part | None = None,
    samples: int = 100,
    limit: int = 10_000,
    seed: int = 0,
    plane: Plane | None = None,
) -> Look:
    """Encode up to `limit` rows, decode the lattice, sample and reconstruct.

    encoded: the rows to encode; left out, held-out ones: the validation split, or the
        test split where that is empty. What is reconstructed is always held out.
    plane: that of the map and the lattice; left out, see `telling_plane`.
    """
    unseen = held_out_part(dataset)
    part = encoded or unseen
    split: Split = getattr(dataset, part).take(slice(0, limit))
    points = model.encode(split)
    shown, view = telling_plane(model, split, points) if plane is None else (plane, "")
    if plane is not None and points.shape[1] > 2:
        view = f"{' and '.join(plane.names)} of {points.shape[1]} dimensions"
    around = circle(points, plane=shown)
    sites = lattice(around, points.shape[1], SIDE)
    others: Split = getattr(dataset, unseen)
    some = others.batch(some_rows(others, 20, seed))
    return Look(
        data=dataset.name,
        encoded=part,
        held_out=unseen,
        points=points,
        labels=split.labels,
        label_names=dataset.label_names,
        circle=around,
        view=view,
        sites=sites,
        empty=empty_sites(sites, points),
        decoded=decode(model, sites, some_context(others, len(sites), seed=None)),
        told=first_told(dataset, others),
        samples=draw_samples(model, points, samples, seed, some_context(others, samples, seed)),
        originals=_with_gaps(some).numpy(),
        reconstructions=model.reconstruct(some).numpy(),
        gaps=some.mask is not None,
        drawn=KINDS[dataset.kind].drawn(dataset.shape),
        prior="prior" in model.provides,
        sound=dataset.sound,
        bar=METERS[dataset.meter] if dataset.meter else None,
    )


def telling_plane(
    model: Autoencoder, split: Split, points: Array, worth: Array | None = None
) -> tuple[Plane, str]:
    """The plane of a latent space that tells most of it, and what it is where there are more.

    points: the codes (N, D) of the split. Of more than two dimensions these are the two
    coordinates that carry most rate, or the first two principal components of codes without a
    rate by dimension. It goes through the mean code.
    worth: the rate of every dimension (D,), where it is known; left out, the split's.
    """
    size = points.shape[1]
    if size <= 2:
        return coordinates(size), ""
    if "rates" not in model.provides:
        return principal(points), f"two principal components of {size} dimensions"
    worth = rates(model, split) if worth is None else worth
    axes = tuple(sorted(int(axis) for axis in np.argsort(-worth)[:2]))
    plane = coordinates(size, axes, through=points.mean(0))
    return plane, f"{' and '.join(plane.names)} carry most rate of {size} dimensions"


def rates(model: Autoencoder, split: Split) -> Array:
    """The mean rate of every latent dimension over a split, (D,), in nats."""
    found, generator = Activity(), torch.Generator(model.device).manual_seed(0)
    with torch.no_grad():
        for start in range(0, len(split), _ROWS):
            batch = split.batch(slice(start, start + _ROWS)).to(model.device)
            for trace in model.traces(batch, 1, generator):
                found.add(trace.draw)
    return np.asarray(found.report()["rates"])


def some_rows(split: Split, n: int, seed: int = 0) -> Array:
    """The numbers of n rows of a split, drawn with the seed: as many of each class as there are.

    All of them, in their order, where there are no more than n.
    """
    order = np.random.default_rng(seed).permutation(len(split))
    if n >= len(split):
        return np.arange(len(split))
    if split.labels is None:
        return order[:n]
    labels = split.labels[order]
    turns = np.zeros(len(order), int)  # how many rows of a row's class come before it
    for label in np.unique(labels):
        turns[labels == label] = np.arange((labels == label).sum())
    return order[np.lexsort((labels, turns))][:n]


def held_out_part(dataset: Dataset) -> Part:
    """The name of `held_out`."""
    parts: tuple[Part, ...] = ("validation", "test", "train")
    return next(part for part in parts if len(getattr(dataset, part)))


def held_out(dataset: Dataset) -> Split:
    """The validation split, or the test split where there is none, or the training data."""
    split: Split = getattr(dataset, held_out_part(dataset))
    return split


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


def first_told(dataset: Dataset, split: Split) -> str:
    """What a model with conditions is told of the first row of a split; "" without conditions."""
    told = []
    for column in dataset.conditions.columns if dataset.conditions else ():
        value = split.table[column.name][0]
        names = dataset.label_names if column.name == "label" else None
        told.append(f"{column.name}={names[int(value)] if names else value}")
    return ", ".join(told)


def _with_gaps(batch: Batch) -> Tensor:
    """The rows of a batch, halfway between black and white where values are missing."""
    return batch.x if batch.mask is None else batch.x.where(batch.mask, 0.5)


def draw_samples(
    model: Autoencoder, points: Array, n: int, seed: int, context: Tensor | None = None
) -> Array:
    """n decoded codes from the prior, (n, *shape).

    A plain autoencoder has no prior: it gets a Gaussian with the mean and covariance of
    its encodings `points` (N, D), the kindest simple guess.
    """
    if "prior" not in model.provides:
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
    drawn: dict[str, Figure] = {}
    shown = "\n".join(filter(None, [f"{title}: codes of {found.codes}", found.view]))
    for name, sites in (("encodings", False), ("lattice-sites", True)):
        drawn[name] = figures.side_by_side([panel(found, shown, sites=sites)], found.label_names)
    if found.drawn:
        drawn["lattice"] = figures.grid(
            found.decoded, SIDE, title=f"{title}: {lattice_title(found)}"
        )
        drawn["reconstructions"] = figures.pairs(
            found.originals,
            found.reconstructions,
            title=f"{title}: {reconstructions_title(found)}",
        )
        drawn["samples"] = figures.grid(found.samples, 10, title=f"{title}: {samples_title(found)}")
    if found.sound is not None:
        drawn |= _sound_figures(found, found.sound, title)
    if found.bar is not None:
        drawn |= _music_figures(found, found.bar, title)
    if records:
        drawn["curves"] = figures.curves(records, title=f"{title}: training on {found.data}")
        last = records[-1]
        part: Part = "validation" if last.get("validation") else "train"
        code = last.get("validation") or last.get("code") or {}
        if by_dimension := code.get("rates"):
            rows = f"rate of {NAMES[part]} rows of {found.data}, epoch {last['epoch']}"
            drawn["rates"] = figures.rates(
                by_dimension, active=code.get("active"), title=f"{title}: {rows}"
            )
    return drawn


def _sound_figures(found: Look, sound: Sound, title: str) -> dict[str, Figure]:
    """The lattice, samples and reconstructions of segments of sound."""
    both = found.originals, found.reconstructions
    pairs = [list(decibels(sound, each[:_SEGMENTS])) for each in both]
    samples = decibels(sound, found.samples[: 3 * _SEGMENTS])
    rows = [list(samples[first : first + _SEGMENTS]) for first in range(0, len(samples), _SEGMENTS)]
    levels = decibels(sound, found.decoded)
    shades = np.clip((levels.max() - levels) / figures.RANGE, 0, 1)[:, None, ::-1]
    return {
        "lattice": figures.grid(shades, SIDE, title=f"{title}: {lattice_title(found)}"),
        "reconstructions": drawn_sound(
            sound,
            pairs,
            names=("original", "reconstruction"),
            title=f"{title}: {reconstructions_title(found)}",
        ),
        "samples": drawn_sound(sound, rows, title=f"{title}: {samples_title(found)}"),
    }


def _music_figures(found: Look, bar: int, title: str) -> dict[str, Figure]:
    """Samples and reconstructions of melodies."""
    both = [[roll_of(row) for row in rows] for rows in (found.originals, found.reconstructions)]
    pairs = [list(pair) for pair in zip(*both, strict=True)]
    samples = [roll_of(row) for row in found.samples[: _ROLLS * _ROLLS]]
    lines = [samples[first : first + _ROLLS] for first in range(0, len(samples), _ROLLS)]
    return {
        "reconstructions": figures.rolls(
            pairs[: 2 * _ROLLS],
            bar=bar,
            columns=("original", "reconstruction"),
            title=f"{title}: {reconstructions_title(found)}",
        ),
        "samples": figures.rolls(lines, bar=bar, title=f"{title}: {samples_title(found)}"),
    }


def roll_of(row: Array) -> figures.Roll:
    """Voices of symbols (V, T) as they are drawn."""
    return figures.Roll(row.shape[1], [notes(line) for line in row])


def decibels(sound: Sound, rows: Array) -> Array:
    """Spectrograms (n, mels, frames) in decibels of rows (n, 1, mels, frames)."""
    found: Array = DECIBELS * sound.levels(rows)[:, 0]
    return found


def drawn_sound(sound: Sound, rows: Sequence[Sequence[Array]], **named: Any) -> Figure:
    """Spectrograms in decibels, in rows; named: what else `figures.spectrograms` takes."""
    return figures.spectrograms(rows, second=sound.second, hertz=sound.hertz, **named)


def lattice_title(found: Look) -> str:
    """What the decoded lattice shows."""
    plane = found.circle.plane
    assert plane is not None
    across, *up = plane.names
    way = f"{across} grows to the right" + (f", {up[0]} upwards" if up else "")
    size = found.points.shape[1]
    whose, others = ("its", "other stays") if size == 3 else ("their", f"other {size - 2} stay")
    where = f"{whose} mean" if plane.origin.any() else "zero"
    rest = f"; the {others} at {where}" if size > 2 else ""
    rest += f"\ntold {found.told}" if found.told else ""
    return f"decoded lattice in the codes of {found.codes}\n{way}{rest}"


def reconstructions_title(found: Look) -> str:
    """What is reconstructed."""
    gaps = "; grey is missing" if found.gaps else ""
    return f"{NAMES[found.held_out]} rows of {found.data}, reconstructed{gaps}"


def samples_title(found: Look) -> str:
    """What the samples are samples of."""
    told = f", each told what some {NAMES[found.held_out]} row is" if found.told else ""
    return f"samples from {'the prior' if found.prior else 'a Gaussian fit to its codes'}{told}"


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
        none = dataset.validation.take(slice(0, 0))
        dataset = replace(dataset, validation=none, test=others.part("all"))
        name = re.sub(r"[^\w+-]+", "-", dataset.name)
        folder, title = folder / name, f"{run.name} on {dataset.name}"
    found = look(run.model(), dataset, limit=limit)
    drawn = model_figures(found, run.records(), title)
    return [path for name, figure in drawn.items() for path in figures.save(figure, folder, name)]
