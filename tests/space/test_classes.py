"""Mean codes of classes."""

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.space import class_means


def test_means_shares_and_ways_are_what_they_say() -> None:
    numbers = np.random.default_rng(0)
    who = np.array(["ann", "bob", "cyd"] * 40)
    what = np.repeat(["ah", "oh"], 60)
    speaker = {"ann": [4.0, 0, 0, 0], "bob": [0, 4.0, 0, 0], "cyd": [0, 0, 4.0, 0]}
    word = {"ah": [0, 0, 0, 1.0], "oh": [0, 0, 0, -1.0]}
    exact = np.array([speaker[w] for w in who]) + np.array([word[w] for w in what])
    codes = exact + 0.3 * numbers.normal(size=exact.shape)
    classes = {"who": who, "what": what}
    groups = np.arange(len(who)) // 3
    groups = np.array([f"{group}{name}" for group, name in zip(groups, who, strict=True)])
    found = class_means(codes, classes, (codes, classes), groups)
    assert found.names == ("who=ann", "who=bob", "who=cyd", "what=ah", "what=oh")
    np.testing.assert_allclose(found.means[0], codes[who == "ann"].mean(axis=0))
    np.testing.assert_allclose(found.vectors[:3].sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.norms, np.linalg.norm(found.vectors, axis=1))
    assert found.accuracy.min() > 0.95
    assert found.of_groups.min() > 0.95
    assert np.abs(found.cosines[:3, 3:]).max() < 0.1
    assert found.cosines[3, 4] == pytest.approx(-1)
    assert found.nearest([[3.0, 0.1, 0, 5]], "who") == ["ann"]
    np.testing.assert_allclose(found.way("who", "ann", "bob"), found.means[1] - found.means[0])


def test_unknown_classes_suggest_the_nearest() -> None:
    found = class_means(
        np.eye(2), {"who": ["ann", "bob"]}, (np.eye(2), {"who": ["ann", "bob"]}), ["a", "b"]
    )
    with pytest.raises(BadInput, match="`to`: there is no who 'bop': did you mean bob"):
        found.way("who", "ann", "bop")
    with pytest.raises(BadInput, match="`from`: there is no who 'an'"):
        found.way("who", "an", "bob")
    with pytest.raises(BadInput, match="`attribute`: there are no classes of 'whom'"):
        found.nearest(np.eye(2), "whom")


def test_without_held_out_codes_there_are_no_shares() -> None:
    found = class_means(np.eye(2), {"who": ["ann", "bob"]}, (np.zeros((0, 2)), {"who": []}), [])
    assert np.isnan(found.accuracy).all()
    assert np.isnan(found.of_groups).all()
