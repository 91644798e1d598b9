"""De-noising, measured: against numbers that can be worked out, and on models that are known."""

import math

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from vaekit.corruptions import SINGLE, GaussianNoise, Masking
from vaekit.data import Split
from vaekit.errors import BadInput
from vaekit.evaluation.denoising import (
    STRENGTHS,
    change,
    criterion,
    denoised,
    measure_denoising,
    noisy,
    usual_noises,
)
from vaekit.evaluation.pictures import psnr
from vaekit.latents import Deterministic
from vaekit.likelihoods import Gaussian
from vaekit.model import Autoencoder
from vaekit.recipes import RECIPES
from vaekit.spec import Spec

SHAPE = (1, 12, 12)


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def built(corruption: str = "", **options: object) -> Autoencoder:
    torch.manual_seed(0)
    spec = Spec(
        "vae",
        SHAPE,
        {"latent": 3},
        net="mlp",
        net_options={"hidden": (16,)},
        corruption=corruption,
        corruption_options=options,
    )
    return spec.build()[0].eval()


class Flat(nn.Module):
    """An encoder, or a decoder, that hands on what it gets."""

    context = 0
    features = math.prod(SHAPE)

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        return x.flatten(1) if x.ndim == 4 else x.view(*x.shape[:2], 1, *SHAPE)


def identity() -> Autoencoder:
    """An autoencoder that gives back what it reads."""
    latent = Deterministic(Flat.features, Flat.features)
    with torch.no_grad():
        latent.head.weight.copy_(torch.eye(Flat.features))
        latent.head.bias.zero_()
    return Autoencoder(Flat(), latent, Flat(), Gaussian()).eval()


def pictures(n: int = 60) -> Tensor:
    return torch.rand(n, *SHAPE, generator=seeded(1)) * 0.5 + 0.25


def test_every_corruption_is_measured_at_three_strengths() -> None:
    assert STRENGTHS.keys() == SINGLE.keys()
    assert len(usual_noises(SHAPE)) == 3 * len(SINGLE)
    assert not any(name.startswith("blocks") for name in usual_noises((1, 4, 4)))


def test_a_model_that_changes_nothing_gains_nothing() -> None:
    found = measure_denoising(identity(), Split(pictures().numpy()), ["gaussian:0.05", "blur:1"])
    assert [each.noise for each in found] == ["none", "gaussian:0.05", "blur:1"]
    assert found[0].psnr.before is None
    for each in found[1:]:
        assert each.pictures == 60
        assert each.ssim is not None
        for measured in (each.psnr, each.ssim):
            assert measured.gain is not None
            assert measured.gain.value == pytest.approx(0, abs=1e-4)
    before = found[1].psnr.before
    assert before is not None
    # Mean squared noise 0.05^2 is 26 dB; that a picture's own mean varies adds a little.
    assert before.value == pytest.approx(-20 * math.log10(0.05), abs=0.1)


def test_the_verdict_is_that_of_the_difference() -> None:
    clean = pictures()
    seen = noisy(clean, GaussianNoise(0.2), 1)
    closer, farther = clean + 0.5 * (seen - clean), clean + 1.5 * (seen - clean)
    assert change(psnr, clean, closer, seen).verdict == "better"
    assert change(psnr, clean, farther, seen).verdict == "worse"
    assert change(psnr, clean, seen, seen).verdict == "undecided"
    assert change(psnr, clean, closer).verdict == ""
    gain = change(psnr, clean, closer, seen).gain
    assert gain is not None
    assert gain.value == pytest.approx(20 * math.log10(2), abs=0.2)  # but for what is cut off


def test_only_pictures_that_the_noise_changed_are_counted() -> None:
    x = pictures(200)
    x[:100] = 0  # nothing to mask
    (_, found) = measure_denoising(identity(), Split(x.numpy()), ["masking:0.5"])
    assert found.pictures == 100
    assert found.psnr.before is not None
    assert math.isfinite(found.psnr.before.value)
    with pytest.raises(BadInput, match=r"masking:0\.5 leaves all pictures as they are"):
        measure_denoising(identity(), Split(x[:100].numpy()), ["masking:0.5"])


def test_many_draws_come_to_the_posterior_mean_of_the_decoded() -> None:
    model, x = built(), pictures(7)
    assert torch.equal(denoised(model, x), model.reconstruct(x))
    few, again = (denoised(model, x, 5, seeded(3)) for _ in range(2))
    assert torch.equal(few, again)
    assert few.shape == x.shape
    draws = [denoised(model, x, 400, seeded(seed)) for seed in (4, 5)]
    trace = model(x, 4_000, generator=seeded(6))
    expected = trace.px.mean.mean(0)
    for each in draws:
        assert (each - expected).abs().max() < 0.02
    with pytest.raises(BadInput, match="Deterministic has one code a row"):
        denoised(identity(), x, 5)
    with pytest.raises(BadInput, match="`draws`"):
        denoised(model, x, 0)


def test_the_criterion_is_the_elbo_of_clean_data_where_nothing_is_corrupted() -> None:
    x = pictures(300)
    split, clean = Split(x.numpy()), built()
    traces = [next(clean.traces(x, 200, seeded(seed))) for seed in (1, 2)]
    elbo = [float((t.log_px.mean(0) - t.draw.rate).mean()) for t in traces]
    assert criterion(clean, split) == pytest.approx(elbo[0], abs=0.2)
    assert elbo[0] == pytest.approx(elbo[1], abs=0.05)
    assert criterion(built("gaussian", scale=0.0), split) == pytest.approx(elbo[0], abs=0.2)


def test_the_criterion_is_what_training_maximises() -> None:
    model, x = built("masking", share=0.5), pictures(4_000)
    model.training = True  # the corruption's mode alone
    trace = model(x, generator=seeded(8))
    trained = (trace.log_px.mean(0) - trace.draw.rate).detach()
    model.eval()
    error = float(trained.std()) / math.sqrt(len(x))
    assert criterion(model, Split(x.numpy())) == pytest.approx(float(trained.mean()), abs=6 * error)
    assert not np.isclose(criterion(model, Split(x.numpy())), criterion(built(), Split(x.numpy())))


def test_what_cannot_be_measured_is_refused() -> None:
    model, split = built(), Split(pictures(5).numpy())
    for noises, words in (
        (["blr:1"], "did you mean blur"),
        (["masking:1.5"], "`share`"),
        (["several:1"], "no corruption 'several'"),
    ):
        with pytest.raises(BadInput, match=words):
            measure_denoising(model, split, noises)
    with pytest.raises(BadInput, match="`limit`"):
        measure_denoising(model, split, limit=0)
    with pytest.raises(BadInput, match="measured on pictures"):
        measure_denoising(model, Split(np.zeros((5, 9), np.float32)))
    ae, _ = RECIPES["ae"](SHAPE, latent=2)
    with pytest.raises(BadInput, match="no rate"):
        criterion(ae, split)


def test_noise_is_the_same_for_a_seed() -> None:
    x, part = pictures(250), Masking(0.5)
    assert torch.equal(noisy(x, part, 1), noisy(x, part, 1))
    assert not torch.equal(noisy(x, part, 1), noisy(x, part, 2))
