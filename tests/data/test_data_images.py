"""What becomes of image files."""

import io
import os
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from data_pictures import MakeImages, encoded, picture
from PIL import Image

from vaekit.data import BrokenImages, Dataset, load
from vaekit.errors import BadInput

RANDOM = np.random.default_rng(0)


def whole(source: Path, **options) -> Dataset:
    return load(source, validation=0, test=0, progress=False, **options)


def test_a_folder_of_lossless_images_is_its_pixels(images: MakeImages) -> None:
    folder = images(7, size=(12, 10))
    data = whole(folder)
    assert (data.name, data.kind, data.shape) == ("pictures", "image", (3, 10, 12))
    assert data.train.ids == [f"{number:05d}.png" for number in range(7)]
    assert data.train.labels is None
    for row, name in zip(data.train.x[:], data.train.ids, strict=True):
        assert np.array_equal(row.transpose(1, 2, 0), np.asarray(Image.open(folder / name)))


def test_grey_folders_have_one_channel(images: MakeImages) -> None:
    folder = images(5, mode="L")
    assert whole(folder).shape == (1, 10, 12)
    black_white = Image.fromarray(RANDOM.random((10, 12)) > 0.5)
    black_white.save(folder / "x.png")
    deep = RANDOM.integers(0, 65536, (10, 12), dtype=np.uint16)
    Image.fromarray(deep).save(folder / "y.png")
    Image.fromarray(RANDOM.random((10, 12), np.float32)).save(folder / "z.tiff")
    data = whole(folder)
    assert data.shape == (1, 10, 12)
    assert np.array_equal(data.train.x[5][0], np.asarray(black_white) * 255)
    assert np.array_equal(data.train.x[6][0], np.rint(deep / 257))
    floats = np.asarray(Image.open(folder / "z.tiff"))
    assert np.array_equal(data.train.x[7][0], np.rint(floats.astype(float) * 255))


def test_brightness_follows_the_type_of_a_file_and_not_its_values(images: MakeImages) -> None:
    folder = images(1, mode="L", size=(4, 4))
    dark = np.full((4, 4), 200, np.uint16)  # of 65,535
    Image.fromarray(dark).save(folder / "a.png")
    Image.fromarray(dark).save(folder / "b.tiff")
    (folder / "c.pgm").write_bytes(b"P5 4 4 65535\n" + dark.astype(">u2").tobytes())
    rows = whole(folder).train.x[1:]  # the first is of 8 bits
    assert (rows == round(200 * 255 / 65535)).all()


def test_floats_beyond_their_range_are_named(images: MakeImages) -> None:
    folder = images(1, mode="L", size=(4, 4))
    Image.fromarray(np.full((4, 4), 200, np.float32)).save(folder / "a.tiff")
    with pytest.raises(BadInput, match=r"'a\.tiff' .*values from 200 to 200, not 0 to 1"):
        whole(folder)


@pytest.mark.parametrize("workers", [1, 2])
def test_one_coloured_image_makes_all_rgb(images: MakeImages, workers: int) -> None:
    folder = images(600, mode="L")
    colour = picture(RANDOM, (12, 10), "RGB")
    colour.save(folder / "00599.png")
    data = whole(folder, workers=workers)
    assert data.shape == (3, 10, 12)
    assert np.array_equal(data.train.x[599].transpose(1, 2, 0), np.asarray(colour))
    grey = np.asarray(Image.open(folder / "00003.png"))
    assert np.array_equal(data.train.x[3], np.stack([grey] * 3))


def test_every_mode_becomes_rgb(images: MakeImages) -> None:
    folder = images(1, size=(16, 16))
    colour = Image.fromarray(np.full((16, 16, 3), (10, 200, 90), np.uint8))
    colour.convert("CMYK").save(folder / "cmyk.jpg", quality=100, subsampling=0)
    colour.convert("P", palette=Image.Palette.ADAPTIVE).save(folder / "palette.gif")
    colour.convert("P", palette=Image.Palette.ADAPTIVE).save(folder / "palette.png")
    colour.save(folder / "plain.ppm")
    colour.save(folder / "plain.WEBP", lossless=True)
    colour.save(folder / "plain.jpeg", quality=100, subsampling=0)
    colour.save(folder / "plain.bmp")
    data = whole(folder)
    for row, name in zip(data.train.x[1:], data.train.ids[1:], strict=True):
        error = row.astype(int) - np.array([10, 200, 90])[:, None, None]
        assert np.abs(error).max() <= 3, name


