"""The evaluation against direct sums, and its repeatability."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from vaekit import recipes
from vaekit.data import Split
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.evaluation.likelihood import _light
from vaekit.evaluation.pictures import psnr, ssim
from vaekit.likelihoods import Gaussian
from vaekit.nets import MLP, Pyramid
from vaekit.records import importance_bound

SHAPE = (1, 4, 4)


@pytest.fixture
def split():
    rows = np.random.default_rng(0).integers(0, 256, (40, *SHAPE), dtype=np.uint8)
    return Split(rows)


def model(recipe=recipes.vae, **options):
    torch.manual_seed(0)
    return recipe(SHAPE, net=MLP((16,)), latent=3, **options)[0]


def test_parts_add_up_and_bound_is_above_elbo(split):
    found = evaluate(model(), split, draws=50)
    assert found.points == 40
    assert found.elbo.value == pytest.approx(-found.distortion.value - found.rate.value)
    assert found.elbo.value < found.bound.value
    assert sum(found.rates) == pytest.approx(found.rate.value, rel=1e-5)


def test_one_draw_is_the_elbo_of_the_same_codes(split):
    net = model()
    found = evaluate(net, split, draws=1, seed=3)
    torch.manual_seed(3)
    with torch.no_grad():
        trace = net.eval()(split.tensor())
    assert found.bound.value == pytest.approx(float(trace.log_w.mean()), rel=1e-5)
    spread = trace.log_w[0].double().std() / math.sqrt(40)
    assert found.bound.standard_error == pytest.approx(float(spread), rel=1e-4)
    assert found.squared_error.value == pytest.approx(
        float((net.reconstruct(split.tensor()) - split.tensor()).square().mean()), rel=1e-5
    )


def test_batches_of_any_size_agree(split):
    whole = evaluate(model(), split, draws=400, batch_size=40)
    parts = evaluate(model(), split, draws=400, batch_size=7)
    assert parts.rate.value == pytest.approx(whole.rate.value, rel=1e-5)
    assert parts.active_units == whole.active_units
    assert parts.bound.value == pytest.approx(whole.bound.value, abs=0.1)


def test_repeatable_and_leaves_the_random_state(split):
    before = torch.get_rng_state()
    first, second = (evaluate(model(), split, draws=5, seed=1) for _ in range(2))
    torch.manual_seed(0)
    assert first == second
    assert first != evaluate(model(), split, draws=5, seed=2)
    torch.set_rng_state(before)
    net = model()
    before = torch.get_rng_state()
    evaluate(net, split, draws=2)
    assert torch.equal(before, torch.get_rng_state())


def test_plain_autoencoder_has_distortion_and_no_bound(split):
    found = evaluate(model(recipes.ae), split)
    assert found.rate is None
    assert found.bound is None
    assert {name for name, *_ in found.rows()} == {
        "distortion, grey",
        "reconstruction error, squared",
        "reconstruction, PSNR",
    }
    assert "rate" not in found.to_json()


def test_every_row_has_a_unit(split):
    rows = evaluate(model(), split, draws=2).rows()
    assert len(rows) == 9 + 3
    assert all(unit for *_, unit in rows)


def test_grey_pictures_are_named_and_measured_in_black_and_white_too(split):
    net = model()
    found = evaluate(net, split, draws=20)
    assert (found.binarise, found.grey) == ("none", True)
    anew = evaluate(net, dataclasses.replace(split, binarise="dynamic"), draws=20)
    assert (anew.binarise, anew.grey) == ("dynamic", False)
    assert (found.binarised_elbo, found.binarised_bound) == (anew.elbo, anew.bound)
    assert anew.binarised_elbo is None
    names = [name for name, *_ in found.rows()]
    assert names[:2] == ["ELBO, grey", "ELBO, binarised"]
    density = evaluate(model(likelihood=Gaussian()), split, draws=2)
    assert not density.grey
    assert density.rows()[0][0] == "ELBO"


def test_missing_values_are_left_out(split):
    mask = np.random.default_rng(3).random(split.x.shape) < 0.5
    known = dataclasses.replace(split, mask=mask)
    other = dataclasses.replace(known, x=np.where(mask, split.x, 255 - split.x))
    net = model()
    found = evaluate(net, known, draws=3)
    assert found == evaluate(net, other, draws=3)
    assert found.psnr is None
    assert found.elbo.value > evaluate(net, split, draws=3).elbo.value


def test_limit_and_mistakes(split):
    assert evaluate(model(), split, draws=1, limit=5).points == 5
    with pytest.raises(BadInput, match="`draws`"):
        evaluate(model(), split, draws=0)
    with pytest.raises(BadInput, match="`limit`"):
        evaluate(model(), split, limit=0)
    with pytest.raises(BadInput, match="empty"):
        evaluate(model(), split.take(slice(0, 0)))


def test_a_bound_of_codes_that_are_not_drawn_is_refused(split):
    plain = model(recipes.ae)
    assert evaluate(plain, split) == evaluate(plain, split, draws=1)
    with pytest.raises(BadInput, match=r"`draws=5000` is .* Deterministic are not drawn: leave it"):
        evaluate(plain, split, draws=5_000)


@pytest.mark.parametrize(
    ("made", "side"),
    [
        (recipes.vae(SHAPE, latent=50), 4),
        (recipes.very_deep_vae((1, 8, 8), net=Pyramid((4, 8), (1, 1)), latent=2), 8),
    ],
)
def test_of_a_pass_only_numbers_by_draw_and_row_are_kept(made, side):
    net, _ = made
    (trace,) = net.traces(torch.rand(7, 1, side, side).round(), 3)
    kept = _light(trace)
    values = [getattr(kept.draw, each.name) for each in dataclasses.fields(kept.draw)]
    held = sum(v.untyped_storage().nbytes() for v in values if isinstance(v, torch.Tensor))
    assert held <= 3 * 4 * 3 * 7  # log q, log p and the rate
    assert not any(callable(v) and not isinstance(v, torch.Tensor) for v in values)
    torch.testing.assert_close(importance_bound([kept]), importance_bound([trace]))


def test_large_draws_are_made_in_portions(split, monkeypatch):
    monkeypatch.setattr("vaekit.model._VALUES", 40 * 16 * 3)
    portions = [trace.log_px.shape[0] for trace in model().traces(split.tensor(), 7)]
    assert portions == [3, 3, 1]


def test_reconstructed_pictures_are_compared_as_pictures():
    rows = np.random.default_rng(0).integers(0, 256, (30, 3, 12, 12), dtype=np.uint8)
    split = Split(rows)
    net = recipes.vae((3, 12, 12), net=MLP((16,)), latent=3, likelihood=Gaussian())[0]
    found = evaluate(net, split, draws=1, batch_size=7)
    x, shown = split.tensor(), net.reconstruct(split.tensor()).clamp(0, 1)
    assert found.psnr.value == pytest.approx(float(psnr(shown, x).mean()), rel=1e-5)
    assert found.psnr.unit == "dB"
    spread = ssim(shown, x).std() / math.sqrt(30)
    assert found.ssim.value == pytest.approx(float(ssim(shown, x).mean()), abs=1e-6)
    assert found.ssim.standard_error == pytest.approx(float(spread), rel=1e-4)


def test_pictures_smaller_than_the_window_have_no_ssim(split):
    found = evaluate(model(), split, draws=1).to_json()
    assert "psnr" in found
    assert "ssim" not in found


def test_vectors_are_not_compared_as_pictures():
    split = Split(np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32))
    net = recipes.vae((5,), net=MLP((8,)), latent=2, likelihood=Gaussian())[0]
    found = evaluate(net, split, draws=1)
    assert found.psnr is None
    assert found.ssim is None
