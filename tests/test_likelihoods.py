"""Each likelihood against `torch.distributions`, numerical integrals and its own promises."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch import distributions as td
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from vaekit.errors import BadInput
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import (
    BandGaussian,
    Bernoulli,
    Categorical,
    Columns,
    ContinuousBernoulli,
    Gaussian,
    Likelihood,
    PixelGaussian,
    SharedGaussian,
    cutout,
)
from vaekit.model import Autoencoder
from vaekit.nets import MLP
from vaekit.objectives import ELBO
from vaekit.recipes import LIKELIHOODS

K, B, EVENT = 3, 4, (2, 5, 3)
IMAGE_ONLY = (Bernoulli, ContinuousBernoulli)
LEVELS = ("pixel-categorical", "discretised-logistic", "logistic-mixture")
COUNTS = ("poisson", "negative-binomial", "zero-inflated")
OTHERS = ("cutout", "categorical", *LEVELS, *COUNTS)
ALIKE = [name for name in LIKELIHOODS if name not in OTHERS]  # for every value, and densities
LEARNED = ("shared-gaussian", "band-gaussian")


def parameters(likelihood: Likelihood, spread: float = 1.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (K, B, likelihood.needs, *EVENT)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


def unit(*shape: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def summed(values: Tensor) -> Tensor:
    """Over everything but (K, B), one axis at a time."""
    while values.ndim > 2:
        values = values.sum(-1)
    return values


ELEMENTWISE: dict[str, Callable[[Tensor], td.Distribution]] = {
    "bernoulli": lambda p: td.Bernoulli(logits=p[:, :, 0], validate_args=False),
    "continuous-bernoulli": lambda p: td.ContinuousBernoulli(logits=p[:, :, 0]),
    "gaussian": lambda p: td.Normal(p[:, :, 0], 1.0),
    "shared-gaussian": lambda p: td.Normal(p[:, :, 0], 0.1),
    "band-gaussian": lambda p: td.Normal(p[:, :, 0], 0.5),
    "pixel-gaussian": lambda p: td.Normal(p[:, :, 0], softplus(p[:, :, 1]) + 0.004),
    "laplace": lambda p: td.Laplace(p[:, :, 0], softplus(p[:, :, 1]) + 0.004),
    "student-t": lambda p: td.StudentT(5.0, p[:, :, 0], softplus(p[:, :, 1]) + 0.004),
}


@pytest.mark.parametrize("name", ALIKE)
def test_log_prob_and_mean_match_torch_elementwise(name: str) -> None:
    likelihood = LIKELIHOODS[name]().double()
    given, x = parameters(likelihood), unit(B, *EVENT)
    px, expected = likelihood(given), ELEMENTWISE[name](given)
    assert px.log_prob(x).shape == (K, B)
    tolerance = 1e-6 if name in LEARNED else 1e-8  # their scales start in float32
    torch.testing.assert_close(
        px.log_prob(x), summed(expected.log_prob(x)), rtol=tolerance, atol=tolerance
    )
    assert px.mean.shape == (K, B, *EVENT)
    torch.testing.assert_close(px.mean, expected.mean)


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("event", [(6,), (1, 4, 4), (3, 5, 2)])
def test_any_event_shape_is_summed_to_draws_by_batch(name: str, event: tuple[int, ...]) -> None:
    likelihood = LIKELIHOODS[name]()
    px = likelihood(torch.zeros(2, 3, likelihood.needs, *event))
    assert px.log_prob(torch.full((3, *event), 0.25)).shape == (2, 3)
    assert px.mean.shape == (2, 3, *event)


@pytest.mark.parametrize("name", ALIKE)
def test_support_says_where_data_may_lie(name: str) -> None:
    support = LIKELIHOODS[name]().support
    outside = torch.tensor([-0.1, 1.1])
    assert support.check(torch.tensor([0.0, 0.3, 1.0])).all()
    assert support.check(outside).any() != isinstance(LIKELIHOODS[name](), IMAGE_ONLY)
    assert not support.check(torch.tensor(math.nan))


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("size", [1e-6, 30.0])
def test_densities_and_gradients_stay_finite_for_extreme_parameters(name: str, size: float) -> None:
    likelihood = LIKELIHOODS[name]()
    given = torch.full((1, 2, likelihood.needs, 4), size)
    given[:, 1] *= -1
    given.requires_grad_(True)
    log_px = likelihood(given).log_prob(torch.tensor([0.0, 1e-3, 0.5, 1.0]).expand(2, 4))
    (gradient,) = torch.autograd.grad(log_px.sum(), given)
    assert log_px.isfinite().all()
    assert gradient.isfinite().all()


def test_bernoulli_is_the_summed_cross_entropy_also_for_grey_values() -> None:
    given, x = parameters(Bernoulli(), 3.0), unit(B, *EVENT)
    expected = -binary_cross_entropy_with_logits(
        given[:, :, 0], x.expand(K, B, *EVENT), reduction="none"
    )
    torch.testing.assert_close(Bernoulli()(given).log_prob(x), summed(expected))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "logit", [-60.0, -8.0, -1.0, -0.21, -0.19, -0.003, 0.0, 1e-6, 0.1, 3.0, 12.0, 15.0, 16.0, 60.0]
)
def test_continuous_bernoulli_integrates_to_one_and_has_its_mean(
    logit: float, dtype: torch.dtype
) -> None:
    x = torch.linspace(0, 1, 50_001, dtype=torch.float64)
    px = ContinuousBernoulli()(torch.full((1, 1, 1, 1), logit, dtype=dtype))
    density = px.log_prob(x[:, None, None, None]).exp().flatten()
    assert torch.trapezoid(density, x).item() == pytest.approx(1, abs=1e-6)
    assert torch.trapezoid(x * density, x).item() == pytest.approx(px.mean.item(), abs=1e-6)


@pytest.mark.parametrize("scale", [0.01, 0.5, 1.0, 4.0])
def test_gaussian_uses_the_scale_it_is_given(scale: float) -> None:
    likelihood = Gaussian(scale)
    given, x = parameters(likelihood), unit(B, *EVENT)
    expected = td.Normal(given[:, :, 0], scale).log_prob(x)
    torch.testing.assert_close(likelihood(given).log_prob(x), summed(expected))
    assert not list(likelihood.parameters())


@pytest.mark.parametrize(("initial", "minimum"), [(0.1, 0.004), (1.0, 0.5), (3.0, 1e-3)])
def test_shared_gaussian_starts_from_its_initial_scale(initial: float, minimum: float) -> None:
    likelihood = SharedGaussian(initial, minimum).double()
    given, x = parameters(likelihood), unit(B, *EVENT)
    expected = td.Normal(given[:, :, 0], initial).log_prob(x)
    torch.testing.assert_close(
        likelihood(given).log_prob(x), summed(expected), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("likelihood", [Gaussian(0.5), SharedGaussian(0.5)])
def test_gaussian_draws_have_its_mean_and_scale(likelihood: Likelihood) -> None:
    given = parameters(likelihood)
    generator = torch.Generator().manual_seed(2)
    px = likelihood(given)
    x = torch.stack([px.sample(generator) for _ in range(4_000)])
    assert x.shape == (4_000, K, B, *EVENT)
    torch.testing.assert_close(x.mean(0), given[:, :, 0], rtol=0, atol=0.04)  # 5 standard errors
    torch.testing.assert_close(x.std(0), torch.full_like(x[0], 0.5), rtol=0, atol=0.03)


def test_shared_gaussian_learns_the_root_mean_square_error() -> None:
    likelihood = SharedGaussian(initial=1.0, minimum=1e-3).double()
    given, x = parameters(likelihood, 0.3), unit(B, *EVENT)
    optimiser = torch.optim.Adam(likelihood.parameters(), 0.1)
    for _ in range(200):
        optimiser.zero_grad()
        (-likelihood(given).log_prob(x).mean()).backward()
        optimiser.step()
    error = (given[:, :, 0] - x).square().mean().sqrt()
    expected = td.Normal(given[:, :, 0], error).log_prob(x)
    torch.testing.assert_close(
        likelihood(given).log_prob(x), summed(expected), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("likelihood", [SharedGaussian(1.0, 0.5), PixelGaussian(0.5)])
def test_learned_scales_stay_above_their_minimum(likelihood: Likelihood) -> None:
    likelihood = likelihood.double()
    with torch.no_grad():
        for parameter in likelihood.parameters():
            parameter.fill_(-50.0)
    given = torch.full((1, 1, likelihood.needs, 1), -50.0, dtype=torch.float64)
    at_the_mean = likelihood(given).log_prob(torch.full((1, 1), -50.0, dtype=torch.float64))
    assert at_the_mean.item() == pytest.approx(-math.log(0.5 * math.sqrt(2 * math.pi)))


def test_pixel_gaussian_reads_a_mean_and_a_scale_for_every_value() -> None:
    likelihood = PixelGaussian()
    assert likelihood.needs == 2
    given = parameters(likelihood)
    assert torch.equal(likelihood(given).mean, given[:, :, 0])
    changed = given.clone()
    changed[0, 0, 1, 0, 0, 0] += 1
    x = unit(B, *EVENT)
    differs = likelihood(given).log_prob(x) != likelihood(changed).log_prob(x)
    assert differs.nonzero().tolist() == [[0, 0]]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("make", "flag"),
    [
        (Gaussian, "`scale`"),
        (lambda value: SharedGaussian(minimum=value), "`minimum`"),
        (lambda value: SharedGaussian(initial=value), "`initial`"),
        (PixelGaussian, "`minimum`"),
    ],
)
def test_a_scale_that_is_not_positive_is_refused_by_its_flag(
    make: Callable[[float], Likelihood], flag: str, value: float
) -> None:
    with pytest.raises(BadInput, match=f"^{flag} "):
        make(value)


def test_an_initial_scale_at_its_minimum_is_refused() -> None:
    with pytest.raises(BadInput, match=r"`initial` must be above `minimum`, 0\.2, not 0\.1\."):
        SharedGaussian(initial=0.1, minimum=0.2)


@pytest.mark.parametrize("name", ALIKE)
def test_values_sum_to_the_log_prob_of_what_is_there(name: str) -> None:
    likelihood = LIKELIHOODS[name]().double()
    px, x = likelihood(parameters(likelihood)), unit(B, *EVENT)
    generator = torch.Generator().manual_seed(5)
    mask = torch.rand(B, *EVENT, generator=generator) < 0.5
    torch.testing.assert_close(px.log_prob(x), summed(px.values(x)))
    torch.testing.assert_close(px.log_prob(x, mask), summed(px.values(x) * mask))
    assert torch.equal(px.log_prob(x, torch.zeros_like(mask)), torch.zeros(K, B).double())


@pytest.mark.parametrize("name", ALIKE)
def test_draws_have_the_mean_and_lie_in_the_support(name: str) -> None:
    likelihood = LIKELIHOODS[name]().double()
    px = likelihood(parameters(likelihood))
    generator = torch.Generator().manual_seed(6)
    x = torch.stack([px.sample(generator) for _ in range(2_000)])
    assert not x.requires_grad
    assert likelihood.holds(x).all()
    error = x.std(0) / math.sqrt(len(x))
    assert ((x.mean(0) - px.mean).abs() < 5 * error + 1e-9).all()


def test_a_continuous_bernoulli_draws_what_its_density_says() -> None:
    for logit in (-30.0, -3.0, -0.1, 0.0, 0.15, 4.0, 30.0):
        px = ContinuousBernoulli()(torch.full((1, 1, 1, 20_000), logit, dtype=torch.float64))
        x = px.sample(torch.Generator().manual_seed(7)).flatten().sort().values
        grid = torch.linspace(0, 1, 10_001, dtype=torch.float64)
        one = ContinuousBernoulli()(torch.full((1, 1, 1, 1), logit, dtype=torch.float64))
        density = one.log_prob(grid[:, None]).exp().flatten()
        below = torch.cat([torch.zeros(1), torch.cumulative_trapezoid(density, grid)])
        found = torch.searchsorted(x, grid) / len(x)
        assert (found - below).abs().max() < 1.95 / math.sqrt(len(x))  # Kolmogorov, 0.1%


def test_categories_match_torch() -> None:
    likelihood = Categorical(4)
    given = parameters(likelihood)
    x = torch.randint(4, (B, *EVENT), generator=torch.Generator().manual_seed(8)).double()
    px = likelihood(given)
    expected = td.Categorical(logits=given.movedim(2, -1))
    torch.testing.assert_close(px.log_prob(x), summed(expected.log_prob(x)))
    assert torch.equal(px.mean, given.argmax(2).double())
    generator = torch.Generator().manual_seed(9)
    draws = torch.stack([px.sample(generator) for _ in range(3_000)])
    for number in range(4):
        share = (draws == number).double().mean(0)
        assert (share - expected.probs[..., number]).abs().max() < 0.06
    assert likelihood.holds(torch.tensor([0.0, 3.0])).all()
    assert not likelihood.holds(torch.tensor([-1.0, 0.5, 4.0, math.nan])).any()


def test_columns_are_their_parts_side_by_side() -> None:
    parts = [(PixelGaussian(), 2), (Categorical(3), 1), (Bernoulli(), 3)]
    likelihood = Columns(parts)
    (size,) = likelihood.outputs((6,))
    assert size == 2 * 2 + 3 + 3
    generator = torch.Generator().manual_seed(10)
    given = torch.randn(K, B, size, generator=generator, dtype=torch.float64)
    x = torch.cat(
        [torch.randn(B, 2), torch.randint(3, (B, 1)), torch.randint(2, (B, 3))], 1
    ).double()
    px = likelihood(given)
    alone = [
        PixelGaussian()(given[..., :4].unflatten(-1, (2, 2))).log_prob(x[:, :2]),
        Categorical(3)(given[..., 4:7].unflatten(-1, (3, 1))).log_prob(x[:, 2:3]),
        Bernoulli()(given[..., 7:].unflatten(-1, (1, 3))).log_prob(x[:, 3:]),
    ]
    torch.testing.assert_close(px.log_prob(x), sum(alone))
    mask = torch.rand(B, 6, generator=generator) < 0.5
    torch.testing.assert_close(px.log_prob(x, mask), (px.values(x) * mask).sum(-1))
    assert px.mean.shape == px.sample(generator).shape == (K, B, 6)
    assert likelihood.holds(px.sample(generator).flatten(0, 1)).all()
    x[0, 2], x[1, 4] = 3, 2
    assert (~likelihood.holds(x)).nonzero().tolist() == [[0, 2], [1, 4]]
    with pytest.raises(BadInput, match="of 6 columns or channels, not of data"):
        likelihood.outputs((5,))


def test_channels_are_their_parts_one_after_the_other() -> None:
    likelihood, event = cutout().double(), (4, 5, 3)
    assert likelihood.outputs(event) == (1, *event)
    given = torch.randn(K, B, 1, *event, generator=torch.Generator().manual_seed(0)).double()
    x = unit(B, *event)
    px = likelihood(given)
    colours = SharedGaussian().double()(given[:, :, :, :3]).log_prob(x[:, :3])
    mask = Bernoulli()(given[:, :, :, 3:]).log_prob(x[:, 3:])
    torch.testing.assert_close(px.log_prob(x), colours + mask)
    assert px.mean.shape == px.sample().shape == (K, B, *event)
    assert likelihood.holds(x).all()
    x[0, 3, 1, 1] = 1.5
    assert (~likelihood.holds(x)).nonzero().tolist() == [[0, 3, 1, 1]]
    two = Columns([(PixelGaussian(), 3), (Bernoulli(), 1)])
    assert two.outputs(event) == (1, 7, 5, 3)
    wide = torch.randn(K, B, 1, 7, 5, 3, generator=torch.Generator().manual_seed(1)).double()
    alone = PixelGaussian()(wide[:, :, 0, :6].unflatten(2, (2, 3))).log_prob(x[:, :3])
    torch.testing.assert_close(
        two(wide).log_prob(x)[:, 1:],
        (alone + Bernoulli()(wide[:, :, :, 6:]).log_prob(x[:, 3:]))[:, 1:],
    )
    with pytest.raises(BadInput, match="of 4 columns or channels, not of data"):
        likelihood.outputs((3, 5, 3))
    with pytest.raises(BadInput, match="`colour_weight` must be 0 or more"):
        cutout(-1.0)


def test_a_row_of_columns_trains_a_model_of_a_table() -> None:
    torch.manual_seed(0)
    likelihood = Columns([(SharedGaussian(), 2), (Categorical(3), 1)])
    net = MLP((16,))
    encoder = net.encoder((3,))
    latent = Latent(GaussianPosterior(encoder.features, 2), StandardNormal(2))
    model = Autoencoder(encoder, latent, net.decoder(2, likelihood.outputs((3,))), likelihood)
    kinds = torch.randint(3, (300,))
    x = torch.cat([torch.randn(300, 2) * 0.1 + kinds[:, None], kinds[:, None]], 1)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(300):
        optimiser.zero_grad()
        loss = ELBO()(model(x)).total
        loss.backward()
        optimiser.step()
    assert (model.reconstruct(x)[:, 2] == x[:, 2]).float().mean() > 0.95


@pytest.mark.parametrize("event", [(4,), (4, 3), (1, 4, 5)])
def test_every_band_has_a_scale_of_its_own(event: tuple[int, ...]) -> None:
    likelihood = BandGaussian(0.7, 0.1).fitted(event).double()
    assert likelihood.raw.shape == (4,)
    with torch.no_grad():
        likelihood.raw.copy_(torch.linspace(-1, 1, 4))
    given, x = unit(K, B, 1, *event), unit(B, *event, seed=2)
    scale = likelihood.scale.view(-1, *[1] * (len(event) > 1))
    expected = td.Normal(given[:, :, 0], scale.expand(event))
    torch.testing.assert_close(likelihood(given).log_prob(x), summed(expected.log_prob(x)))
    draws = likelihood(given).sample(torch.Generator().manual_seed(0))
    assert draws.shape == (K, B, *event)
    assert likelihood.fitted(event) is likelihood


def test_bands_that_the_data_do_not_have_are_refused() -> None:
    with pytest.raises(BadInput, match="`bands` are 4, but data of shape"):
        BandGaussian(bands=4).fitted((1, 5, 20))
    with pytest.raises(BadInput, match="`bands` must be 1 or more"):
        BandGaussian(bands=0)
