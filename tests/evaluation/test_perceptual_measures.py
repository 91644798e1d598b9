"""Distances and sets in feature space: by hand, and with SqueezeNet on embedded photos."""

import os
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_sample_image
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.generation import frechet_distance
from vaekit.evaluation.perceptual import feature_distance, frechet_interval, pooled
from vaekit.features import Features


@pytest.fixture(scope="module")
def squeezenet() -> Features:
    if not list((Path(os.environ.get("VAEKIT_DATA", "")) / "squeezenet").glob("*.safetensors")):
        pytest.skip("$VAEKIT_DATA has no squeezenet/*.safetensors")
    return Features("squeezenet", layers=("fire3", "fire5")).load()


@pytest.fixture(scope="module")
def photos() -> Tensor:
    """64 squares of two embedded photos, (64, 3, 64, 64)."""
    found = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    squares = [
        torch.from_numpy(photo.copy())[i : i + 64, j : j + 64]
        for photo in found
        for i in range(0, 256, 64)
        for j in range(0, 512, 64)
    ]
    return torch.stack(squares).permute(0, 3, 1, 2).float() / 255


def _maps(x: Tensor) -> list[Tensor]:
    """Two layers that can be followed by hand: the picture, and every other pixel of it."""
    return [x, 5 * x[:, :, ::2, ::2]]


def test_distance_adds_the_layers_unit_vectors_squared_differences():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    half = red.clone()
    half[..., :2, :] = torch.tensor([0, 0.3, 0]).view(3, 1, 1)  # of any length: a right angle
    # Unit vectors at a right angle differ by 2 squared, on half of the places, in two layers.
    assert float(feature_distance(_maps, red, half)) == pytest.approx(2)
    assert float(feature_distance(_maps, red, 0.4 * red)) == pytest.approx(0, abs=1e-12)


def test_dark_features_have_a_distance_too():
    black = torch.zeros(1, 3, 4, 4)
    assert float(feature_distance(_maps, black, black)) == 0
    assert float(feature_distance(_maps, black, black + 0.5)) == pytest.approx(2)


def test_distance_and_pooling_do_not_depend_on_the_batch(squeezenet, photos):
    a, b = photos[:7], photos[7:14]
    whole, parts = (feature_distance(squeezenet, a, b, batch_size=n) for n in (7, 3))
    assert torch.allclose(whole, parts, rtol=1e-4)
    rows, others = (pooled(squeezenet, a, grid=2, batch_size=n) for n in (7, 3))
    assert torch.allclose(rows, others, rtol=1e-4, atol=1e-5)


def test_distance_grows_with_blur_and_is_symmetric(squeezenet, photos):
    few = photos[:8]
    little = torch.nn.functional.avg_pool2d(few, 3, stride=1, padding=1, count_include_pad=False)
    much = torch.nn.functional.avg_pool2d(few, 9, stride=1, padding=4, count_include_pad=False)
    near, far = (feature_distance(squeezenet, few, x) for x in (little, much))
    assert (near < far).all()
    assert torch.allclose(far, feature_distance(squeezenet, much, few))


def test_pooling_averages_the_cells_of_a_grid_of_every_layer():
    x = torch.arange(32.0).view(1, 2, 4, 4) / 32
    whole = pooled(_maps, x)
    assert whole.shape == (1, 4)
    assert whole[0, :2].tolist() == pytest.approx(x.mean((2, 3))[0].tolist())
    cells = pooled(_maps, x, grid=2)
    assert cells.shape == (1, 16)
    assert float(cells[0, 1]) == pytest.approx(float(x[0, 0, :2, 2:].mean()))


def test_frechet_is_around_the_distance_and_sees_noise_as_farther_than_real(squeezenet, photos):
    rows = pooled(squeezenet, photos)[:, ::16]  # 24 features: below the 32 rows
    generator = torch.Generator().manual_seed(0)
    noisy = photos + 0.2 * torch.randn(photos.shape, generator=generator)
    order = torch.randperm(64, generator=generator)
    one, other = order[:32], order[32:]
    real = frechet_interval(rows[one], rows[other])
    fake = frechet_interval(rows[one], pooled(squeezenet, noisy)[other, ::16])
    assert real.value == pytest.approx(frechet_distance(rows[one], rows[other]))
    assert real.low < real.value < real.high < fake.low
    assert frechet_interval(rows[one], rows[other]) == real


def test_refuses_bytes():
    with pytest.raises(BadInput, match="divide bytes"):
        pooled(_maps, torch.zeros(2, 3, 4, 4, dtype=torch.uint8))