def test_alpha_is_laid_on_white(images: MakeImages) -> None:
    folder = images(1, size=(4, 4))
    half = np.full((4, 4, 4), (0, 100, 200, 51), np.uint8)
    Image.fromarray(half).save(folder / "a.png")
    clear = Image.fromarray(np.zeros((4, 4), np.uint8)).convert("P")
    clear.save(folder / "b.png", transparency=0)
    Image.fromarray(np.full((4, 4, 2), (100, 0), np.uint8)).save(folder / "c.png")
    x = whole(folder).train.x
    assert np.allclose(x[1][:, 0, 0], [204, 224, 244], atol=1)
    assert (x[2:] == 255).all()


def test_exif_rotation_is_honoured(images: MakeImages) -> None:
    folder = images(1, size=(10, 20))
    upright = Image.fromarray(
        np.repeat(np.repeat(RANDOM.integers(0, 256, (4, 2, 3), np.uint8), 5, 0), 5, 1)
    )
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees clockwise
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.save(folder / "a.png", exif=exif)
    lying.save(folder / "b.jpg", exif=exif, quality=100, subsampling=0)
    x = whole(folder).train.x
    assert np.array_equal(x[1].transpose(1, 2, 0), np.asarray(upright))
    assert np.abs(x[2].transpose(1, 2, 0).astype(int) - np.asarray(upright)).max() < 12


def test_sizes_and_crops(images: MakeImages) -> None:
    folder = images(1, size=(30, 20))
    bands = np.zeros((40, 80, 3), np.uint8)
    bands[:, :20] = 255, 0, 0
    bands[:, 20:60] = 0, 255, 0
    bands[:, 60:] = 0, 0, 255
    Image.fromarray(bands).save(folder / "a.png")
    with pytest.raises(BadInput, match=r"'a\.png' is 80 x 40, not 30 x 20; pass `image_size`"):
        whole(folder)
    squeezed = whole(folder, image_size=16)
    assert squeezed.shape == (3, 16, 16)
    assert squeezed.train.x[1][:, 8, [0, 8, 15]].T.tolist() == [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
    ]
    centre = whole(folder, image_size=16, crop="centre")
    assert (centre.train.x[1] == np.array([0, 255, 0])[:, None, None]).all()
    same = whole(images(3, "same", size=(14, 9)), crop="centre")
    assert same.shape == (3, 9, 9)


def test_large_jpegs_are_reduced_well(images: MakeImages) -> None:
    """Decoding at a reduced size gives what decoding in full and then resizing gives."""
    folder = images(1, size=(16, 16))
    coarse = Image.fromarray(RANDOM.integers(0, 256, (6, 8, 3), np.uint8))
    large = coarse.resize((1600, 1200), Image.Resampling.BICUBIC)
    large.save(folder / "a.jpg", quality=95)
    x = whole(folder, image_size=32).train.x[1].transpose(1, 2, 0)
    expected = np.asarray(large.resize((32, 32), Image.Resampling.BICUBIC))
    assert np.abs(x.astype(int) - expected).mean() < 2


@pytest.mark.parametrize("zipped", [False, True])
def test_folders_are_labels_and_splits(images: MakeImages, tmp_path: Path, zipped: bool) -> None:
    for split, count in (("train", 6), ("val", 3), ("test", 2)):
        for label in ("cat", "ant"):
            images(count, f"all/wrapped/{split}/{label}", seed=count)
    (tmp_path / "all" / "wrapped" / "notes.txt").write_text("no picture")
    (tmp_path / "all" / "wrapped" / ".hidden.png").write_text("no picture")
    data = load(packed(tmp_path / "all") if zipped else tmp_path / "all", progress=False)
    assert [len(data.train), len(data.validation), len(data.test)] == [12, 6, 4]
    assert data.label_names == ("ant", "cat")
    assert data.test.labels.tolist() == [0, 0, 1, 1]
    assert data.test.ids[3] == "wrapped/test/cat/00001.png" if not zipped else data.test.ids[3]
    pixels = np.asarray(Image.open(tmp_path / "all/wrapped/test/cat/00001.png"))
    assert np.array_equal(data.test.x[3].transpose(1, 2, 0), pixels)


