"""What is about to be trained, and on what: a short block of text."""

from collections.abc import Iterator, Sequence

from vaekit.data import Dataset, Split, Stored
from vaekit.kinds import KINDS
from vaekit.memory import shown
from vaekit.model import Autoencoder
from vaekit.spec import Spec
from vaekit.training import Training

_MOST = 60  # letters of a list of names


def overview(
    spec: Spec,
    model: Autoencoder,
    dataset: Dataset | None = None,
    training: Training | None = None,
    *,
    device: str = "",
    step_bytes: int | None = None,
    done: int = 0,
) -> str:
    """Rows, splits, classes, shape, network, likelihood, parameters, device, memory: a line each.

    dataset, training: left out, there are no lines about them.
    device: what is computed on, in words. step_bytes: the memory of a training step, where it
        is known. done: epochs that are trained already.
    """
    lines: list[tuple[str, str]] = []
    if dataset is not None:
        lines += _data(dataset)
    count = sum(parameter.numel() for parameter in model.parameters())
    size = _count(model.latent.size, "latent dimension")
    lines.append(("model", f"{spec.recipe}, {size}, {_count(count, 'parameter')}"))
    noise = f", trained on {spec.noise} noise" if spec.noise else ""
    lines.append(("network", f"{spec.net}, likelihood {spec.likelihood}{noise}"))
    if training is not None:
        lines.append(("training", _training(training, dataset, done)))
    if device:
        lines.append(("device", device))
    if memory := _memory(dataset, step_bytes):
        lines.append(("memory", memory))
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)


def _data(dataset: Dataset) -> Iterator[tuple[str, str]]:
    splits = {name: getattr(dataset, name) for name in ("train", "validation", "test")}
    unit, total = KINDS[dataset.kind].unit, sum(map(len, splits.values()))
    shape = " × ".join(map(str, dataset.shape))
    shape += " numbers" if len(dataset.shape) == 1 else ""
    yield "data", f"{dataset.name}, {total:,} {unit} of {shape}"
    yield "splits", ", ".join(f"{len(split):,} {name}" for name, split in splits.items())
    if dataset.label_names is not None:
        yield "classes", _listed(dataset.label_names)
    elif not dataset.attributes:
        yield "classes", _why_none(list(splits.values()), unit)
    if dataset.attributes:
        yield "attributes", _listed(dataset.attributes)
    if dataset.conditions is not None:
        yield "told", ", ".join(column.name for column in dataset.conditions.columns)
    if dataset.train.mask is not None:
        yield "missing", f"{1 - dataset.train.mask.mean():.0%} of the values"
    if dataset.binarise != "none":
        yield "binarised", dataset.binarise
    if left_out := [f"{count:,} {why}" for why, count in dataset.left_out.items() if count]:
        yield "left out", ", ".join(left_out)


def _listed(names: Sequence[str]) -> str:
    """How many names there are, and the first of them."""
    some = list(names)
    while len(", ".join(some)) > _MOST and len(some) > 1:
        some.pop()
    return f"{len(names)}: {', '.join([*some, *['…'] * (len(some) < len(names))])}"


def _why_none(splits: Sequence[Split], unit: str) -> str:
    """That there are no classes; where only some files lie in folders, which do not."""
    names = [name for split in splits for name in split.ids or ()]
    outer = min((name.count("/") for name in names), default=0)
    outside = [name for name in names if name.count("/") == outer]
    if len(outside) == len(names):
        return "none"
    return f"none, as {len(outside):,} of {len(names):,} {unit} lie in no folder: {outside[0]}"


def _training(training: Training, dataset: Dataset | None, done: int) -> str:
    text = _count(training.epochs, "epoch")
    if dataset is not None:
        unit = KINDS[dataset.kind].unit
        text += f" of {_count(-(-len(dataset.train) // training.batch_size), 'step')}"
        text += f", {training.batch_size:,} {unit} a step"
    return f"{text}; {_count(done, 'epoch')} done" if done else text


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _memory(dataset: Dataset | None, step_bytes: int | None) -> str:
    """What is held at once: rows that are not read from disk, and what a step makes."""
    data = 0 if dataset is None else _held(dataset)
    if step_bytes is None:
        return f"{shown(data)} of data" if data else ""
    parts = [f"{shown(data)} of data"] * bool(data) + [f"{shown(step_bytes)} in a step"]
    return f"about {shown(data + step_bytes)}: {' and '.join(parts)}"


def _held(dataset: Dataset) -> int:
    """Bytes of the rows in memory, with what is known about them."""
    splits = (dataset.train, dataset.validation, dataset.test)
    arrays = [each for split in splits for each in (split.x, split.mask, split.context)]
    return sum(each.nbytes for each in arrays if each is not None and not isinstance(each, Stored))
