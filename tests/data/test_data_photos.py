"""A user's own picture."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_pictures import picture
from drawn_faces import drawn_face
from PIL import Image
from test_data_images import BROKEN

from vaekit.data import load, photo
from vaekit.errors import BadInput

RANDOM = np.random.default_rng(0)
SHAPES = [(3, 24, 24), (1, 24, 24)]


def coarse(size: tuple[int, int] = (300, 200)) -> Image.Image:
    return picture(RANDOM, (6, 4), "RGB").resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("crop", ["none", "centre"])
def test_a_photo_is_prepared_as_data_are(tmp_path: Path, crop: str) -> None:
    for number in range(3):
        coarse((300, 200 + number)).save(tmp_path / f"{number}.jpg")
    data = load(tmp_path, image_size=24, crop=crop, validation=0, test=0, progress=False)
    for number in range(3):
        found = photo(tmp_path / f"{number}.jpg", data.shape, crop)
        assert found.dtype == np.float32
        assert np.array_equal(found, data.train.tensor([number])[0].numpy())


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), np.float32) / 255


FORMS = {
    "colour.png": lambda image: image,
    "grey.png": lambda image: image.convert("L"),
    "alpha.png": lambda image: image.convert("RGBA"),
    "grey-alpha.png": lambda image: image.convert("LA"),
    "palette.gif": lambda image: image.convert("P", palette=Image.Palette.ADAPTIVE),
    "deep.png": lambda image: Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257),
    "print.jpg": lambda image: image.convert("CMYK"),
    "float.tiff": lambda image: Image.fromarray(grey(image)),
    "photo.webp": lambda image: image,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_picture_works(tmp_path: Path, name: str, shape) -> None:
    image = coarse()
    FORMS[name](image).save(tmp_path / name)
    found = photo(tmp_path / name, shape, "centre")
    assert found.shape == shape
    expected = grey(image.crop((50, 0, 250, 200)).resize((24, 24), Image.Resampling.BICUBIC))
    weights = np.array([[0.299, 0.587, 0.114]] if shape[0] == 3 else [[1.0]], np.float32)
    assert np.abs(np.tensordot(weights, found, 1)[0] - expected).mean() < 0.03


def test_clear_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (30, 30), (200, 0, 0, 0)).save(tmp_path / "a.png")
    assert (photo(tmp_path / "a.png", (3, 8, 8)) == 1).all()


def test_a_turned_photo_is_turned_back(tmp_path: Path) -> None:
    image = coarse((200, 300))
    exif = Image.Exif()
    exif[274] = 8
    image.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    image.save(tmp_path / "upright.jpg", quality=95)
    found, expected = (
        photo(tmp_path / f"{name}.jpg", (3, 24, 24), "centre") for name in ("turned", "upright")
    )
    assert np.abs(found - expected).mean() < 0.01


def test_a_wide_photo_is_read_at_a_reduced_size(tmp_path: Path) -> None:
    """8,000 x 6,000 pixels are 144 MB of colour; a 64th of that is read."""
    image = coarse((8000, 6000))
    image.save(tmp_path / "wide.jpg")
    code = """if True:
        import resource, sys
        from vaekit.data import photo
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        before = peak()
        photo(sys.argv[1], (3, 64, 64), sys.argv[2])
        print(peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "wide.jpg"), "centre"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 40
    found = photo(tmp_path / "wide.jpg", (3, 24, 24))
    expected = np.asarray(image.resize((24, 24), Image.Resampling.BICUBIC), np.float32) / 255
    assert np.abs(found.transpose(1, 2, 0) - expected).mean() < 0.02


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_picture_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "me.jpg").write_bytes(BROKEN[kind])
    with pytest.raises(BadInput, match=r"me\.jpg' is no picture that can be read: ") as error:
        photo(tmp_path / "me.jpg", (3, 24, 24))
    assert "BytesIO" not in str(error.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no picture '.*none\.jpg'"):
        photo(tmp_path / "none.jpg", (3, 24, 24))
    with pytest.raises(BadInput, match=r"is no picture that can be read: it is no regular file"):
        photo(tmp_path, (3, 24, 24))
    with (tmp_path / "vast.jpg").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BadInput, match=r"vast\.jpg' is no picture .* more than 256 MiB"):
        photo(tmp_path / "vast.jpg", (3, 24, 24))


def test_a_face_in_a_large_photo(tmp_path: Path) -> None:
    """A small face in a photo of 4,000 pixels comes out as the same face close up does."""
    large = drawn_face((4000, 3000), (2900, 1300), 600)
    large.save(tmp_path / "large.jpg")
    left, upper = 2900 - 1000, 1300 - 1100
    large.crop((left, upper, left + 2000, upper + 2000)).save(tmp_path / "close.jpg")
    found = [photo(tmp_path / f"{name}.jpg", (3, 32, 32), "face") for name in ("large", "close")]
    assert np.abs(found[0] - found[1]).mean() < 0.06
    coarse().save(tmp_path / "view.jpg")
    with pytest.raises(BadInput, match=r"no face was found in '.*view\.jpg'; .*`crop='centre'`"):
        photo(tmp_path / "view.jpg", (3, 32, 32), "face")
