"""A run as it is explored: its model, the codes of its data, and everything a page asks of them.

Each answer is one of the library's own functions; this module only remembers what is asked often.
"""

import json
import shlex
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.metadata import version
from io import BytesIO
from typing import Any, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vaekit.data import Dataset, Split
from vaekit.data.conditions import Angle, Classes, Number
from vaekit.data.conditions import Column as ToldColumn
from vaekit.errors import BadInput
from vaekit.evaluation import Scores, scored
from vaekit.explorer import planes, protocol
from vaekit.explorer.card import card
from vaekit.explorer.columns import columns, text_of
from vaekit.explorer.pinned import pinned
from vaekit.explorer.protocol import Abilities, Can, Card, PlaneView, Scene
from vaekit.explorer.showing import Showing, showing
from vaekit.kinds import KINDS
from vaekit.model import Autoencoder, Told
from vaekit.nets.styles import StyleEncoder
from vaekit.records import check_seed
from vaekit.runs import Run
from vaekit.space import Mixture, Plane
from vaekit.space.directions import Directions, Method
from vaekit.workflow.derived import attribute_directions, attributes, code_mixture, codes, scores
from vaekit.workflow.looks import NAMES, telling_plane
from vaekit.workflow.tables import code_table
from vaekit.workflow.use import Codes

Array = NDArray[Any]
Given = Mapping[str, Any] | None
Source = Literal["prior", "mixture"]
MOST_POINTS = 100_000
MOST_DECODED = 256
MOST_ROWS = 1_000
MOST_CELLS = 10_000_000
"""Of points on the map, codes decoded at once, rows asked for at once, numbers of a table."""

METHODS: tuple[Method, ...] = ("means", "balanced")
_SCORED, _DRAWS = 1_000, 8  # held-out rows whose ELBO is known, and codes drawn for each
_COMPONENTS = 20
_MIXED = 128  # dimensions in which a mixture is fitted while one waits
_BY_HAND = 64  # pixels of a side that one can draw on


