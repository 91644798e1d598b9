"""Annealed importance sampling: the likelihood by way of the prior, without the encoder."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Generator, Tensor

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.latents import EUCLIDEAN
from vaekit.model import Autoencoder, evaluating
from vaekit.records import Batch, as_batch, check_seed

_ACCEPTED = 0.65  # the share of accepted moves that the step size is led to
_FASTER, _SLOWER = 1.02, 0.98
_FIRST, _SMALLEST, _LARGEST = 0.1, 1e-4, 2.0  # step sizes


@final
@dataclass(frozen=True, slots=True)
class Annealing:
    """How likelihoods are found by annealing.

    steps: distributions on the way from the prior p(z) to p(z) p(x|z), which is raised to powers
        that rise as a sigmoid does. leapfrog: steps of Hamiltonian dynamics in each.
    chains: ways for each row, whose weights are averaged.

    Raises BadInput where one of them is below 1.
    """

    steps: int = 500
    leapfrog: int = 10
    chains: int = 16

    def __post_init__(self) -> None:
        for name in ("steps", "leapfrog", "chains"):
            if getattr(self, name) < 1:
                raise BadInput(f"`{name}` must be 1 or more, not {getattr(self, name)}.")


@final
@dataclass(frozen=True, slots=True)
class Sandwich:
    """Bounds on the log-likelihood of rows that the model drew itself, in nats, (N,) each.

    lower: from the prior to the posterior. upper: back, from the code that a row was drawn with,
    which is an exact draw from its posterior. Where they meet, annealing suffices.
    """

    lower: Tensor
    upper: Tensor

    @property
    def gap(self) -> float:
        """The mean of upper - lower."""
        return float((self.upper - self.lower).mean())


def annealed_likelihood(
    model: Autoencoder,
    rows: Tensor | Batch,
    how: Annealing | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """log p(x) of rows (B, *shape) by annealed importance sampling, in nats, (B,).

    A lower bound in expectation, whatever the encoder; Hamiltonian moves of a step size that
    adapts by chain. Neal 2001, https://doi.org/10.1023/A:1008923215028; Wu et al. 2017,
    https://arxiv.org/abs/1611.04273

    Raises BadInput where the model has no prior whose density is known.
    """
    _check(model)
    how, batch = how or Annealing(), as_batch(rows).to(model.device)
    with evaluating(model):
        z = torch.stack(
            [
                model.sample_codes(len(batch), generator=generator, context=batch.context)
                for _ in range(how.chains)
            ]
        )
        return log_mean_exp(_Way(model, batch, how, generator).forth(z))


def bidirectional(
    model: Autoencoder,
    n: int = 100,
    how: Annealing | None = None,
    seed: int = 0,
    context: Tensor | None = None,
) -> Sandwich:
    """Annealing tried on n rows that the model draws, whose likelihood it bounds on both sides.

    context: what the model is told of them, (n, E). Grosse, Ghahramani and Adams 2015,
    https://arxiv.org/abs/1511.02543; Wu et al. 2017, https://arxiv.org/abs/1611.04273

    Raises BadInput where n or the seed makes no sense, or as `annealed_likelihood`.
    """
    _check(model)
    if n < 1:
        raise BadInput(f"`n` must be 1 or more, not {n}.")
    how, generator = how or Annealing(), Generator(model.device).manual_seed(check_seed(seed))
    with evaluating(model):
        z = model.sample_codes(n, generator=generator, context=context)
        x = model.drawn(z, context, generator)
        batch = Batch(x, context)
        lower = annealed_likelihood(model, batch, how, generator)
        way = _Way(model, batch, how, generator)
        back = way.back(z.expand(how.chains, *z.shape).clone())
    return Sandwich(lower, -log_mean_exp(-back))


@final
class _Way:
    """From prior to posterior and back, for the rows of a batch."""

    def __init__(
        self, model: Autoencoder, batch: Batch, how: Annealing, generator: Generator | None
    ) -> None:
        self.model, self.batch, self.how, self.generator = model, batch, how, generator
        # A sigmoid's stretch: slow at both ends, where the distributions change most.
        powers = torch.linspace(-4, 4, how.steps + 1, dtype=torch.float64).sigmoid()
        self.powers = ((powers - powers[0]) / (powers[-1] - powers[0])).tolist()

    def forth(self, z: Tensor) -> Tensor:
        """Log weights (K, B) of codes (K, B, D) from the prior."""
        return self._walked(_Stand.at(z), self.powers)

    def back(self, z: Tensor) -> Tensor:
        """Log weights (K, B), whose sign is turned to that of the way forth, from the posterior."""
        start = _Stand.at(z)
        return self._walked(self._moved(start, self._height(z, 1.0), 1.0), self.powers[::-1])

    def _walked(self, stand: "_Stand", powers: list[float]) -> Tensor:
        """The sum of |next - last power| log p(x|z), with a move at every power in between."""
        log_w = torch.zeros_like(stand.size)
        for last, power in pairwise(powers):
            here = self._height(stand.z, power)
            log_w = log_w + abs(power - last) * here.log_px
            if power != powers[-1]:
                stand = self._moved(stand, here, power)
        return log_w

    def _moved(self, stand: "_Stand", here: "_Height", power: float) -> "_Stand":
        """One Hamiltonian move that leaves p(z) p(x|z)^power as it is, from what is known here."""
        z, size = stand.z, stand.size
        start = torch.randn(z.shape, generator=self.generator, dtype=z.dtype, device=z.device)
        momentum, place, there = start, z, here
        u = torch.rand((2, *size.shape), generator=self.generator, dtype=z.dtype, device=z.device)
        # Steps of random lengths: of one length they could end where they began.
        step = (size * (0.5 + 0.5 * u[0])).unsqueeze(-1)
        for _ in range(self.how.leapfrog):
            momentum = momentum + 0.5 * step * there.slope
            place = place + step * momentum
            there = self._height(place, power)
            momentum = momentum + 0.5 * step * there.slope
        gain = there.value - here.value + 0.5 * (start.square() - momentum.square()).sum(-1)
        taken = u[1].log() < gain  # not where the gain is no number
        rate = 0.9 * stand.rate + 0.1 * taken.to(size.dtype)
        factor = torch.where(rate > _ACCEPTED, _FASTER, _SLOWER).to(size.dtype)
        size = (size * factor).clamp(_SMALLEST, _LARGEST)
        return _Stand(torch.where(taken.unsqueeze(-1), place, z), size, rate)

    def _height(self, z: Tensor, power: float) -> "_Height":
        """log p(z) + power log p(x|z) of codes (K, B, D)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            log_px, log_p = self.model.joint(z, self.batch)
            value = log_p + power * log_px
            (slope,) = torch.autograd.grad(value.sum(), z)
        return _Height(log_px.detach(), value.detach(), slope)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Stand:
    """Where chains are: codes (K, B, D), step sizes (K, B), shares of moves that were accepted."""

    z: Tensor
    size: Tensor
    rate: Tensor

    @staticmethod
    def at(z: Tensor) -> "_Stand":
        """The beginning of a way."""
        size = z.new_full(z.shape[:-1], _FIRST)
        return _Stand(z, size, torch.full_like(size, _ACCEPTED))


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Height:
    """Of codes: log p(x|z) and the logarithm of what they are distributed as, (K, B), its slope."""

    log_px: Tensor
    value: Tensor
    slope: Tensor


def _check(model: Autoencoder) -> None:
    if "log_p" not in model.provides:
        raise BadInput(
            f"Annealing needs a prior whose density is known, and {type(model.latent).__name__} "
            "has none: use a stochastic latent, such as vae's."
        )
    if model.latent.space != EUCLIDEAN:
        raise BadInput(
            f"Annealing moves codes freely, and this model's lie {model.latent.space}: "
            "use `draws`, the importance-weighted bound."
        )
