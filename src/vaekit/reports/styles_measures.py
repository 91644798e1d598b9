"""Ways between test pictures, through pixels and through codes, and what a judge makes of them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Dataset, Split
from vaekit.evaluation.bootstrap import Interval, mean_interval
from vaekit.evaluation.judge import Judge
from vaekit.evaluation.paths import path_length, share_of_steps, straight_length, unevenness
from vaekit.model import Autoencoder
from vaekit.reports.denoise_results import paired
from vaekit.reports.styles_results import (
    DECODED,
    LINEAR,
    PIXELS,
    PLACES,
    SPHERICAL,
    STEPS,
    WAYS,
    Difference,
    Ends,
    Found,
    Group,
    Objects,
)
from vaekit.space import linear, spherical

SHOWN = 3  # pairs, in pictures
_EVERY = (PLACES - 1) // (STEPS + 1)  # of the places is a step
_AT_ONCE = 50  # pairs whose ways are in memory together

Array = NDArray[np.int64]


def pairs(dataset: Dataset, group: Group, n: int, seed: int = 0) -> Array:
    """The places (n, 2) of n random pairs of different test pictures of a group's classes.

    They depend on the classes alone, so models of different objects are asked about the same
    pictures, where test pictures of a class have one order.
    """
    labels, names = dataset.test.labels, dataset.label_names
    assert labels is not None
    assert names is not None
    first, last = (
        np.flatnonzero(labels == names.index(name)) for name in (group.first, group.last)
    )
    numbers = np.random.default_rng(seed)
    one = numbers.integers(len(first), size=n)
    step = numbers.integers(1, len(last), size=n)  # so that no picture is its own partner
    return np.stack([first[one], last[(one + step) % len(last)]], axis=1)


def blends(first: Tensor, last: Tensor, places: int) -> Tensor:
    """Pictures (P, S, C, H, W) mixed from first to last (P, C, H, W), both ends included."""
    share = torch.linspace(0, 1, places).view(1, -1, *[1] * (first.ndim - 1))
    return (1 - share) * first[:, None] + share * last[:, None]


def ways(model: Autoencoder, first: Tensor, last: Tensor, places: int) -> dict[str, Tensor]:
    """Pictures (P, S, C, H, W) on every way between two sets of P pictures, by its name."""
    codes = [model.encode(each).double().numpy() for each in (first, last)]
    decoded = [model.decode(torch.from_numpy(each).float()) for each in codes]
    found = {
        PIXELS: blends(first, last, places),
        DECODED: blends(decoded[0], decoded[1], places),
    }
    for name, between in ((LINEAR, linear), (SPHERICAL, spherical)):
        way = np.stack([between(one, other, places) for one, other in zip(*codes, strict=True)])
        pictures = model.decode(torch.from_numpy(way).float().flatten(0, 1))
        found[name] = pictures.view(*way.shape[:2], *first.shape[1:])
    return found


def measured(judge: Judge, pictures: Tensor, ends: Tensor) -> Tensor:
    """What is measured of ways with pictures (P, S, C, H, W), as `Measure` takes it: (P, 4).

    ends: the classes (P, 2) of the pictures at the ends.
    """
    features, logits = judge.inspect(pictures.flatten(0, 1))
    features = features.view(*pictures.shape[:2], -1)
    classes = logits.argmax(dim=1).view(pictures.shape[:2])
    steps = slice(0, None, _EVERY)
    columns = [
        share_of_steps(classes[:, steps][:, 1:-1], ends),
        path_length(features),
        straight_length(features),
        unevenness(features[:, steps]),
    ]
    return torch.stack(columns, dim=1)


def explore(
    models: Sequence[Autoencoder], dataset: Dataset, group: Group, judge: Judge, n: int
) -> Found:
    """The ways of K models between n pairs of a group, measured, and pictures of the first."""
    places = pairs(dataset, group, n)
    assert dataset.test.labels is not None
    kinds = torch.from_numpy(dataset.test.labels[places])
    sides = [dataset.test.batch(places[:, side]).x for side in (0, 1)]
    by_model = []
    for model in models:
        parts = []
        for rows in torch.split(torch.arange(n), _AT_ONCE):
            found = ways(model, sides[0][rows], sides[1][rows], PLACES)
            parts.append({name: measured(judge, found[name], kinds[rows]) for name in WAYS})
        by_model.append({name: torch.cat([part[name] for part in parts]) for name in WAYS})
    few = ways(models[0], sides[0][:SHOWN], sides[1][:SHOWN], STEPS + 2)
    return Found.of(
        group,
        {name: torch.stack([each[name] for each in by_model], dim=1) for name in WAYS},
        torch.stack([few[name] for name in (PIXELS, LINEAR, SPHERICAL)], dim=1).flatten(0, 1),
        torch.stack(sides, dim=1)[:SHOWN],
    )


def reconstructed(
    models: Sequence[Autoencoder], objects: Objects, test: Split, judge: Judge
) -> Ends:
    """What being reconstructed costs test pictures, in how often a judge knows them."""
    labels, x = torch.as_tensor(test.labels), test.tensor()
    before = (judge.predict(x) == labels).double()
    after = torch.stack(
        [(judge.predict(model.reconstruct(x)) == labels).double() for model in models], dim=1
    )
    by_seed = 100 * after.mean(dim=0)
    plain = [100 * float(before.mean())] * len(models)
    less = mean_interval(100 * (before - after.mean(dim=1)))
    return Ends(
        objects,
        len(x),
        _percent(before),
        _percent(after.mean(dim=1)),
        Difference(less, paired(plain, by_seed.tolist())),
    )


def _percent(hits: Tensor) -> Interval:
    return mean_interval(100 * hits)
