"""Models of seats against baselines, and the pictures of a report."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Split
from vaekit.evaluation.views import (
    Views,
    angles,
    blended_views,
    colour_error,
    most_similar,
    nearest_view,
)
from vaekit.model import Autoencoder
from vaekit.records import Batch
from vaekit.reports.chairs_results import Sheet, Tally, Way, by_seat
from vaekit.space import mixture

SIDES = 8
_SHOWN = 8
_STEPS = 7
_SAMPLES = 4
_COMPONENTS = 5
_NEW_SHOWN = 4


_Sided = Callable[[Views, float, float], Tensor]


def measured_unseen(
    models: Mapping[str, Autoencoder], unseen: Split, known: Views
) -> tuple[list[Way], Sheet]:
    """Generators' pictures of held-out views, against views of the same seat that were not."""
    views = Views.from_split(unseen)
    own, tally = by_seat(known), Tally()
    baselines = {"nearest seen view": nearest_view, "blend of two views": blended_views}
    ways = {name: model.reconstruct(unseen.batch()) for name, model in models.items()}
    ways |= {name: torch.empty_like(views.x) for name in baselines}
    for seat in own:
        rows = np.flatnonzero(views.of == seat)
        if not len(rows):
            continue
        for name, way in baselines.items():
            ways[name][rows] = _each(way, own[seat], views.take(rows))
        for name, pictures in ways.items():
            tally.add(name, seat, pictures[rows], views.x[rows])
    chosen = np.linspace(0, len(views) - 1, _SHOWN).astype(int)
    shown = {"view": views.x, **ways}
    sheet = Sheet(
        torch.stack([pictures[chosen].clamp(0, 1) for pictures in shown.values()]),
        tuple(shown),
        tuple(f"{views.azimuth[row]}°" for row in chosen),
        "Views that were held out, what the generator draws, and the baselines.",
    )
    return tally.ways(), sheet


