"""PSNR, SSIM and sharpness against plain computations, and what they say of blur."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.pictures import psnr, sharpness, ssim


def _pictures(*shape: int, seed: int = 0) -> Tensor:
    """Smooth random pictures with a little noise, in [0, 1]."""
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.random(shape), (0, 0, 2, 2))
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return torch.from_numpy(np.clip(smooth + 0.05 * random.standard_normal(shape), 0, 1)).float()


def _blurred(x: Tensor, sigma: float) -> Tensor:
    return torch.from_numpy(ndimage.gaussian_filter(x.numpy(), (0, 0, sigma, sigma)))


def _ssim_by_loops(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM of two channels (H, W), window by window, as its paper writes it."""
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / np.outer(line, line).sum()
    found = []
    for i in range(a.shape[0] - 10):
        for j in range(a.shape[1] - 10):
            x, y = a[i : i + 11, j : j + 11], b[i : i + 11, j : j + 11]
            mx, my = (window * x).sum(), (window * y).sum()
            vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
            cov = (window * (x - mx) * (y - my)).sum()
            top = (2 * mx * my + 0.01**2) * (2 * cov + 0.03**2)
            found.append(top / ((mx**2 + my**2 + 0.01**2) * (vx + vy + 0.03**2)))
    return float(np.mean(found))


def test_ssim_is_the_published_formula_window_by_window():
    a, b = _pictures(2, 3, 14, 17), _pictures(2, 3, 14, 17, seed=1)
    b[1] = 0.7 * a[1] + 0.1
    expected = [
        np.mean(
            [_ssim_by_loops(a[n, c].double().numpy(), b[n, c].double().numpy()) for c in (0, 1, 2)]
        )
        for n in range(2)
    ]
    assert ssim(a, b).tolist() == pytest.approx(expected, abs=1e-9)


def test_ssim_of_a_constant_shift_is_its_luminance_term():
    a = torch.full((1, 1, 20, 20), 0.25)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert float(ssim(a, a + 0.5)) == pytest.approx(expected)


def test_psnr_of_a_known_error_in_decibels():
    a = torch.full((2, 3, 8, 8), 0.5)
    b = a + torch.tensor([0.1, 0.01]).view(2, 1, 1, 1)
    assert psnr(a, b).tolist() == pytest.approx([20, 40], abs=1e-4)


def test_equal_pictures_are_as_near_as_can_be():
    x = _pictures(2, 3, 16, 16)
    assert psnr(x, x).tolist() == [math.inf, math.inf]
    assert ssim(x, x).tolist() == pytest.approx([1, 1], abs=1e-12)


def test_sharpness_is_the_variance_of_the_laplacian_of_the_luminance():
    x = _pictures(2, 3, 12, 15).double()
    grey = np.tensordot([0.299, 0.587, 0.114], x.numpy(), axes=(0, 1))
    expected = [ndimage.laplace(each)[1:-1, 1:-1].var() for each in grey]
    assert sharpness(x).tolist() == pytest.approx(expected, rel=1e-9)
    grey_picture = torch.from_numpy(grey).unsqueeze(1)
    assert sharpness(grey_picture).tolist() == pytest.approx(expected, rel=1e-9)


def test_more_blur_lowers_every_measure():
    x = _pictures(4, 3, 32, 32)
    for measure in (psnr, ssim):
        little, much = measure(x, _blurred(x, 0.7)), measure(x, _blurred(x, 2))
        assert (much < little).all()
    assert (sharpness(_blurred(x, 0.7)) < sharpness(x)).all()
    assert (sharpness(_blurred(x, 2)) < sharpness(_blurred(x, 0.7))).all()


def test_blocks_of_any_size_agree(monkeypatch):
    a, b = _pictures(7, 3, 16, 16), _pictures(7, 3, 16, 16, seed=1)
    whole = psnr(a, b), ssim(a, b), sharpness(a)
    monkeypatch.setattr("vaekit.evaluation.pictures._BLOCK", 2 * a[0].numel())
    for one, other in zip(whole, (psnr(a, b), ssim(a, b), sharpness(a)), strict=True):
        assert torch.allclose(one, other, rtol=1e-12)


def test_values_that_overshoot_count_as_the_screen_shows_them():
    x = torch.ones(1, 1, 12, 12)
    assert psnr(x, 1.3 * x).tolist() == [math.inf]


def test_refuses_what_is_not_a_pair_of_pictures():
    x = _pictures(2, 3, 16, 16)
    with pytest.raises(BadInput, match="one shape"):
        psnr(x, x[:1])
    with pytest.raises(BadInput, match="one shape"):
        psnr(x[:0], x[:0])
    with pytest.raises(BadInput, match="divide bytes by 255"):
        psnr(x, 255 * x)
    with pytest.raises(BadInput, match="divide bytes by 255"):
        psnr(x, (255 * x).byte())
    with pytest.raises(BadInput, match="11 x 11"):
        ssim(x[..., :10], x[..., :10])
    with pytest.raises(BadInput, match="grey or colour"):
        sharpness(x[:, :2])
