"""What a trained run is used for, as arrays; each command of a name is a thin skin over its own.

A run is a `Run`, its name or its path. Pictures are files, which are prepared as the run's data
were, or arrays (C, H, W) that are. `given` says what a model with conditions is told:
{"label": "7"}. All raise BadInput as `Run.model`, `Run.told`, `Run.dataset` and `Run.picture` do.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import evaluation, space
from vaekit.data import Crop
from vaekit.data.sounds import RECORDING, START
from vaekit.data.splits import joined
from vaekit.errors import BadInput, expect
from vaekit.evaluation import Annealing, Evaluation
from vaekit.memory import require
from vaekit.model import Told
from vaekit.records import Batch, check_seed
from vaekit.runs import Run, open_run
from vaekit.space.directions import Method
from vaekit.workflow.derived import attribute_directions, code_mixture, codes
from vaekit.workflow.given import Part, Some, filled, part_of, prepared
from vaekit.workflow.given import given as data_for
from vaekit.workflow.looks import some_rows

Array = NDArray[Any]
Given = Mapping[str, Any] | None
Picture = str | Path | Array | Tensor
By = Literal["segment", "recording"]
_HOTTEST = 1e30  # the squares of standard deviations beyond are more than numbers hold
_SHOWN = 10  # rows of a traversal by default


class Pairs(NamedTuple):
    """Rows of data and what a model makes of them, (B, *shape) each."""

    originals: Array
    reconstructions: Array


class Codes(NamedTuple):
    """The codes (N, D) of rows, their N names, and their labels (N,) where they have some.

    label_names: of each label, where they have some.
    columns: what else is known of them, such as the recording and the second of segments.
    """

    ids: list[str]
    labels: Array | None
    codes: Array
    label_names: tuple[str, ...] | None = None
    columns: Mapping[str, Array] = MappingProxyType({})


@final
@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Decoded codes, moved step by step.

    pictures: as the function says. steps: what each of S steps is called, for every direction.
    originals: the pictures (B, C, H, W) that it started from, where there were some.
    along: the names of what moves.
    """

    pictures: Array
    steps: tuple[Array, ...]
    originals: Array | None
    along: tuple[str, ...] = ()


def sample(
    run: Run | str | Path,
    n: int = 64,
    *,
    temperature: float = 1.0,
    mixture: int | None = None,
    given: Given = None,
    seed: int = 0,
) -> Array:
    """Decoded draws (n, *shape) from the prior or a mixture; see `draw`."""
    told, drawn = draw(run, n, temperature=temperature, mixture=mixture, given=given, seed=seed)
    return told.decode(torch.from_numpy(drawn)).numpy()


def draw(
    run: Run | str | Path,
    n: int = 64,
    *,
    temperature: float = 1.0,
    mixture: int | None = None,
    given: Given = None,
    seed: int = 0,
) -> tuple[Told, Array]:
    """Codes (n, D) from the prior, or from a mixture fitted to the codes of training data.

    They come with the model that decodes them.

    temperature: factor on the standard deviations. mixture: its number of Gaussians; it is of
        all codes, whatever the model is told, and so not for one whose prior is told it, too.
    """
    check_count("n", n)
    check_temperature(temperature)
    check_seed(seed)
    run = opened(run)
    _check_room(run, n, f"`n={n}`")
    told = run.told(given)
    if mixture is not None and told.model.latent.context:
        raise BadInput(
            f"`mixture`: the prior of {run.name} follows what it is told, and a mixture of all "
            "codes would not: leave it out."
        )
    if mixture is not None:
        drawn = code_mixture(run, mixture).sample(n, seed, temperature)
        return told, drawn.astype(np.float32)
    generator = torch.Generator().manual_seed(seed)
    return told, told.sample_codes(n, temperature, generator).numpy()


def reconstruct(
    run: Run | str | Path,
    pictures: Iterable[Picture] = (),
    *,
    split: Part = "test",
    n: int = 16,
    spread: bool = False,
    given: Given = None,
    crop: Crop | None = None,
) -> Pairs:
    """Encode and decode pictures, or the first n rows of a part of the run's data.

    spread: n rows drawn at random instead, as many of every class.
    given: what the decoder is told instead of the data's own columns, of some or all of these;
        pictures need all where the model has conditions.
    """
    check_count("n", n)
    run, pictures = opened(run), list(pictures)
    if pictures:
        batch = told_photos(run, pictures, given, crop)
    else:
        rows = part_of(run.dataset(), split)
        batch = rows.batch(some_rows(rows, n) if spread else slice(0, n))
    model = run.model()
    decoded = model.decode(model.encode(batch), changed(run, batch.context, given))
    return Pairs(batch.x.numpy(), decoded.numpy())


