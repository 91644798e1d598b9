"""Labels from nested folders."""

from pathlib import Path

import pytest
from data_pictures import MakeImages

from vaekit.data import Dataset, load
from vaekit.errors import BadInput


@pytest.fixture
def alphabets(images: MakeImages, tmp_path: Path) -> Path:
    """Two alphabets whose characters have the same names, as Omniglot's do."""
    for alphabet, count in (("Greek", 3), ("Korean", 2)):
        for character in range(1, count + 1):
            images(5, f"images_background/{alphabet}/character{character:02}", mode="L")
    return tmp_path / "images_background"


def names_of(data: Dataset) -> list[str]:
    assert data.label_names is not None
    assert data.train.labels is not None
    return [data.label_names[label] for label in data.train.labels]


def whole(source: Path, **options) -> Dataset:
    return load(source, validation=0, test=0, progress=False, **options)


def test_the_depth_chooses_alphabets_or_characters(alphabets: Path) -> None:
    usual, alphabet, character = (whole(alphabets, label_depth=n) for n in (None, 1, 2))
    assert usual.label_names == alphabet.label_names == ("Greek", "Korean")
    greek = [f"Greek/character{number:02}" for number in (1, 2, 3)]
    korean = [f"Korean/character{number:02}" for number in (1, 2)]
    assert character.label_names == (*greek, *korean)
    assert character.train.ids is not None
    assert names_of(character) == [name.rpartition("/")[0] for name in character.train.ids]
    # What runs were trained on before there was a choice is still the same.
    assert usual.fingerprint == alphabet.fingerprint != character.fingerprint


def test_depth_counts_below_what_all_images_share(images: MakeImages, tmp_path: Path) -> None:
    for split in ("train", "test"):
        for place in ("a/one", "a/two", "b/one"):
            images(4, f"top/wrapped/{split}/{place}")
    data = load(tmp_path / "top", label_depth=2, progress=False)
    assert data.label_names == ("a/one", "a/two", "b/one")
    assert len(data.test) == 12


def test_folders_that_are_not_so_deep_are_named(alphabets: Path) -> None:
    with pytest.raises(
        BadInput, match=r"`label_depth=3` is deeper than 'Greek/character01/00000\.png' lies, at 2"
    ):
        whole(alphabets, label_depth=3)
    with pytest.raises(BadInput, match="`label_depth` must be at least 1, not 0"):
        whole(alphabets, label_depth=0)
    with pytest.raises(BadInput, match="`label_depth` goes with folders and archives"):
        load("digits", label_depth=2)
