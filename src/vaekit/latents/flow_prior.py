"""A prior that invertible maps make of a standard normal."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Generator, Tensor, nn

from vaekit.contracts import Infer
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents.flow import affine, check_flow, moved
from vaekit.latents.gaussian import StandardNormal, quieten

_LAST = 4  # the place of a network's last layer, which is quiet at the start
_COUPLED = 2  # passes to invert a coupling: of the half that stays, and of the other given it


@final
class Straightened:
    """A distribution over codes that maps, one after the other, make one of the base.

    maps: zuko's transforms from codes to the base.
    """

    batch_shape = torch.Size()

    def __init__(self, base: DiagonalGaussian, maps: Sequence[Any]) -> None:
        self.base, self.maps = base, maps

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities (K, B) in nats of codes (K, B, D), in one pass."""
        start, growth = moved(self.maps, value)
        return self.base.log_prob(start) + growth

    @torch.no_grad()
    def sample(
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws without a gradient, (*sample_shape, D): the base's, taken back.

        A temperature below 1 shrinks the standard deviation of the base by that factor.
        """
        z = self.base.sample(sample_shape, generator, temperature)
        for each in reversed(self.maps):
            z = each.inv(z)
        return z


@final
class FlowPrior(nn.Module):
    """p(z): what masked autoregressive flows, or coupling layers, make of a standard normal.

    Each scales and shifts dimensions by what a network makes of those before them: all of these,
    so that a code is scored in one pass and drawn in D; or, coupled, half of the dimensions by
    what a network makes of the other half, so that both are quick. The order is reversed from one
    to the next. Papamakarios, Pavlakou and Murray 2017, https://arxiv.org/abs/1705.07057; Dinh,
    Sohl-Dickstein and Bengio 2017, https://arxiv.org/abs/1605.08803

    size: D; halves of an odd one differ by one. steps: flows. hidden_flow: width of the two
    hidden layers of their networks. coupled: whether they are coupling layers.
    Raises BadInput where an option makes no sense.
    """

    context = 0

    def __init__(
        self, size: int, steps: int = 4, hidden_flow: int = 128, coupled: bool = False
    ) -> None:
        from zuko.flows import MaskedAutoregressiveTransform

        super().__init__()
        check_flow(steps, hidden_flow)
        if coupled and size < _COUPLED:
            raise BadInput(
                f"`latent` must be 2 or more, not {size}: a coupling moves some dimensions of a "
                "code by what the others are."
            )
        self.size, self.gives = size, Straightened
        self.base, forth = StandardNormal(size), torch.arange(size)

        self.steps = nn.ModuleList(
            MaskedAutoregressiveTransform(
                size,
                passes=_COUPLED if coupled else None,
                order=forth.flip(0) if step % 2 else forth,
                univariate=affine,
                hidden_features=(hidden_flow, hidden_flow),
            )
            for step in range(steps)
        )
        for step in self.steps:
            last = step.get_submodule(f"hyper.{_LAST}") if size > 1 else step
            quieten(*last.parameters())

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> Straightened:
        """The prior over one code of shape (D,)."""
        return Straightened(self.base(), [step() for step in self.steps])