def encode(
    run: Run | str | Path,
    data: Any = None,
    *,
    split: Some | None = None,
    by: By | None = None,
) -> Codes:
    """The codes that stand for rows of data: the modes of their posteriors.

    data: a `Dataset`, or what `load` takes; prepared as the run's own, which are the default.
    split: which part of them; "test" of the run's own, and "all" of others by default.
    by: of sound, "recording" gives the mean code of each recording rather than of its segments.
    """
    run = opened(run)
    if by is not None and run.sound is None:
        raise BadInput(f"`by`: {run.name} was not trained on sound: leave it out.")
    dataset = run.dataset() if data is None else prepared(run, data)
    chosen = filled(dataset, split or ("test" if data is None else "all"))
    model, ids = run.model(), list[str]()
    for name, part in chosen.items():
        prefix = f"{name}/" if len(chosen) > 1 else ""
        numbers = (f"{prefix}{row}" for row in range(len(part)))
        ids += numbers if part.ids is None else map(str, part.ids)
    labels = [part.labels for part in chosen.values() if part.labels is not None]
    found = [model.encode(part) for part in chosen.values()]
    known = np.concatenate(labels) if labels else None
    columns = {} if dataset.sound is None else joined(list(chosen.values())).table
    columns = {name: column for name, column in columns.items() if name != "label"}
    codes = Codes(ids, known, np.concatenate(found), dataset.label_names, columns)
    return _by_recording(codes) if by == "recording" else codes


def _by_recording(found: Codes) -> Codes:
    """The mean codes of recordings, with what is known of each."""
    names, first, of = np.unique(found.columns[RECORDING], return_index=True, return_inverse=True)
    sums = np.zeros((len(names), found.codes.shape[1]))
    np.add.at(sums, of, found.codes)
    means = (sums / np.bincount(of)[:, None]).astype(np.float32)
    columns = {name: column[first] for name, column in found.columns.items() if name != START}
    labels = None if found.labels is None else found.labels[first]
    return Codes(names.tolist(), labels, means, found.label_names, columns)


def interpolate(
    run: Run | str | Path,
    first: Picture,
    last: Picture,
    *,
    steps: int = 9,
    spherical: bool = False,
    given: Given = None,
    crop: Crop | None = None,
) -> Walk:
    """Decoded codes (S, C, H, W) on the way from one picture to another, both ends included.

    Of MIDI files it is the way between their first windows; `interpolate_tunes` goes all of it.

    spherical: along an arc around the origin rather than straight.
    """
    space.check_steps(steps)
    run = opened(run)
    originals, told = photos(run, (first, last), crop), run.told(given)
    start, end = told.encode(torch.from_numpy(originals)).double().numpy()
    way = (space.spherical if spherical else space.linear)(start, end, steps)
    decoded = told.decode(torch.from_numpy(way).float()).numpy()
    return Walk(decoded, (np.linspace(0, 1, steps),), originals)


def traverse(
    run: Run | str | Path,
    image: Picture | None = None,
    *,
    dimensions: Sequence[int] = (),
    span: float = 3.0,
    steps: int = 9,
    given: Given = None,
    crop: Crop | None = None,
) -> Walk:
    """A code with one of its coordinates moved at a time, decoded, (R, S, C, H, W).

    image: the picture whose code to start from; the mean code of held-out data by default.
    dimensions: R coordinates; by default the ten whose codes of data vary most.
    span: how far either way, in standard deviations of the codes of data.
    """
    if not (span > 0 and math.isfinite(span)):
        raise BadInput(f"`span` must be above 0, not {span:g}.")
    space.check_steps(steps)
    if crop is not None and image is None:
        raise BadInput("`crop` is for `image`: give one.")
    run = opened(run)
    told, originals = run.told(given), None
    if image is not None:
        originals = photos(run, [image], crop)
    known = codes(run, "held_out")
    spread = known.std(axis=0)
    chosen = list(dimensions) or [int(each) for each in np.argsort(-spread)[:_SHOWN]]
    start = torch.from_numpy(known.mean(axis=0))
    if originals is not None:
        start = told.encode(torch.from_numpy(originals))[0]
    _check_reach("span", span, spread)
    decoded = space.traverse(told, start, chosen, span * spread, steps).numpy()
    names = tuple(f"z{each}" for each in chosen)
    return Walk(decoded, (np.linspace(-span, span, steps),), originals, names)


