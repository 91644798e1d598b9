"""Columns of the table as the context of a model."""

import json
import math

import numpy as np
import pytest

from vaekit.data import Dataset, Split, load
from vaekit.data.conditions import Angle, Classes, Conditions, Number, conditions
from vaekit.errors import BadInput

LABELS = np.array([2, 0, 1, 1, 0, 2])
AGES = np.array([20.0, 30.0, 40.0, 50.0, 60.0, 70.0])
TABLE = {
    "label": LABELS,
    "age": AGES,
    "glasses": np.array([True, False, True, True, False, False]),
    "make": np.array(["oak", "ash", "oak", "elm", "ash", "oak"]),
    "same": np.ones(6),
    "gaps": np.array([1.0, np.nan, 3.0, 4.0, np.nan, 6.0]),
    "blank": np.array(["oak", "", "oak", "elm", "", ""]),
    "azimuth": np.array([0, 90, 180, 270, 45, 315]),
    "arc": np.array([350.0, 10.0, 20.0, 5.0, 0.0, 355.0]),
}
NAMES = ("cat", "dog", "emu")


def made(*names: str) -> Conditions:
    return conditions(names, TABLE, NAMES)


def test_classes_are_ones_in_the_order_of_their_names() -> None:
    found = made("label")
    assert found.columns == (Classes("label", NAMES),)
    assert np.array_equal(found.encode(TABLE, NAMES), np.eye(3)[LABELS])
    assert found.encode(TABLE, NAMES).dtype == np.float32
    assert made("make").columns == (Classes("make", ("ash", "elm", "oak")),)
    assert made("glasses").columns == (Classes("glasses", ("no", "yes")),)


def test_numbers_are_standardised_by_the_rows_they_were_made_from() -> None:
    found = made("age")
    rows = found.encode(TABLE, NAMES)
    assert rows.shape == (6, 1)
    assert rows.mean() == pytest.approx(0, abs=1e-6)
    assert rows.std() == pytest.approx(1, rel=1e-6)
    other = found.encode({"age": np.array([45.0])}, NAMES)
    assert other[0, 0] == pytest.approx(0, abs=1e-6)
    assert found.columns == (Number("age", 45.0, AGES.std(), 20.0, 70.0),)


def test_a_value_for_each_column_is_the_row_that_encoding_gives() -> None:
    found = made("label", "age", "glasses", "make")
    assert found.size == 3 + 1 + 2 + 3
    rows = found.encode(TABLE, NAMES)
    given = {"label": "emu", "age": "20", "glasses": "yes", "make": "oak"}
    assert np.array_equal(found.given(given), rows[0])
    again = Conditions.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found


def test_an_angle_is_its_sine_and_cosine_so_that_a_whole_turn_is_none() -> None:
    found = made("azimuth:angle")
    rows = found.encode(TABLE, NAMES)
    np.testing.assert_allclose(rows[:3], [[0, 1], [1, 0], [0, -1]], atol=1e-6)
    for turns in (-360, 0, 720):
        np.testing.assert_allclose(found.given({"azimuth": 90 + turns}), rows[1], atol=1e-6)
    again = Conditions.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    radians = conditions(["a:radians"], {"a": np.radians(TABLE["azimuth"])}, None)
    np.testing.assert_allclose(radians.encode({"a": np.radians(TABLE["azimuth"])}, None), rows)
    assert found.columns[0].spread(4) == ("0", "90", "180", "270")


def test_an_angle_far_from_those_of_training_is_refused() -> None:
    found = made("arc:angle")
    assert found.columns == (Angle("arc", 360.0, 350.0, 30.0),)
    for angle in (-10, 0, 65, 305.1):
        found.given({"arc": angle})
    for angle in (70, 180, 300, math.nan, math.inf):
        with pytest.raises(BadInput, match=r"arc ran from 350 to 380 in training: .* too far"):
            found.given({"arc": angle})
    assert found.columns[0].spread(4) == ("350", "360", "370", "380")


