"""What a model is made of: every layer with its output's shape and its parameters."""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn

from vaekit.contracts import Autoregressive
from vaekit.events import Event
from vaekit.model import Autoencoder
from vaekit.nets import Shape
from vaekit.records import Batch, Draw

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_GRAPH = "events.out.tfevents.0000000000.vaekit.graph"
_ROWS = 2


@final
@dataclass(frozen=True)
class Layer:
    """One layer of a model.

    part: encoder, latent, decoder, likelihood, corruption or refinement. name: its place within
        that part.
    shape: of its output for one data point; None where a pass does not reach it.
    parameters: how many of its own it has.
    """

    part: str
    name: str
    kind: str
    shape: Shape | None
    parameters: int


@final
@dataclass(frozen=True)
class Description:
    """The layers of a model as data pass them; as text, a table with totals.

    shape: of one data point. parameters, trainable: how many there are in all.
    """

    shape: Shape
    layers: tuple[Layer, ...]
    parameters: int
    trainable: int

    def __str__(self) -> str:
        rows = [("part", "layer", "kind", "output", "parameters")]
        rows += [
            (layer.part, layer.name, layer.kind, _size(layer.shape), f"{layer.parameters:,}")
            for layer in self.layers
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths[:-1], strict=False))])
            + f"  {row[-1].rjust(widths[-1])}"
            for row in rows
        ]
        ruler = "─" * len(lines[0])
        parts = ", ".join(f"{part} {count:,}" for part, count in self._by_part().items())
        return "\n".join(
            [
                f"input {_size(self.shape)}",
                "",
                lines[0],
                ruler,
                *lines[1:],
                ruler,
                f"{self.parameters:,} parameters ({parts})",
                f"{self.trainable:,} of them trainable, {4 * self.parameters / 1e6:.1f} MB",
            ]
        )

    def _by_part(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for layer in self.layers:
            counts[layer.part] = counts.get(layer.part, 0) + layer.parameters
        return {part: count for part, count in counts.items() if count}


def describe(model: Autoencoder, shape: Shape) -> Description:
    """The layers of a model for data of a shape, found by passing zeros through it.

    The model and torch's random state are left as they were.
    """
    shapes: dict[nn.Module, Shape | None] = {}
    hooks = [module.register_forward_hook(_recording(shapes)) for module in model.modules()]
    try:
        _silently(model, lambda: model(_zeros(model, shape)))
    finally:
        for hook in hooks:
            hook.remove()
    place = {module: number for number, module in enumerate(shapes)}
    modules = sorted(model.named_modules(), key=lambda item: place.get(item[1], len(place)))
    layers = []
    for path, module in modules:
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        leaf = not any(True for _ in module.children())
        if own or (leaf and module in shapes):  # what only training uses is no layer
            part, _, name = path.partition(".")
            layers.append(Layer(part, name, type(module).__name__, shapes.get(module), own))
    parameters = list(model.parameters())
    return Description(
        tuple(shape),
        tuple(layers),
        sum(parameter.numel() for parameter in parameters),
        sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
    )


def add_graph(writer: "SummaryWriter", model: Autoencoder, shape: Shape) -> None:
    """Give TensorBoard the graph of a reconstruction: data in, encode, decode, data out.

    The model and torch's random state are left as they were.
    """
    zeros = _zeros(model, shape)
    path = _Reconstruction(model, zeros.context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorBoard's writer traces with torch.jit, which warns
        _silently(model, lambda: writer.add_graph(path, zeros.x, verbose=False))


def write_graph(folder: Path, model: Autoencoder, shape: Shape) -> None:
    """Write the graph among a run's TensorBoard events.

    TensorBoard reads files by name and does not come back to one it has finished, so the
    graph's sorts before those of training.
    """
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory(dir=folder) as aside:
        with SummaryWriter(aside) as writer:
            add_graph(writer, model, shape)
        (events,) = Path(aside).iterdir()
        events.replace(folder / _GRAPH)


@final
class _Reconstruction(nn.Module):
    """From data (B, ...) to its reconstruction, tensors in and out, as tracing needs them."""

    def __init__(self, model: Autoencoder, context: Tensor | None) -> None:
        super().__init__()
        self.model, self.context = model, context

    def forward(self, x: Tensor) -> Tensor:
        """The reconstruction of a batch."""
        batch = Batch(x, self.context)
        if isinstance(self.model.decoder, Autoregressive):  # of all steps at once, as it is trained
            mean: Tensor = self.model(batch).px.mean
            return mean
        return self.model.reconstruct(batch)


def _recording(shapes: dict[nn.Module, Shape | None]) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        shapes[module] = _shape_of(output)

    return hook


def _shape_of(output: Any) -> Shape | None:
    """The shape of an output for one data point: without the axes of draws and batch."""
    if isinstance(output, Event):
        return output.shape
    if isinstance(output, torch.distributions.Distribution):
        return tuple(output.event_shape)
    if isinstance(output, Draw):
        output = output.z
    if isinstance(output, tuple) and output:  # a recurrent layer's states come after
        output = output[0]
    if not isinstance(output, Tensor):
        return None
    shape = tuple(output.shape)
    return shape[2:] if shape[:2] == (1, _ROWS) else shape[1:]


def _silently(model: Autoencoder, use: Callable[[], Any]) -> None:
    """Use a model in evaluation mode, leaving its parts' modes and the random state alone."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            use()
    finally:
        for module, mode in modes:
            module.training = mode


def _zeros(model: Autoencoder, shape: Shape) -> Batch:
    context = torch.zeros(_ROWS, model.context) if model.context else None
    return Batch(torch.zeros(_ROWS, *shape), context).to(model.device)


def _size(shape: Shape | None) -> str:
    return "–" if shape is None else " × ".join(map(str, shape)) or "1"
