"""A decoder as a small program, operations on arrays with weights, which any page can run.

decoder and the likelihood's mean ─ torch.export ─▶ graph ─ weights worked in ─▶ operations
"""

import math
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import Node

from vaekit.contracts import Autoregressive, Stateful
from vaekit.model import Autoencoder

Array = NDArray[Any]
LARGE = 4_096
"""Numbers of a weight that may be rounded: what there is of smaller ones takes no room."""

_aten: Any = torch.ops.aten

_UNARY = {
    _aten.relu.default: "relu",
    _aten.sigmoid.default: "sigmoid",
    _aten.tanh.default: "tanh",
    _aten.exp.default: "exp",
    _aten.log.default: "log",
    _aten.log1p.default: "log1p",
    _aten.abs.default: "abs",
    _aten.neg.default: "neg",
    _aten.reciprocal.default: "reciprocal",
    _aten.sqrt.default: "sqrt",
    _aten.bitwise_not.default: "not",
    _aten.logical_not.default: "not",
}
_BINARY = {
    _aten.add.Tensor: "add",
    _aten.sub.Tensor: "sub",
    _aten.mul.Tensor: "mul",
    _aten.div.Tensor: "div",
    _aten.maximum.default: "max",
    _aten.minimum.default: "min",
    _aten.pow.Tensor_Scalar: "pow",
    _aten.add.Scalar: "add",
    _aten.sub.Scalar: "sub",
    _aten.mul.Scalar: "mul",
    _aten.div.Scalar: "div",
    _aten.lt.Scalar: "lt",
    _aten.le.Scalar: "le",
    _aten.gt.Scalar: "gt",
    _aten.ge.Scalar: "ge",
    _aten.lt.Tensor: "lt",
    _aten.gt.Tensor: "gt",
}
_NOTHING = (_aten._assert_tensor_metadata.default, _aten._assert_scalar.default)


@final
class Unportable(Exception):
    """A decoder does what no page knows how to do; says what."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What gives one row of a code (and what the model is told), as numbers.

    Values are numbered: the code is 0, what is told 1, then come the weights, float32, then what
    the operations give. steps: the operations in order, as JSON. result: the number of the row's
    value.
    """

    steps: list[dict[str, Any]]
    weights: list[Array]
    result: int

    def packed(self, half: bool) -> tuple[dict[str, Any], Array, Array]:
        """All but the weights as JSON, and those as two arrays, float16 and float32.

        half: whether large ones are float16. Of each JSON says its shape, in which array it is
        and where it begins there.
        """
        parts: tuple[list[Array], list[Array]] = [], []
        places, weights = [0, 0], []
        for each in self.weights:
            small = int(not half or each.size < LARGE)
            weights.append({"shape": each.shape, "half": not small, "at": places[small]})
            parts[small].append(each.reshape(-1))
            places[small] += each.size
        halves, wholes = (np.concatenate([np.zeros(0, np.float32), *each]) for each in parts)
        facts = {"steps": self.steps, "weights": weights, "result": self.result}
        return facts, halves.astype("<f2"), wholes.astype("<f4")


def rounded(model: Autoencoder) -> Autoencoder:
    """The model with large weights as they are after float16."""
    found = deepcopy(model)
    with torch.no_grad():
        handing = found.latent.generating() if isinstance(found.latent, Stateful) else ()
        for part in (found.decoder, *handing):
            for each in part.parameters():
                if each.numel() >= LARGE:
                    each.copy_(each.half())
    return found