def test_numbers_may_be_classes_and_classes_are_in_their_order() -> None:
    many = {"size": np.array([2, 10, 1, 10])}
    assert conditions(["size:class"], many, None).columns == (Classes("size", ("1", "2", "10")),)
    with pytest.raises(BadInput, match="size has 10,000 classes, and 2,000 is most"):
        conditions(["size:class"], {"size": np.arange(10_000)}, None)


def test_some_columns_of_a_context_can_be_changed() -> None:
    found = made("label", "age", "glasses")
    rows = found.encode(TABLE, NAMES)
    other = found.changed(rows, {"class": "dog", "glasses": True})
    assert np.array_equal(other[:, :3], np.tile([0, 1, 0], (6, 1)))
    assert np.array_equal(other[:, 3], rows[:, 3])
    assert np.array_equal(other[:, 4:], np.tile([0, 1], (6, 1)))
    for said in ("true", "1", "yes", True):
        assert np.array_equal(found.changed(rows, {"glasses": said})[:, 4:], other[:, 4:])
    with pytest.raises(BadInput, match="Training saw no glasses 'maybe': there are no, yes"):
        found.changed(rows, {"glasses": "maybe"})


def test_a_column_is_read_in_one_way() -> None:
    assert len(made("label", "class", "label:class").columns) == 1
    with pytest.raises(BadInput, match="azimuth comes twice, read differently: keep one"):
        made("azimuth", "azimuth:angle")


def test_values_that_are_missing_are_counted_in_every_split() -> None:
    with pytest.raises(BadInput, match="age is missing for 1 rows: fill it in"):
        made("age").encode(TABLE | {"age": np.array([1.0, np.nan])}, NAMES)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": "emu"}, "lacks a value for age: such as age=VALUE"),
        ({"label": "emu", "age": "9", "size": "3"}, "is told label, age, not 'size'"),
        ({"label": "enu", "age": "9"}, "Training saw no label 'enu': did you mean emu"),
        ({"label": "x", "age": "9"}, "there are cat, dog, emu"),
        ({"label": "emu", "age": "old"}, "age must be a number, not 'old'"),
        ({"label": "emu", "age": "1e6"}, "ran from 20 to 70 in training: 1e6 is too far"),
        ({"label": "emu", "age": "nan"}, "too far"),
    ],
)
def test_values_that_mean_nothing_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        made("label", "age").given(given)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lable", "no column 'lable': did you mean label"),
        ("same", "same is the same for all training rows"),
        ("gaps", "gaps is missing for 2 training rows"),
        ("blank", "blank is missing for 3 training rows"),
        ("make:angle", "make holds no numbers: leave out :angle"),
        ("azimuth:degrees", "no column 'azimuth:degrees': did you mean azimuth"),
    ],
)
def test_columns_that_tell_nothing_are_refused(name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        made(name)


def test_rows_of_a_class_that_training_did_not_see_are_refused() -> None:
    few = {"label": LABELS[:2]}
    with pytest.raises(BadInput, match="Training saw no label 'dog'"):
        conditions(["label"], few, NAMES).encode(TABLE, NAMES)


@pytest.mark.parametrize("damaged", [None, 3, [3], [{"kind": "x"}], [{"kind": "number"}]])
def test_damaged_conditions_are_refused(damaged: object) -> None:
    with pytest.raises(BadInput, match="not ones that vaekit wrote"):
        Conditions.from_json(damaged)


def test_loading_tells_every_split_by_the_training_rows() -> None:
    plain, told = load("digits"), load("digits", condition=("label",))
    assert plain.conditions is None
    assert plain.fingerprint == told.fingerprint
    assert told.conditions is not None
    assert told.conditions.size == 10
    for name in ("train", "validation", "test"):
        split: Split = getattr(told, name)
        assert split.context is not None
        assert np.array_equal(split.context.argmax(1), split.labels)
    assert isinstance(told, Dataset)
