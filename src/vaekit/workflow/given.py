"""The data that something is done with: a run's own, wherever they are, or others like them."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from vaekit.data import Dataset, Split, load
from vaekit.data.frames import is_frame
from vaekit.data.held import are_pictures
from vaekit.data.loading import holds_images, holds_recordings, holds_tunes
from vaekit.data.splits import joined
from vaekit.errors import BadInput
from vaekit.runs import Run

Part = Literal["train", "validation", "test"]
Some = Literal["train", "validation", "test", "all"]
_ALL: tuple[Part, ...] = ("train", "validation", "test")


class Given(NamedTuple):
    """Data, and whether they are those that a run was trained on."""

    dataset: Dataset
    own: bool

    def part(self, split: Some | None) -> Split:
        """Rows of a part of the data; by default of the run's own those for testing, else all.

        Raises BadInput where it is empty.
        """
        return joined(list(filled(self.dataset, split or self.usual).values()))

    @property
    def usual(self) -> Some:
        """The part of them that is used by default."""
        return "test" if self.own else "all"


def given(run: Run, data: Any = None) -> Given:
    """The data of a run, or others: a `Dataset`, or what `load` takes, prepared as those were.

    Data that are the run's own, at another place or in memory, are taken for that. Raises
    BadInput where others cannot be read, or differ in shape.
    """
    if data is None:
        return Given(run.dataset(), True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come again, or are known from training
            return Given(run.with_data(data).dataset(), True)
    except BadInput:
        return Given(prepared(run, data), False)


def prepared(run: Run, data: Any) -> Dataset:
    """Other data than the run's, prepared and told as those were, in the order they have."""
    shape, made = run.spec.shape, run.options_for(data)
    options: dict[str, Any] = {key: made[key] for key in ("binarise", "columns") if key in made}
    if is_frame(data) and made.get("labels") in [*map(str, data.columns)]:
        options["labels"] = made["labels"]
    files = isinstance(data, str | Path) and holds_images(data)
    if run.spec.drawn and (files or are_pictures(data)):
        options |= {"image_size": shape[-1], "crop": made.get("crop", "none")}
        if run.conditions is not None and "label_depth" in made:
            options["label_depth"] = made["label_depth"]
    if run.sound is not None and isinstance(data, str | Path) and holds_recordings(data):
        named = ("labels", "label_depth") if run.conditions is not None else ()
        options |= {n: made[n] for n in ("window", "hop", *named) if n in made}
        options |= {n: getattr(run.sound, n) for n in ("rate", "mels", "frames", "step")}
    if run.meter is not None and isinstance(data, str | Path) and holds_tunes(data):
        options |= {n: made[n] for n in ("bars", "meter", "voices", "track") if n in made}
    # Nothing is held out of others, so that they stay in the order they have.
    dataset: Dataset = (
        data if isinstance(data, Dataset) else load(data, validation=0, test=0, **options)
    )
    if dataset.shape != shape:
        what = data if isinstance(data, str | Path) else dataset.name
        raise BadInput(f"{what} holds data of shape {dataset.shape}, but {run.name} takes {shape}.")
    dataset = dataset if run.sound is None else dataset.heard(run.sound)
    return dataset if run.conditions is None else dataset.told(run.conditions)


def part_of(dataset: Dataset, split: Part) -> Split:
    """A split by its name; raises BadInput where it is empty."""
    return filled(dataset, split)[split]


def filled(dataset: Dataset, split: Some) -> dict[Part, Split]:
    """The splits of this name, or all, that are not empty; raises BadInput where all are."""
    if split not in get_args(Some):
        raise BadInput(f"`split` is one of {', '.join(get_args(Some))}, not {split!r}.")
    names: Sequence[Part] = _ALL if split == "all" else (split,)
    there = {name: part for name in names if len(part := dataset.splits[name])}
    if not there:
        raise BadInput(f"`split={' or '.join(names)}` of {dataset.name} is empty: give another.")
    return there
