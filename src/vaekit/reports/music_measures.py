"""Models of melodies, measured: what they play of codes, ways between, attributes, samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from vaekit.data import Dataset, Split
from vaekit.data.melodies import MEASURES, measured
from vaekit.data.music import HOLD
from vaekit.data.splits import joined
from vaekit.data.tunes import BAR, TUNE
from vaekit.evaluation import evaluate
from vaekit.model import Autoencoder
from vaekit.reports.music_results import (
    CODED,
    CODES,
    DECODED,
    STEPS,
    Accuracy,
    Edits,
    OfRun,
    Sampled,
    Twins,
    Way,
    away,
    twins,
)
from vaekit.runs import Run
from vaekit.space import spherical
from vaekit.workflow.derived import attribute_directions
from vaekit.workflow.looks import some_rows

Array = NDArray[Any]

SCALES = (-2.0, -1.0, 0.0, 1.0, 2.0)
_AT_ONCE = 64  # windows


def forced(model: Autoencoder, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """What steps are likeliest to be, given those before them: whether that is so, (N, V, T), and
    log p(x|z), (N,), of rows x (N, V, T) with codes z (N, D)."""
    right, known = list[Tensor](), list[Tensor]()
    decoder: Any = model.eval().decoder
    with torch.no_grad():
        for first in range(0, len(x), _AT_ONCE):
            rows, codes = x[first : first + _AT_ONCE], z[first : first + _AT_ONCE]
            px = model.likelihood(decoder(codes[None], None, rows))
            right.append(px.mean[0] == rows)
            known.append(px.log_prob(rows)[0])
    return torch.cat(right), torch.cat(known)


def cost(language: Autoencoder, rows: Tensor) -> Tensor:
    """What rows (N, V, T) cost under a model whose code says nothing, in nats a step, (N,)."""
    codes = torch.zeros(len(rows), language.latent.size)
    return -forced(language, rows, codes)[1].double() / rows[0].numel()


def of_run(run: Run, dataset: Dataset, codes: Sequence[str] = CODES, seed: int = 0) -> OfRun:
    """Bounds and accuracies of a run on its test windows, by whose code they are decoded from.

    The code of another is that of the next test window of another tune.
    """
    model, test = run.model(), dataset.test
    found = evaluate(model, test, draws=1, kind=dataset.kind)
    assert found.elbo is not None
    assert found.rate is not None
    x = test.tensor()
    own = model.encode(x)
    others = own[torch.from_numpy(strangers(test))]
    drawn = model.sample_codes(len(x), generator=Generator().manual_seed(seed))
    chosen = dict(zip(CODES, (own, others, drawn), strict=True))
    return OfRun(
        sum(each.numel() for each in model.parameters()),
        found.elbo.value,
        found.rate.value,
        found.active_units or 0,
        float((model.decode(own) >= HOLD).flatten(1).all(1).double().mean()),
        {name: accuracy_of(model, x, chosen[name]) for name in codes},
    )


def accuracy_of(model: Autoencoder, x: Tensor, z: Tensor) -> Accuracy:
    """The share of steps of rows x (N, V, T) that are right where codes z (N, D) are decoded."""
    right = forced(model, x, z)[0], model.decode(z) == x
    begun = x < HOLD
    every = [each.double().mean(dim=(0, 2)).numpy() for each in right]
    first = [(each & begun).sum(dim=(0, 2)) / begun.sum(dim=(0, 2)) for each in right]
    return Accuracy(*every, *(each.double().numpy() for each in first))


def strangers(split: Split) -> Array:
    """For every window the place of the next one that is of another tune."""
    tunes = split.table[TUNE]
    n = len(tunes)
    found = np.arange(n)
    for place in range(n):
        after = ((place + step) % n for step in range(1, n))
        found[place] = next((each for each in after if tunes[each] != tunes[place]), place)
    return found


def common(rows: Array) -> float:
    """The share of the commonest symbol."""
    _, counts = np.unique(rows, return_counts=True)
    return float(counts.max() / counts.sum())


def ends(test: Split, pairs: int) -> tuple[Tensor, Tensor]:
    """Test windows of P pairs of different tunes, (P, V, T) each."""
    first = some_rows(test, pairs)
    others = strangers(test)
    # Half the way round, so that the partner is no neighbour, then on to another tune.
    last = others[(first + len(test) // 2) % len(test)]
    same = test.table[TUNE][last] == test.table[TUNE][first]
    last = np.where(same, others[last], last)
    return test.batch(first).x, test.batch(last).x


def shown_ends(test: Split) -> tuple[Tensor, Tensor]:
    """The first pair of test windows of which both begin with a note, (1, V, T) each, if any do."""
    first, last = ends(test, len(test))
    begun = ((first[:, :, 0] < HOLD) & (last[:, :, 0] < HOLD)).all(1)
    place = int(begun.int().argmax())
    return first[[place]], last[[place]]


def blended(first: Tensor, last: Tensor, seed: int = 0) -> Tensor:
    """Ways (P, S, V, T) on which each step is of the first or of the last melody (P, V, T), of
    the last with the probability of the place; a step is of one of them for all voices."""
    drawn = torch.rand(
        len(first), STEPS, 1, first.shape[-1], generator=Generator().manual_seed(seed)
    )
    share = torch.linspace(0, 1, STEPS).view(-1, 1, 1)
    return torch.where(drawn < share, last[:, None], first[:, None])


def coded(model: Autoencoder, first: Tensor, last: Tensor) -> Tensor:
    """Ways (P, S, V, T) that are played from codes on arcs between those of melodies (P, V, T)."""
    codes = [model.encode(each).double().numpy() for each in (first, last)]
    arcs = np.stack([spherical(one, other, STEPS) for one, other in zip(*codes, strict=True)])
    rows = model.decode(torch.from_numpy(arcs).float().flatten(0, 1))
    return rows.view(len(first), STEPS, *first.shape[1:])


def way(language: Autoencoder, rows: Sequence[Tensor]) -> Way:
    """What lies on the ways (P, S, V, T) of K models: how far from its ends, and what it costs."""
    whole = torch.stack(list(rows))
    apart = [(whole != whole[:, :, [end]]).double().mean(dim=(-1, -2)) for end in (0, -1)]
    costs = cost(language, whole.flatten(0, 2)).view(whole.shape[:3])
    return Way(torch.stack(apart, -1), costs)


def ways(
    models: Sequence[Autoencoder], language: Autoencoder, first: Tensor, last: Tensor
) -> dict[str, Way]:
    """The ways between melodies through the codes of K models, and blends of what they play."""
    through = [coded(model, first, last) for model in models]
    mixed = [blended(each[:, 0], each[:, -1]) for each in through]
    return {CODED: way(language, through), DECODED: way(language, mixed)}


def plain_way(language: Autoencoder, first: Tensor, last: Tensor) -> Way:
    """The blend of melodies as they are, with no model."""
    return way(language, [blended(first, last)])


def edits(runs: Sequence[Run], x: Tensor) -> Edits:
    """What the directions of attributes do to windows x (N, V, T) in the codes of K runs."""
    names = tuple(MEASURES)
    found = []
    for run in runs:
        model, ways_to = run.model(), attribute_directions(run)
        codes = model.encode(x)
        for name in names:
            way_to = torch.from_numpy(ways_to.vector(name)).float()
            for scale in SCALES:
                rows = measured(model.decode(codes + scale * way_to).numpy().astype(np.int64))
                found.append(np.stack([rows[each] for each in names], 1))
    values = torch.from_numpy(np.stack(found)).double()
    shape = len(runs), len(names), len(SCALES)
    own = measured(x.numpy().astype(np.int64))
    spread = np.array([own[name].std() for name in names])
    spread[spread == 0] = 1
    return Edits(names, SCALES, values.view(*shape, len(x), len(names)), spread)


def drawn(model: Autoencoder, n: int, temperature: float, seed: int = 0) -> Tensor:
    """Samples (n, V, T): codes of the prior, and steps drawn, or at temperature 0 likeliest."""
    generator = Generator().manual_seed(seed)
    codes = model.sample_codes(n, generator=generator)
    return model.decode(codes, temperature=temperature, generator=generator)


def apart(dataset: Dataset) -> Split:
    """The windows of all splits that do not overlap."""
    whole = joined([dataset.train, dataset.validation, dataset.test])
    return whole.take(_alone(whole, dataset))


def _alone(split: Split, dataset: Dataset) -> Array:
    """The places of windows that do not overlap."""
    bars = int(dataset.prepared["bars"])
    return np.flatnonzero(split.table[BAR] % bars == 0)


def halves(dataset: Dataset, n: int, seed: int = 0) -> tuple[Array, Array]:
    """Windows (n, V, T) of two random halves of the tunes that do not overlap, n each at most."""
    whole, random = apart(dataset), np.random.default_rng(seed)
    names, of = np.unique(whole.table[TUNE], return_inverse=True)
    side = random.permutation(len(names)) % 2
    parts = [random.permutation(np.flatnonzero(side[of] == each)) for each in (0, 1)]
    n = min(n, *map(len, parts))
    one, other = (whole.x[np.sort(part[:n])].astype(np.int64) for part in parts)
    return one, other


def moved(model: Autoencoder, rows: Array, seed: int = 0) -> Array:
    """Symbols (n, V, T) transposed as they are in the training of a model."""
    part: Any = model.transformation
    x = torch.from_numpy(rows).float()
    return np.asarray(part(x, part.drawn(len(x), Generator().manual_seed(seed))).numpy(), np.int64)


def sampled(data: Array, kinds: dict[str, list[Array]]) -> list[Sampled]:
    """How far symbols (n, V, T) of every kind, some sets of each, are from data."""
    return [Sampled(name, away(data, rows)) for name, rows in kinds.items()]


def near_twins(dataset: Dataset) -> Twins:
    """How many of the data's tunes have a near-twin in another split."""
    parts, tunes = dict[str, str](), dict[str, list[Array]]()
    for part in ("train", "validation", "test"):
        split: Split = getattr(dataset, part)
        for place in _alone(split, dataset).tolist():
            name = str(split.table[TUNE][place])
            parts[name] = part
            tunes.setdefault(name, []).append(split.x[place][0])
    return twins({name: np.concatenate(each) for name, each in tunes.items()}, parts)
