"""Strips show every pixel, with the original beside them and names where they belong."""

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from vaekit.errors import BadInput
from vaekit.figures import png, strips

COLUMNS = ["−1", "0", "1"]
CutOff = Callable[[Figure], list[str]]


def tiles(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3, 8, 8)) / 255


def sheet(figure: Figure) -> np.ndarray:
    (axes,) = figure.axes
    return np.asarray(axes.images[0].get_array())


def as_bytes(image: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.round(image * 255).astype(np.uint8), 0, -1)


def test_the_original_stands_in_front_and_the_strip_behind_a_gap() -> None:
    images, originals = tiles(2, 3), 1 - tiles(2)
    drawn = sheet(strips(images, COLUMNS, before=originals))
    assert drawn.shape == (17, 8 + 2 + 26, 3)
    for row in range(2):
        top = slice(9 * row, 9 * row + 8)
        np.testing.assert_array_equal(drawn[top, :8], as_bytes(originals[row]))
        for column in range(3):
            left = 10 + 9 * column
            np.testing.assert_array_equal(
                drawn[top, left : left + 8], as_bytes(images[row, column])
            )
    assert (drawn[:, 8:10] == 255).all()


def test_one_original_leaves_the_rows_below_it_white_and_may_stand_behind() -> None:
    images, originals = tiles(3, 3), tiles(1) * 0.5
    drawn = sheet(strips(images, COLUMNS, before=originals, after=originals))
    for edge in (slice(0, 8), slice(-8, None)):
        np.testing.assert_array_equal(drawn[:8, edge], as_bytes(originals[0]))
        assert (drawn[8:, edge] == 255).all()


def test_names_stand_over_and_beside_their_pictures(cut_off: CutOff) -> None:
    rows = ["test 0", "009901 and more"]
    figure = strips(tiles(2, 3), COLUMNS, rows=rows, title="faces: Smiling", before=tiles(2))
    (axes,) = figure.axes
    placed = {text.get_text(): text.get_position() for text in axes.texts}
    assert list(placed) == [*rows, "original", *COLUMNS]
    middles = [placed[name][0] * 36 for name in ("original", *COLUMNS)]
    np.testing.assert_allclose(middles, [4, 14, 23, 32])
    assert placed["test 0"][1] > placed["009901 and more"][1]
    assert cut_off(figure) == []


def test_columns_without_names_take_no_room() -> None:
    named, bare = (strips(tiles(2, 3), names, title="faces") for names in (COLUMNS, [""] * 3))
    assert bare.get_figheight() < named.get_figheight()


def test_names_that_would_touch_are_left_out(cut_off: CutOff) -> None:
    columns = [f"{value:.3f}" for value in np.linspace(0, 1, 60)]
    figure = strips(tiles(1, 60), columns, before=tiles(1))
    (axes,) = figure.axes
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert 10 < len(boxes) < 60
    assert all(one.x1 < two.x0 for one, two in pairwise(boxes))
    assert cut_off(figure) == []


@pytest.mark.parametrize("count", [3, 9])
def test_every_pixel_is_an_exact_square(count: int) -> None:
    figure = strips(tiles(2, count), [str(number) for number in range(count)], title="Smiling")
    wanted = sheet(figure)
    scale = min(1900 // wanted.shape[1], 1900 // wanted.shape[0])
    wanted = np.kron(wanted, np.ones((scale, scale, 1), np.uint8))
    with Image.open(BytesIO(png(figure))) as file:
        drawn = np.asarray(file.convert("RGB"))
    height, width = wanted.shape[:2]
    assert np.array_equal(drawn[-16 - height : -16, 16 : 16 + width], wanted)


def test_says_what_it_shows() -> None:
    label = strips(tiles(2, 3), COLUMNS, title="Smiling").get_label()
    assert label == "Smiling: 2 strips from −1 to 1"


def test_refuses_shapes_that_do_not_fit() -> None:
    for images, columns, rows in (
        (tiles(6), COLUMNS, ()),
        (tiles(2, 3), COLUMNS[:2], ()),
        (tiles(2, 3), COLUMNS, ["one"]),
    ):
        with pytest.raises(BadInput, match="strips have shape"):
            strips(images, columns, rows=rows)
    for originals in (tiles(3), tiles(1)[..., :4]):
        with pytest.raises(BadInput, match="originals have shape"):
            strips(tiles(2, 3), COLUMNS, before=originals)
