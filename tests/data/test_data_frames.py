"""Data frames: what their columns become."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import vaekit as vk
from vaekit.data import SkippedColumns

COLUMNS: dict[str, list[Any]] = {
    "height": [1.5, None, 1.75, 2.0] * 10,
    "legs": [4, 2, 4, 8] * 10,
    "tame": [True, False, True, False] * 10,
    "kind": ["cat", "hen", "dog", "bug"] * 10,
    "owner": ["Ann", "Bo", None, "Cy"] * 10,
}
MAKERS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
}


def loaded(frame: Any, **options: Any) -> vk.Dataset:
    return vk.load_data(frame, validation=0, test=0, **options)


@pytest.mark.parametrize("maker", MAKERS)
def test_numbers_are_the_vector_and_texts_the_table(maker: str) -> None:
    data = loaded(MAKERS[maker](COLUMNS), labels="kind")
    assert (data.kind, data.shape) == ("vector", (3,))
    np.testing.assert_array_equal(
        data.train.x[:3], np.float32([[1.5, 4, 1], [0, 2, 0], [1.75, 4, 1]])
    )
    assert data.train.mask is not None
    np.testing.assert_array_equal(data.train.mask[:2], [[True] * 3, [False, True, True]])
    assert data.label_names == ("bug", "cat", "dog", "hen")
    assert data.train.table["label"][:4].tolist() == [1, 3, 2, 0]
    assert data.train.table["owner"][:4].tolist() == ["Ann", "Bo", "", "Cy"]
    assert data.prepared == {"columns": ["height", "legs", "tame"], "labels": "kind"}
    assert data.fingerprint == loaded(pd.DataFrame(COLUMNS), labels="kind").fingerprint


def test_an_index_is_no_column_and_categories_are_texts() -> None:
    frame = pd.DataFrame(COLUMNS).astype({"kind": "category", "legs": "Int64"})
    kept = frame[frame.legs > 2].set_index("owner")
    data = loaded(kept, labels=kept.kind)
    assert data.prepared == {"columns": ["height", "legs", "tame"]}
    assert data.train.table["kind"].tolist() == ["cat", "dog", "bug"] * 10
    assert data.label_names == ("bug", "cat", "dog")
    assert loaded(pd.DataFrame(np.eye(4))).prepared == {"columns": ["0", "1", "2", "3"]}


def test_columns_a_model_is_told_are_not_in_the_vector() -> None:
    data = loaded(pl.DataFrame(COLUMNS), condition=("legs", "kind"))
    assert data.prepared["columns"] == ["height", "tame"]
    assert data.train.context is not None
    assert data.train.context.shape == (40, 5)
    with pytest.raises(vk.BadInput, match="owner is missing for 10 training rows"):
        loaded(pl.DataFrame(COLUMNS), condition=("owner",))
    chosen = loaded(pl.DataFrame(COLUMNS), columns=("tame", "legs"))
    np.testing.assert_array_equal(chosen.train.x[0], [1, 4])
    assert list(chosen.train.table) == ["height", "kind", "owner"]


def test_gaps_made_on_purpose_come_on_top_of_those_there_are() -> None:
    data = loaded(pd.DataFrame(COLUMNS), missing=0.3)
    assert data.train.mask is not None
    assert not data.train.mask[1::4, 0].any()
    assert 0.5 < data.train.mask[:, 1:].mean() < 0.9


def test_a_frame_is_a_run_s_data_whatever_the_order_of_its_columns(tmp_path: Any) -> None:
    frame = pd.DataFrame(COLUMNS)
    run = vk.train(
        "vae",
        frame,
        root=tmp_path,
        options={"latent": 2},
        net_options={"hidden": (8,)},
        data_options={"labels": "kind", "condition": ("kind",)},
        training=vk.Training(epochs=1),
        progress=False,
    )
    turned = frame[frame.columns[::-1]]
    later = vk.open_run(run.path)
    whole = vk.encode(later, turned)
    assert whole.codes.shape == (40, 2)
    own = vk.encode(later.with_data(frame), split="all")
    order = np.argsort([int(name.rpartition("/")[2]) for name in own.ids])
    again = np.argsort([int(name.rpartition("/")[2]) for name in whole.ids])
    np.testing.assert_allclose(own.codes[order], whole.codes[again], atol=1e-5)
    with pytest.raises(vk.BadInput, match="no column 'legs'"):
        vk.encode(later, frame.drop(columns="legs"))
    further = vk.resume(later, epochs=2, data=frame, progress=False)
    assert len(further.records()) == 2


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f, {"labels": "knd"}, "no column 'knd': did you mean kind"),
        (lambda f: f, {"labels": "owner"}, "'owner' is missing in row 2"),
        (lambda f: f, {"columns": ("kind",)}, "`columns`: 'kind' is not of numbers"),
        (lambda f: f[["kind"]], {}, "no columns of numbers"),
        (lambda f: f[:0], {}, "no rows"),
        (lambda f: f.rename(columns={"legs": "tame"}), {}, "two columns named 'tame'"),
        (lambda f: f.assign(legs=np.inf), {}, "inf in column 'legs', row 0"),
        (lambda f: f.assign(legs=1e300), {}, "1e[+]300 in column 'legs', row 0"),
        (lambda f: f, {"image_size": 3}, "`image_size`"),
        (lambda f: f.to_numpy()[:, 1:3].astype(float), {"columns": ("a",)}, "`columns` are of"),
    ],
)
def test_frames_that_make_no_sense_are_refused(change: Any, options: Any, message: str) -> None:
    with pytest.raises(vk.BadInput, match=message):
        loaded(change(pd.DataFrame(COLUMNS)), **options)


def test_columns_of_dates_are_left_out_and_named() -> None:
    frame = pd.DataFrame(COLUMNS).assign(born=pd.date_range("2020", periods=40))
    with pytest.warns(SkippedColumns, match="first 'born'"):
        assert loaded(frame).shape == (3,)
