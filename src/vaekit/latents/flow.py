"""A posterior bent by inverse autoregressive flows."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Generator, Tensor, nn

from vaekit.distributions import DiagonalGaussian, full
from vaekit.errors import BadInput
from vaekit.latents.gaussian import GaussianPosterior

_QUIET = 0.01  # times the default weights of a flow's last layer: it starts close to doing nothing


@final
class Flowed:
    """A Gaussian whose draws are bent, one invertible map after the other.

    maps: zuko's transforms, conditioned on the features of B rows.
    """

    def __init__(self, base: DiagonalGaussian, maps: Sequence[Any]) -> None:
        self.base, self.maps = base, maps

    @property
    def mode(self) -> Tensor:
        """Where the flow takes the Gaussian's mode, (B, D): the centre, if not quite the peak."""
        return self._bent(self.base.mode)[0]

    def rsample(
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (K, B, D)."""
        return self._bent(self.base.rsample(sample_shape, generator))[0]

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats, in one pass."""
        start, log_q = self.base.draw(draws, generator)
        z, growth = self._bent(start)
        return z, log_q - growth

    def _bent(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Where the maps take z, and the log of the volume they make of a small one there."""
        growth = z.new_zeros(z.shape[:-1])
        for each in self.maps:
            z, more = each.call_and_ladj(z)
            growth = growth + more
        return z, growth


@final
class FlowPosterior(nn.Module):
    """q(z|x): a diagonal Gaussian bent by inverse autoregressive flows.

    Each flow scales and shifts every dimension by what a masked network makes of those before it
    and of the features; the order is reversed from one to the next. Kingma et al. 2016,
    https://arxiv.org/abs/1606.04934

    features: F. size: D. steps: flows. hidden_flow: width of their networks.
    Raises BadInput where an option makes no sense.
    """

    def __init__(self, features: int, size: int, steps: int = 2, hidden_flow: int = 128) -> None:
        from zuko.flows import MaskedAutoregressiveTransform
        from zuko.transforms import MonotonicAffineTransform

        super().__init__()
        if not 1 <= steps <= 100:
            raise BadInput(f"`steps` must be between 1 and 100, not {steps}.")
        if hidden_flow < 1:
            raise BadInput(f"`hidden_flow` must be 1 or more, not {hidden_flow}.")
        self.size, self.gives = size, Flowed
        self.base = GaussianPosterior(features, size)
        forth = torch.arange(size)

        def affine(shift: Tensor, scale: Tensor) -> Any:
            return MonotonicAffineTransform(full(shift), full(scale))

        self.steps = nn.ModuleList(
            MaskedAutoregressiveTransform(
                size,
                context=features,
                order=forth if step % 2 else forth.flip(0),
                univariate=affine,
                hidden_features=(hidden_flow,),
            )
            for step in range(steps)
        )
        with torch.no_grad():
            for step in self.steps:
                for parameter in step.hyper[-1].parameters():  # type: ignore[union-attr,index]
                    parameter *= _QUIET

    def forward(self, features: Tensor) -> Flowed:
        """The posterior of each row of features (B, F), over (B, D)."""
        return Flowed(self.base(features), [step(features) for step in self.steps])
