"""A posterior bent by a flow, and the flows that networks make."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, final

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import linear

from vaekit.distributions import DiagonalGaussian, full
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior, quieten

_MOST = 100  # steps of a flow


class Map(Protocol):
    """An invertible map of codes, of a batch of B rows: one of zuko's, or one that has as much."""

    def call_and_ladj(self, x: Tensor, /) -> tuple[Tensor, Tensor]:
        """Where codes (K, B, D) go, and log |det| of the Jacobian there, (K, B)."""


Flow = Callable[[int, int], nn.Module]
"""From F features and D dimensions to a module whose forward pass gives a batch's maps in turn."""


@final
class Flowed:
    """A Gaussian whose draws are bent, one invertible map after the other.

    maps: conditioned on the features of B rows.
    """

    def __init__(self, base: DiagonalGaussian, maps: Sequence[Map]) -> None:
        self.base, self.maps = base, maps

    @property
    def mode(self) -> Tensor:
        """Where the flow takes the Gaussian's mode, (B, D): the centre, if not quite the peak."""
        return moved(self.maps, self.base.mode)[0]

    def rsample(
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (K, B, D)."""
        return moved(self.maps, self.base.rsample(sample_shape, generator))[0]

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats, in one pass."""
        start, log_q = self.base.draw(draws, generator)
        z, growth = moved(self.maps, start)
        return z, log_q - growth


def moved(maps: Sequence[Map], z: Tensor) -> tuple[Tensor, Tensor]:
    """Where maps take codes (..., D) in turn, and the log of what a small volume grows by."""
    growth = z.new_zeros(z.shape[:-1])
    for each in maps:
        z, more = each.call_and_ladj(z)
        growth = growth + more
    return z, growth


@final
class Steps(nn.ModuleList):
    """A flow of steps that each give their own map."""

    def forward(self, features: Tensor) -> list[Map]:
        """The maps for features (B, F)."""
        return [step(features) for step in self]


@final
class FlowPosterior(nn.Module):
    """q(z|x): a diagonal Gaussian bent by a flow, which by default is inverse autoregressive.

    features: F. size: D. flow: from these to what gives a batch's maps. Rezende and Mohamed 2015,
    https://arxiv.org/abs/1505.05770
    """

    def __init__(self, features: int, size: int, flow: Flow | None = None) -> None:
        super().__init__()
        self.size, self.gives = size, Flowed
        self.base = GaussianPosterior(features, size)
        self.steps = (flow or inverse_autoregressive)(features, size)

    def forward(self, features: Tensor) -> Flowed:
        """The posterior of each row of features (B, F), over (B, D)."""
        return Flowed(self.base(features), self.steps(features))


def inverse_autoregressive(
    features: int, size: int, steps: int = 2, hidden_flow: int = 128
) -> Steps:
    """Every dimension is scaled and shifted by what a masked network makes of those before it.

    And of the features; the order is reversed from one step to the next. Kingma et al. 2016,
    https://arxiv.org/abs/1606.04934

    features: F. size: D. hidden_flow: width of the networks.
    Raises BadInput where an option makes no sense.
    """
    return Steps(_masked(features, size, steps, hidden_flow, affine, [(), ()]))


def neural_spline(
    features: int, size: int, steps: int = 2, hidden_flow: int = 128, bins: int = 8
) -> Steps:
    """As the inverse autoregressive flow, with monotonic splines, which can make several modes.

    They act between -5 and 5 and leave what is beyond. Durkan et al. 2019,
    https://arxiv.org/abs/1906.04032

    features: F. size: D. hidden_flow: width of the networks. bins: pieces of a spline.
    Raises BadInput where an option makes no sense.
    """
    if not 2 <= bins <= _MOST:
        raise BadInput(f"`bins` must be between 2 and {_MOST}, not {bins}.")
    shapes = [(bins,), (bins,), (bins - 1,)]
    return Steps(_masked(features, size, steps, hidden_flow, _spline, shapes))


@final
class MaskedAutoregressive(nn.Module):
    """Every dimension is scaled and shifted by what a network makes of those *after* the map.

    So a draw comes one dimension after the other, each with its own small part of the network's
    work. Papamakarios, Pavlakou and Murray 2017, https://arxiv.org/abs/1705.07057

    features: F. size: D. hidden_flow: width of the networks.
    Raises BadInput where an option makes no sense.
    """

    def __init__(self, features: int, size: int, steps: int = 2, hidden_flow: int = 128) -> None:
        super().__init__()
        self.steps = Steps(_masked(features, size, steps, hidden_flow, affine, [(), ()]))

    def forward(self, features: Tensor) -> list[Map]:
        """The maps for features (B, F)."""
        features = full(features)
        each = enumerate(zip(self.steps, self.steps(features), strict=True))
        return [_Backwards(step, forth, features, place) for place, (step, forth) in each]


@final
class _Backwards:
    """A masked autoregressive map in the direction that has to go dimension by dimension.

    step: zuko's module, the flow's at that place. forth: its map for features (B, F), which goes
    the other way.
    """

    def __init__(self, step: nn.Module, forth: Any, features: Tensor, place: int) -> None:
        self.step, self.forth, self.features, self.place = step, forth, features, place

    def call_and_ladj(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Where codes (..., B, D) go, and log |det| of the Jacobian there, (..., B)."""
        # What is solved for and what is charged for must agree, which 16 bits would not.
        with torch.autocast(x.device.type, enabled=False):
            z = self.forth.inv(x) if x.shape[-1] == 1 else self._solved(x)
            return z, -self.forth.log_abs_det_jacobian(z, x)

    def _solved(self, x: Tensor) -> Tensor:
        """The z that the map takes to x.

        The hidden layer is kept, and each dimension adds what it has to say: the work of one
        pass in all, where zuko's inverse takes as many passes as there are dimensions.
        """
        step: Any = self.step
        hidden, act, last = step.hyper
        size = x.shape[-1]
        inward = (hidden.mask * hidden.weight)[:, :size].T.contiguous().unbind()
        outward = (last.mask * last.weight).unflatten(0, (size, -1)).unbind()
        biases = last.bias.unflatten(0, (size, -1)).unbind()
        said = self.features.expand(*x.shape[:-1], -1)
        known = hidden(torch.cat([torch.zeros_like(x), said], -1))
        given, found = x.unbind(-1), list(x.unbind(-1))
        for place in _order(size, self.place):
            told = linear(act(known), outward[place], biases[place])
            found[place] = step.univariate(*told.unbind(-1)).inv(given[place])
            known = torch.addcmul(known, found[place].unsqueeze(-1), inward[place])
        return torch.stack(found, -1)


def _masked(
    features: int,
    size: int,
    steps: int,
    hidden_flow: int,
    univariate: Callable[..., Any],
    shapes: Sequence[tuple[int, ...]],
) -> list[nn.Module]:
    """Masked autoregressive steps; univariate: the map of one dimension, by numbers of shapes."""
    from zuko.flows import MaskedAutoregressiveTransform

    check_flow(steps, hidden_flow)
    made: list[Any] = [
        MaskedAutoregressiveTransform(
            size,
            context=features,
            order=torch.tensor(_order(size, step)),
            univariate=univariate,
            shapes=shapes,
            hidden_features=(hidden_flow,),
        )
        for step in range(steps)
    ]
    for step in made:
        quieten(*step.hyper[-1].parameters())
    return made


def check_steps(steps: int) -> int:
    """A flow's number of steps; raises BadInput where it makes no sense."""
    if not 1 <= steps <= _MOST:
        raise BadInput(f"`steps` must be between 1 and {_MOST}, not {steps}.")
    return steps


def check_flow(steps: int, hidden_flow: int) -> None:
    """Raise BadInput where a flow's number of steps or width of networks makes no sense."""
    check_steps(steps)
    if hidden_flow < 1:
        raise BadInput(f"`hidden_flow` must be 1 or more, not {hidden_flow}.")


def affine(shift: Tensor, scale: Tensor) -> Any:
    """The map of one dimension by a shift and the logarithm of a scale, bounded as zuko has it."""
    from zuko.transforms import MonotonicAffineTransform

    return MonotonicAffineTransform(full(shift), full(scale))


def _spline(*numbers: Tensor) -> Any:
    from zuko.transforms import MonotonicRQSTransform

    return MonotonicRQSTransform(*map(full, numbers))


def _order(size: int, place: int) -> list[int]:
    """The dimensions in the order of a step: reversed from one to the next."""
    return list(range(size))[:: 1 if place % 2 else -1]
