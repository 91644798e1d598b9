"""Mixtures of distributions over codes, and the prior that is one of Gaussians."""

import math
from collections.abc import Callable
from typing import Any, ClassVar, final

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Distribution, constraints
from torch.nn.functional import one_hot

from vaekit.contracts import Infer
from vaekit.distributions import HALF_LOG_2PI, DiagonalGaussian
from vaekit.errors import BadInput

_CODES = 500  # scored at once, against all components: what they give then fits the cache
_NUMBERS = 2**22  # of codes less components at once, where no matrix product does
_SPREAD = 0.5  # standard deviation of the means at the start, of the whole mixture's 1


@final
class Mixture(Distribution):
    """Each code is drawn from one of M distributions.

    components: of batch shape (M,), such as posteriors at M inputs; they score codes of any
        origin. log_weights: (M,), normalised; left out, all are as likely.
    without: which components each of B rows does without, bool (B, M): the others' weights are
        normalised anew.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector

    def __init__(
        self, components: Any, log_weights: Tensor | None = None, without: Tensor | None = None
    ) -> None:
        centres: Tensor = components.mode
        equal = centres.new_full((len(centres),), -math.log(len(centres)))
        self.components = components
        self.log_weights = equal if log_weights is None else log_weights
        self.without = without
        super().__init__(torch.Size(), centres.shape[1:], validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities (K, B) in nats of codes (K, B, D)."""
        codes, weights = value.flatten(0, -2), self.log_weights
        if self.without is not None:
            weights = weights.masked_fill(self.without, -math.inf).log_softmax(-1)
        weights = weights.expand(*value.shape[:-1], -1).flatten(0, -2)
        scores, most = _broadcast(self.components), _NUMBERS // self.components.mode.numel() + 1
        if known := _SCORES.get(type(self.components)):
            scores, most = known(self.components), _CODES
        parts = zip(torch.split(codes, most), torch.split(weights, most), strict=True)
        found = torch.cat([(scores(some) + more).logsumexp(-1) for some, more in parts])
        return found.to(value.dtype).view(value.shape[:-1])

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws without a gradient, (*sample_shape, D).

        A temperature below 1 draws each nearer to the mean of its component.
        Raises BadInput for one where the components are no Gaussians.
        """
        n = math.prod(sample_shape)
        chosen = torch.multinomial(self.log_weights.exp(), n, True, generator=generator)
        drawn: Callable[..., Tensor] = _DRAWN.get(type(self.components), _picked)
        z: Tensor = drawn(self.components, chosen, generator, temperature)
        return z.view(*sample_shape, -1)


def _products(components: DiagonalGaussian) -> Callable[[Tensor], Tensor]:
    """What gives log-densities (N, M) of codes (N, D), by two matrix products in one.

    The square is multiplied out, so terms as large as (mean / scale)^2 cancel: in 32 bits that
    costs 0.002 nats where scales are 0.1, and 3 where they are 0.003; hence 64.
    """
    loc, log_scale = _precise(components.loc), _precise(components.log_scale)
    precision = (-2 * log_scale).exp()
    factors = torch.cat([-0.5 * precision, loc * precision], -1).T
    constant = -(0.5 * loc.square() * precision + log_scale + HALF_LOG_2PI).sum(-1)

    def scores(codes: Tensor) -> Tensor:
        codes = _precise(codes)
        terms = torch.cat([codes.square(), codes], -1)
        with torch.autocast(codes.device.type, enabled=False):
            return torch.addmm(constant, terms, factors)

    return scores


def _broadcast(components: Any) -> Callable[[Tensor], Tensor]:
    """The same of any components, each with every code."""

    def scores(codes: Tensor) -> Tensor:
        rows = len(components.mode)
        found: Tensor = components.log_prob(codes.unsqueeze(1).expand(-1, rows, -1))
        return found

    return scores


def _drawn(
    components: DiagonalGaussian, chosen: Tensor, generator: Generator | None, temperature: float
) -> Tensor:
    """A code (n, D) of each of the chosen components (n,)."""
    some = DiagonalGaussian(components.loc[chosen], components.log_scale[chosen])
    return some.rsample((), generator, temperature)


def _picked(
    components: Any, chosen: Tensor, generator: Generator | None, temperature: float
) -> Tensor:
    """The same of any components: each draws as often as the one that is chosen most."""
    if temperature != 1:
        name = type(components).__name__
        raise BadInput(f"`temperature` must be 1 for a mixture of {name}s, not {temperature:g}.")
    turns = one_hot(chosen, len(components.mode)).cumsum(0).gather(1, chosen[:, None])[:, 0] - 1
    z: Tensor = components.rsample((int(turns.max()) + 1,), generator)
    return z[turns, chosen]


def _precise(values: Tensor) -> Tensor:
    return values if values.device.type == "mps" else values.double()


_SCORES: dict[type, Callable[[Any], Callable[[Tensor], Tensor]]] = {DiagonalGaussian: _products}
_DRAWN: dict[type, Callable[..., Tensor]] = {DiagonalGaussian: _drawn}


@final
class MixturePrior(nn.Module):
    """p(z): a mixture of M diagonal Gaussians whose means, scales and weights are learned.

    At the start means are spread such that the whole has the moments of a standard normal.

    size: D. gaussians: M. Raises BadInput where it makes no sense.
    """

    context = 0

    def __init__(self, size: int, gaussians: int = 100) -> None:
        super().__init__()
        if gaussians < 1:
            raise BadInput(f"`gaussians` must be 1 or more, not {gaussians}.")
        self.size, self.gives = size, Mixture
        self.loc = nn.Parameter(_SPREAD * torch.randn(gaussians, size))
        narrow = 0.5 * math.log(1 - _SPREAD**2)
        self.log_scale = nn.Parameter(torch.full((gaussians, size), narrow))
        self.logits = nn.Parameter(torch.zeros(gaussians))

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> Mixture:
        """The prior over one code of shape (D,)."""
        return Mixture(DiagonalGaussian(self.loc, self.log_scale), self.logits.log_softmax(0))
