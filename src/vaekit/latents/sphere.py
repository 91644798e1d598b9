"""Codes on a sphere: von Mises and Fisher's posterior, the power spherical one, uniform prior.

The sphere of D dimensions has radius sqrt(D). Densities are with respect to the surface of that
of radius 1, all of them, so that rates are the same.
"""

import math
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.distributions import Distribution, constraints, register_kl
from torch.nn import functional as F

from vaekit.contracts import Infer
from vaekit.distributions import full
from vaekit.errors import BadInput
from vaekit.latents.bessel import precise, sharpness
from vaekit.latents.spaces import Sphere

_TRIES = 4  # proposals at once for every draw, of which at least two in three are accepted
_NODES = 32  # of the quadrature
_REACH = 8.0  # standard deviations beyond which there is nothing to integrate
_SPREAD = 4.0  # times PyTorch's default weights of the modes
_TINY = 1e-30


@final
class UniformOnSphere(Distribution):
    """The same density everywhere on the sphere in D dimensions.

    origin: zeros (D,), whose type and device draws have.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}

    def __init__(self, origin: Tensor) -> None:
        self.origin = origin
        super().__init__(torch.Size(), origin.shape, validate_args=False)

    def sample(  # type: ignore[override]
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws (*sample_shape, D).

        Raises BadInput for a temperature: equal densities have none.
        """
        if temperature != 1:
            raise BadInput(f"`temperature` must be 1 for a uniform prior, not {temperature:g}.")
        return Sphere().onto(
            _directions((*sample_shape, *self.event_shape), self.origin, generator)
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities in nats on the sphere's surface, the same for all codes (..., D)."""
        return value.new_full(value.shape[:-1], -log_area(self.event_shape[0]))


@final
class VonMisesFisher(Distribution):
    """Density in proportion to exp(kappa x cosine of the angle to the mode) on the sphere.

    Cosines are drawn by rejection, exactly (Ulrich 1984, Wood 1994), and carry the gradient of
    their distribution function (Figurnov, Mohamed and Mnih 2018, https://arxiv.org/abs/1805.08498).
    Davidson et al. 2018, https://arxiv.org/abs/1804.00891

    loc: directions (B, D) of the modes, of length 1. kappa: concentrations (B,), zero or more.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, loc: Tensor, kappa: Tensor) -> None:
        self.loc, self.kappa = loc, kappa
        super().__init__(kappa.shape, loc.shape[-1:], validate_args=False)
        peak, slack = sharpness(kappa, self.event_shape[0])
        self.peak, self.slack = peak, slack.to(kappa)
        self.information = (peak - kappa * slack).to(kappa)

    @property
    def mode(self) -> Tensor:
        """The most likely points, (B, D)."""
        return self.loc * math.sqrt(self.event_shape[0])

    @property
    def mean(self) -> Tensor:
        """Mean codes (B, D), which lie inside the sphere."""
        return (1 - self.slack).unsqueeze(-1) * self.mode

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (*sample_shape, B, D)."""
        return _around(self.loc, self._gaps(sample_shape, generator), generator)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats."""
        gaps = self._gaps((draws,), generator)
        return _around(self.loc, gaps, generator), self._scored(gaps)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities in nats on the sphere's surface of codes (..., B, D)."""
        return self._scored(_gap(self.loc, value))

    def still(self) -> "VonMisesFisher":
        """The same with its parameters as constants."""
        return VonMisesFisher(self.loc.detach(), self.kappa.detach())

    def _scored(self, gaps: Tensor) -> Tensor:
        """Log-densities of codes whose cosine with the mode is 1 - gap."""
        top = (self.peak - log_area(self.event_shape[0])).to(gaps)
        return top - self.kappa * gaps

    def _gaps(self, shape: tuple[int, ...], generator: Generator | None) -> Tensor:
        size, kappa = self.event_shape[0], self.kappa.expand(*shape, *self.kappa.shape)
        halves = _accepted(kappa.detach(), size, generator)
        mean = self.slack.detach().expand_as(kappa)
        gaps: Tensor = _Gaps.apply(kappa, mean, halves, size)  # type: ignore[no-untyped-call]
        return gaps


@final
class PowerSpherical(Distribution):
    """Density in proportion to (1 + cosine of the angle to the mode)^kappa on the sphere.

    De Cao and Aziz 2020, https://arxiv.org/abs/2006.04437

    loc: directions (B, D) of the modes, of length 1. kappa: concentrations (B,), zero or more.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, loc: Tensor, kappa: Tensor) -> None:
        self.loc, self.kappa = loc, kappa
        super().__init__(kappa.shape, loc.shape[-1:], validate_args=False)
        beta = (self.event_shape[0] - 1) / 2
        wide = precise(kappa)
        alpha = wide + beta
        flat = wide.new_tensor([beta, 2 * beta]).lgamma()
        grown = (alpha + beta).lgamma() - alpha.lgamma()
        self.peak = grown + flat[0] - flat[1]
        lost = (alpha + beta).digamma() - alpha.digamma()
        self.information = (self.peak - wide * lost).to(kappa)

    @property
    def mode(self) -> Tensor:
        """The most likely points, (B, D)."""
        return self.loc * math.sqrt(self.event_shape[0])

    @property
    def mean(self) -> Tensor:
        """Mean codes (B, D), which lie inside the sphere."""
        length = self.kappa / (self.kappa + self.event_shape[0] - 1)
        return length.unsqueeze(-1) * self.mode

    def rsample(  # type: ignore[override]
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (*sample_shape, B, D)."""
        return _around(self.loc, self._gaps(sample_shape, generator), generator)

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats."""
        gaps = self._gaps((draws,), generator)
        return _around(self.loc, gaps, generator), self._scored(gaps)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities in nats on the sphere's surface of codes (..., B, D)."""
        return self._scored(_gap(self.loc, value))

    def still(self) -> "PowerSpherical":
        """The same with its parameters as constants."""
        return PowerSpherical(self.loc.detach(), self.kappa.detach())

    def _scored(self, gaps: Tensor) -> Tensor:
        top = (self.peak - log_area(self.event_shape[0])).to(gaps)
        smallest = torch.finfo(gaps.dtype).eps
        return top + self.kappa * (1 - gaps / 2).clamp(min=smallest).log()

    def _gaps(self, shape: tuple[int, ...], generator: Generator | None) -> Tensor:
        """1 - cosine, twice a draw of a Beta, through two draws of a Gamma."""
        beta = (self.event_shape[0] - 1) / 2
        wanted = self.kappa.expand(*shape, *self.kappa.shape) + beta
        near = torch._standard_gamma(wanted, generator)
        far = torch._standard_gamma(torch.full_like(wanted, beta), generator)
        return 2 * far / (near + far)


OnSphere = type[VonMisesFisher] | type[PowerSpherical]


@register_kl(VonMisesFisher, UniformOnSphere)  # type: ignore[no-untyped-call,untyped-decorator]
@register_kl(PowerSpherical, UniformOnSphere)  # type: ignore[no-untyped-call,untyped-decorator]
def _kl_to_uniform(q: VonMisesFisher | PowerSpherical, p: UniformOnSphere) -> Tensor:
    return q.information


@final
class SpherePosterior(nn.Module):
    """q(z|x) on the sphere: mode and concentration are linear in the features.

    It starts narrow, with modes in all directions, as drowned in noise it would lose to the prior.

    features: F. size: D, numbers of a code, one more than the sphere has dimensions.
    family: the class of its distributions. concentration: about where it starts.
    Raises BadInput where an option makes no sense.
    """

    def __init__(
        self,
        features: int,
        size: int,
        family: OnSphere = VonMisesFisher,
        concentration: float = 1000.0,
    ) -> None:
        super().__init__()
        if not 0 < concentration <= 1e6:
            raise BadInput(
                f"`concentration` must be above 0, up to a million, not {concentration:g}."
            )
        self.size, self.gives, self.space = check_sphere(size), family, Sphere()
        self.concentration = concentration
        self.head = nn.Linear(features, size + 1)
        with torch.no_grad():
            self.head.weight[:size] *= _SPREAD
            self.head.bias[:size] = 0

    def forward(self, features: Tensor) -> VonMisesFisher | PowerSpherical:
        """The posterior of each row of features (B, F), over (B, D)."""
        found = full(self.head(features))
        kappa = F.softplus(found[:, -1]) * (self.concentration / math.log(2))
        return self.gives(F.normalize(found[:, :-1], dim=-1), kappa)


@final
class SpherePrior(nn.Module):
    """p(z): uniform on the sphere in D dimensions, without parameters."""

    zeros: Tensor
    context = 0

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.gives, self.space = check_sphere(size), UniformOnSphere, Sphere()
        self.register_buffer("zeros", torch.zeros(size), persistent=False)

    def forward(self, infer: Infer | None = None, context: Tensor | None = None) -> UniformOnSphere:
        """The prior over one code of shape (D,)."""
        return UniformOnSphere(self.zeros)


def check_sphere(size: int) -> int:
    """A number of dimensions D in which there is a sphere; raises BadInput for others."""
    if size < 2:
        raise BadInput(f"`latent` must be 2 or more for codes on a sphere, not {size}.")
    return size


def log_area(size: int) -> float:
    """The logarithm of the area of the sphere in D dimensions."""
    return math.log(2) + size / 2 * math.log(math.pi) - math.lgamma(size / 2)


def _directions(shape: tuple[int, ...], like: Tensor, generator: Generator | None) -> Tensor:
    noise = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
    return F.normalize(noise, dim=-1)


def _gap(loc: Tensor, value: Tensor) -> Tensor:
    """1 - cosine of a code with a mode of length 1, without losing figures where they are close."""
    return 0.5 * (value / math.sqrt(loc.shape[-1]) - loc).square().sum(-1)


def _around(loc: Tensor, gaps: Tensor, generator: Generator | None) -> Tensor:
    """Points (K, B, D) whose cosine with modes (B, D) is 1 - gap, in directions at random.

    Points around the first axis are reflected to the mode, or to its opposite, whichever is
    further from the axis, and then turned around: so no mode is singular.
    """
    aside = _directions((*gaps.shape, loc.shape[-1] - 1), gaps, generator)
    out = (gaps * (2 - gaps)).clamp(min=_TINY).sqrt()
    points = torch.cat([(1 - gaps).unsqueeze(-1), out.unsqueeze(-1) * aside], -1)
    sign = torch.where(loc[..., :1] < 0, -1.0, 1.0).to(loc)
    normal = torch.cat([loc[..., :1] + sign, loc[..., 1:]], -1)
    scale = (points * normal).sum(-1, keepdim=True) / (1 + loc[..., :1].abs())
    return (sign * math.sqrt(loc.shape[-1])) * (scale * normal - points)


@torch.no_grad()
def _accepted(kappa: Tensor, size: int, generator: Generator | None) -> Tensor:
    """Draws, in the shape of kappa, of e in (0, 1): half of 1 - cosine before Wood's map.

    That map takes a uniform direction's cosine 1 - 2 e to one of 1 - `_mapped(e)`, whose density
    is close to the one that is wanted, whatever the concentration and the dimension.
    """
    flat = kappa.flatten()
    found, places = torch.empty_like(flat), torch.arange(len(flat), device=flat.device)
    half = (size - 1) / 2
    while len(places):
        tried = flat[places]
        parts = torch._standard_gamma(tried.new_full((2, _TRIES, len(tried)), half), generator)
        e = parts[0] / (parts[0] + parts[1])
        u = torch.rand(e.shape, generator=generator, dtype=e.dtype, device=e.device)
        taken = u.log() <= _log_accepted(e, tried, size)
        first = taken.to(torch.uint8).argmax(0, keepdim=True)
        found[places] = e.gather(0, first).squeeze(0)
        places = places[~taken.any(0)]
    return found.view_as(kappa)


def _narrowing(kappa: Tensor, size: int) -> Tensor:
    """Wood's b, from 1 for no concentration down to 0."""
    return (size - 1) / (2 * kappa + (4 * kappa.square() + (size - 1) ** 2).sqrt())


def _mapped(e: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """1 - cosine for proposals e, and the denominator of Wood's map."""
    below = 1 - e + b * e
    return 2 * b * e / below, below


def _log_accepted(e: Tensor, kappa: Tensor, size: int) -> Tensor:
    """The logarithm of the chance that a proposal e is accepted: at e = 1/2 it is 0."""
    b = _narrowing(kappa, size)
    _, below = _mapped(e, b)
    drawn = 2 * kappa * b * (1 - 2 * e) / ((1 + b) * below)
    return drawn - (size - 1) * (2 * below / (1 + b)).log()


@final
class _Gaps(torch.autograd.Function):
    """1 - cosine for accepted proposals e, with the derivative that keeps each one's quantile.

    With P the distribution function of the gap v and a its mean, that derivative to kappa is
    -dP/dkappa / p(v), and dP/dkappa the integral of p(t) (a - t) up to v: over the side of v
    where all of it has one sign, in the angle phi whose sine squared is e at half of it, where
    the density is smooth and about as wide as 1 / sqrt(D), whatever kappa.
    """

    @staticmethod
    def forward(ctx: Any, kappa: Tensor, mean: Tensor, e: Tensor, size: int) -> Tensor:
        gaps, _ = _mapped(e, _narrowing(kappa, size))
        ctx.save_for_backward(kappa, mean, e)
        ctx.size = size
        return gaps

    @staticmethod
    def backward(ctx: Any, to_gaps: Tensor) -> tuple[Tensor, None, None, None]:
        kappa, mean, e = ctx.saved_tensors
        return to_gaps * _quantile_slope(kappa, mean, e, ctx.size), None, None, None


def _quantile_slope(kappa: Tensor, mean: Tensor, e: Tensor, size: int) -> Tensor:
    """The derivative to kappa of 1 - cosine at its quantile; all of one shape."""
    b = _narrowing(kappa, size)
    gaps, below = _mapped(e, b)
    phi = 2 * e.sqrt().clamp(max=1).asin()
    inwards = gaps < mean
    reach = torch.where(inwards, phi, math.pi - phi)
    if size > 2:
        reach = reach.clamp(max=_REACH / math.sqrt(size - 2))
    step = torch.where(inwards, -reach, reach).unsqueeze(-1)
    nodes, weights = (phi.new_tensor(each) for each in np.polynomial.legendre.leggauss(_NODES))
    angles = phi.unsqueeze(-1) + step * (nodes + 1) / 2
    there = (angles / 2).sin().square()
    kappa, b, mean = kappa.unsqueeze(-1), b.unsqueeze(-1), mean.unsqueeze(-1)

    def height(angle: Tensor, e: Tensor) -> Tensor:
        return (size - 2) * angle.sin().clamp(min=_TINY).log() + _log_accepted(e, kappa, size)

    risen = height(angles, there) - height(phi.unsqueeze(-1), e.unsqueeze(-1))
    ahead = (_mapped(there, b)[0] - mean) * risen.exp() * step.sign()
    integral = (ahead * weights).sum(-1) * reach / 2
    return -b.squeeze(-1) * phi.sin() / below.square() * integral
