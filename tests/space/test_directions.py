"""Directions of attributes, where the true ones are known."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from vaekit.errors import BadInput
from vaekit.space import Directions, directions
from vaekit.space.directions import lookup

NAMES = ("glasses", "blond", "female")
METHODS = ("means", "balanced", "logistic")


def correlated(count: int, seed: int) -> np.ndarray:
    """Marks (N, 3): the blond are mostly female, glasses are anyone's."""
    numbers = np.random.default_rng(seed)
    female = numbers.random(count) < 0.5
    blond = numbers.random(count) < np.where(female, 0.4, 0.05)
    return np.stack([numbers.random(count) < 0.2, blond, female], axis=1)


def world(seed: int = 0, count: int = 20_000, noise: float = 1.0) -> tuple[np.ndarray, ...]:
    """Codes (N, 6) that are marks times true directions plus noise; marks; the directions."""
    truth = 2 * ortho_group.rvs(6, random_state=1)[:3]
    marks = correlated(count, seed)
    noises = np.random.default_rng(seed + 100).normal(size=(count, 6)) * noise
    return marks @ truth + noises, marks, truth


def test_balanced_recovers_the_true_directions_and_means_do_not() -> None:
    codes, marks, truth = world()
    # Five standard errors of a coefficient.
    assert np.abs(directions(codes, marks, NAMES, "balanced").vectors - truth).max() < 0.12
    plain = directions(codes, marks, NAMES, "means").vectors
    rates = [marks[marks[:, 1] == side].mean(axis=0) for side in (True, False)]
    predicted = (rates[0] - rates[1]) @ truth  # what comes along with the blond
    np.testing.assert_allclose(plain[1], predicted, atol=0.12)
    assert np.abs(plain[1] - truth[1]).max() > 0.5


def test_without_noise_balanced_is_exact() -> None:
    codes, marks, truth = world(count=500, noise=0.0)
    np.testing.assert_allclose(directions(codes, marks, NAMES, "balanced").vectors, truth)


def test_balanced_is_the_difference_of_means_that_weighs_others_equal() -> None:
    codes, marks, _ = world(count=3000)
    others = np.c_[np.ones(len(marks)), marks[:, [0, 2]]]
    # Frisch, Waugh, Lovell: weights are what the other attributes leave of this one.
    left = marks[:, 1] - others @ np.linalg.lstsq(others, marks[:, 1].astype(float), rcond=None)[0]
    np.testing.assert_allclose(others.T @ left, 0, atol=1e-8)
    weights = left / (left @ marks[:, 1])
    found = directions(codes, marks, NAMES, "balanced").vector("blond")
    np.testing.assert_allclose(found, weights @ codes)


def test_means_leak_what_comes_along_and_balanced_far_less() -> None:
    codes, marks, _ = world()
    found = {method: directions(codes, marks, NAMES, method) for method in METHODS}
    into = {name: dict(each.strongest("blond"))["female"] for name, each in found.items()}
    # Not nothing: the blond are mostly female, so whoever looks for women takes it as a hint.
    assert 0 < into["balanced"] < into["means"] / 2
    assert found["balanced"].leak[1] < found["means"].leak[1] / 2
    assert found["means"].strongest("blond")[0][0] == "female"


def test_effects_are_in_standard_deviations_within_classes() -> None:
    numbers = np.random.default_rng(0)
    marks = numbers.random((40_000, 1)) < 0.3
    codes = numbers.normal(size=(40_000, 1)) * 0.5 + 2 * marks
    found = directions(codes, marks, ["a"], "means")
    assert found.effects[0, 0] == pytest.approx(2 / 0.5, rel=0.02)
    assert found.leakage.tolist() == [[1.0]]
    assert found.leak.tolist() == [0.0]


def test_logistic_is_the_normal_and_as_long_as_the_classes_are_apart_along_it() -> None:
    # Within classes the covariance is known, so the best normal is its inverse times the gap.
    numbers = np.random.default_rng(3)
    mixing = np.array([[2.0, 0.0], [1.5, 0.5]])
    gap = np.array([1.0, 0.0])
    marks = numbers.random((60_000, 1)) < 0.5
    codes = numbers.normal(size=(60_000, 2)) @ mixing.T + marks * gap
    vector = directions(codes, marks, ["a"], "logistic").vector("a")
    normal = np.linalg.solve(mixing @ mixing.T, gap)
    cosine = vector @ normal / np.linalg.norm(vector) / np.linalg.norm(normal)
    assert cosine > 0.999
    means = directions(codes, marks, ["a"], "means").vector("a")
    assert vector @ vector == pytest.approx(means @ vector)


@pytest.mark.parametrize("method", METHODS)
def test_accuracy_is_that_of_the_cut_on_held_out_codes(method: str) -> None:
    (codes, marks, _), held = world(), world(seed=7)
    found = directions(codes, marks, NAMES, method, held_out=held[:2])
    for place, name in enumerate(NAMES):
        has = marks[:, place]
        means = [codes[has].mean(axis=0), codes[~has].mean(axis=0)]
        cut = (means[0] + means[1]) / 2 @ found.vector(name)
        said, true = held[0] @ found.vector(name) > cut, held[1][:, place]
        balanced = (said[true].mean() + (~said[~true]).mean()) / 2
        assert found.accuracy[place] == pytest.approx(balanced)
        assert balanced > 0.7


def test_accuracy_is_unknown_where_a_class_is_missing() -> None:
    codes, marks, _ = world(count=200)
    others = np.zeros((5, 3), bool)
    found = directions(codes, marks, NAMES, held_out=(np.zeros((5, 6)), others))
    assert np.isnan(found.accuracy).all()
    assert np.isnan(directions(codes, marks, NAMES).accuracy).all()