@final
@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What a model makes of an input of the user's: rows as they are shown, terms in nats.

    below: the share of held-out rows with a lower ELBO. None where the model has none.
    """

    code: Array
    prepared: Array
    reconstruction: Array
    distortion: float
    rate: float | None
    elbo: float | None
    below: float | None


@final
class Explored:
    """A run with all that the page needs at hand; see the methods.

    run: with its data; what is trained meanwhile is another. place: the folder of the run itself.
    split: the N rows of the map. codes: of these, (N, D).
    """

    def __init__(self, run: Run, dataset: Dataset, *, progress: bool = False) -> None:
        self.place, self._state, self._kept = run.path, run.state, pinned(run)
        self.run, self.dataset = replace(self._kept, given=dataset), dataset
        with _noted():
            self.model: Autoencoder = self.run.model()
            self.codes = codes(self.run, "train", dataset, most=MOST_POINTS, progress=progress)
            self.scores: Scores = scores(
                self.run, dataset, most=_SCORED, draws=_DRAWS, progress=progress
            )
        self.split: Split = dataset.train.take(slice(0, MOST_POINTS))
        self.showing: Showing = showing(run)
        self.columns = columns(dataset, self.split)
        self._plane = lru_cache(8)(self._plane_of)
        self.view = lru_cache(8)(self._view)
        self.points = lru_cache(8)(self._points)
        self._contexts = lru_cache(64)(self._context)
        self._directions = lru_cache(len(METHODS))(self._directed)

    @cached_property
    def scene(self) -> Scene:
        """All that the page knows from the beginning."""
        run, spec, size = self.run, self.run.spec, self.codes.shape[1]
        plane, about = telling_plane(self.model, self.split, self.codes, self._rates)
        others = [self._plane(planes.PCA)] if size > 1 else []
        listed = {each.key: each for each in (planes.named(e, "") for e in (plane, *others))}
        first = planes.named(plane, about)
        finished = self._state == "finished"
        note = f"{run.name} is {self._state}: this is its last checkpoint."
        return Scene(
            name=run.name,
            recipe=spec.recipe,
            kind=spec.kind,
            shape=spec.shape,
            row=self.showing.row,
            shown=self.showing.shown,
            latent=size,
            points=len(self.codes),
            part=NAMES["train"],
            data=self.dataset.name,
            finished=finished,
            note=None if finished else note,
            planes=list((listed | {first.key: first}).values()),
            plane=first.key,
            columns=[column for column, _ in self.columns.values()],
            dimensions=self._dimensions,
            neutral=self.codes.mean(0, dtype=np.float64).tolist(),
            attributes=self._attributes,
            conditions=list(map(self._condition, self._told_columns)),
            can=self._abilities,
            residual=spec.drawn,
            lines=self._lines,
            version=version("vaekit"),
            values=run.columns if self.showing.shown == "values" else None,
            heat=self.showing.heat,
            roll=self.showing.roll,
        )

    @cached_property
    def card(self) -> Card:
        """What the run was made of, how it went and how good it is."""
        return card(self.run, self.model, self.dataset, self.scores)

    def column(self, name: str) -> Array:
        """The values (N,) of a column: uint16, or float32 of numbers; see `columns`."""
        if name not in self.columns:
            raise BadInput(f"`name`: there is no column {name[:80]!r}.")
        return self.columns[name][1]

    def row(self, index: int) -> tuple[str, dict[str, str], Array, Array, Array]:
        """The id of a point, its values in words, code (D,), original and reconstruction."""
        places = self._places([index])
        batch, code = self.split.batch(places), self.codes[places]
        decoded = self.model.decode(torch.from_numpy(code), batch.context).numpy()
        values = {name: text_of(of, of_all[index]) for name, (of, of_all) in self.columns.items()}
        return self._ids(places)[0], values, code[0], self.originals([index]), self._shown(decoded)

    def codes_of(self, rows: Sequence[int]) -> Array:
        """The codes (n, D) of some points."""
        return self.codes[self._places(rows)]

    def originals(self, rows: Sequence[int]) -> Array:
        """Some points as they are shown."""
        batch = self.split.batch(self._places(rows))
        mask = None if batch.mask is None else batch.mask.numpy()
        return self.showing.rows(batch.x.numpy(), mask)

    def decode(self, codes: Array, given: Given = None) -> Array:
        """Codes float32 (n, D), decoded, as they are shown.

        given: what the model is told; what is left out is as of the first point.
        Raises BadInput for codes that are no finite numbers, or more than 256.
        """
        if not 0 < len(codes) <= MOST_DECODED:
            raise BadInput(f"`codes` are {len(codes):,}: give 1 to {MOST_DECODED}.")
        if not np.isfinite(codes).all():
            raise BadInput("`codes` are not all finite numbers.")
        return self._shown(self.told(given).decode(torch.from_numpy(codes)).numpy())

    def encode(self, source: bytes | Array, given: Given = None) -> Own:
        """What the model makes of a file of the user's, or of a grey picture uint8 (H, W).

        Raises BadInput for what is no such file, and where the model reads none.
        """
        if (able := self._abilities.encode) is not True:
            raise BadInput(f"`file`: {able}")
        given_picture = source if isinstance(source, bytes) else Image.fromarray(source)
        row, context = self.run.picture(given_picture), self.told(given).contexts(1)
        told = None if context is None else context.numpy()
        dynamic = self.dataset.binarise == "dynamic"
        split = Split(row[None], context=told, binarise="dynamic" if dynamic else "none")
        found = scored(self.model, split, draws=_DRAWS, kind=self.run.spec.kind)
        terms = {name: float(column[0]) for name, column in found.columns.items()}
        elbo = terms.get("elbo")
        code = self.model.encode(split.batch())
        return Own(
            code.numpy()[0],
            self.showing.rows(row[None]),
            self._shown(self.model.decode(code, context).numpy()),
            terms["distortion"],
            terms.get("rate"),
            elbo,
            None if elbo is None else float((self.scores.columns["elbo"] < elbo).mean()),
        )

    def elbos(self) -> Array:
        """The ELBOs float32 (n,) in nats of held-out rows."""
        if self._abilities.elbo is not True:
            raise BadInput(str(self._abilities.elbo))
        return self.scores.columns["elbo"].astype("<f4")

    def draw(self, n: int, source: Source, seed: int = 0, given: Given = None) -> Array:
        """Codes float32 (n, D) from the prior, or from a mixture fitted to the codes of data."""
        check_seed(seed)
        if not 0 < n <= MOST_DECODED:
            raise BadInput(f"`n` is {n:,}: give 1 to {MOST_DECODED}.")
        able = self._abilities.prior if source == "prior" else self._abilities.mixture
        if able is not True:
            raise BadInput(f"`source`: {able}")
        if source == "mixture":
            return self._mixture.sample(n, seed).astype("<f4")
        generator = torch.Generator().manual_seed(seed)
        return self.told(given).sample_codes(n, generator=generator).numpy()

    def direction(self, attribute: str, method: Method = "balanced") -> Array:
        """The direction of an attribute, float32 (D,)."""
        return self._directions(method).vector(attribute).astype("<f4")

    def table(self, rows: Sequence[int]) -> bytes:
        """The ids, columns and codes of some points as CSV."""
        from pyarrow import csv

        places = self._places(rows, most=MOST_CELLS // self.codes.shape[1])
        some = self.split.take(places)
        others = {name: column for name, column in some.table.items() if name != "label"}
        found = Codes(
            self._ids(places), some.labels, self.codes[places], self.dataset.label_names, others
        )
        sink = BytesIO()
        csv.write_csv(code_table(found), sink)
        return sink.getvalue()

    def told(self, given: Given = None) -> Told:
        """The model under conditions; what is left out of these is as of the first point."""
        text = json.dumps(dict(given), sort_keys=True, default=str) if given else ""
        return Told(self.model, self._contexts(text))

    def _context(self, text: str) -> Tensor | None:
        usual = self.split.context
        if not text:
            return None if usual is None else torch.from_numpy(usual[0])
        conditions, given = self.run.conditioned("told"), json.loads(text)
        assert usual is not None
        return torch.from_numpy(conditions.changed(usual[:1], given)[0])

    def _directed(self, method: Method) -> Directions:
        with _noted():
            return attribute_directions(self.run, method)

    @cached_property
    def _mixture(self) -> Mixture:
        with _noted():
            return code_mixture(self.run, min(_COMPONENTS, len(self.codes) // 2))

    def _plane_of(self, key: str) -> Plane:
        return planes.plane_of(key, self.codes)

    def _view(self, key: str) -> PlaneView:
        """A plane by its key, as the map shows it; raises BadInput where there is none."""
        return planes.viewed(key, self._plane(key), self.codes)

    def _points(self, key: str) -> Array:
        """Where the points lie in a plane, float32 (N, 2)."""
        return planes.placed(self._plane(key), self.codes)

    def _shown(self, rows: Array) -> Array:
        return self.showing.rows(rows)

    def _ids(self, places: Array) -> list[str]:
        ids = self.split.ids
        return [str(each) if ids is None else str(ids[each]) for each in places.tolist()]

    def _places(self, rows: Sequence[int] | Array, most: int = MOST_ROWS) -> Array:
        places = np.asarray(rows, np.int64)
        if not 0 < len(places) <= most:
            raise BadInput(f"`rows` are {len(places):,}: give 1 to {most:,}.")
        if places.min() < 0 or places.max() >= len(self.codes):
            raise BadInput(f"`rows` go from 0 to {len(self.codes) - 1:,}.")
        return places

    @property
    def _rates(self) -> Array | None:
        rates = self.scores.code.get("rates")
        return None if rates is None else np.asarray(rates)

    @property
    def _dimensions(self) -> list[protocol.Dimension]:
        rates, active = self._rates, self.scores.code.get("active")
        mean, spread = self.codes.mean(0, dtype=np.float64), self.codes.std(0, dtype=np.float64)
        order = np.argsort(-(spread if rates is None else rates), kind="stable")
        return [
            protocol.Dimension(
                index,
                None if rates is None else float(rates[index]),
                None if active is None else bool(active[index]),
                float(mean[index]),
                float(spread[index]),
            )
            for index in order.tolist()
        ]

    @property
    def _attributes(self) -> list[protocol.Attribute]:
        try:
            names, marks = attributes(self.dataset, self.split)
        except BadInput:
            return []
        varied: Array = np.asarray(marks.any(0) & ~marks.all(0))
        kept = [name for name, keep in zip(names, varied, strict=True) if keep]
        return [protocol.Attribute(name, METHODS) for name in kept]

    @property
    def _told_columns(self) -> tuple[ToldColumn, ...]:
        return () if self.run.conditions is None else self.run.conditions.columns

    def _condition(self, column: ToldColumn) -> protocol.Condition:
        usual = self.split.table[column.name][0]
        match column:
            case Classes(name, values):
                found = column.encode(self.split.table[name][:1], self._names(name))[0]
                usual = values[int(found.argmax())]
                return protocol.Condition(name, "class", values, None, None, usual)
            case Number(name, low=low, high=high):
                return protocol.Condition(name, "number", (), low, high, float(usual))
            case Angle(name, turn, start, span):
                reach = start, start + span
                return protocol.Condition(name, "angle", (), *reach, float(usual), turn)

    def _names(self, column: str) -> Sequence[str] | None:
        return self.dataset.label_names if column == "label" else None

    @cached_property
    def _abilities(self) -> Abilities:
        spec, latent = self.run.spec, self.model.latent
        able = self._reading
        small = spec.drawn and spec.shape[0] == 1 and max(spec.shape[1:]) <= _BY_HAND
        hand: Can = "Only grey pictures of up to 64 pixels are drawn by hand."
        prior: Can = "This latent has no prior that codes could be drawn from."
        elbo: Can = "A model whose codes cost nothing has no ELBO, only a distortion."
        return Abilities(
            decode=True,
            encode=able,
            draw_by_hand=able if small else hand,
            prior="prior" in latent.provides or prior,
            mixture=self._mixing,
            elbo="elbo" in self.scores.columns or elbo,
            table=True,
        )

    @property
    def _mixing(self) -> Can:
        """Whether a mixture can be fitted to the codes."""
        if self.model.latent.context:
            return "The prior follows what the model is told, and a mixture of codes would not."
        if len(self.codes) < 2:
            return "There are too few points to fit a mixture to."
        if self.model.latent.size > _MIXED:
            return (
                f"A mixture in {self.model.latent.size} dimensions takes minutes to fit: "
                "`vaekit.sample` with `mixture` draws from one."
            )
        return True

    @property
    def _reading(self) -> Can:
        """Whether a file of the user's can be encoded."""
        if isinstance(self.model.encoder, StyleEncoder):
            return "This model has no encoder of pictures: a code stands for what it is told."
        if not (self.run.spec.drawn or KINDS[self.run.spec.kind].played):
            return "Only pictures and melodies are read here; `vaekit encode` reads other files."
        return True

    @property
    def _lines(self) -> protocol.Lines:
        place = str(self.place)
        if self._told_columns:
            python = (
                "import torch, vaekit as vk\n"
                f"told = vk.open_run({place!r}).told({{told}})\n"
                "decoded = told.decode(torch.tensor([{code}]))"
            )
        else:
            python = (
                "import numpy as np, vaekit as vk\n"
                f"model = vk.load({place!r})\n"
                "decoded = model.decode(np.array([{code}], np.float32))"
            )
        return protocol.Lines(python, f"vaekit decode {shlex.quote(place)} code.json")


@contextmanager
def _noted() -> Iterator[None]:
    """Keep back the warning that a run is not finished: the page's note says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* is not finished")
        yield
