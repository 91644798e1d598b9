"""The judge learns real digits, repeats itself, and survives the disk."""

import gzip
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from vaekit.errors import BadInput
from vaekit.evaluation.judge import Judge, accuracy, load_judge, save, train_judge


@pytest.fixture(scope="module")
def judge(digits: tuple[Tensor, Tensor]) -> Judge:
    images, labels = digits
    return train_judge(images[:1400], labels[:1400], classes=10, epochs=20, batch_size=50)


def _mnist(name: str, header: int, count: int) -> Tensor:
    path = Path(os.environ.get("VAEKIT_DATA", "")) / "mnist" / name
    if not path.is_file():
        pytest.skip(f"$VAEKIT_DATA has no mnist/{name}")
    return torch.frombuffer(bytearray(gzip.open(path).read()[header:]), dtype=torch.uint8)[:count]


def test_finds_the_labels_of_embedded_digits_it_has_not_seen(judge, digits):
    images, labels = digits
    assert accuracy(judge, images[1400:], labels[1400:]) > 0.95


def test_learns_mnist_from_its_first_tenth():
    images = _mnist("train-images-idx3-ubyte.gz", 16, 6000 * 784).view(-1, 1, 28, 28)
    judge = train_judge(images, _mnist("train-labels-idx1-ubyte.gz", 8, 6000), classes=10, epochs=3)
    test = _mnist("t10k-images-idx3-ubyte.gz", 16, 2000 * 784).view(-1, 1, 28, 28)
    assert accuracy(judge, test, _mnist("t10k-labels-idx1-ubyte.gz", 8, 2000)) > 0.94


def test_the_seed_decides_the_judge_and_the_global_random_state_is_left_alone(digits):
    images, labels = digits[0][:300], digits[1][:300]
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = train_judge(images, labels, classes=10, epochs=2, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again = train_judge(images, labels, classes=10, epochs=2, seed=5)
    other = train_judge(images, labels, classes=10, epochs=2, seed=6)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert not torch.equal(first.head.weight, other.head.weight)


def test_learns_the_same_from_bytes_as_from_floats():
    images = torch.randint(0, 256, (60, 1, 8, 8), dtype=torch.uint8)
    labels = torch.arange(60) % 3
    first = train_judge(images, labels, classes=3, epochs=1)
    second = train_judge(images.float() / 255, labels, classes=3, epochs=1)
    assert torch.equal(first.head.weight, second.head.weight)
    assert torch.equal(first.predict(images), second.predict(images.float() / 255))


def test_progress_counts_every_step_up_to_the_last(digits):
    images, labels = digits
    seen: list[tuple[int, int]] = []
    train_judge(
        images[:130],
        labels[:130],
        classes=10,
        epochs=2,
        batch_size=50,
        progress=lambda step, steps: seen.append((step, steps)),
    )
    assert seen == [(step, 6) for step in range(1, 7)]


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 4, 5), (3, 33, 18)])
def test_logits_read_the_features_at_any_modest_size(shape):
    judge = Judge(shape, classes=7, feature_size=20)
    x = torch.rand(5, *shape)
    features = judge.features(x)
    assert features.shape == (5, 20)
    torch.testing.assert_close(judge(x), F.linear(features, judge.head.weight, judge.head.bias))


def test_inspecting_in_blocks_is_inspecting_each_image(judge, digits):
    images = digits[0]
    features, logits = judge.inspect(images)
    assert len(images) > 1000  # more than one block
    torch.testing.assert_close(features, judge.features(images))
    torch.testing.assert_close(logits, judge(images))
    assert torch.equal(judge.predict(images), logits.argmax(dim=1))
    assert not logits.requires_grad


def test_a_saved_judge_comes_back_equal_and_draws_no_random_numbers(judge, digits, tmp_path):
    save(judge, tmp_path / "judge.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["judge.safetensors"]
    before = torch.get_rng_state()
    loaded = load_judge(tmp_path / "judge.safetensors")
    assert torch.equal(torch.get_rng_state(), before)
    assert (loaded.shape, loaded.classes, loaded.feature_size) == ((1, 8, 8), 10, 64)
    assert torch.equal(loaded(digits[0]), judge(digits[0]))


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused_by_name(judge, tmp_path, kept):
    path = tmp_path / "judge.safetensors"
    save(judge, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(BadInput, match=r"judge\.safetensors.*delete it"):
        load_judge(path)


@pytest.mark.parametrize(
    ("weights", "metadata"),
    [
        ({"weight": torch.zeros(3)}, None),
        ({"weight": torch.zeros(3)}, {"judge": '{"shape": [1, 8, 8], "classes": 10}'}),
        ({"weight": torch.zeros(3)}, {"judge": '{"depth": 3}'}),
        ({"weight": torch.zeros(3)}, {"judge": "[1]"}),
        ({"weight": torch.zeros(3)}, {"judge": "not JSON"}),
    ],
)
def test_a_foreign_safetensors_file_is_refused_by_name(tmp_path, weights, metadata):
    path = tmp_path / "other.safetensors"
    save_file(weights, path, metadata=metadata)
    with pytest.raises(BadInput, match=r"other\.safetensors"):
        load_judge(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(BadInput, match=r"absent\.safetensors"):
        load_judge(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("images", "labels", "options", "message"),
    [
        (torch.rand(0, 1, 8, 8), torch.zeros(0), {}, "images"),
        (torch.rand(9, 8, 8), torch.zeros(9), {}, r"\(9, 8, 8\)"),
        (torch.rand(9, 1, 8, 8), torch.zeros(8), {}, "9 images"),
        (torch.rand(9, 1, 8, 8), torch.full((9,), 10), {}, "0..9"),
        (torch.rand(9, 1, 8, 8), torch.full((9,), -1), {}, "0..9"),
        (torch.rand(9, 1, 3, 8), torch.zeros(9), {}, "3 x 8"),
        (torch.rand(9, 1, 8, 8), torch.zeros(9), {"epochs": 0}, "epochs"),
        (torch.rand(9, 1, 8, 8), torch.zeros(9), {"batch_size": 0}, "batch_size"),
    ],
)
def test_images_and_labels_that_do_not_fit_are_refused(images, labels, options, message):
    with pytest.raises(BadInput, match=message):
        train_judge(images, labels, classes=10, **options)


def test_images_of_another_shape_are_refused(judge):
    with pytest.raises(BadInput, match=r"\(N, 1, 8, 8\), got \(2, 1, 28, 28\)"):
        judge.predict(torch.rand(2, 1, 28, 28))
    with pytest.raises(BadInput, match="3 images but 2 labels"):
        accuracy(judge, torch.rand(3, 1, 8, 8), torch.zeros(2))
