"""Codes made of categories, with a gradient."""

from typing import ClassVar, final

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Distribution, constraints, register_kl
from torch.nn import functional as F

from vaekit.contracts import Infer
from vaekit.distributions import full
from vaekit.errors import BadInput
from vaekit.latents.spaces import Simplices

_COLDEST, _WARMEST = 0.1, 10.0  # beyond, gradients are mostly noise, or tell nothing


@final
class Categories(Distribution):
    """Independent categories at P positions, as ones and zeros.

    A draw is whole, so that log-chances and rates are those of categories. Its gradient is that
    of the softmax of the same logits and Gumbel noise over the temperature: straight-through
    Gumbel-softmax, close to the exact gradient's mean where what is made of a code is nearly
    linear in it, and biased where it is not. Jang, Gu and Poole 2017,
    https://arxiv.org/abs/1611.01144; Maddison, Mnih and Teh 2017, https://arxiv.org/abs/1611.00712

    logits: of categories, (..., P, M). temperature: close to 0 gradients are noisier, and nearer
        to the exact one in their mean.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, logits: Tensor, temperature: float = 1.0) -> None:
        self.log_chances, self.temperature = logits.log_softmax(-1), temperature
        event = torch.Size([logits.shape[-2] * logits.shape[-1]])
        super().__init__(logits.shape[:-2], event, validate_args=False)

    @property
    def mode(self) -> Tensor:
        """The likeliest category of every position as ones and zeros, (..., P x M)."""
        return _whole(self.log_chances).flatten(-2)

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (*sample_shape, ..., P x M)."""
        logs = self.log_chances
        limits = torch.finfo(logs.dtype)
        u = torch.rand(
            (*sample_shape, *logs.shape), generator=generator, dtype=logs.dtype, device=logs.device
        )
        noise = -(-u.clamp(min=limits.eps**2, max=1 - limits.eps).log()).log()
        soft = ((logs + noise) / self.temperature).softmax(-1)
        # In this order the difference is 0 to the last bit, and the sum as whole.
        return (_whole(soft) + (soft - soft.detach())).flatten(-2)

    @torch.no_grad()
    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws (*sample_shape, ..., P x M).

        Raises BadInput for another temperature than 1: equally likely categories have no other.
        """
        if temperature != 1:
            raise BadInput(
                f"`temperature` must be 1 for equally likely categories, not {temperature:g}."
            )
        return self.rsample(sample_shape, generator)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, P x M) and their log-chances (K, B) in nats."""
        z = self.rsample((draws,), generator)
        return z, self.log_prob(z)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-chances in nats of codes (..., P x M); between whole ones, their means."""
        logs = self.log_chances
        return (value.view(*value.shape[:-1], *logs.shape[-2:]) * logs).sum((-1, -2))


@final
class CategoricalPosterior(nn.Module):
    """q(z|x): categories whose logits are linear in the features.

    features: F. positions: P. categories: M of each. temperature: of the gradient.
    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self, features: int, positions: int = 16, categories: int = 10, temperature: float = 0.5
    ) -> None:
        super().__init__()
        if not _COLDEST <= temperature <= _WARMEST:
            raise BadInput(
                f"`temperature` must be from {_COLDEST:g} to {_WARMEST:g}, not {temperature:g}."
            )
        self.space = _checked(positions, categories)
        self.size, self.gives, self.temperature = positions * categories, Categories, temperature
        self.head = nn.Linear(features, self.size)

    def forward(self, features: Tensor) -> Categories:
        """The posterior of each row of features (B, F), over (B, P x M)."""
        logits = full(self.head(features)).view(len(features), -1, self.space.categories)
        return Categories(logits, self.temperature)


@final
class CategoricalPrior(nn.Module):
    """p(z): categories that are all equally likely, without parameters."""

    logits: Tensor
    context = 0

    def __init__(self, positions: int = 16, categories: int = 10) -> None:
        super().__init__()
        self.space = _checked(positions, categories)
        self.size, self.gives = positions * categories, Categories
        self.register_buffer("logits", torch.zeros(positions, categories), persistent=False)

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> Categories:
        """The prior over one code of shape (P x M,)."""
        return Categories(self.logits)


@register_kl(Categories, Categories)  # type: ignore[no-untyped-call,untyped-decorator]
def _kl_categories(q: Categories, p: Categories) -> Tensor:
    """KL(q || p) in nats, (...), summed over positions."""
    return (q.log_chances.exp() * (q.log_chances - p.log_chances)).sum((-1, -2))


def _whole(scores: Tensor) -> Tensor:
    """One where a position's score is the largest and zero elsewhere, as scores (..., M)."""
    return F.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores)


def _checked(positions: int, categories: int) -> Simplices:
    for name, value, least in (("positions", positions, 1), ("categories", categories, 2)):
        if value < least:
            raise BadInput(f"`{name}` must be {least} or more, not {value}.")
    return Simplices(categories)
