"""Frechet distance, precision and recall against closed forms, and on real digits."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from vaekit.errors import BadInput
from vaekit.evaluation.generation import (
    confidence,
    frechet_distance,
    judge_generation,
    judge_real,
    precision_recall,
)
from vaekit.evaluation.judge import Judge, train_judge


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _with_moments(mean: Tensor, covariance: Tensor, count: int, seed: int) -> Tensor:
    """A sample whose own mean and covariance are exactly the given ones."""
    x = _normal(count, len(mean), seed=seed)
    white = torch.linalg.solve_triangular(
        torch.linalg.cholesky(x.T.cov()), (x - x.mean(0)).T, upper=False
    )
    return (torch.linalg.cholesky(covariance) @ white).T + mean


# Frechet distance


def test_frechet_of_axis_aligned_gaussians_is_the_distance_of_means_and_scales():
    means = torch.tensor([[0.0, 1.0, -2.0], [3.0, 1.0, 2.0]], dtype=torch.float64)
    scales = torch.tensor([[1.0, 2.0, 0.5], [1.5, 0.1, 4.0]], dtype=torch.float64)
    real, fake = (_with_moments(means[i], scales[i].square().diag(), 50, seed=i) for i in (0, 1))
    expected = (means[0] - means[1]).square().sum() + (scales[0] - scales[1]).square().sum()
    assert frechet_distance(real, fake) == pytest.approx(expected.item(), rel=1e-10)


def test_frechet_of_gaussians_whose_covariances_do_not_commute():
    first = torch.tensor([[2.0, 0.9], [0.9, 1.0]], dtype=torch.float64)
    second = torch.tensor([[1.0, -0.6], [-0.6, 3.0]], dtype=torch.float64)
    origin = torch.zeros(2, dtype=torch.float64)
    real = _with_moments(origin, first, 40, seed=0)
    fake = _with_moments(origin + 1, second, 30, seed=1)
    # For 2 x 2 matrices tr M^½ = sqrt(tr M + 2 sqrt(det M)).
    product = first @ second
    root_trace = (product.trace() + 2 * product.det().sqrt()).sqrt()
    expected = 2 + first.trace() + second.trace() - 2 * root_trace
    assert frechet_distance(real, fake) == pytest.approx(expected.item(), rel=1e-10)


def test_frechet_of_large_samples_approaches_the_distance_of_their_distributions():
    real = _normal(40_000, 4, seed=0)
    fake = 2 * _normal(40_000, 4, seed=1) + 1
    assert frechet_distance(real, fake) == pytest.approx(4 + 4, rel=0.02)


def test_frechet_of_a_set_with_itself_is_zero_in_any_order_and_of_any_rank():
    for count in (200, 10):  # more and fewer points than features
        x = 100 * _normal(count, 30, seed=0) + 50
        assert frechet_distance(x, x) < 1e-18
        assert frechet_distance(x, x.flip(0)) < 1e-18


def test_frechet_of_points_on_two_lines_ignores_the_empty_dimensions():
    line = _normal(20, 1, seed=0)
    line = (line - line.mean()) / line.std()
    real, fake = (torch.zeros(20, 8, dtype=torch.float64) for _ in range(2))
    real[:, :1], fake[:, 3:4] = line, 2 * line  # orthogonal, so nothing is shared: 1 + 4
    assert frechet_distance(real, fake) == pytest.approx(5, rel=1e-10)


def test_frechet_is_symmetric_and_does_not_see_rotations():
    real, fake = _normal(60, 6, seed=0), _normal(50, 6, seed=1) * torch.arange(1, 7) + 1
    rotation = torch.linalg.qr(_normal(6, 6, seed=2)).Q
    distance = frechet_distance(real, fake)
    assert frechet_distance(fake, real) == pytest.approx(distance, rel=1e-10)
    assert frechet_distance(real @ rotation, fake @ rotation) == pytest.approx(distance, rel=1e-10)


# Precision and recall


def test_precision_and_recall_of_points_on_a_line_by_hand():
    real = torch.tensor([[0.0], [1.0], [2.0], [3.0]])  # radii 1: support [-1, 4]
    fake = torch.tensor([[0.5], [1.5], [10.0], [10.5]])  # support [-0.5, 2.5] and [9.5, 11]
    assert precision_recall(real, fake, k=1) == (0.5, 0.75)
    # To the second neighbour real radii are 2, 1, 1, 2; fake ones 9.5, 8.5, 8.5, 9.
    assert precision_recall(real, fake, k=2) == (0.5, 1.0)


def test_identical_sets_have_precision_and_recall_one_and_distant_ones_zero():
    x = _normal(100, 5, seed=0)
    assert precision_recall(x, x) == (1, 1)
    assert precision_recall(x, x + 1000) == (0, 0)


def test_copies_of_one_real_point_are_precise_and_recall_only_that_point():
    real = _normal(50, 5, seed=0)
    assert precision_recall(real, real[:1].expand(50, 5)) == (1, 1 / 50)


def test_dropping_a_mode_costs_recall_and_inventing_one_costs_precision():
    mode, other = _normal(200, 3, seed=0), _normal(200, 3, seed=1) + 100
    both = torch.cat((_normal(200, 3, seed=2), _normal(200, 3, seed=3) + 100))
    precision, recall = precision_recall(both, torch.cat((mode, _normal(200, 3, seed=4))))
    assert precision > 0.9
    assert 0.4 < recall < 0.5
    precision, recall = precision_recall(mode, torch.cat((_normal(200, 3, seed=2), other)))
    assert 0.4 < precision < 0.5
    assert recall > 0.9


def test_precision_and_recall_do_not_depend_on_the_block_size():
    real, fake = _normal(83, 4, seed=0), 1.5 * _normal(61, 4, seed=1)
    whole = precision_recall(real, fake)
    assert 0 < whole[0] < 1
    assert 0 < whole[1] < 1
    assert precision_recall(real, fake, entries=1) == whole
    assert precision_recall(real, fake, entries=700) == whole


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.rand(3, 2), torch.rand(9, 2), "3 real images are too few, give at least 4"),
        (torch.rand(9, 2), torch.rand(3, 2), "3 generated images are too few"),
        (torch.rand(9, 2), torch.rand(9, 3), r"\(9, 2\) and \(9, 3\)"),
        (torch.rand(9, 2), torch.full((9, 2), math.nan), "generated images .* not finite"),
    ],
)
def test_features_that_can_not_be_compared_are_refused(real, fake, message):
    with pytest.raises(BadInput, match=message):
        precision_recall(real, fake)


def test_a_radius_needs_a_neighbour_and_a_covariance_two_points():
    with pytest.raises(BadInput, match="k, the neighbour"):
        precision_recall(torch.rand(9, 2), torch.rand(9, 2), k=0)
    with pytest.raises(BadInput, match="at least 2"):
        frechet_distance(torch.rand(1, 2), torch.rand(9, 2))


# With a judge, on the embedded digits


@pytest.fixture(scope="module")
def judge(digits: tuple[Tensor, Tensor]) -> Judge:
    images, labels = digits
    return train_judge(images[:900], labels[:900], classes=10, epochs=20, batch_size=50)


def test_real_digits_pass_for_digits_blends_less_and_noise_least(judge, digits):
    held_out = digits[0][900:]
    noise = torch.rand(448, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    real = judge_real(judge, held_out, size=200)
    blend = judge_generation(judge, held_out, (held_out + held_out.flip(0)) / 2, size=200)
    fake = judge_generation(judge, held_out, noise, size=200)
    assert (real.size, real.draws, real.k) == (fake.size, fake.draws, fake.k) == (200, 10, 3)
    assert 10 * real.frechet.mean < 3 * blend.frechet.mean < fake.frechet.mean
    assert fake.precision.mean < 0.55 < blend.precision.mean < 0.8 < real.precision.mean
    assert fake.recall.mean < 0.5 < 0.8 < real.recall.mean
    assert fake.confidence.sure < 0.4 < blend.confidence.sure < 0.8 < real.confidence.sure
    assert fake.confidence.top < 0.75 < blend.confidence.top < 0.9 < real.confidence.top
    assert 0 < real.recall.deviation < 0.1


def test_a_generator_of_small_digits_only_is_precise_but_forgets_the_others(judge, digits):
    images, labels = digits[0][900:], digits[1][900:]
    half = len(images) // 2
    small = images[half:][labels[half:] < 5]
    result = judge_generation(judge, images[:half], small)
    assert result.size == len(small)
    assert result.precision.mean > 0.8
    assert 0.4 < result.recall.mean < 0.65
    assert result.confidence.label_entropy == pytest.approx(math.log(5), abs=0.1)
    assert sum(result.confidence.shares[:5]) > 0.9
    assert sum(result.confidence.shares) == pytest.approx(1)


def test_the_smaller_set_is_taken_whole_and_two_whole_sets_once(judge, digits):
    images = digits[0]
    few = judge_generation(judge, images[900:1700], images[1700:])
    assert (few.size, few.draws) == (97, 10)
    assert few.frechet.deviation > 0
    once = judge_generation(judge, images[:97], images[1700:])
    assert (once.size, once.draws, once.frechet.deviation) == (97, 1, None)
    features = [judge.inspect(part)[0] for part in (images[:97], images[1700:])]
    assert once.frechet.mean == pytest.approx(frechet_distance(*features), rel=1e-6)
    assert (once.precision.mean, once.recall.mean) == precision_recall(*map(normalize, features))


def test_the_seed_decides_the_subsets_and_the_real_halves_differ(judge, digits):
    images = digits[0][900:]
    assert judge_real(judge, images, seed=1) == judge_real(judge, images, seed=1)
    assert judge_real(judge, images, seed=1) != judge_real(judge, images, seed=2)
    assert judge_real(judge, images[:400]).size == 100
    # Two equal halves would be at distance 0.
    assert judge_real(judge, images, size=448).frechet.mean > 0.01


def test_confidence_of_a_judge_that_always_answers_two_thirds(digits):
    judge = Judge((1, 8, 8), classes=3)
    with torch.no_grad():
        judge.head.weight.zero_()
        judge.head.bias.copy_(torch.tensor([1 / 6, 2 / 3, 1 / 6]).log())
    opinion = confidence(judge, digits[0][:20])
    assert opinion.top == pytest.approx(2 / 3)
    assert (opinion.sure, opinion.shares, opinion.label_entropy) == (0, (0, 1, 0), 0)


def test_images_that_can_not_be_judged_are_refused(judge, digits):
    images = digits[0]
    for size in (3, 101):
        with pytest.raises(BadInput, match=f"more than k .* at most 100 images, got {size}"):
            judge_generation(judge, images, images[:100], size=size)
    with pytest.raises(BadInput, match="draws"):
        judge_generation(judge, images, images[:100], draws=0)
    with pytest.raises(BadInput, match="not finite"):
        judge_generation(judge, images, torch.full((100, 1, 8, 8), math.nan))
    with pytest.raises(BadInput, match=r"\(N, 1, 8, 8\)"):
        judge_generation(judge, images, torch.rand(100, 1, 28, 28))
