"""Tables of attributes: their formats, and which row is whose."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_pictures import MakeImages

from vaekit.data import Dataset, SkippedColumns, UnmatchedNames, load
from vaekit.data.attributes import read_attributes
from vaekit.errors import BadInput

RANDOM = np.random.default_rng(0)
NAMES = [f"{number:05d}.png" for number in range(12)]
SMILING = RANDOM.random(12) > 0.5
HAT = RANDOM.random(12) > 0.7


def whole(source: Path, table: Path, **options) -> Dataset:
    return load(source, attributes=table, validation=0, test=0, progress=False, **options)


def celeba_text(names=NAMES) -> bytes:
    """The layout of list_attr_celeba.txt, with its CRLF, count and uneven blanks."""
    lines = [str(len(names)), "Smiling Wearing_Hat "]
    values = zip(names, SMILING, HAT, strict=True)
    lines += [f"{name} {1 if a else -1:2d} {1 if b else -1:2d}" for name, a, b in values]
    return "\r\n".join([*lines, ""]).encode()


def separated(mark: str, truth: tuple[str, str], names=NAMES) -> bytes:
    rows = [
        mark.join((name, truth[a], truth[b]))
        for name, a, b in zip(names, SMILING.astype(int), HAT.astype(int), strict=True)
    ]
    return "\n".join([mark.join(("image_id", "Smiling", "Wearing_Hat")), *rows]).encode()


TEXTS = {
    "a.txt": celeba_text(),
    "a.csv": separated(",", ("-1", "1")),
    "b.csv": b"\xef\xbb\xbf" + separated(";", ("0", "1")),
    "a.tsv": separated("\t", ("False", "True")),
    "c.csv": separated(",", ("0.0", "1.0")).replace(b"\n", b"\r\n"),
    "d.csv": separated(",", ("no", "Yes")),
    "b.txt": separated(" ", ("-1", "+1")),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("zipped", [False, True])
def test_texts_become_bools(tmp_path: Path, name: str, zipped: bool) -> None:
    path = tmp_path / name
    path.write_bytes(TEXTS[name])
    if zipped:
        path = tmp_path / "table.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
            members.writestr(f"inside/{name}", TEXTS[name])
            members.writestr("readme.md", "no table")
    found = read_attributes(path)
    assert found.names == NAMES
    assert list(found.columns) == ["Smiling", "Wearing_Hat"]
    assert found.columns["Smiling"].dtype == np.bool_
    assert np.array_equal(found.columns["Smiling"], SMILING)
    assert np.array_equal(found.columns["Wearing_Hat"], HAT)


@pytest.mark.filterwarnings("ignore::vaekit.data.SkippedColumns")
@pytest.mark.parametrize("values", [SMILING, SMILING.astype(int), SMILING * 2.0 - 1])
def test_parquet_becomes_bools(tmp_path: Path, values) -> None:
    columns = {
        "score": RANDOM.random(12),
        "Smiling": values,
        "file": NAMES,
        "hair": pa.array(["blond", "grey", "blond"] * 4).dictionary_encode(),
        "picture": [{"bytes": b"x"}] * 12,
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    found = read_attributes(tmp_path / "a.parquet")
    assert found.names == NAMES
    assert list(found.columns) == ["Smiling", "hair=blond", "hair=grey"]
    assert np.array_equal(found.columns["Smiling"], SMILING)
    assert found.columns["hair=blond"].tolist() == [True, False, True] * 4
    assert found.others["hair"].tolist() == ["blond", "grey", "blond"] * 4
    np.testing.assert_allclose(found.others["score"], columns["score"])


def test_categories_become_a_column_a_value(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    rows = [
        f"{name},{n % 3},{('red', 'Blue')[n % 2]},{n - 1 if n < 3 else 0}"
        for n, name in enumerate(NAMES)
    ]
    table.write_text("\n".join(["name,size,colour,sign", *rows]))
    columns = read_attributes(table).columns
    expected = ["size=0", "size=1", "size=2", "colour=Blue", "colour=red"]
    assert list(columns) == [*expected, "sign=-1", "sign=0", "sign=1"]
    assert np.array_equal(columns["size=2"], np.arange(12) % 3 == 2)
    assert np.array_equal(columns["colour=Blue"], np.arange(12) % 2 == 1)


def test_the_column_of_names_is_found(tmp_path: Path) -> None:
    """By what its values look like, then by what it is called, then by being text."""
    table = tmp_path / "a.csv"
    for heading, row in {
        "id,hair,file,smile": ["1,red,x.png,1", "2,blond,y.png,0", "3,red,z.png,1"],
        "smile,mood,id": ["1,sad,0001", "0,sad,0002", "1,glad,0003"],
        "smile,who": ["1,x", "0,y", "1,z"],
    }.items():
        table.write_text("\n".join([heading, *row]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SkippedColumns)
            found = read_attributes(table)
        assert found.names in (
            ["x.png", "y.png", "z.png"],
            ["0001", "0002", "0003"],
            ["x", "y", "z"],
        )
        assert found.columns["smile"].tolist() == [True, False, True]


def test_columns_of_other_kinds_and_empty_ones_are_skipped(tmp_path: Path) -> None:
    columns = {
        "picture": [{"bytes": b"x"}] * 12,
        "empty": pa.nulls(12, pa.string()),
        "file": NAMES,
        "Smiling": SMILING,
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.warns(SkippedColumns, match="left out 2 columns .* first 'picture'"):
        assert list(read_attributes(tmp_path / "a.parquet").columns) == ["Smiling"]
    columns["Smiling"] = [None, *SMILING[1:].tolist()]
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"no value of 'Smiling' in row 1, '00000\.png'"):
        read_attributes(tmp_path / "a.parquet")


def test_measurements_are_skipped_with_a_warning(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    rows = [f"{n},{n}.png,{n / 7},{n % 2},remark {n}" for n in range(40)]
    table.write_text("\n".join([",file,age,smile,note", *rows]))
    with pytest.warns(SkippedColumns, match=r"left out 3 columns of '.*a\.csv' .* first ''"):
        found = read_attributes(table)
    assert list(found.columns) == ["smile"]
    assert list(found.others) == ["", "age", "note"]
    assert found.others[""].tolist() == list(range(40))
    np.testing.assert_allclose(found.others["age"], np.arange(40) / 7)
    assert found.others["note"][7] == "remark 7"


BAD = {
    "no value of 'b' in row 2, 'y.png'": "file,a,b\nx.png,1,0\ny.png,1,\n",
    "no value of 'a' in row 1, 'x.png'": "file,a,b\nx.png,NaN,0\ny.png,1,1\n",
    "has 2 rows for 'x.png'; keep one": "file,a\nx.png,1\ny.png,0\nx.png,0\n",
    "has no file name in row 2; add it": "file,a\nx.png,1\n,0\n",
    "has no attributes; give columns": "file\nx.png\ny.png\n",
    "has no column of file names; name it 'image'": "a,b\n1,0\n0,1\n",
    "has no rows": "file,a,b\n",
    "two columns named 'a'": "file,a,a\nx.png,1,0\n",
    "has no heading: its first line, x.png, 1, 0, is a row": "x.png,1,0\ny.png,0,1\n",
    "has no heading: its first line, x.png, 1, 1, …": "x.png,1,1,0\ny.png,0,1,1\n",
    "has no heading: its first line, ann, 1, 0, is": "ann,1,0\nbea,0,1\n",
    "is no table that can be read": "file,a,b\nx.png,1,0\ny.png,1\n",
    "has 2 rows but its first line says 3": "3\na b\nx.png 1 -1\ny.png 1 -1\n",
    "an attribute named 'label'": "file,label\nx.png,1\ny.png,0\n",
}


@pytest.mark.filterwarnings("error::vaekit.data.SkippedColumns")
@pytest.mark.parametrize("message", BAD)
def test_bad_tables_are_named(tmp_path: Path, message: str) -> None:
    table = tmp_path / "bad.csv"
    table.write_text(BAD[message])
    with pytest.raises(BadInput, match=r"bad\.csv' ") as error:
        read_attributes(table)
    assert message in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1junk", b"\x00" * 50])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.zip", "a.txt"])
def test_junk_is_bad_input(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=name.replace(".", r"\.")):
        read_attributes(tmp_path / name)


def test_files_that_are_no_table(tmp_path: Path, images: MakeImages) -> None:
    with pytest.raises(BadInput, match=r"there is no table '.*none\.csv'"):
        whole(images(3), tmp_path / "none.csv")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as members:
        members.writestr("a.csv", "x")
        members.writestr("b.csv", "x")
    with pytest.raises(BadInput, match=r"a\.zip' holds 2 tables"):
        whole(images(3), tmp_path / "a.zip")
    np.save(tmp_path / "x.npy", np.zeros((5, 8, 8)))
    for source in (tmp_path / "x.npy", "digits"):
        with pytest.raises(BadInput, match="`attributes` goes with folders and archives of images"):
            load(source, attributes=tmp_path / "a.zip")


@pytest.mark.parametrize(
    "write",
    [
        lambda name: f"deep/er/{name}",
        lambda name: f"./deep/er/{name}",
        lambda name: f"deep/er/{name.removesuffix('.png')}",
        lambda name: name,
        lambda name: name.removesuffix(".png"),
        lambda name: name.replace(".png", ".JPG"),
        lambda name: f"other/place/{name}",
    ],
)
def test_rows_find_their_files(tmp_path: Path, images: MakeImages, write) -> None:
    images(12, "set/deep/er")
    table = tmp_path / "a.csv"
    table.write_bytes(separated(",", ("0", "1"), [write(name) for name in reversed(NAMES)]))
    data = whole(tmp_path / "set", table)
    assert data.attributes == ("Smiling", "Wearing_Hat")
    assert np.array_equal(data.train.table["Smiling"], SMILING[::-1])
    assert data.prepared == {"crop": "none", "attributes": str(table)}


def test_rows_and_files_without_a_partner_are_counted_and_named(
    tmp_path: Path, images: MakeImages
) -> None:
    folder = images(14)
    (folder / "00001.png").unlink()
    table = tmp_path / "a.csv"
    table.write_bytes(separated(",", ("0", "1")))
    with pytest.warns(UnmatchedNames) as warned:
        data = whole(folder, table)
    assert [str(warning.message) for warning in warned] == [
        f"left out 2 of 13 images that have no row in '{table}', first '00012.png'; "
        f"1 of 12 rows in '{table}' have no image, first '00001.png'"
    ]
    assert data.train.ids == [name for name in NAMES if name != "00001.png"]
    assert np.array_equal(data.train.table["Wearing_Hat"], np.delete(HAT, 1))


def test_names_that_fit_nothing_or_two_things_are_refused(
    tmp_path: Path, images: MakeImages
) -> None:
    table = tmp_path / "a.csv"
    table.write_bytes(separated(",", ("0", "1"), [f"face{n}.png" for n in range(12)]))
    with pytest.raises(BadInput, match=r"no name in '.*a\.csv', such as 'face0\.png', is that"):
        whole(images(12), table)
    images(12, "set/a")
    images(12, "set/b")
    table.write_bytes(separated(",", ("0", "1")))
    with pytest.raises(BadInput, match=r"ambiguous: '00000\.png' could be the images 'a/00000"):
        whole(tmp_path / "set", table)
    rows = [f"x/{name}" for name in NAMES[:6]] + [f"y/{name}" for name in NAMES[:6]]
    table.write_bytes(separated(",", ("0", "1"), rows))
    with pytest.raises(BadInput, match=r"could be the rows 'x/00000\.png' or 'y/00000\.png'"):
        whole(images(12), table)


def test_whole_paths_decide_where_base_names_do_not(tmp_path: Path, images: MakeImages) -> None:
    images(6, "set/a")
    images(6, "set/b")
    table = tmp_path / "a.csv"
    rows = [f"{folder}/{name}" for folder in "ba" for name in NAMES[:6]]
    table.write_bytes(separated(",", ("0", "1"), rows))
    data = whole(tmp_path / "set", table)
    assert data.label_names == ("a", "b")
    assert data.attributes == ("Smiling", "Wearing_Hat")
    assert np.array_equal(data.train.table["Smiling"], np.roll(SMILING, 6))


def test_the_fingerprint_depends_on_the_attributes(tmp_path: Path, images: MakeImages) -> None:
    folder = images(12)
    for name in ("a.csv", "b.csv", "a.txt"):
        (tmp_path / name).write_bytes(TEXTS[name])
    (tmp_path / "z.csv").write_bytes(TEXTS["a.csv"].replace(b"00003.png,1", b"00003.png,-1"))
    (tmp_path / "y.csv").write_bytes(TEXTS["a.csv"].replace(b"00003.png,-1", b"00003.png,1"))
    (tmp_path / "x.csv").write_bytes(TEXTS["a.csv"].replace(b"Smiling", b"Frowning"))
    prints = {
        name: whole(folder, tmp_path / name).fingerprint
        for name in ("a.csv", "b.csv", "a.txt", "x.csv", "y.csv", "z.csv")
    }
    assert prints["a.csv"] == prints["b.csv"] == prints["a.txt"]
    assert len({prints["x.csv"], prints["y.csv"], prints["z.csv"]}) == 3
    assert (
        whole(folder, tmp_path / "a.csv").fingerprint
        != load(folder, validation=0, test=0, progress=False).fingerprint
    )


def test_columns_may_be_named_by_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("picture,0,1\nx.png,1,0\ny.png,0,1\n")
    assert list(read_attributes(tmp_path / "a.csv").columns) == ["0", "1"]