def measured_turned(
    model: Autoencoder, new: Split, old: Views, given: int
) -> tuple[list[Way], Sheet]:
    """New seats from one view each, for several such views, against the most similar old seat."""
    views, tally, of_old = Views.from_split(new), Tally(), by_seat(old)
    context = torch.as_tensor(new.context)
    codes = model.encode(Batch(views.x, context))

    def ways(first: int, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        like = of_old[most_similar(old, views.take(np.array([first])))]
        return {
            "variational, from one view": model.decode(
                codes[first].expand(len(rows), -1), context[rows]
            ),
            "most similar seat": _each(nearest_view, like, views.take(rows)),
            "the given view itself": views.x[first].expand(len(rows), *views.x.shape[1:]),
        }

    blocks: list[Tensor] = []
    for seat in sorted(set(views.of)):
        own = np.flatnonzero(views.of == seat)
        for first in own[np.linspace(0, len(own) - 1, given, dtype=int)]:
            others = own[own != first]
            for name, made in ways(int(first), others).items():
                tally.add(name, seat, made, views.x[others])
        if len(blocks) < 3 * _NEW_SHOWN:
            sides = own[_sides(views.take(own))]
            first = int(sides[1])  # from somewhat aside, as a photograph would be
            turned, like, _ = ways(first, sides).values()
            front = views.x[first : first + 1]
            blocks += [torch.cat([front, each]) for each in (views.x[sides], turned, like)]
    azimuths = (f"{azimuth}°" for azimuth in views.azimuth[sides])
    names = ("real", "from one view", "most similar") * (len(blocks) // 3)
    about = "New seats: the view that was given first, then turned."
    sheet = Sheet(torch.stack(blocks).clamp(0, 1), names, ("given", *azimuths), about)
    return tally.ways(), sheet


def made_of_few(model: Autoencoder, known: Split, asked: Split, old: Views, tally: Tally) -> None:
    """Count what a model makes of new seats by the mean code of the known views, and baselines."""
    codes = model.encode(known.batch())
    seen, views = Views.from_split(known), Views.from_split(asked)
    context, of_old = torch.as_tensor(asked.context), by_seat(old)
    for seat, own in by_seat(seen).items():
        rows = np.flatnonzero(views.of == seat)
        code = codes[torch.as_tensor(seen.of == seat)].mean(0)
        made = model.decode(code.expand(len(rows), -1), context[rows])
        wanted = views.take(rows)
        like = of_old[most_similar(old, own)]
        ways = {
            "variational, from these views": made,
            "most similar seat": _each(nearest_view, like, wanted),
            "nearest known view": _each(nearest_view, own, wanted),
            "blend of two views": _each(blended_views, own, wanted),
        }
        for name, pictures in ways.items():
            tally.add(name, seat, pictures, wanted.x)


def sheets_of_generator(model: Autoencoder, known: Split, seed: int) -> dict[str, Sheet]:
    """Styles between two seats, and sums and differences of styles, from eight sides."""
    views = Views.from_split(known)
    seats = by_seat(views)
    first = {seat: int(np.flatnonzero(views.of == seat)[0]) for seat in seats}
    batch = known.batch(np.array(list(first.values())))
    codes = dict(zip(seats, model.encode(batch), strict=True))
    own = np.flatnonzero(views.of == views.of[0])
    sides = own[_sides(views.take(own))]
    told = torch.as_tensor(known.context)[
        torch.as_tensor(np.flatnonzero(views.of == next(iter(seats)))[sides])
    ]

    def turned(code: Tensor) -> Tensor:
        return model.decode(code.expand(SIDES, -1), told).clamp(0, 1)

    names = list(np.random.RandomState(seed).permutation(list(seats)))
    one, other, third = names[0], _least_alike(names[0], seats), names[1]
    like = most_similar(views.take(views.of != one), seats[one].take(np.arange(1)))
    azimuths = tuple(f"{azimuth}°" for azimuth in views.azimuth[sides])
    steps = np.linspace(0, 1, _STEPS)
    between = [turned(torch.lerp(codes[one], codes[other], float(step))) for step in steps]
    sums = {
        "a": codes[one],
        "b, most like a": codes[like],
        "c": codes[third],
        "c + a − b": codes[third] + codes[one] - codes[like],
        "c + 2 (a − b)": codes[third] + 2 * (codes[one] - codes[like]),
    }
    return {
        "styles": Sheet(
            torch.stack(between),
            tuple(f"{step:.2f}" for step in steps),
            azimuths,
            f"Styles from {one} to {other} by the plain generator, from eight sides.",
        ),
        "arithmetic": Sheet(
            torch.stack([turned(code) for code in sums.values()]),
            tuple(sums),
            azimuths,
            f"What tells {one} from {like}, added to {third}.",
        ),
    }


def sheets_of_variational(model: Autoencoder, old: Split, seed: int) -> dict[str, Sheet]:
    """Samples of new seats, each from eight sides."""
    views = Views.from_split(old)
    own = np.flatnonzero(views.of == views.of[0])
    sides = own[_sides(views.take(own))]
    told = torch.as_tensor(old.context)[sides]
    generator = torch.Generator().manual_seed(seed)
    first = told[:1].expand(_SAMPLES, -1)
    prior = model.sample_codes(_SAMPLES, generator=generator, context=first)
    fitted = mixture(model.encode(old.batch()), _COMPONENTS, seed).sample(_SAMPLES, seed)
    codes = torch.cat([prior, torch.from_numpy(fitted).float()])
    made = [model.decode(code.expand(SIDES, -1), told).clamp(0, 1) for code in codes]
    azimuths = tuple(f"{azimuth}°" for azimuth in views.azimuth[sides])
    names = ("from the prior",) * _SAMPLES + ("from the mixture",) * _SAMPLES
    about = (
        "Seats that the variational model draws, from eight sides: from its prior, and from a "
        f"mixture of {_COMPONENTS} Gaussians fitted to the codes of training views."
    )
    return {"samples": Sheet(torch.stack(made), names, azimuths, about)}


def _sides(views: Views) -> NDArray[np.int64]:
    """The rows of eight views around an object, from the lowest elevation."""
    low = views.elevation.min()
    turns = (360 * side / SIDES for side in range(SIDES))
    return np.array([int(angles(views, low, turn).argmin()) for turn in turns])


def _each(way: _Sided, known: Views, wanted: Views) -> Tensor:
    sides = zip(wanted.elevation, wanted.azimuth, strict=True)
    return torch.stack([way(known, elevation, azimuth) for elevation, azimuth in sides])


def _least_alike(seat: str, seats: dict[str, Views]) -> str:
    """The seat that looks least like another, seen from where the latter is seen first."""
    own = seats[seat].take(np.arange(1))
    place = (int(own.elevation[0]), int(own.azimuth[0]))
    off = {
        name: float(colour_error(nearest_view(views, *place)[None], own.x))
        for name, views in seats.items()
    }
    return max(off, key=off.__getitem__)
