"""Activations of a trained network, to compare pictures by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, final

import torch
from torch import Tensor, nn

from vaekit.errors import BadInput, nearest
from vaekit.features.networks import NETWORKS, Network
from vaekit.features.weights import find, read

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels


@final
class Features(nn.Module):
    """Activations of a frozen, published network after some of its layers.

    network: "squeezenet" (1.1), "vgg16", "vgg19" or "alexnet".
    layers: names such as fire2 (SqueezeNet), relu3_1 (VGG), relu2 (AlexNet); left out, the
        network's own default.
    weights: a .safetensors or .npz file with torchvision's names, or its address,
        https://...#sha256=HEX; left out, a file in $VAEKIT_DATA/NETWORK or in the cache.

    The weights are read at first use or by `load`, so that a model can be built without
    them. They are buffers outside the `state_dict`: no optimiser sees them, and no checkpoint
    holds them. Gradients reach the input.

    Raises BadInput for an unknown network or layer.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        network: str = "squeezenet",
        layers: Sequence[str] | None = None,
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.network, self.weights = network, weights
        self._table: Network = _nearest("`network`", NETWORKS, network)
        self.layers = tuple(self._table.layers if layers is None else layers)
        named = {name: name for name, _ in _layers(self._table) if name}
        for name in self.layers:
            _nearest(f"`layers` of {network}", named, name)
        if not self.layers or len(set(self.layers)) < len(self.layers):
            raise BadInput(f"`layers` must name one or more layers of {network}, each once.")
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            values_of_channels = torch.tensor(values).view(3, 1, 1)
            self.register_buffer(name, values_of_channels, persistent=False)
        self._names, _ = self._cut()
        self._net: nn.Sequential | None = None
        self._checked: set[tuple[int, ...]] = set()
        self.eval()

    @property
    def layer_weights(self) -> tuple[float, ...]:
        """What each layer's distance weighs by default in a perceptual loss."""
        table = self._table
        return tuple(table.weights.get(name, table.weight) for name in self.layers)

    def load(self) -> Self:
        """Read the weights now, if that has not happened.

        Raises BadInput where there are none, saying what to provide, or they don't fit.
        """
        if self._net is None:
            _, net = self._cut()
            shapes = {f"features.{n}": tuple(t.shape) for n, t in net.state_dict().items()}
            tensors = read(find(self.network, self.weights, NETWORKS), shapes, self._known())
            with torch.inference_mode(mode=False):
                _fill(net, tensors)
                to: Any = net.to(self.mean.device, self.mean.dtype)
                self._net = to.to(memory_format=torch.channels_last).eval()
        return self

    def check(self, shape: Sequence[int]) -> Self:
        """Refuse data that the wanted layers cannot be computed for.

        shape: of one data point. Raises BadInput unless it is (1, H, W) or (3, H, W) with a
        picture large enough for the deepest layer.
        """
        if tuple(shape) in self._checked:
            return self
        if len(shape) != 3 or shape[0] not in (1, 3):
            raise BadInput(
                f"Features of {self.network} need grey or colour pictures, (1 or 3, H, W), not "
                f"data of shape {tuple(shape)}."
            )
        names, net = self._cut()
        try:
            net(torch.empty(1, 3, *shape[1:], device="meta"))
        except RuntimeError:
            raise BadInput(
                f"Pictures of {shape[1]} x {shape[2]} are too small for {names[-1]} of "
                f"{self.network}: ask for an earlier layer with `layers`, or use larger pictures."
            ) from None
        self._checked.add(tuple(shape))
        return self

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(mode=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features (N, C', H', W') of pictures x (N, 1 or 3, H, W) in [0, 1], layer by layer.

        Grey pictures count as colour ones. Raises BadInput as `check` and `load` do.
        """
        self.check(x.shape[1:]).load()
        assert self._net is not None
        x = ((x - self.mean) / self.deviation).contiguous(memory_format=torch.channels_last)
        found: dict[str, Tensor] = {}
        for name, layer in zip(self._names, self._net, strict=True):
            x = layer(x)
            found[name] = x
        return [found[name] for name in self.layers]

    def extra_repr(self) -> str:
        """What it is, for printing."""
        return f"{self.network}, layers={self.layers}"

    def _cut(self) -> tuple[list[str], nn.Sequential]:
        """The layers up to the deepest wanted one, without memory for weights; their names."""
        names, modules = zip(*_layers(self._table), strict=True)
        end = 1 + max(names.index(name) for name in self.layers)
        return list(names[:end]), nn.Sequential(*modules[:end])

    def _known(self) -> set[str]:
        """Names of tensors that a file of the whole network may hold."""
        whole = nn.Sequential(*(module for _, module in _layers(self._table)))
        behind = {f"classifier.{i}.{n}" for i in self._table.classifier for n in ("weight", "bias")}
        return behind | {f"features.{name}" for name in whole.state_dict()}


def _layers(network: Network) -> list[tuple[str, nn.Module]]:
    with torch.device("meta"):  # no memory, no random numbers
        return network.table()


def _fill(net: nn.Sequential, tensors: dict[str, Tensor]) -> None:
    """Put buffers outside the state_dict where the parameters were."""
    for path, module in net.named_modules():
        for name, _ in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, tensors[f"features.{path}.{name}"], persistent=False)


def _nearest(flag: str, table: Any, name: str) -> Any:
    """The entry of a table; raises BadInput suggesting the nearest name."""
    if name in table:
        return table[name]
    raise BadInput(f"{flag} has no {name!r}: {nearest(name, table, 'use one of {}.')}")
