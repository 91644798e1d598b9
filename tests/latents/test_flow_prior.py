"""Flow priors against autograd, a grid and their own inverse."""

import math

import pytest
import torch
from linear import Affine
from torch import Generator, Tensor

from vaekit.errors import BadInput
from vaekit.latents import FlowPrior, GaussianPosterior, Latent
from vaekit.likelihoods import Gaussian
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.recipes import realnvp_vae
from vaekit.records import Batch

D = 5


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def stirred(size: int = D, coupled: bool = False, steps: int = 3) -> FlowPrior:
    """A flow whose networks do something."""
    torch.manual_seed(0)
    prior = FlowPrior(size, steps, 16, coupled).double()
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return prior


def straight(prior: FlowPrior, z: Tensor) -> Tensor:
    """Where the maps take a code."""
    for each in prior().maps:
        z = each(z)
    return z


both = pytest.mark.parametrize("coupled", [False, True], ids=["autoregressive", "coupled"])


@both
@pytest.mark.parametrize("size", [4, 5])
def test_the_density_is_that_of_the_base_times_autograd_s_determinant(
    size: int, coupled: bool
) -> None:
    prior, codes = stirred(size, coupled), torch.randn(3, size, dtype=torch.float64)
    found = prior().log_prob(codes[None])[0]
    for code, log_p in zip(codes, found, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda point: straight(prior, point), code)
        base = torch.distributions.Normal(0, 1).log_prob(straight(prior, code)).sum()
        expected = base + torch.linalg.slogdet(jacobian).logabsdet
        torch.testing.assert_close(log_p, expected)
        assert (jacobian.abs() > 1e-12).sum() > size  # no diagonal map


@both
def test_draws_are_what_the_maps_take_to_the_base(coupled: bool) -> None:
    prior = stirred(coupled=coupled)
    p = prior()
    z = p.sample((6, 2), seeded(1))
    assert z.shape == (6, 2, D)
    torch.testing.assert_close(straight(prior, z), p.base.sample((6, 2), seeded(1)))
    cooler = p.sample((6, 2), seeded(1), 0.5)
    torch.testing.assert_close(straight(prior, cooler), 0.5 * straight(prior, z))


@both
def test_the_density_integrates_to_one_and_has_the_moments_of_draws(coupled: bool) -> None:
    p = stirred(2, coupled)()
    drawn = p.sample((20_000,), seeded())
    line = torch.linspace(-15, 15, 500, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line)
    with torch.no_grad():
        mass = p.log_prob(grid[None])[0].exp() * (line[1] - line[0]) ** 2
    assert abs(mass.sum() - 1) < 1e-3
    mean = mass @ grid
    assert ((drawn.mean(0) - mean).abs() < 4 * drawn.std(0) / len(drawn) ** 0.5).all()
    torch.testing.assert_close(
        drawn.T.cov(), (grid - mean).T @ (mass[:, None] * (grid - mean)), rtol=0.1, atol=0.02
    )


@both
def test_a_new_flow_hardly_bends(coupled: bool) -> None:
    torch.manual_seed(0)
    codes = torch.randn(1, 50, 20)
    p = FlowPrior(20, coupled=coupled)()
    torch.testing.assert_close(p.log_prob(codes), p.base.log_prob(codes), rtol=0, atol=0.5)


def test_the_bound_is_below_the_likelihood_of_the_model_that_a_flow_implies() -> None:
    """With a decoder that is linear, p(x) is an integral over a grid of codes."""
    torch.manual_seed(0)
    encoder = MLP(hidden=(8,)).encoder((1, 3))
    latent = Latent(GaussianPosterior(encoder.features, 2), stirred(2).float())
    model = Autoencoder(encoder, latent, Affine(2, 3), Gaussian(scale=0.7)).eval()
    with torch.no_grad():
        model.latent.posterior.head.bias[2:] += 3  # as wide as the prior
        x = model.drawn(model.sample_codes(8, generator=seeded()), generator=seeded(1))
        line = torch.linspace(-12, 12, 300)
        grid = torch.cartesian_prod(line, line)[:, None].expand(-1, 8, -1)
        log_px, log_p = model.joint(grid, Batch(x))
        exact = (log_px.double() + log_p).logsumexp(0) + 2 * math.log(line[1] - line[0])
        bounds = [
            torch.stack([model.log_likelihood(x, k, seeded(each)) for each in range(40)]).double()
            for k in (1, 50, 5000)
        ]
    for bound in bounds:
        assert (bound.mean(0) < exact + 4 * bound.std(0) / 40**0.5).all()
    loose, tighter, tight = (bound.mean(0) for bound in bounds)
    assert (loose < tighter).all()
    torch.testing.assert_close(tight, exact, rtol=0, atol=0.05)


@pytest.mark.parametrize("options", [{"steps": 0}, {"steps": 101}, {"hidden_flow": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(BadInput, match=f"`{next(iter(options))}` must be"):
        FlowPrior(D, **options)


def test_a_coupling_of_one_dimension_is_refused() -> None:
    with pytest.raises(BadInput, match="`latent` must be 2 or more, not 1"):
        realnvp_vae((1, 4, 4), latent=1)
    assert FlowPrior(1)().log_prob(FlowPrior(1)().sample((3, 2))).isfinite().all()
