"""What loading gives: a data set of three splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
import numpy.typing as npt

from vaekit.data.checks import check_dataset, digest
from vaekit.data.conditions import Conditions
from vaekit.data.music import Meter, meter_for
from vaekit.data.sound import Sound
from vaekit.data.stored import Stored, StoredWindows
from vaekit.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

    from vaekit.records import Batch

Binarise = Literal["none", "threshold", "static", "dynamic"]
Crop = Literal["none", "centre", "face"]
Kind = Literal["image", "vector", "sound", "sequence"]
Rows = npt.NDArray[Any] | Stored


_SPLITS = ("train", "validation", "test")
_LISTED = 10  # names that a line holds


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Split:
    """Rows of data and what is known about each.

    x: (N, C, H, W) uint8, or float32 in [0, 1], for images; (N, F) float32 for vectors;
        (N, 1, bands, frames) float32 for sound; (N, V, T) float32 for V voices of T symbols.
        An array, or `StoredRows`, `StoredWindows` or `StoredTunes`, which index like one.
    table: columns of N values; "label" holds class numbers where there are labels, and bool
        columns are attributes.
    ids: the N names of the rows where they have some.
    binarise: how grey values become black and white. "threshold" and "static" have been
        applied; "dynamic" is drawn by `Batches` each time a row is seen.
    context: what a model reads beside each row, (N, E) float32, where it reads something.
    mask: which values are there, (N, *shape) bool, where some are missing.

    Raises BadInput, naming the field, where these do not belong to the same N rows.
    """

    x: Rows
    table: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    binarise: Binarise = "none"
    context: npt.NDArray[np.float32] | None = None
    mask: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.x, np.ndarray | Stored) or self.x.ndim < 2:
            raise BadInput(
                f"`x` is a {_called(self.x)}: give an array (N, C, H, W) or (N, F), or use "
                "`vaekit.load_data`, which takes more"
            )
        for name, column in self.table.items():
            _check_rows(f"`table` column {name!r}", column, (len(self),))
        if self.ids is not None and len(self.ids) != len(self):
            raise BadInput(f"`ids` are {len(self.ids):,} for {len(self):,} rows: give one a row")
        if self.context is not None:
            _check_rows("`context`", self.context, (len(self), *np.shape(self.context)[1:2]))
            _check_dtype("`context`", self.context, np.float32)
        if self.mask is not None:
            _check_rows("`mask`", self.mask, tuple(self.x.shape))
            _check_dtype("`mask`", self.mask, np.bool_)

    def __repr__(self) -> str:
        held = [_called(self.x), *([f"columns {_listed(self.table)}"] if self.table else [])]
        return f"Split of {len(self):,} rows: {', '.join(held)}"

    def __len__(self) -> int:
        return int(self.x.shape[0])

    @property
    def labels(self) -> npt.NDArray[Any] | None:
        """Class numbers, shape (N,), or None."""
        return self.table.get("label")

    def take(self, index: npt.NDArray[np.int64] | slice) -> Split:
        """The split of these rows; a slice of an array shares its memory."""
        x = self.x.take(index) if isinstance(self.x, Stored) else self.x[index]
        ids = self.ids
        if ids is not None:
            ids = ids[index] if isinstance(index, slice) else [ids[i] for i in index]
        return replace(
            self,
            x=x,
            table={name: column[index] for name, column in self.table.items()},
            ids=ids,
            context=None if self.context is None else self.context[index],
            mask=None if self.mask is None else self.mask[index],
        )

    def heard(self, sound: Sound) -> Split:
        """The split of segments, normalised as a `Sound` says."""
        assert isinstance(self.x, StoredWindows)
        return replace(self, x=self.x.scaled(sound.mean, sound.scale))

    def batch(self, index: Any = slice(None)) -> Batch:
        """The rows at `index` (a slice or integers) as a model reads them, on the CPU.

        Grey values stay as they are: what is drawn anew is drawn by `Batches`.
        """
        import torch

        from vaekit.data.inputs import batch_of

        places = np.arange(len(self))[index]
        some = self.take(places) if not isinstance(index, slice) else self.take(index)
        x = np.array(some.x, order="C")  # a model may work in place
        return batch_of(x, some.context, some.mask, places, torch.device("cpu"))

    def tensor(self, index: Any = slice(None)) -> Tensor:
        """The x of `batch`, float32 (n, ...)."""
        return self.batch(index).x


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dataset:
    """Training, validation and test data.

    kind: "image", "vector", "sound" or "sequence".
    fingerprint: a digest of the content and of the options that shaped it; the same on
        every machine. Left empty, it is that of the content.
    label_names: the name of each class number, where there are labels.
    conditions: what the columns of every context mean, where there are contexts.
    prepared: the options that pictures were prepared with, as `load` takes them: what was
        left out has its default here, and paths are absolute.
    left_out: how many files are in no split, by what is wrong with them.
    sound: how recordings became rows, where they did.

    Raises BadInput, naming split and field, for what no model could learn from: splits that
    differ in shape or type, values that are not finite or out of range, labels without a name,
    contexts that `conditions` do not give.
    """

    name: str
    kind: Kind
    train: Split
    validation: Split
    test: Split
    fingerprint: str = ""
    label_names: tuple[str, ...] | None = None
    conditions: Conditions | None = None
    prepared: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    sound: Sound | None = None

    def __post_init__(self) -> None:
        size = self.conditions.size if self.conditions else None
        check_dataset(self.kind, self.splits, self.label_names, size)
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", digest(self.splits))

    def __repr__(self) -> str:
        rows = ", ".join(f"{len(split):,} for {name}" for name, split in self.splits.items())
        columns = [name for name in self.train.table if name != "label"]
        told = [column.name for column in self.conditions.columns] if self.conditions else []
        about = [
            f"{len(self.label_names)} classes: {_listed(self.label_names)}"
            if self.label_names
            else "no labels",
            *([f"columns: {_listed(columns)}"] if columns else []),
            *([f"told: {_listed(told)}"] if told else []),
            *(["some values missing"] if self.train.mask is not None else []),
        ]
        kind = f"{self.kind}s of shape {self.shape}, {self.train.x.dtype}"
        return f"{self.name}: {kind}\n  rows: {rows}\n  {'; '.join(about)}"

    @property
    def splits(self) -> dict[str, Split]:
        """The three splits by name."""
        return {name: getattr(self, name) for name in _SPLITS}

    @property
    def binarise(self) -> Binarise:
        """How grey values become black and white; see `Split`."""
        return self.train.binarise

    def told(self, conditions: Conditions) -> Dataset:
        """The same with the context of every row; raises BadInput as `Conditions.encode`."""
        splits: dict[str, Any] = {
            name: replace(split, context=conditions.encode(split.table, self.label_names))
            for name, split in self.splits.items()
        }
        return replace(self, **splits, conditions=conditions)

    def heard(self, sound: Sound) -> Dataset:
        """The same, normalised as a `Sound` says; raises BadInput where it is not of sound."""
        if self.sound is None or sound.shape != self.shape:
            raise BadInput(f"{self.name} is not of sound of shape {sound.shape}: give recordings")
        scaled: dict[str, Any] = {name: part.heard(sound) for name, part in self.splits.items()}
        return replace(self, **scaled, sound=sound)

    @property
    def meter(self) -> Meter | None:
        """That of the bars, where rows are melodies."""
        if self.kind != "sequence":
            return None
        return meter_for(self.shape[-1], self.prepared.get("meter"))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes: the columns of bools, in the table's order."""
        columns = self.train.table.items()
        return tuple(name for name, column in columns if column.dtype == np.bool_)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row: (C, H, W), (F,) or (V, T)."""
        return tuple(int(size) for size in self.train.x.shape[1:])


def _called(x: Any) -> str:
    """What rows are, in words."""
    shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", "")
    return type(x).__name__ if shape is None else f"{dtype} {type(x).__name__} {tuple(shape)}"


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    shown = ", ".join(list(names)[:_LISTED])
    return f"{shown}, …" if len(names) > _LISTED else shown


def _check_rows(what: str, values: Any, shape: tuple[int, ...]) -> None:
    if np.shape(values) != shape:
        raise BadInput(f"{what} has the shape {np.shape(values)}, not {shape}: give one a row")


def _check_dtype(what: str, values: Any, dtype: Any) -> None:
    if values.dtype != dtype:
        raise BadInput(f"{what} is of {values.dtype}, not {np.dtype(dtype)}: convert it")
