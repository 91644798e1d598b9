"""The posteriors bent by flows against autograd, exact inverses and closed forms."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from slopes import assert_gradients_are_right
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.latents import (
    FlowPosterior,
    Householder,
    Latent,
    MaskedAutoregressive,
    Planar,
    Radial,
    StandardNormal,
    inverse_autoregressive,
    neural_spline,
)
from vaekit.latents.flow import Flow, moved
from vaekit.objectives import ELBO, IWAE, STL, DReG, check
from vaekit.recipes import RECIPES
from vaekit.records import Batch

B, F, D = 3, 5, 4
N = 241  # points of a grid's side

FLOWS: dict[str, Flow] = {
    "iaf-vae": partial(inverse_autoregressive, steps=3, hidden_flow=16),
    "maf-vae": partial(MaskedAutoregressive, steps=3, hidden_flow=16),
    "spline-vae": partial(neural_spline, steps=2, hidden_flow=16, bins=5),
    "planar-vae": partial(Planar, steps=4),
    "radial-vae": partial(Radial, steps=4),
    "householder": partial(Householder, steps=3),
}
every_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)


def never(batch: Batch) -> Tensor:
    raise AssertionError("no pseudo-inputs here")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stirred(flow: Flow, size: int = D) -> FlowPosterior:
    """A flow whose parameters do something, on a base that is not too narrow."""
    torch.manual_seed(0)
    posterior = FlowPosterior(F, size, flow).double()
    with torch.no_grad():
        posterior.base.head.bias[size:] += 2
        for parameter in posterior.steps.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return posterior


def jacobian_of(posterior: FlowPosterior, features: Tensor, z: Tensor) -> Tensor:
    """Of all maps for one row of features (1, F) at one code (D,)."""
    q = posterior(features)
    found: Any = torch.autograd.functional.jacobian(
        lambda point: moved(q.maps, point[None, None])[0][0, 0], z
    )
    return found


@every_flow
def test_the_log_determinant_is_that_of_autograd_s_jacobian(flow: Flow) -> None:
    posterior = stirred(flow)
    features = torch.randn(B, F, dtype=torch.float64)
    q = posterior(features)
    z, log_q = q.draw(2, seeded(1))
    start, log_base = q.base.draw(2, seeded(1))
    assert not torch.allclose(z, start)
    for k in range(2):
        for row in range(B):
            jacobian = jacobian_of(posterior, features[row : row + 1], start[k, row])
            expected = log_base[k, row] - torch.linalg.slogdet(jacobian).logabsdet
            torch.testing.assert_close(log_q[k, row], expected)
            assert (jacobian.abs() > 1e-12).sum() > D  # no diagonal map


@every_flow
def test_densities_integrate_to_one(flow: Flow) -> None:
    """In two dimensions the maps take a fine grid of the plane to all of it, and nothing twice.

    The integral of q over where they take it is that of the base; where each small square goes
    has an area of its own, which the log-determinant must give.
    """
    q = stirred(flow, size=2)(torch.zeros(1, F, dtype=torch.float64))
    side = torch.linspace(-6, 6, N, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(side, side, indexing="ij"), -1) * q.base.scale + q.base.loc
    with torch.no_grad():
        z, growth = moved(q.maps, grid.view(-1, 1, 2))
        log_q = (q.base.log_prob(grid.view(-1, 1, 2)) - growth).view(N, N)
    z = z.view(N, N, 2)
    right, up = z[1:, :-1] - z[:-1, :-1], z[:-1, 1:] - z[:-1, :-1]
    back, down = z[:-1, 1:] - z[1:, 1:], z[1:, :-1] - z[1:, 1:]

    def half(a: Tensor, b: Tensor) -> Tensor:
        return (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]) / 2

    areas = half(right, up) + half(back, down)
    assert (areas > 0).all() or (areas < 0).all(), "a map that folds"
    corners = log_q.exp().unfold(0, 2, 1).unfold(1, 2, 1).mean((-1, -2))
    assert (corners * areas.abs()).sum().item() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("name", ["planar-vae", "radial-vae"])
def test_a_step_stays_invertible_whatever_its_parameters(name: str) -> None:
    """Also with numbers for which the bare formulas would fold space."""
    torch.manual_seed(1)
    for each in FLOWS[name](F, D).double()(30 * torch.randn(500, F, dtype=torch.float64)):
        x = torch.randn(500, D, dtype=torch.float64, requires_grad=True)
        moved, growth = each.call_and_ladj(x)
        rows = [torch.autograd.grad(moved[:, d].sum(), x, retain_graph=True)[0] for d in range(D)]
        jacobian = torch.stack(rows, 1)
        assert (torch.linalg.det(jacobian) > 0).all()
        torch.testing.assert_close(torch.linalg.det(jacobian).log(), growth)


def test_a_masked_autoregressive_map_is_the_inverse_of_zuko_s() -> None:
    posterior = stirred(FLOWS["maf-vae"])
    features = torch.randn(B, F, dtype=torch.float64)
    start = torch.randn(2, B, D, dtype=torch.float64)
    z, growth = start, torch.zeros(2, B, dtype=torch.float64)
    for step in posterior.steps.steps:
        z, more = step(features).inv.call_and_ladj(z)
        growth = growth + more
    found, its = moved(posterior(features).maps, start)
    torch.testing.assert_close(found, z)
    torch.testing.assert_close(its, growth)
    for step in reversed(posterior.steps.steps):
        found = step(features)(found)
    torch.testing.assert_close(found, start)


def test_a_draw_of_16_bit_networks_goes_back_to_where_it_came_from() -> None:
    posterior, features = stirred(FLOWS["maf-vae"]).float(), torch.randn(B, F)
    start = torch.randn(2, B, D)
    with torch.autocast("cpu", torch.bfloat16):
        q = posterior(features)
        found, _ = moved(q.maps, start)
    for each in reversed(q.maps):
        found = each.forth(found)
    torch.testing.assert_close(found, start, rtol=1e-3, atol=1e-4)


def test_reflections_undo_themselves_and_keep_lengths() -> None:
    posterior = stirred(FLOWS["householder"])
    features = torch.randn(B, F, dtype=torch.float64)
    start = torch.randn(2, B, D, dtype=torch.float64)
    q = posterior(features)
    z, growth = moved(q.maps, start)
    assert not growth.any()
    torch.testing.assert_close(z.norm(dim=-1), start.norm(dim=-1))
    for each in reversed(q.maps):
        z, _ = each.call_and_ladj(z)
    torch.testing.assert_close(z, start)


def test_splines_invert() -> None:
    posterior = stirred(FLOWS["spline-vae"])
    features = torch.randn(B, F, dtype=torch.float64)
    start = 3 * torch.randn(2, B, D, dtype=torch.float64)
    q = posterior(features)
    z, _ = moved(q.maps, start)
    for each in reversed(q.maps):
        z = each.inv(z)
    torch.testing.assert_close(z, start)


@every_flow
def test_gradients_are_those_of_finite_differences(flow: Flow) -> None:
    """Of the expected log p - log q under fixed noise."""
    latent = Latent(stirred(flow), StandardNormal(D)).double()
    features = torch.randn(B, F, dtype=torch.float64)

    def value() -> Tensor:
        draw = latent(features, never, draws=4, generator=seeded(2))
        return (draw.z.sin().sum(-1) + draw.log_p - draw.log_q).mean()

    assert_gradients_are_right(value, latent)


def test_scales_have_32_bits_where_the_networks_have_16() -> None:
    """Where scales are rounded to 8 bits, their logarithms are no longer what was charged."""
    torch.manual_seed(0)
    d, flow = 100, partial(inverse_autoregressive, steps=1, hidden_flow=16)
    posterior = FlowPosterior(F, d, flow)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        posterior.steps[0].hyper[-1].bias.normal_()
        q = posterior(torch.randn(1, F))
        (step,) = q.maps
        start = q.base.mode
        _, growth = moved(q.maps, start)
        scales = step.meta(start).base.scale.double()
    assert scales.shape == (1, d)
    torch.testing.assert_close(growth.double(), scales.log().sum(-1), rtol=1e-5, atol=1e-4)


@every_flow
def test_what_is_charged_is_what_was_done_where_networks_have_16_bits(flow: Flow) -> None:
    posterior, features = stirred(flow).float(), torch.randn(B, F)
    with torch.autocast("cpu", torch.bfloat16):
        q = posterior(features)
        start = q.base.mode
        _, growth = moved(q.maps, start)
        z, log_q = q.draw(2)
    assert z.dtype == log_q.dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        jacobian = jacobian_of(posterior, features[:1], start[0].detach())
    # Slopes of 16-bit networks are rough, but what is scaled is not.
    expected = torch.linalg.slogdet(jacobian).logabsdet
    torch.testing.assert_close(growth[0], expected, rtol=0, atol=0.05)


@every_flow
def test_a_new_flow_hardly_bends(flow: Flow) -> None:
    torch.manual_seed(0)
    posterior, features = FlowPosterior(F, D, flow), torch.randn(B, F)
    q = posterior(features)
    _, growth = moved(q.maps, torch.randn(5, B, D))
    torch.testing.assert_close(growth, torch.zeros(5, B), rtol=0, atol=0.1)
    assert q.rsample((5,)).shape == (5, B, D)
    jacobian = jacobian_of(posterior, features[:1], torch.randn(D))
    torch.testing.assert_close(jacobian.T @ jacobian, torch.eye(D), rtol=0, atol=0.1)


@pytest.mark.parametrize("name", FLOWS)
def test_it_has_no_rate_by_dimension_and_says_so_when_built(name: str) -> None:
    latent = Latent(FlowPosterior(F, D, FLOWS[name]), StandardNormal(D))
    assert latent.provides.isdisjoint({"rates", "still_log_q"})
    draw = latent(torch.randn(B, F), never, draws=9)
    assert draw.rates is None
    torch.testing.assert_close(draw.rate, (draw.log_q - draw.log_p).mean(0))
    model, objective = RECIPES[name]((1, 4, 4), latent=3)
    check(model, objective)
    check(model, IWAE(3))
    for refused, fits in (
        (ELBO(free_bits=0.1), "needs rates .* FlowPosterior and StandardNormal .*`free_rate`"),
        (STL(), "needs still_log_q .* FlowPosterior and StandardNormal .* or ELBO"),
        (DReG(2), "needs still_log_q .* FlowPosterior and StandardNormal .* IWAE"),
    ):
        with pytest.raises(BadInput, match=fits):
            check(model, refused)


@pytest.mark.parametrize(
    ("flow", "options"),
    [
        *((flow, {"steps": steps}) for flow in (Planar, Radial, Householder) for steps in (0, 101)),
        (inverse_autoregressive, {"steps": 0}),
        (inverse_autoregressive, {"hidden_flow": 0}),
        (MaskedAutoregressive, {"steps": 101}),
        (neural_spline, {"bins": 1}),
        (neural_spline, {"bins": 101}),
    ],
)
def test_options_that_make_no_sense_are_refused(
    flow: Callable[..., Any], options: dict[str, int]
) -> None:
    with pytest.raises(BadInput, match=f"`{next(iter(options))}` must be"):
        flow(F, D, **options)


@every_flow
def test_one_dimension_bends_too(flow: Flow) -> None:
    posterior = stirred(flow, size=1)
    features = torch.randn(B, F, dtype=torch.float64)
    z, log_q = posterior(features).draw(2, seeded(1))
    start, log_base = posterior(features).base.draw(2, seeded(1))
    assert z.shape == (2, B, 1)
    jacobian = jacobian_of(posterior, features[:1], start[1, 0])
    torch.testing.assert_close(log_q[1, 0], log_base[1, 0] - jacobian.abs().log().sum())
