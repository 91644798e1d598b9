"""Rows chosen by what holds of them, on digits and on a folder of pictures with a table."""

from pathlib import Path

import numpy as np
import pytest
from data_pictures import MakeImages

from vaekit.data import Dataset, load
from vaekit.errors import BadInput

SPLITS = ("train", "validation", "test")


def test_rows_of_a_class_are_taken_from_every_split_and_keep_number_and_name() -> None:
    whole, few = load("digits"), load("digits", only=("class=3,7",))
    assert few.label_names == whole.label_names
    for name in SPLITS:
        some, every = getattr(few, name), getattr(whole, name)
        rows = np.flatnonzero(np.isin(every.labels, [3, 7]))
        assert np.array_equal(some.labels, every.labels[rows])
        assert np.array_equal(some.x, every.x[rows])
        assert some.ids == [every.ids[row] for row in rows]
    assert few.fingerprint != whole.fingerprint
    assert few.fingerprint == load("digits", only=("label=7,3",)).fingerprint
    told = load("digits", only=("label=3,7",), condition=("class",))
    assert told.conditions is not None
    assert told.conditions.size == 2


@pytest.fixture
def turned(images: MakeImages, tmp_path: Path) -> tuple[Path, Path]:
    """Sixty pictures and a table: an angle, a make, glasses, a number with gaps, a name each."""
    folder = images(60)
    lines = ["image,azimuth,make,glasses,age,serial"]
    lines += [
        f"{n:05}.png,{n * 6},{('oak', 'ash', 'elm')[n % 3]},{n % 2},{n / 4 if n else ''},s{n}"
        for n in range(60)
    ]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return folder, tmp_path / "table.csv"


def loaded(turned: tuple[Path, Path], *only: str, condition: tuple[str, ...] = ()) -> Dataset:
    folder, table = turned
    return load(
        folder, image_size=8, attributes=table, only=only, condition=condition, progress=False
    )


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
def test_ranges_classes_and_attributes_hold_together(turned: tuple[Path, Path]) -> None:
    for only, wanted in {
        ("azimuth=0:90",): lambda n: n <= 15,
        ("azimuth=300:",): lambda n: n >= 50,
        ("azimuth=6,12,348",): lambda n: n in (1, 2, 58),
        ("make=oak,elm", "glasses=true"): lambda n: n % 3 != 1 and n % 2 == 1,
        ("make=ash=no", "glasses=0"): lambda n: n % 3 != 1 and n % 2 == 0,
        ("age=14:",): lambda n: n >= 56,
    }.items():
        found = loaded(turned, *only)
        ids = [name for split in SPLITS for name in getattr(found, split).ids]
        assert sorted(ids) == [f"{n:05}.png" for n in range(60) if wanted(n)], only


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
def test_conditions_are_of_any_column(turned: tuple[Path, Path]) -> None:
    found = loaded(turned, condition=("azimuth:angle", "make", "glasses", "make:class"))
    assert found.conditions is not None
    assert [column.size for column in found.conditions.columns] == [2, 3, 2]
    turns = np.radians(found.test.table["azimuth"])
    assert found.test.context is not None
    np.testing.assert_allclose(found.test.context[:, 0], np.sin(turns), atol=1e-6)
    np.testing.assert_allclose(found.test.context[:, 1], np.cos(turns), atol=1e-6)
    number = loaded(turned, condition=("azimuth",))
    assert number.train.context is not None
    assert number.train.context.std() == pytest.approx(1, rel=1e-5)
    assert loaded(turned).fingerprint == loaded(turned, condition=("glasses",)).fingerprint


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
def test_what_a_model_is_told_is_part_of_its_data(turned: tuple[Path, Path]) -> None:
    before = loaded(turned, condition=("azimuth:angle",)).fingerprint
    text = turned[1].read_text()
    turned[1].write_text(text.replace("05.png,30,", "05.png,31,"))
    assert loaded(turned, condition=("azimuth:angle",)).fingerprint != before


BAD = {
    ("colour=red",): "no column 'colour': there are azimuth, ",
    ("azimut=3",): "no column 'azimut': did you mean azimuth",
    ("make=oka",): "no row has make=oka: did you mean oak",
    ("azimuth=left",): "azimuth holds numbers from 0 to 354: give some .* not 'left'",
    ("azimuth=1:2:3",): "give some with commas between, or LOW:HIGH",
    ("azimuth=90:0",): "is empty: give the smaller number first",
    ("azimuth=1000:",): "leaves none of 48 training rows: azimuth=1000: holds of 0",
    ("make=oak", "make=ash"): "make=oak holds of .*, make=ash holds of",
    ("make",): "takes COLUMN=VALUE, such as label=7",
}


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
@pytest.mark.parametrize("only", BAD)
def test_a_choice_that_makes_no_sense_is_said(
    only: tuple[str, ...], turned: tuple[Path, Path]
) -> None:
    with pytest.raises(BadInput, match=BAD[only]):
        loaded(turned, *only)


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("age", "age is missing for 1 rows: fill it in"),
        ("make:angle", "make holds no numbers: leave out :angle"),
        ("colour", "no column 'colour'"),
        ("", "no column ''"),
    ],
)
def test_columns_that_cannot_be_told_are_said(
    condition: str, message: str, turned: tuple[Path, Path]
) -> None:
    with pytest.raises(BadInput, match=message):
        loaded(turned, condition=(condition,))


def test_data_without_columns_say_so() -> None:
    rows = np.random.default_rng(0).random((50, 3))
    with pytest.raises(BadInput, match="the data have no columns"):
        load(rows, only=("label=3",))
