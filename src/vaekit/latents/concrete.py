"""Relaxed categories: chances that are nearly all of one category each."""

import math
from typing import ClassVar, final

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Distribution, constraints
from torch.nn import functional as F

from vaekit.contracts import Infer
from vaekit.distributions import full
from vaekit.errors import BadInput
from vaekit.latents.spaces import Simplices

_LEAST = 1e-4  # what each row shares out evenly, so that logarithms of draws stay within float32
_COLDEST = 0.4


@final
class Concrete(Distribution):
    """Concrete, or Gumbel-softmax, distributions of P positions side by side.

    Draws are the softmax of logits with Gumbel noise over the temperature. Log-densities are
    those of the logarithms of their ratios, which have no bounds; as both a posterior's and a
    prior's are, the rate is the same. Jang, Gu and Poole 2017,
    https://arxiv.org/abs/1611.01144; Maddison, Mnih and Teh 2017, https://arxiv.org/abs/1611.00712

    logits: of categories, (..., P, M). temperature: close to 0 draws are almost whole.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, logits: Tensor, temperature: float) -> None:
        self.logits, self.temperature = logits, temperature
        event = torch.Size([logits.shape[-2] * logits.shape[-1]])
        super().__init__(logits.shape[:-2], event, validate_args=False)

    @property
    def mode(self) -> Tensor:
        """The likeliest category of every position as ones and zeros, (..., P x M)."""
        chosen = F.one_hot(self.logits.argmax(-1), self.logits.shape[-1])
        return chosen.to(self.logits).flatten(-2)

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (*sample_shape, ..., P x M)."""
        return self._logs(sample_shape, generator).exp().flatten(-2)

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws (*sample_shape, ..., P x M).

        Raises BadInput for another temperature than the one it was made with, as 1 stands for.
        """
        if temperature != 1:
            raise BadInput(
                f"`temperature` must be 1 for categories, whose own is {self.temperature:g}, "
                f"not {temperature:g}."
            )
        return self.rsample(sample_shape, generator)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, P x M) and their log-densities (K, B) in nats."""
        logs = self._logs((draws,), generator)
        return logs.exp().flatten(-2), self._scored(logs)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities in nats of codes (..., P x M)."""
        smallest = torch.finfo(value.dtype).tiny
        return self._scored(
            value.view(*value.shape[:-1], *self.logits.shape[-2:]).clamp(min=smallest).log()
        )

    def still(self) -> "Concrete":
        """The same with its parameters as constants."""
        return Concrete(self.logits.detach(), self.temperature)

    def _logs(self, shape: tuple[int, ...], generator: Generator | None) -> Tensor:
        """Logarithms of draws, (*shape, ..., P, M)."""
        logits, limits = self.logits, torch.finfo(self.logits.dtype)
        u = torch.rand(
            (*shape, *logits.shape), generator=generator, dtype=logits.dtype, device=logits.device
        )
        noise = -(-u.clamp(min=limits.eps**2, max=1 - limits.eps).log()).log()
        return ((logits + noise) / self.temperature).log_softmax(-1)

    def _scored(self, logs: Tensor) -> Tensor:
        """Log-densities of logarithms of draws (..., P, M), summed over positions."""
        count = logs.shape[-1]
        scores = self.logits - self.temperature * logs
        constant = math.lgamma(count) + (count - 1) * math.log(self.temperature)
        return (constant + scores.sum(-1) - count * scores.logsumexp(-1)).sum(-1)


@final
class ConcretePosterior(nn.Module):
    """q(z|x): relaxed categories whose logits are linear in the features.

    A part of 1e-4 of the chances is shared out evenly.

    features: F. positions: P. categories: M of each. temperature: of the relaxation.
    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self, features: int, positions: int = 16, categories: int = 10, temperature: float = 0.67
    ) -> None:
        super().__init__()
        self.space = _checked(positions, categories, temperature)
        self.size, self.gives = positions * categories, Concrete
        self.head = nn.Linear(features, self.size)

    def forward(self, features: Tensor) -> Concrete:
        """The posterior of each row of features (B, F), over (B, P x M)."""
        categories = self.space.categories
        logs = full(self.head(features)).view(len(features), -1, categories).log_softmax(-1)
        least = logs.new_tensor(math.log(_LEAST / categories))
        return Concrete(torch.logaddexp(logs, least), self.space.temperature)


@final
class ConcretePrior(nn.Module):
    """p(z): relaxed categories that are all equally likely, without parameters."""

    logits: Tensor
    context = 0

    def __init__(
        self, positions: int = 16, categories: int = 10, temperature: float = 0.67
    ) -> None:
        super().__init__()
        self.space = _checked(positions, categories, temperature)
        self.size, self.gives = positions * categories, Concrete
        self.register_buffer("logits", torch.zeros(positions, categories), persistent=False)

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> Concrete:
        """The prior over one code of shape (P x M,)."""
        return Concrete(self.logits, self.space.temperature)


def _checked(positions: int, categories: int, temperature: float) -> Simplices:
    for name, value, least in (("positions", positions, 1), ("categories", categories, 2)):
        if value < least:
            raise BadInput(f"`{name}` must be {least} or more, not {value}.")
    if not _COLDEST <= temperature <= 10:
        raise BadInput(
            f"`temperature` must be from {_COLDEST:g} to 10, not {temperature:g}: "
            "below, what is nearly 0 has no room in float32."
        )
    return Simplices(categories, temperature)
