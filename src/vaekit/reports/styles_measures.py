"""Ways between test pictures, through pixels and through codes, and what a judge makes of them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Dataset, Split
from vaekit.errors import BadInput
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
    Way,
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
    first, last = (_rows(dataset, dataset.test, name) for name in (group.first, group.last))
    numbers = np.random.default_rng(seed)
    one = numbers.integers(len(first), size=n)
    step = numbers.integers(1, len(last), size=n)  # so that no picture is its own partner
    return np.stack([first[one], last[(one + step) % len(last)]], axis=1)


def check_enough(dataset: Dataset, group: Group, n: int) -> None:
    """Raise BadInput where there are too few pictures of a group's classes for n pairs."""
    for name in (group.first, group.last):
        test, validation = (
            len(_rows(dataset, split, name)) for split in (dataset.test, dataset.validation)
        )
        if test < 2 or validation < 2 * n:
            raise BadInput(
                f"{dataset.name} has {test:,} test and {validation:,} validation pictures of "
                f"{name}, and 2 and {2 * n:,} are needed: give other `data`."
            )


def _rows(dataset: Dataset, split: Split, name: str) -> Array:
    """The places of a split's rows of a class."""
    assert split.labels is not None
    assert dataset.label_names is not None
    return np.flatnonzero(split.labels == dataset.label_names.index(name))


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


def measured(judge: Judge, pictures: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """What a `Way` holds, (P, 4) and (P, F), of the pictures (P, S, C, H, W) on one model's.

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
    return torch.stack(columns, dim=1), features[:, PLACES // 2]


def real_features(dataset: Dataset, group: Group, judge: Judge, n: int) -> Tensor:
    """The judge's features (n, 2, F) of 2 n validation pictures of a group's classes, at random."""
    rows = [_rows(dataset, dataset.validation, name) for name in {group.first, group.last}]
    chosen = np.random.default_rng(0).permutation(np.sort(np.concatenate(rows)))[: 2 * n]
    features, _ = judge.inspect(dataset.validation.batch(chosen).x)
    return features.view(n, 2, -1)


def explore(
    models: Sequence[Autoencoder], dataset: Dataset, group: Group, judge: Judge, n: int
) -> Found:
    """The ways of K models between n pairs of a group, measured, and pictures of the first."""
    places = pairs(dataset, group, n)
    assert dataset.test.labels is not None
    kinds = torch.from_numpy(dataset.test.labels[places])
    sides = [dataset.test.batch(places[:, side]).x for side in (0, 1)]
    parts: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in WAYS}
    for model in models:
        for rows in torch.split(torch.arange(n), _AT_ONCE):
            found = ways(model, sides[0][rows], sides[1][rows], PLACES)
            for name in WAYS:
                parts[name].append(measured(judge, found[name], kinds[rows]))
    few = ways(models[0], sides[0][:SHOWN], sides[1][:SHOWN], STEPS + 2)
    return Found.of(
        group,
        {name: _joined(each, n) for name, each in parts.items()},
        real_features(dataset, group, judge, n),
        torch.stack([few[name] for name in (PIXELS, LINEAR, SPHERICAL)], dim=1).flatten(0, 1),
        torch.stack(sides, dim=1)[:SHOWN],
    )


def _joined(parts: list[tuple[Tensor, Tensor]], n: int) -> Way:
    """What was found of K models one after the other, n pairs each in portions."""
    columns, middles = (torch.cat(each) for each in zip(*parts, strict=True))
    return Way(*(each.view(-1, n, each.shape[1]).swapaxes(0, 1) for each in (columns, middles)))


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
