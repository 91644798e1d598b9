"""Rendered objects in the published layout: what their names say, and their masks."""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaekit.data import load
from vaekit.data.prepare import NoAlpha
from vaekit.data.renders import MissingViews, OddNames
from vaekit.errors import BadInput

SIDES = [(elevation, azimuth) for elevation in (20, 30) for azimuth in (0, 11, 23, 348)]


def picture(seed: int, size: int = 16, mode: str = "RGBA") -> Image.Image:
    """A square of a colour on white, half of its first row see-through."""
    rng = np.random.RandomState(seed)
    alpha = np.zeros((size, size))
    alpha[4:12, 4:12] = 1.0
    alpha[4, 4:12] = 0.5
    colour = rng.randint(0, 200, 3)
    white = 255 * (1 - alpha[..., None]) + colour * alpha[..., None]
    levels = np.concatenate([white, 255 * alpha[..., None]], -1)
    return Image.fromarray(np.rint(levels).astype(np.uint8), "RGBA").convert(mode)


def rendered(root: Path, seats: int = 5, **how: object) -> Path:
    for seat in range(seats):
        folder = root / "rendered_chairs" / f"seat{seat}" / "renders"
        folder.mkdir(parents=True)
        for number, (elevation, azimuth) in enumerate(SIDES):
            name = f"image_{number:03}_p{elevation:03}_t{azimuth:03}_r096.png"
            picture(seat, **how).save(folder / name)  # type: ignore[arg-type]
    return root / "rendered_chairs"


def test_names_say_the_object_and_the_view(tmp_path: Path) -> None:
    data = load(rendered(tmp_path), test=0, validation=0, progress=False)
    assert data.shape == (4, 16, 16)
    assert data.label_names is None
    table = data.train.table
    assert list(table) == ["id", "elevation", "azimuth"]
    seen = list(zip(table["elevation"].tolist(), table["azimuth"].tolist(), strict=True))
    assert seen == SIDES * 5
    assert table["id"].tolist() == [f"seat{seat}" for seat in range(5) for _ in SIDES]
    expected = np.asarray(picture(3)).transpose(2, 0, 1)
    assert np.array_equal(np.asarray(data.train.x[3 * len(SIDES)]), expected)


@pytest.mark.parametrize("ending", ["zip", "tar", "gztar"])
def test_an_archive_holds_the_same(tmp_path: Path, ending: str) -> None:
    folder = rendered(tmp_path)
    packed = shutil.make_archive(str(tmp_path / "packed"), ending, tmp_path, folder.name)
    one, other = (load(each, progress=False) for each in (folder, packed))
    assert np.array_equal(np.asarray(one.train.x[:]), np.asarray(other.train.x[:]))
    assert one.train.table["id"].tolist() == other.train.table["id"].tolist()


def test_alpha_over_any_colour_is_laid_on_white(tmp_path: Path) -> None:
    folder = rendered(tmp_path, 2)
    levels = np.asarray(picture(0)).copy()
    levels[levels[..., 3] == 0, :3] = 0  # as most renderers leave what nothing covers
    levels[levels[..., 3] > 0, :3] = (10, 200, 30)
    Image.fromarray(levels, "RGBA").save(
        folder / "seat0" / "renders" / "image_000_p020_t000_r096.png"
    )
    row = np.asarray(load(folder, test=0, validation=0, progress=False).train.x[0])
    assert row[:3, 0, 0].tolist() == [255, 255, 255]
    assert row[:3, 8, 8].tolist() == [10, 200, 30]
    assert row[:3, 4, 8].tolist() == pytest.approx([133, 228, 143], abs=1)
    assert row[3, 4, 8] == pytest.approx(128, abs=1)


def test_without_alpha_what_is_not_white_is_the_object(tmp_path: Path) -> None:
    folder = rendered(tmp_path, mode="RGB")
    with pytest.warns(NoAlpha, match="40 of 40 images have no alpha"):
        data = load(folder, test=0, validation=0, progress=False)
    mask = np.zeros((16, 16))
    mask[4:12, 4:12] = 255
    assert np.array_equal(np.asarray(data.train.x[0])[3], mask)


def test_missing_views_are_counted(tmp_path: Path) -> None:
    folder = rendered(tmp_path)
    for name in ("image_000_p020_t000_r096.png", "image_005_p030_t011_r096.png"):
        (folder / "seat1" / "renders" / name).unlink()
    with pytest.warns(MissingViews, match="1 of 5 objects are not seen from all 8 sides"):
        data = load(folder, test=0, validation=0, progress=False)
    assert len(data.train) == 38


def test_names_that_say_no_view_are_left_out(tmp_path: Path) -> None:
    folder = rendered(tmp_path)
    picture(9).save(folder / "seat1" / "renders" / "front.png")
    with pytest.warns(
        OddNames, match=r"left out 1 of 41 images .* first 'seat1/renders/front.png'"
    ):
        data = load(folder, test=0, validation=0, progress=False)
    assert len(data.train) == 40
    assert data.left_out["without a view in the name"] == 1


def test_sizes_that_differ_are_refused_or_resized(tmp_path: Path) -> None:
    folder = rendered(tmp_path)
    picture(0, 20).save(folder / "seat4" / "renders" / "image_007_p030_t348_r096.png")
    with pytest.raises(BadInput, match=r"differ in size.*pass `image_size`"):
        load(folder, progress=False)
    assert load(folder, image_size=8, progress=False).shape == (4, 8, 8)


def test_options_of_other_pictures_are_refused(tmp_path: Path) -> None:
    folder = rendered(tmp_path)
    with pytest.raises(BadInput, match="`label_depth` does not go with rendered objects"):
        load(folder, label_depth=1, progress=False)


def test_other_folders_stay_folders(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "renders").mkdir(exist_ok=True)
        picture(number).save(tmp_path / "renders" / f"{number}.png")
    assert load(tmp_path, progress=False).shape == (3, 16, 16)


def test_the_real_chairs() -> None:
    given = os.environ.get("VAEKIT_DATA")
    if not given or not (Path(given) / "chairs").exists():
        pytest.skip("needs the chairs in $VAEKIT_DATA")
    data = load("chairs", test=0, validation=0, progress=False)
    assert data.shape == (4, 64, 64)
    table = data.train.table
    assert len(set(table["id"])) == 88
    assert set(table["elevation"]) == {20, 30}
    assert len(set(table["azimuth"])) == 31
    assert len(data.train) == 88 * 62
    with zipfile.ZipFile(Path(given) / "chairs" / "rendered_chairs.zip") as members:
        assert sum(name.endswith(".png") for name in members.namelist()) == 88 * 62
    x = np.asarray(data.train.x[:200])
    assert (x[:, :3][np.broadcast_to(x[:, 3:] == 0, (200, 3, 64, 64))] > 245).mean() > 0.99