def packed(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as members:
        for file in sorted(folder.rglob("*")):
            members.write(file, file.relative_to(folder))
    return archive


def test_labels_without_splits(images: MakeImages, tmp_path: Path) -> None:
    for label in ("b", "a", "test"):
        images(20, f"set/{label}")
    data = load(tmp_path / "set", progress=False)
    assert data.label_names == ("a", "b", "test")
    assert [len(data.train), len(data.validation), len(data.test)] == [48, 6, 6]
    for split in (data.train, data.validation, data.test):
        names = [data.label_names[label] for label in split.labels]
        assert names == [name.split("/")[0] for name in split.ids]


def test_missing_splits_are_drawn(images: MakeImages, tmp_path: Path) -> None:
    images(20, "set/train")
    images(5, "set/valid")
    data = load(tmp_path / "set", progress=False)
    assert [len(data.train), len(data.validation), len(data.test)] == [18, 5, 2]


def test_black_and_white(images: MakeImages) -> None:
    folder = images(4, mode="L")
    grey = whole(folder).train.x[:]
    assert np.array_equal(
        whole(folder, binarise="threshold").train.x[:], np.where(grey > 127, 255, 0)
    )
    assert np.array_equal(whole(folder, binarise="dynamic").train.x[:], grey)
    with pytest.raises(BadInput, match="`binarise='static'` needs data in memory"):
        whole(folder, binarise="static")


def png_bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    size = (60_000).to_bytes(4) * 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


BROKEN = {
    "cut": encoded(picture(RANDOM, (12, 10), "RGB"), ".png")[:200],
    "empty": b"",
    "text": b"this is no picture",
    "bomb": png_bomb(),
    "jpeg": encoded(picture(RANDOM, (120, 100), "RGB"), ".jpg")[:3000],
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("workers", [1, 2])
def test_one_broken_image_is_left_out_with_a_warning(
    images: MakeImages, kind: str, workers: int
) -> None:
    folder = images(300)
    (folder / "00123.png").write_bytes(BROKEN[kind])
    with pytest.warns(BrokenImages, match=r"left out 1 of 300 .* first '00123\.png'"):
        data = whole(folder, workers=workers)
    assert len(data.train) == 299
    assert "00123.png" not in data.train.ids
    pixels = np.asarray(Image.open(folder / "00124.png"))
    assert np.array_equal(data.train.x[123].transpose(1, 2, 0), pixels)
    with pytest.warns(BrokenImages):  # from the cache, too
        whole(folder)


def test_more_than_one_percent_broken_is_refused(images: MakeImages, cache: Path) -> None:
    folder = images(300)
    for number in (299, 7, 100, 200):
        (folder / f"{number:05d}.png").write_bytes(b"junk")
    with pytest.raises(BadInput, match=r"more than 1% .* first '00007\.png'"):
        whole(folder)
    assert not list(cache.glob("images/*/*"))


def test_all_broken(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").write_bytes(b"junk")
    said = r"no image in '.*set' can be decoded, first 'a\.png' \(it is none of JPEG, PNG, "
    with pytest.raises(BadInput, match=said):
        whole(tmp_path / "set")


def test_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(BadInput, match=r"set' holds no images; looked for \.bmp"):
        whole(tmp_path / "set")


def test_bad_archives(tmp_path: Path) -> None:
    image = encoded(picture(RANDOM, (4, 4), "RGB"), ".png")
    for name in ("../out.png", "/out.png", "a/../../out.png", "..\\out.png", "C:\\out.png", "../a"):
        with zipfile.ZipFile(tmp_path / "escape.zip", "w") as members:
            members.writestr(name, image)
        with pytest.raises(
            BadInput, match=r"escape\.zip' has an entry outside its folder, "
        ) as error:
            whole(tmp_path / "escape.zip")
        assert repr(name) in str(error.value)
    (tmp_path / "cut.zip").write_bytes((tmp_path / "escape.zip").read_bytes()[:-30])
    with pytest.raises(BadInput, match=r"cut\.zip' is no readable zip"):
        whole(tmp_path / "cut.zip")


def test_members_may_start_with_the_folder_itself(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as members:
        members.writestr("./a.png", encoded(picture(RANDOM, (4, 4), "RGB"), ".png"))
    assert len(whole(tmp_path / "a.zip").train) == 1


def test_zip_bombs_are_broken_images(tmp_path: Path) -> None:
    image = encoded(picture(RANDOM, (4, 4), "RGB"), ".png")
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as members:
        for number in range(100):
            members.writestr(f"{number:03d}.png", image)
        with members.open("bomb.png", "w") as bomb:
            for _ in range(257):
                bomb.write(bytes(1 << 20))
    with pytest.warns(BrokenImages, match=r"'bomb\.png' \(it unpacks to more than 256 MiB\)"):
        assert len(whole(archive).train) == 100


def test_a_single_image_is_no_data_set(tmp_path: Path) -> None:
    file = io.BytesIO(encoded(picture(RANDOM, (4, 4), "RGB"), ".png"))
    (tmp_path / "a.png").write_bytes(file.getvalue())
    with pytest.raises(BadInput, match=r"a\.png' has an unknown extension; .* folder"):
        whole(tmp_path / "a.png")


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_names_that_are_no_utf8_are_escaped(tmp_path: Path) -> None:
    for folder in (b"caf\xe9", "thé".encode()):
        (tmp_path / os.fsdecode(folder)).mkdir()
        picture(RANDOM, (4, 4), "L").save(tmp_path / os.fsdecode(folder + b"/\xff.png"))
    data = whole(tmp_path)
    assert data.label_names == (r"caf\xe9", "thé")
    assert data.train.ids == [r"caf\xe9/\xff.png", r"thé/\xff.png"]
