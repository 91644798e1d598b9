"""The largest face cut out, on drawings."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_pictures import encoded, picture
from drawn_faces import DARK, drawn_face
from PIL import Image

from vaekit.data import Dataset, NoFaces, load
from vaekit.data.faces import cut, face_box
from vaekit.errors import BadInput


def whole(source: Path, **options) -> Dataset:
    return load(source, crop="face", validation=0, test=0, progress=False, **options)


@pytest.mark.parametrize("width", [60, 120, 200])
def test_the_square_follows_the_face(width: int) -> None:
    """Wherever the face is and however large, the square lies around it in the same way."""
    boxes = []
    for at in ((300, 320), (420, 400)):
        left, upper, right, lower = face_box(drawn_face((800, 700), at, width))
        assert right - left == lower - upper
        boxes.append(((left - at[0]) / width, (upper - at[1]) / width, (right - left) / width))
    assert np.allclose(boxes[0], boxes[1], atol=0.15)
    left, upper, side = np.mean(boxes, axis=0)
    assert left + side / 2 == pytest.approx(0, abs=0.08)
    assert upper + side / 2 == pytest.approx(-0.1, abs=0.1)
    assert 1.7 < side < 2.5


def test_the_largest_face_counts() -> None:
    image = drawn_face((900, 500), (650, 260), 180)
    image.paste(drawn_face((300, 300), (150, 150), 80))
    left, _, right, _ = face_box(image)
    assert abs((left + right) / 2 - 650) < 15


def test_beyond_the_border_its_pixels_go_on() -> None:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    found = np.asarray(cut(Image.fromarray(values), (-2, -1, 3, 4)))
    assert np.array_equal(found, np.pad(values, ((1, 1), (2, 0)), mode="edge")[:, :5])
    inside = np.asarray(cut(Image.fromarray(values), (1, 0, 3, 2)))
    assert np.array_equal(inside, values[:2, 1:3])


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_without_a_face_are_left_out(tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    face = encoded(drawn_face((120, 150), (60, 78), 60), ".png")
    for number in range(130):
        (folder / f"{number:03d}.png").write_bytes(face)
    plain = encoded(Image.new("RGB", (120, 150), "grey"), ".png")
    for number in (0, 7, 100):  # more than 1%
        (folder / f"{number:03d}.png").write_bytes(plain)
    with pytest.warns(NoFaces, match=r"left out 3 of 130 images in which .* first '000\.png'"):
        data = whole(folder, image_size=32, workers=workers)
    assert data.shape == (3, 32, 32)
    assert len(data.train) == 127
    assert not {"000.png", "007.png", "100.png"} & set(data.train.ids)
    x = data.train.x[:]
    assert (x == x[0]).all()
    eyes = np.abs(x[0].transpose(1, 2, 0).astype(int) - DARK).sum(axis=2) < 90
    assert eyes[:16, :16].any()
    assert eyes[:16, 16:].any()
    assert not eyes[20:].any()
    with pytest.warns(NoFaces):  # from the cache, too
        assert len(whole(folder, image_size=32).train) == 127


def test_no_face_at_all_and_no_size(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    picture(np.random.default_rng(0), (60, 60), "RGB").save(folder / "a.png")
    with pytest.raises(BadInput, match=r"no face was found in '.*set'; use `crop='centre'`"):
        whole(folder, image_size=32)
    with pytest.raises(BadInput, match="`crop='face'` needs `image_size`"):
        whole(folder)


def test_without_opencv_the_fix_is_named(tmp_path: Path) -> None:
    drawn_face((100, 120), (50, 60), 50).save(tmp_path / "a.png")
    code = """if True:
        import sys
        sys.modules["cv2"] = None  # as if it weren't installed
        from vaekit.data import load, photo
        from vaekit.errors import BadInput
        for call in (
            lambda: load(sys.argv[1], crop="face", image_size=32, progress=False),
            lambda: photo(f"{sys.argv[1]}/a.png", (3, 32, 32), "face"),
        ):
            try:
                call()
            except BadInput as error:
                print(error)
        load(sys.argv[1], crop="centre", progress=False)
    """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    advice = "`crop='face'` needs OpenCV 4; install it with: pip install 'vaekit[faces]'"
    assert done.stdout.splitlines() == [advice] * 2
