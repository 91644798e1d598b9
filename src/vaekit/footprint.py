"""The memory that a training step takes, known before training starts."""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from vaekit.data import Dataset
from vaekit.errors import BadInput
from vaekit.memory import available, require, shown
from vaekit.model import Autoencoder
from vaekit.nets import Shape
from vaekit.objectives import Objective
from vaekit.records import Batch, Moment
from vaekit.training.losses import Losses, trainable
from vaekit.training.options import Training

_FEW, _MORE = 2, 4  # rows that are passed, to tell what grows with their number
# The backward pass needs the gradients of what it works on, and copies of it as convolutions
# like it: measured at 64 to 256 pixels, as much again as is kept.
_TIMES = 2
_LIBRARIES = 64 << 20  # what PyTorch's kernels take, once
_SHARE = 0.7  # of what is free, that a proposal may take
_SIDES = (512, 384, 256, 192, 128, 96, 64, 32)


def step_memory(
    model: Autoencoder, shape: Shape, batch_size: int, objective: Objective | None = None
) -> int:
    """Bytes that a training step takes beside the data, within a factor of 1.5 or so.

    These are the weights, their gradients and Adam's moments, all that is kept for the backward
    pass, and what that works with. A few rows are passed through a copy; the model and torch's
    random state are left as they were.

    shape: of one data point. objective: what is minimised; left out, what it adds to a pass of
        the model is not counted.
    """
    fixed, each = _parts(model, shape, objective)
    return int(fixed + each * batch_size)


def require_room(
    model: Autoencoder, objective: Objective, dataset: Dataset, training: Training
) -> int:
    """Bytes that a training step takes; raises BadInput where fewer are free, saying what fits."""
    shape, free = dataset.shape, _free(training.device)
    rows = -(-min(training.batch_size, len(dataset.train)) // training.devices)
    # Before anything is passed: what every draw is decoded to, and its gradient.
    require(2 * 4 * objective.draws * rows * math.prod(shape), f"`draws={objective.draws}`")
    halved = training.precision == "bf16-mixed"
    with torch.autocast(model.device.type, torch.bfloat16, enabled=halved):
        fixed, each = _parts(model, shape, objective)
    needed = fixed + each * rows
    if needed <= free:
        return int(needed)
    room, ways = _SHARE * free, []
    if "crop" in dataset.prepared:
        scales = {side: (side / max(shape)) ** 2 for side in _SIDES if side < max(shape)}
        sides = (side for side, scale in scales.items() if needed * scale <= room)
        ways += [f"`image_size={side}`" for side in list(sides)[:1]]
    most = int((room - fixed) / each) * training.devices
    if most > 0:
        ways.append(f"`batch_size={1 << (most.bit_length() - 1)}`")  # a power of two
    raise BadInput(
        f"A training step on {rows:,} rows of {' x '.join(map(str, shape))} takes about "
        f"{shown(int(needed))} of memory, and {shown(free)} are free: "
        f"{' or '.join(ways) or 'a smaller network'} would fit."
    )


def _free(device: str) -> int:
    kind, _, number = device.partition(":")
    if kind in ("auto", "cuda") and torch.cuda.is_available():
        return torch.cuda.mem_get_info(int(number or 0))[0]
    return available()


def _parts(model: Autoencoder, shape: Shape, objective: Objective | None) -> tuple[float, float]:
    """Bytes that a step takes however many rows it has, and those for each of them."""
    model, objective = deepcopy((model, objective))
    loss = _pass_of(model, objective)
    modules = (model,) if objective is None else (model, objective)
    held = {t: t.nbytes for part in modules for t in (*part.parameters(), *part.buffers())}
    learned = sum(count for tensor, count in held.items() if tensor.requires_grad)
    few, more = (_kept(loss, _zeros(model, shape, rows), held) for rows in (_FEW, _MORE))
    each = (more - few) / (_MORE - _FEW)
    fixed = sum(held.values()) + 3 * learned + max(few - _FEW * each, 0)
    return _LIBRARIES + fixed, _TIMES * each


def _pass_of(model: Autoencoder, objective: Objective | None) -> Callable[[Batch], Any]:
    if objective is None:
        return model.train()
    losses = Losses(model, objective, trainable(objective.phases(model))).train()
    return lambda batch: losses(batch, Moment(points=len(batch)))


def _zeros(model: Autoencoder, shape: Shape, rows: int) -> Batch:
    context = torch.zeros(rows, model.context) if model.context else None
    return Batch(torch.zeros(rows, *shape), context, rows=torch.arange(rows)).to(model.device)


def _kept(use: Callable[[Batch], Any], batch: Batch, held: Iterable[Tensor]) -> int:
    """Bytes that are kept for the backward pass, but for the tensors that are held anyway."""
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[_place(tensor)] = tensor
        return tensor

    with torch.random.fork_rng(devices=[]), saved_tensors_hooks(pack, lambda tensor: tensor):
        use(batch)
    known = set(map(_place, held))
    return sum(t.untyped_storage().nbytes() for place, t in kept.items() if place not in known)


def _place(tensor: Tensor) -> int:
    """Where a tensor's memory lies, which views of it share."""
    return tensor.untyped_storage().data_ptr()