def edit(
    run: Run | str | Path,
    pictures: Iterable[Picture],
    attributes: str | Sequence[str],
    scales: Sequence[Any],
    *,
    method: Method = "balanced",
    residual: bool = False,
    given: Given = None,
    crop: Crop | None = None,
) -> Walk:
    """Add directions of attributes to the codes of B pictures, (S, B, C, H, W).

    attributes: one, with S scales; or several, with as many sequences of scales, for every
        combination: two give (S1, S2, B, C, H, W). Scale 1 goes from those who lack the
        attribute to those who have it.
    method: how directions are found; see `attribute_directions`.
    residual: put back the detail that the autoencoder lost.
    """
    run = opened(run)
    if isinstance(attributes, str):
        attributes, scales = [attributes], [scales]
    originals, found = photos(run, pictures, crop), attribute_directions(run, method)
    along = tuple(found.names[found.place(name)] for name in attributes)
    vectors = np.stack([found.vector(name) for name in along])
    for vector, steps in zip(vectors, scales, strict=False):
        _check_reach("scales", steps, vector)
    told, x = run.told(given), torch.from_numpy(originals)
    decoded = space.edit(told, x, vectors, scales, residual=residual).numpy()
    return Walk(decoded, tuple(map(np.asarray, scales)), originals, along)


def evaluate_run(
    run: Run | str | Path,
    data: Any = None,
    *,
    split: Some | None = None,
    draws: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    annealing: Annealing | None = None,
    progress: bool = False,
) -> Evaluation:
    """Measure a run on a part of its data, or of others; see `vaekit.evaluate`.

    data: a `Dataset`, or what `load` takes; the run's own by default, and others are prepared as
        those were.
    split: which part of them; "test" of the run's own, and "all" of others by default.
    """
    run = opened(run)
    model, part = run.model(), data_for(run, data).part(split)
    return evaluation.evaluate(
        model,
        part,
        draws=draws,
        seed=seed,
        limit=limit,
        kind=run.spec.kind,
        annealing=annealing,
        progress=progress,
    )


def opened(run: Run | str | Path) -> Run:
    """The run itself, or that of this name or path."""
    expect("run", run, Run | str | Path, "a run, its name or its path; models have methods")
    return run if isinstance(run, Run) else open_run(run)


def photos(run: Run, pictures: Iterable[Picture], crop: Crop | None = None) -> Array:
    """Pictures as the model reads them, float32 (B, C, H, W); arrays are taken as they are."""
    rows = [
        run.picture(each, crop) if isinstance(each, str | Path) else np.asarray(each, np.float32)
        for each in pictures
    ]
    for row in rows:
        if row.shape != run.spec.shape:
            raise BadInput(
                f"`pictures` are of shape {row.shape}: {run.name} reads {run.spec.shape}."
            )
    if not rows:
        raise BadInput("`pictures` are empty: give one at least.")
    return np.stack(rows)


def told_photos(
    run: Run, pictures: Iterable[Picture], given: Given, crop: Crop | None = None
) -> Batch:
    """Pictures as the model reads them, with what it is told of all of them."""
    x, context = torch.from_numpy(photos(run, pictures, crop)), run.context(given or {})
    return Batch(x, None if context is None else context.expand(len(x), -1))


def changed(run: Run, contexts: Tensor | None, given: Given) -> Tensor | None:
    """Contexts (N, E) in which the columns that are given have these values."""
    if not given:
        return contexts
    conditions = run.conditioned("given")
    assert contexts is not None
    return torch.from_numpy(conditions.changed(contexts.numpy(), given))


def _check_reach(name: str, factors: Any, lengths: Array) -> None:
    """Raise BadInput where codes would be moved further than a model's numbers go."""
    most = np.finfo(np.float32).max / (2 * max(1.0, float(np.abs(lengths).max())))
    if not (np.abs(np.asarray(factors, np.float64)) <= most).all():
        raise BadInput(f"`{name}` moves codes further than numbers go: give smaller ones.")


def check_temperature(temperature: float) -> None:
    """Raise BadInput for one that no distribution can have."""
    if not 0 <= temperature <= _HOTTEST:
        raise BadInput(f"`temperature` must be from zero to {_HOTTEST:g}, not {temperature:g}.")


def check_count(name: str, count: int) -> None:
    """Raise BadInput for a number below 1."""
    if count < 1:
        raise BadInput(f"`{name}` must be 1 or more, not {count}.")


def _check_room(run: Run, rows: int, what: str) -> None:
    """Raise BadInput where memory does not hold so many decoded rows, twice over."""
    require(2 * 4 * rows * math.prod(run.spec.shape), what)