@final
class _Mean(nn.Module):
    """From a code (1, D) to the mean (*shape) of what it decodes to."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        z = self.model.latent.space.onto(z)
        mean: Tensor = self.model.px(z[None], context).mean[0, 0]
        return mean


def program_of(model: Autoencoder, context: Tensor | None = None) -> Program:
    """The program that decodes as a model does.

    context: what the model is told, (1, E), where it reads one.
    Raises Unportable for a decoder with parts that no page can run.
    """
    if isinstance(model.decoder, Autoregressive):
        raise Unportable("it plays step by step")
    model = deepcopy(model).cpu()
    code = torch.zeros(1, model.latent.size)
    given = (code,) if context is None else (code, context.cpu())
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch.export's own parts
            exported = torch.export.export(_Mean(model.eval()), given).run_decompositions()
    except Exception as error:  # whatever torch.export has to say of a decoder it cannot read
        raise Unportable(f"torch.export cannot read it ({type(error).__name__})") from None
    return _Writer().written(exported, given)


@final
class _Writer:
    """Writes a program while it walks a graph; what follows from weights alone is worked out."""

    def __init__(self) -> None:
        self.known: dict[Node, Any] = {}  # values that do not depend on the code
        self.numbered: dict[Node, int] = {}
        self.shapes: dict[Node, tuple[int, ...]] = {}
        self.steps: list[dict[str, Any]] = []
        self.kept: list[Tensor] = []
        self.alive: list[Tensor] = []  # so that no address comes twice
        self.places: dict[tuple[Any, ...], int] = {}
        self.parts: dict[Node, list[tuple[Tensor, Node]]] = {}

    def written(self, exported: Any, given: Sequence[Tensor]) -> Program:
        """The program of an exported module."""
        graph, values = exported.graph_module.graph, iter(given)
        held = {**exported.state_dict, **exported.constants}
        named = {each.arg.name: each.target for each in exported.graph_signature.input_specs}
        result: Node | None = None
        with torch.no_grad():
            for node in graph.nodes:
                if node.op == "placeholder":
                    target = named.get(node.name)
                    if target is None:
                        self.numbered[node] = len(self.numbered)
                        self.shapes[node] = tuple(next(values).shape)
                    else:
                        self.known[node] = held[target].detach()
                elif node.op == "output":
                    (result,) = node.args[0]
                else:
                    self._step(node)
        assert result is not None
        return self._program(result)

    def _program(self, result: Node) -> Program:
        """Numbers as the page has them: the inputs, the weights, then the steps."""
        first = 2 + len(self.kept)
        names = {
            **{f"i{n}": n for n in range(2)},
            **{f"w{n}": 2 + n for n in range(len(self.kept))},
        }
        for number, step in enumerate(self.steps):
            names[step.pop("gives")] = first + number
        for step in self.steps:
            step["of"] = [names[each] for each in step["of"]]
        weights = [each.to(torch.float32).numpy() for each in self.kept]
        return Program(self.steps, weights, names[self._name(result)])

    def _name(self, node: Node) -> str:
        if node in self.known:
            return self._weight(self.known[node])
        return f"i{self.numbered[node]}" if node in self.numbered else f"s{node.name}"

    def _weight(self, value: Tensor) -> str:
        key = value.data_ptr(), tuple(value.shape), value.stride()
        place = self.places.setdefault(key, len(self.kept))
        if place == len(self.kept):
            self.kept.append(value.contiguous())
            self.alive.append(value)
        return f"w{place}"

    def _emit(self, node: Node, name: str, of: Sequence[str], **rest: Any) -> None:
        shape = tuple(node.meta["val"].shape)
        self.shapes[node] = shape
        step = {"do": name, "of": list(of), "shape": list(shape), "gives": f"s{node.name}"}
        self.steps.append({**step, **rest})

    def _step(self, node: Node) -> None:
        if node.target in _NOTHING:
            return
        inputs = node.all_input_nodes
        if all(each in self.known for each in inputs):
            self.known[node] = self._worked_out(node)
            return
        if str(node.target) == "<built-in function getitem>":
            self._part(node)
        elif node.target in _UNARY:
            self._emit(node, _UNARY[node.target], [self._name(inputs[0])])
        elif node.target in _BINARY:
            self._elementwise(node, _BINARY[node.target], node.args[:2])
        elif node.target in _OTHERS:
            _OTHERS[node.target](self, node)
        else:
            self._view(node)

    def _worked_out(self, node: Node) -> Any:
        found = torch.fx.node.map_arg((node.args, node.kwargs), lambda each: self.known[each])
        arguments, named = found
        assert callable(node.target)
        return node.target(*arguments, **named)

    def _part(self, node: Node) -> None:
        source, place = node.args
        assert isinstance(source, Node)
        if source in self.parts:
            view, base = self.parts[source][int(place)]  # type: ignore[arg-type]
            self._strided(node, base, view)
        elif place == 0 and source in self.shapes:  # a layer that gives more than its output
            self._emit(node, "same", [self._name(source)])
        else:
            raise Unportable(f"it uses a part of {source.target}")

    def _view(self, node: Node) -> None:
        """Operations that only look at their input in another way, found by what they share."""
        source = node.args[0]
        if (
            not isinstance(source, Node)
            or source not in self.shapes
            or len(node.all_input_nodes) > 1
        ):
            raise Unportable(f"it has the operation {node.target}")
        base = torch.zeros(self.shapes[source])
        assert callable(node.target)
        found = node.target(base, *node.args[1:], **node.kwargs)
        if isinstance(found, tuple | list):
            self.parts[node] = [(each, source) for each in found]
            shared = all(each.data_ptr() and _within(each, base) for each in found)
        else:
            shared = _within(found, base) or node.target in _COPIES
        if not shared:
            raise Unportable(f"it has the operation {node.target}")
        if isinstance(found, Tensor):
            self._strided(node, source, base.view(found.shape) if node.target in _COPIES else found)

    def _strided(self, node: Node, source: Node, view: Tensor) -> None:
        name = [self._name(source)]
        size = math.prod(self.shapes[source])
        if view.is_contiguous() and view.numel() == size and not view.storage_offset():
            self._emit(node, "same", name)
        else:
            self._emit(node, "strided", name, strides=list(view.stride()), at=view.storage_offset())

    def _shape(self, node: Node) -> tuple[int, ...]:
        return tuple(self.known[node].shape) if node in self.known else self.shapes[node]

    def _elementwise(self, node: Node, name: str, operands: Sequence[Any]) -> None:
        """An operation on values that are made as large as what it gives; some are numbers."""
        if node.kwargs:
            raise Unportable(f"it has the operation {node.target} with {dict(node.kwargs)}")
        names, strides = [], []
        for each in operands:
            if isinstance(each, Node):
                names.append(self._name(each))
                size = self._shape(each)
            else:
                names.append(self._weight(torch.as_tensor(each, dtype=torch.float32)))
                size = ()
            strides.append(list(torch.empty(size).expand(node.meta["val"].shape).stride()))
        self._emit(node, name, names, strides=strides)


def _within(view: Tensor, base: Tensor) -> bool:
    return view.untyped_storage().data_ptr() == base.untyped_storage().data_ptr()


_COPIES = (_aten.clone.default, _aten.view.default, _aten._to_copy.default)


def _matmul(writer: _Writer, node: Node) -> None:
    """x (N, I) times w (I, O), plus a bias."""
    *bias, x, weight = node.args
    if node.kwargs or weight not in writer.known or x in writer.known:
        raise Unportable(f"it has the operation {node.target} of two codes")
    of = [writer._name(each) for each in (x, weight, *bias)]  # type: ignore[arg-type]
    writer._emit(node, "matmul", of)


def _convolution(writer: _Writer, node: Node) -> None:
    x, weight, bias, stride, padding, dilation, transposed, _, groups = node.args
    kernel = writer.known.get(weight)  # type: ignore[arg-type]
    if kernel is None or kernel.ndim != 4 or groups != 1 or set(dilation) != {1}:  # type: ignore
        raise Unportable(f"it has the operation {node.target} in another way than pictures'")
    # One row for each of the products' rows: of a transposed kernel (O x kh x kw, I).
    rows = kernel.permute(1, 2, 3, 0).flatten(0, 2) if transposed else kernel.flatten(1)
    added = [writer._name(bias)] if isinstance(bias, Node) else []
    writer._emit(
        node,
        "transposed" if transposed else "convolution",
        [writer._name(x), writer._weight(rows.contiguous()), *added],  # type: ignore[arg-type]
        source=list(writer.shapes[x]),  # type: ignore[index]
        kernel=list(kernel.shape[2:]),
        stride=list(stride),  # type: ignore[arg-type]
        padding=list(padding),  # type: ignore[arg-type]
    )


def _batch_norm(writer: _Writer, node: Node) -> None:
    x, weight, bias, mean, variance, _, eps = node.args
    constants = [writer.known.get(each) for each in (weight, bias, mean, variance)]  # type: ignore
    if any(each is None for each in constants):
        raise Unportable(f"it has the operation {node.target} of weights that it makes")
    gain, shift, centre, spread = (each.double() for each in constants)  # type: ignore[union-attr]
    scale = gain / (spread + eps).sqrt()
    writer.shapes[node] = shape = writer.shapes[x]  # type: ignore[index]
    of = [writer._name(x)]  # type: ignore[arg-type]
    of += [writer._weight(each.float()) for each in (scale, shift - centre * scale)]
    step = {"do": "affine", "of": of, "shape": list(shape), "gives": f"s{node.name}"}
    writer.steps.append(step)


def _gelu(writer: _Writer, node: Node) -> None:
    if node.kwargs.get("approximate", "none") != "none":
        raise Unportable("it has another GELU")
    writer._emit(node, "gelu", [writer._name(node.args[0])])  # type: ignore[arg-type]


def _elu(writer: _Writer, node: Node) -> None:
    x, *rest = node.args
    alpha, scale, slope = [*rest, 1.0, 1.0, 1.0][:3]
    if scale != 1 or slope != 1:
        raise Unportable("it has another ELU")
    writer._emit(node, "elu", [writer._name(x)], by=alpha)  # type: ignore[arg-type]


def _leaky(writer: _Writer, node: Node) -> None:
    x, *slope = node.args
    writer._emit(node, "leaky", [writer._name(x)], by=slope[0] if slope else 0.01)  # type: ignore


def _where(writer: _Writer, node: Node) -> None:
    writer._elementwise(node, "where", node.args)


def _cat(writer: _Writer, node: Node) -> None:
    parts, *axis = node.args
    assert isinstance(parts, list | tuple)
    sizes = [writer._shape(each) for each in parts]  # type: ignore[arg-type]
    place = int(axis[0]) % len(sizes[0]) if axis else 0  # type: ignore[arg-type]
    inner = [math.prod(size[place:]) for size in sizes]
    writer._emit(node, "cat", [writer._name(each) for each in parts], inner=inner)  # type: ignore


def _argmax(writer: _Writer, node: Node) -> None:
    x, axis, *_ = (*node.args, None)
    shape = writer.shapes[x]  # type: ignore[index]
    if axis is None:
        raise Unportable(f"it has the operation {node.target} over everything")
    place = int(axis) % len(shape)  # type: ignore[arg-type]
    sizes = {"size": shape[place], "inner": math.prod(shape[place + 1 :])}
    writer._emit(node, "argmax", [writer._name(x)], **sizes)  # type: ignore[arg-type]


def _softplus(writer: _Writer, node: Node) -> None:
    writer._emit(node, "softplus", [writer._name(node.args[0])])  # type: ignore[arg-type]


_OTHERS: dict[Any, Callable[[_Writer, Node], None]] = {
    _aten.addmm.default: _matmul,
    _aten.mm.default: _matmul,
    _aten.convolution.default: _convolution,
    _aten._native_batch_norm_legit_no_training.default: _batch_norm,
    _aten.gelu.default: _gelu,
    _aten.elu.default: _elu,
    _aten.leaky_relu.default: _leaky,
    _aten.where.self: _where,
    _aten.cat.default: _cat,
    _aten.argmax.default: _argmax,
    _aten.softplus.default: _softplus,
}
