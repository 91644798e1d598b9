"""Folders and archives of MIDI files, and the data sets of music that are known by name."""

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from melodies import archive, file_of, walk

from vaekit.data import Dataset, NotedTunes, load
from vaekit.data.music import HOLD, REST, tune
from vaekit.data.stored import StoredTunes
from vaekit.errors import BadInput


def loaded(path: Path, **options: Any) -> tuple[Dataset, str]:
    """A data set, and what was noted of its files."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = load(path, progress=False, **options)
    return dataset, "\n".join(str(each.message) for each in caught)


@pytest.fixture
def tunes(tmp_path: Path) -> Path:
    return archive(tmp_path / "tunes.zip")


def test_windows_are_symbols_that_know_their_tune_and_bar(tunes: Path) -> None:
    dataset, noted = loaded(tunes)
    assert (dataset.kind, dataset.shape, noted) == ("sequence", (1, 32), "")
    split = dataset.train
    assert isinstance(split.x, StoredTunes)
    assert split.x.dtype == np.float32
    with zipfile.ZipFile(tunes) as file:
        for row in range(0, len(split), 7):
            name, bar = split.table["tune"][row], split.table["bar"][row]
            whole = tune(file.read(name), "4/4").symbols
            np.testing.assert_array_equal(split.x[row], whole[:, 16 * bar : 16 * bar + 32])
            assert split.ids is not None
            assert split.ids[row] == f"{name}#{bar}"


@pytest.mark.parametrize("seed", [0, 1])
def test_no_tune_lies_in_two_splits_and_only_training_overlaps(tunes: Path, seed: int) -> None:
    dataset, _ = loaded(tunes, validation=0.2, test=5, seed=seed)
    names = {part: set(split.table["tune"]) for part, split in dataset.splits.items()}
    assert len(names["test"]) == 5
    assert len(set.union(*names.values())) == sum(map(len, names.values())) == 24
    assert sorted(set(dataset.train.table["bar"])) == [0, 1, 2, 3, 4]
    for part in ("validation", "test"):
        assert sorted(set(dataset.splits[part].table["bar"])) == [0, 2, 4]


def test_windows_in_training_may_lie_further_apart(tunes: Path) -> None:
    dataset, _ = loaded(tunes, every=2)
    assert sorted(set(dataset.train.table["bar"])) == [0, 2, 4]


def test_the_same_files_and_options_have_the_same_fingerprint(tunes: Path, tmp_path: Path) -> None:
    first, _ = loaded(tunes)
    with zipfile.ZipFile(tunes) as file:
        file.extractall(tmp_path / "folder")
    assert loaded(tmp_path / "folder")[0].fingerprint == first.fingerprint
    assert loaded(tunes, every=2)[0].fingerprint != first.fingerprint


def test_measures_are_attributes(tunes: Path) -> None:
    dataset, _ = loaded(tunes)
    assert dataset.attributes == (
        "note-density",
        "pitch-range",
        "syncopation",
        "average-interval",
        "diatonic-share",
    )


def test_folders_are_splits_and_labels(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for label in ("jig", "reel"):
            folder = tmp_path / "set" / part / label
            folder.mkdir(parents=True)
            for number in range(3):
                (folder / f"{number}.mid").write_bytes(file_of(walk(4, number)))
    dataset, _ = loaded(tmp_path / "set", validation=0)
    assert dataset.label_names == ("jig", "reel")
    assert len(set(dataset.test.table["tune"])) == 6
    assert sorted(set(dataset.test.table["bar"])) == [0, 2]


def odd(folder: Path) -> Path:
    """A folder of a hundred good tunes, and some that are not as others."""
    folder.mkdir()
    files = {f"good{number}": file_of(walk(2, number)) for number in range(100)}
    files |= {
        "cut": file_of(walk(2, 0))[:-9],
        "drums": file_of(walk(2, 0), drums=True),
        "empty": file_of([]),
        "waltz": file_of(walk(2, 0, 12), meters=((0, "3/4"),)),
        "short": file_of(walk(1, 0)),
        "both": file_of([*walk(2, 0), (0, 4, 40)]),
        "late": file_of([(0, 2, 60), (2.4, 2, 62), (6, 20, 60)]),
        "pickup": file_of([(12, 4, 60), (16, 16, 62)]),
        "tempo": file_of(walk(2, 0), tempos=((0, 90.0), (8, 100.0))),
        "change": file_of(walk(3, 0), meters=((0, "4/4"), (32, "2/4"))),
    }
    for name, data in files.items():
        (folder / f"{name}.mid").write_bytes(data)
    return folder


def test_what_is_left_out_or_changed_is_said_with_a_count(tmp_path: Path) -> None:
    dataset, noted = loaded(odd(tmp_path / "odd"))
    for said in (
        r"1 of 110 tunes can't be read and were left out, first 'cut.mid' \(it is cut short",
        "1 of 110 tunes have only drums and were left out, first 'drums.mid'",
        "1 of 110 tunes have no notes in 4/4 and were left out, first 'empty.mid'",
        r"1 of 110 tunes are not in 4/4 and were left out, first 'waltz.mid' \(it is in 3/4",
        "1 of 110 tunes are shorter than 2 bars and have rests added, first 'short.mid'",
        "1 of 110 tunes change their meter",
        "1 of 110 tunes begin with a pick-up",
        "1 of 110 tunes change their tempo",
        r"1 of [\d,]+ notes were left out, as a higher one",
        r"1 of [\d,]+ notes began off the grid of sixteenths, by 0.40 steps",
    ):
        assert re.search(said, noted), said
    assert dataset.left_out == {"broken": 1, "drums": 1, "silent": 1, "meter": 1}
    names = np.concatenate([split.table["tune"] for split in dataset.splits.values()])
    assert len(set(names)) == 106
    rows = np.concatenate([np.asarray(split.x) for split in dataset.splits.values()])
    (short,) = rows[names == "short.mid"]
    assert (short[0, :16] != REST).any()
    assert (short[0, 16:] == REST).all()
    waltzes, _ = loaded(tmp_path / "odd" / "..", meter="3/4", validation=0, test=0)
    assert waltzes.shape == (1, 24)


def test_more_than_a_few_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.mid").write_bytes(b"no music")
    with pytest.raises(BadInput, match=r"all the tunes in .* can't be read, first '0.mid'"):
        load(tmp_path, progress=False)
    for number in range(9):
        (tmp_path / f"good{number}.mid").write_bytes(file_of(walk(2, number)))
    with pytest.raises(BadInput, match=r"more than 1% of the tunes in .* can't be read"):
        load(tmp_path, progress=False)


def test_a_folder_without_a_tune_in_the_meter_is_refused(tunes: Path) -> None:
    with pytest.raises(BadInput, match=r"all the tunes in .* are not in 6/8"):
        load(tunes, meter="6/8", progress=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bars": 3}, "`bars` must be 2, 4, 8 or 16, not 3"),
        ({"meter": "5/4"}, "`meter` must be one of 4/4, 3/4, 6/8"),
        ({"every": 0}, "`every` must be from 1"),
        ({"voices": 0}, "`voices` must be from 1"),
        ({"image_size": 8}, "`image_size` goes with folders and archives of images"),
        ({"voices": 2}, "lack the tracks that are asked for"),
        ({"track": "flute"}, "lack the tracks that are asked for"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tunes: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        load(tunes, progress=False, **options)


def test_files_of_two_kinds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(file_of(walk(2, 0)))
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(BadInput, match="holds both MIDI files and images"):
        load(tmp_path, progress=False)


def test_music_without_its_library_says_what_to_install(
    tunes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "symusic", None)
    with pytest.raises(BadInput, match=r"pip install 'vaekit\[music\]'"):
        load(tunes, progress=False)


def test_options_of_tunes_go_with_no_other_data() -> None:
    with pytest.raises(BadInput, match="`bars` goes with folders and archives of MIDI files"):
        load("digits", bars=4)


def test_chorales_are_four_voices_in_their_own_splits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, three = [72, 67, 64, 48], [74, 64, 48]
    piece = [full] * 4 + [three] * 4 + [full] * 12 + [[76, 67, 64, 48]] * 20
    folder = tmp_path / "jsb-chorales"
    folder.mkdir()
    content = {"test": [piece], "train": [piece] * 3, "valid": [piece]}
    (folder / "jsb-chorales-16th.json").write_text(json.dumps(content))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path))
    dataset = load("jsb-chorales", progress=False)
    assert dataset.shape == (4, 32)
    assert [len(split) for split in dataset.splits.values()] == [6, 1, 1]
    voices = np.asarray(dataset.test.x)[0]
    assert voices[:, :5].tolist() == [
        [72, HOLD, HOLD, HOLD, 74],
        [67, HOLD, HOLD, HOLD, REST],
        [64, HOLD, HOLD, HOLD, HOLD],
        [48, HOLD, HOLD, HOLD, HOLD],
    ]
    with pytest.raises(BadInput, match="do not go with jsb-chorales"):
        load("jsb-chorales", meter="3/4", progress=False)
    (folder / "jsb-chorales-16th.json").write_text('{"more": [1]}')
    with pytest.raises(BadInput, match="is not the published file"):
        load("jsb-chorales", progress=False)


def test_data_that_must_be_fetched_say_where_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path))
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "cache"))
    for name in ("nottingham", "jsb-chorales"):
        with pytest.raises(BadInput, match=r"must be fetched by hand: from https://github.com"):
            load(name)


def test_the_warning_is_of_a_class_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(file_of(walk(2, 0)))
    (tmp_path / "b.mid").write_bytes(file_of(walk(1, 0)))
    with pytest.warns(NotedTunes, match="shorter than 2 bars"):
        load(tmp_path, validation=0, test=0, progress=False)
