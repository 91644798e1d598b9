"""A data set made by hand is one that a model can learn from, or is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import vaekit as vk
from vaekit.data.conditions import conditions

GREY = 255 * np.random.default_rng(0).integers(0, 2, (30, 1, 4, 4), dtype=np.uint8)
LABELS = np.arange(30) % 3


def made(**changes: Any) -> vk.Dataset:
    parts = [vk.Split(GREY[i : i + 10], {"label": LABELS[i : i + 10]}) for i in (0, 10, 20)]
    fields = dict(zip(("train", "validation", "test"), parts, strict=True))
    return vk.Dataset(
        **({"name": "mine", "kind": "image", "label_names": tuple("abc")} | fields | changes)
    )


def test_a_data_set_is_three_lines() -> None:
    assert repr(made()) == (
        "mine: images of shape (1, 4, 4), uint8\n"
        "  rows: 10 for train, 10 for validation, 10 for test\n"
        "  3 classes: a, b, c"
    )
    told = vk.load_data("digits", condition=("label",), missing=0.1)
    assert repr(told).splitlines()[2].endswith("told: label; some values missing")
    assert repr(told).count("\n") == 2
    assert "\n" not in repr(told.train)


def test_a_data_set_made_by_hand_trains_and_has_a_fingerprint() -> None:
    data = made()
    assert data.fingerprint == made().fingerprint
    assert (
        data.fingerprint
        != made(train=vk.Split(255 - GREY[:10], {"label": LABELS[:10]})).fingerprint
    )
    model, objective = vk.recipes.vae(data.shape, latent=2)
    assert len(vk.fit(model, objective, data, vk.Training(epochs=1), progress=False)) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": GREY.tolist()}, "`x` is a list"),
        ({"x": GREY[:, 0, 0, 0]}, "`x` is a uint8 ndarray"),
        ({"table": {"label": LABELS[:5]}}, r"`table` column 'label' has the shape \(5,\)"),
        ({"ids": ["a"]}, "`ids` are 1 for 30 rows"),
        ({"context": np.zeros((29, 2), np.float32)}, "`context` has the shape"),
        ({"context": np.zeros((30, 2))}, "`context` is of float64"),
        ({"mask": np.ones((30, 4, 4), bool)}, "`mask` has the shape"),
        ({"mask": np.ones(GREY.shape)}, "`mask` is of float64"),
    ],
)
def test_a_split_whose_fields_do_not_fit_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(vk.BadInput, match=message):
        vk.Split(**({"x": GREY} | fields))


def floats(value: float) -> vk.Split:
    return vk.Split(np.full((5, 1, 4, 4), value, np.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "picture"}, "`kind` must be image or vector"),
        ({"kind": "vector"}, r"`train`: its x has the shape .* not \(N, F\)"),
        ({"test": vk.Split(GREY[:, :, :3])}, "`test`: its x is uint8"),
        ({"train": vk.Split(GREY.astype(int))}, "`train`: its x is of int64"),
        ({"test": floats(0.5)}, "`test`: its x is float32"),
        (dict.fromkeys(("train", "validation", "test"), floats(1.5)), "runs from 1.5 to 1.5"),
        (dict.fromkeys(("train", "validation", "test"), floats(np.nan)), "`train`: its x has NaN"),
        (
            {"validation": vk.Split(GREY)},
            "`validation`: its table and that of train differ in 'label'",
        ),
        ({"label_names": ("a", "b")}, "`train`: its labels run from 0 to 2, and there are 2"),
        ({"train": vk.Split(GREY, {"label": LABELS / 1})}, "`train`: its labels are of float64"),
        (
            {"train": vk.Split(GREY, {"label": LABELS}, context=np.zeros((30, 2), np.float32))},
            "context",
        ),
    ],
)
def test_a_data_set_no_model_could_learn_from_is_refused(change: Any, message: str) -> None:
    names = {"label_names": None} if "1.5" in message or "NaN" in message else {}
    with pytest.raises(vk.BadInput, match=message):
        made(**names, **change)


def test_contexts_are_those_that_the_conditions_give() -> None:
    data = made()
    told = data.told(conditions(("label",), data.train.table, data.label_names))
    with pytest.raises(vk.BadInput, match="`test`: its context has no numbers"):
        replace(told, test=data.test)
