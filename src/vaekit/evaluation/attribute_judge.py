"""A judge of attributes: one logistic regression for each, on features of pictures."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from vaekit.errors import BadInput
from vaekit.evaluation.bootstrap import Interval, share_interval
from vaekit.writing import replacing

_HEADER = "attribute judge"  # key of the names in the file's header
_TOLERANCE = 1e-5  # of the gradient, by face
_STEPS = 500


@final
@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a judge is right about one attribute, as shares of the faces.

    plain: of all faces. balanced: the mean of the shares among faces with and without the
    attribute, with a 95% interval; None where one kind is missing. majority: what always giving
    the more frequent answer would score, to compare `plain` with (`balanced` would be a half).
    """

    plain: float
    balanced: Interval | None
    majority: float


@final
class AttributeJudge:
    """Which attributes it sees in features (N, F): a linear judge of each of A attributes.

    names: of the attributes. weight (F, A), bias (A,): log-odds of features as they come.
    """

    def __init__(self, names: Sequence[str], weight: Tensor, bias: Tensor) -> None:
        self.names = tuple(names)
        self.weight, self.bias = weight, bias
        if weight.ndim != 2 or weight.shape[1] != len(self.names) or bias.shape != weight.shape[1:]:
            raise BadInput(
                f"{len(self.names)} attributes need weights (F, {len(self.names)}) and as many "
                f"biases, got {tuple(weight.shape)} and {tuple(bias.shape)}"
            )

    @classmethod
    def fit(
        cls, features: Tensor, attributes: Tensor, names: Sequence[str], strength: float = 1e-3
    ) -> Self:
        """Fit the judge to features (N, F) with attributes (N, A), bool.

        Features are standardised. Faces with and without an attribute weigh the same in sum, so
        that a probability of a half is the border at even odds: a rare attribute would hardly
        ever be seen otherwise. `strength` is the weight of the sum over faces against half the
        squared norm of the weights (scikit-learn's C); the default was chosen on 64 x 64 faces.
        Raises BadInput for shapes that don't fit together, features that are not finite, and an
        attribute that every face has or none.
        """
        y = _checked(features, attributes, names).to(features.device)
        mean, deviation = features.mean(dim=0), features.std(dim=0)
        deviation = torch.where(deviation > 0, deviation, 1)  # a constant feature says nothing
        weight, bias = _regress((features - mean) / deviation, y, strength)
        weight = weight / deviation[:, None]
        return cls(names, weight.cpu(), (bias - mean @ weight).cpu())

    def log_odds(self, features: Tensor) -> Tensor:
        """The log-odds (N, A) of every attribute, at even odds beforehand, in nats.

        Raises BadInput for features of another number than the judge was fitted to.
        """
        if features.ndim != 2 or features.shape[1] != len(self.weight):
            raise BadInput(
                f"this judge reads features (N, {len(self.weight)}), got {tuple(features.shape)}: "
                "use the network, layers and grid it was fitted with"
            )
        return features.cpu().float() @ self.weight + self.bias

    def probability(self, features: Tensor) -> Tensor:
        """The probability (N, A) of every attribute, as `log_odds`."""
        return self.log_odds(features).sigmoid()

    def accuracy(self, features: Tensor, attributes: Tensor) -> dict[str, Accuracy]:
        """How often it is right about features (N, F) of faces with attributes (N, A), bool.

        Attributes are in the order of `names`. Raises BadInput for shapes that don't fit.
        """
        seen, has = self.log_odds(features) > 0, attributes.cpu().bool()
        if seen.shape != has.shape or not len(has):
            raise BadInput(
                f"attributes of {len(seen)} faces must be {tuple(seen.shape)}, got "
                f"{tuple(has.shape)}"
            )
        return {name: _accuracy(seen[:, i], has[:, i]) for i, name in enumerate(self.names)}

    def save(self, path: str | Path) -> None:
        """Write one safetensors file, the names in its header, atomically."""
        tensors = {"weight": self.weight.contiguous(), "bias": self.bias.contiguous()}
        with replacing(Path(path)) as part:
            save_file(tensors, part, metadata={_HEADER: json.dumps(self.names)})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a judge that `save` wrote; raises BadInput for any other or a damaged file."""
        if not Path(path).is_file():
            raise BadInput(f"there is no judge of attributes at {path}; fit one and save it there")
        try:
            with safe_open(path, framework="pt") as file:
                names = json.loads((file.metadata() or {})[_HEADER])
                return cls(names, file.get_tensor("weight"), file.get_tensor("bias"))
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"{path} is damaged or no judge of attributes; delete it and fit one again"
            ) from error


def _regress(x: Tensor, y: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Weights (F, A) and biases (A,) of all logistic regressions at once, y (N, A) in {0, 1}."""
    share = y.mean(dim=0)
    balance = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share))
    weight = x.new_zeros(x.shape[1], y.shape[1]).requires_grad_()
    bias = x.new_zeros(y.shape[1]).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [weight, bias],
        max_iter=_STEPS,
        tolerance_grad=_TOLERANCE,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        misfit = binary_cross_entropy_with_logits(x @ weight + bias, y, balance, reduction="sum")
        # By face, so that the tolerance means the same for any number of them.
        total = (misfit + weight.square().sum() / (2 * strength)) / len(x)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    with torch.enable_grad():
        optimiser.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def _accuracy(seen: Tensor, has: Tensor) -> Accuracy:
    right, share = (seen == has).double(), has.double().mean().item()
    balanced = _balanced(seen[has], ~seen[~has]) if 0 < share < 1 else None
    return Accuracy(float(right.mean()), balanced, max(share, 1 - share))


def _balanced(found: Tensor, spared: Tensor) -> Interval:
    """The mean of two shares; its interval is put together from theirs.

    By the method of variance estimates recovery, Zou and Donner 2008,
    https://doi.org/10.1002/sim.3095: a rare attribute's few faces say how wide it is.
    """
    shares = share_interval(found), share_interval(spared)
    value = sum(share.value for share in shares) / 2
    below = math.hypot(*(share.value - share.low for share in shares)) / 2
    above = math.hypot(*(share.high - share.value for share in shares)) / 2
    return Interval(value, value - below, value + above)


def _checked(features: Tensor, attributes: Tensor, names: Sequence[str]) -> Tensor:
    if features.ndim != 2 or attributes.shape != (len(features), len(names)):
        raise BadInput(
            f"a judge of {len(names)} attributes is fitted to features (N, F) and attributes "
            f"(N, {len(names)}), got {tuple(features.shape)} and {tuple(attributes.shape)}"
        )
    if not features.isfinite().all():
        raise BadInput("some features are not finite; leave those faces out")
    y = attributes.to(torch.float32)
    for name, share in zip(names, y.mean(dim=0).tolist(), strict=True):
        if not 0 < share < 1:
            which = "has" if share else "lacks"
            raise BadInput(f"every face {which} {name}: a judge needs faces with it and without")
    return y