def test_values_that_exclude_each_other_are_each_against_the_others() -> None:
    numbers = np.random.default_rng(2)
    centres = numbers.normal(size=(3, 4))
    label = np.arange(300) % 3
    marks = label[:, None] == np.arange(3)
    found = directions(centres[label], marks, ["l=a", "l=b", "l=c"], "balanced")
    for n in range(3):
        way = centres[n] - np.delete(centres, n, axis=0).mean(axis=0)
        np.testing.assert_allclose(found.vectors[n], way, atol=1e-10)
    assert found.leak.tolist() == [0, 0, 0]


def test_an_attribute_without_both_classes_is_left_out_and_named() -> None:
    codes, marks, _ = world(count=2000)
    more = np.c_[marks, np.zeros(2000, bool), np.ones(2000, bool)]
    with pytest.warns(UserWarning, match="No direction for bald, alive"):
        found = directions(codes, more, [*NAMES, "bald", "alive"], "balanced")
    assert found.names == NAMES
    assert found.left_out == ("bald", "alive")
    assert np.array_equal(found.vectors, directions(codes, marks, NAMES, "balanced").vectors)
    with pytest.raises(BadInput, match="bald has no direction"):
        found.vector("bald")
    with pytest.raises(BadInput, match="No attribute is there"):
        directions(codes, more[:, 3:], ["bald", "alive"])


def test_names_are_found_suggested_or_listed() -> None:
    names = ["Eyeglasses", "Smiling", "label=3", "label=7", "Hair=red", "Shoes=red"]
    assert lookup("Smiling", names) == "Smiling"
    assert lookup("3", names) == "label=3"
    for name, hint in {
        "eyeglases": "did you mean Eyeglasses?",
        "red": "did you mean Hair=red or Shoes=red?",
        "zzz": "there are Eyeglasses, Smiling, label=3, label=7, Hair=red, Shoes=red.",
    }.items():
        with pytest.raises(BadInput) as refused:
            lookup(name, names)
        assert hint in str(refused.value)


def test_refuses_what_does_not_fit() -> None:
    codes, marks, _ = world(count=50)
    for wrong, names in ((marks[:40], NAMES), (marks, NAMES[:2]), (marks.astype(int), NAMES)):
        with pytest.raises(BadInput, match="attributes"):
            directions(codes, wrong, names)
    with pytest.raises(BadInput, match="`method`"):
        directions(codes, marks, NAMES, "mean")  # type: ignore[arg-type]


def test_scale_and_place_of_the_space_change_vectors_alone() -> None:
    codes, marks, _ = world(count=2000)
    for method in METHODS:
        first: Directions = directions(codes, marks, NAMES, method, held_out=(codes, marks))
        moved = 3 * codes + 5
        second = directions(moved, marks, NAMES, method, held_out=(moved, marks))
        np.testing.assert_allclose(second.vectors, 3 * first.vectors, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(second.effects, first.effects, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(second.accuracy, first.accuracy, atol=1e-3)


def columned(values: int, count: int = 6_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes (N, 6) of a column of some values and one more attribute that comes with the first."""
    numbers = np.random.default_rng(3)
    truth = numbers.normal(size=(values + 1, 6))
    column = numbers.integers(values, size=count)
    other = numbers.random(count) < np.where(column == 0, 0.7, 0.2)
    marks = np.concatenate([column[:, None] == np.arange(values), other[:, None]], axis=1)
    return marks @ truth, marks, truth


def test_scale_1_goes_the_whole_way_between_two_values_of_a_column() -> None:
    codes, marks, truth = columned(2)
    names = ("hair=dark", "hair=fair", "hat")
    found = directions(codes, marks, names, "balanced")
    np.testing.assert_allclose(found.vector("hair=fair"), truth[1] - truth[0], atol=1e-8)
    np.testing.assert_allclose(found.vector("hair=dark"), truth[0] - truth[1], atol=1e-8)
    np.testing.assert_allclose(found.vector("hat"), truth[2], atol=1e-8)
    plain = directions(codes, marks[:, 1:], ("fair", "hat"), "balanced")
    np.testing.assert_allclose(found.vector("hair=fair"), plain.vector("fair"), atol=1e-8)


def test_each_of_ten_values_goes_from_those_that_lack_it() -> None:
    codes, marks, truth = columned(10, 40_000)
    names = (*(f"label={n}" for n in range(10)), "hat")
    found = directions(codes, marks, names, "balanced")
    np.testing.assert_allclose(found.vector("hat"), truth[10], atol=1e-8)
    # All but the first come with the hat equally often: their rest weighs the other values alike
    # but for the first, which is more often seen with a hat.
    for n in range(1, 10):
        way = truth[n] - np.delete(truth[:10], n, axis=0).mean(axis=0)
        assert np.linalg.norm(found.vector(f"label={n}") - way) < 0.15 * np.linalg.norm(way)


def test_values_of_one_column_are_no_leaks_into_each_other() -> None:
    codes, marks, _ = columned(3)
    noisy = codes + np.random.default_rng(5).normal(size=codes.shape)
    found = directions(noisy, marks, ("cut=a", "cut=b", "cut=c", "hat"))
    assert found.others.tolist() == [
        [False, False, False, True],
        [False, False, False, True],
        [False, False, False, True],
        [True, True, True, False],
    ]
    assert [name for name, _ in found.strongest("cut=a")] == ["hat"]
    np.testing.assert_allclose(found.leak[0], abs(found.leakage[0, 3]))
    assert len(found.strongest("hat")) == 3
