"""Images laid out as one picture, to the pixel."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from vaekit.errors import BadInput
from vaekit.figures import grid, pairs, png, svg
from vaekit.figures.images import mosaic


def tiles(count: int, channels: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, channels, size, size)) / 255


def test_mosaic_runs_along_rows() -> None:
    images = np.arange(4).reshape(4, 1, 1, 1) / 255 * np.ones((4, 1, 2, 3))
    sheet = mosaic(images, columns=2)[..., 0]
    np.testing.assert_array_equal(sheet, np.kron([[0, 1], [2, 3]], np.ones((2, 3))))


def test_mosaic_leaves_gaps_and_missing_images_white() -> None:
    sheet = mosaic(np.zeros((3, 1, 2, 2)), columns=2, gap=1)[..., 0]
    row, gap, last = [0, 0, 255, 0, 0], [255] * 5, [0, 0, 255, 255, 255]
    assert sheet.tolist() == [row, row, gap, last, last]


def test_mosaic_keeps_colours_and_clips_what_lies_outside() -> None:
    colour = np.array([0.2, -3.0, 7.0]).reshape(1, 3, 1, 1)
    assert mosaic(colour, columns=1).tolist() == [[[51, 0, 255]]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("title", ["", "Decoded lattice"])
def test_grid_shows_every_pixel_as_an_exact_square(channels: int, title: str) -> None:
    images = tiles(15, channels)
    figure = grid(images, 5, title=title)
    with Image.open(BytesIO(png(figure))) as file:
        drawn = np.asarray(file.convert("RGB"))
    scale = 1320 // 44
    wanted = np.kron(mosaic(images, 5, gap=1), np.ones((scale, scale, 1), np.uint8))
    height, width = wanted.shape[:2]
    assert np.array_equal(drawn[-16 - height : -16, 16 : 16 + width], wanted)


def test_pairs_put_originals_over_reconstructions(cut_off: Callable[[Figure], list[str]]) -> None:
    images = tiles(6, 1)
    figure = pairs(images, 1 - images, title="VAE")
    (axes,) = figure.axes
    sheet = axes.images[0].get_array()
    assert sheet.shape == (17, 53, 3)
    np.testing.assert_array_equal(sheet[:8, :8, 0], np.round(images[0, 0] * 255))
    np.testing.assert_array_equal(sheet[9:, :8, 0], np.round((1 - images[0, 0]) * 255))
    assert [text.get_text() for text in axes.texts] == ["original", "reconstruction"]
    assert axes.texts[0].get_position()[1] > axes.texts[1].get_position()[1]
    assert cut_off(figure) == []


def test_more_than_ten_pairs_make_further_rows(cut_off: Callable[[Figure], list[str]]) -> None:
    images = tiles(12, 1)
    figure = pairs(images, 1 - images, title="VAE")
    (axes,) = figure.axes
    sheet = np.asarray(axes.images[0].get_array())[..., 0]
    assert sheet.shape == (2 * 17 + 4, 10 * 9 - 1)
    np.testing.assert_array_equal(sheet[21:29, 9:17], np.round(images[11, 0] * 255))
    np.testing.assert_array_equal(sheet[30:, 9:17], np.round((1 - images[11, 0]) * 255))
    assert (sheet[21:, 17:] == 255).all()
    middles = [text.get_position()[1] * 38 for text in axes.texts]
    np.testing.assert_allclose(middles, [38 - 4, 38 - 13, 38 - 25, 38 - 34])
    assert cut_off(figure) == []


@pytest.mark.parametrize("width", [8, 28, 64, 128])
def test_photographs_stand_apart(width: int) -> None:
    (axes,) = grid(np.zeros((4, 3, width, width)), 2).axes
    sheet = np.asarray(axes.images[0].get_array())
    gap = sheet.shape[1] - 2 * width
    assert gap >= width / 64
    assert (sheet[:, width : width + gap] == 255).all()
    assert (sheet[width : width + gap] == 255).all()


@pytest.mark.parametrize("count", [1, 4, 225])
def test_titles_fit_whatever_the_size(count: int, cut_off: Callable[[Figure], list[str]]) -> None:
    title = "Samples from the prior of a model with a rather long name, at temperature 1"
    assert cut_off(grid(tiles(count, 1), 15, title=title)) == []
    assert cut_off(pairs(tiles(count, 1), tiles(count, 1), title=title)) == []


def test_svg_holds_the_picture_at_its_own_size() -> None:
    assert len(svg(grid(tiles(225, 1), 15))) < 100_000


def test_says_what_it_shows() -> None:
    assert grid(tiles(6, 1), 3, title="Samples").get_label() == "Samples: 6 images, 3 to a row"
    assert pairs(tiles(2, 1), tiles(2, 1)).get_label() == "2 originals, reconstructions below"


@pytest.mark.parametrize("shape", [(4, 28, 28), (4, 2, 28, 28), (0, 1, 28, 28), (4, 784)])
def test_refuses_what_is_no_stack_of_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="shape"):
        grid(np.zeros(shape), 2)


def test_refuses_no_columns_pairs_that_differ_and_nan() -> None:
    with pytest.raises(BadInput, match="NaN"):
        grid(np.full((1, 1, 2, 2), np.nan), 1)
    with pytest.raises(BadInput, match="columns"):
        grid(tiles(4, 1), 0)
    with pytest.raises(BadInput, match="one reconstruction per original"):
        pairs(tiles(4, 1), tiles(3, 1))


def test_refuses_a_picture_that_no_viewer_opens() -> None:
    with pytest.raises(BadInput, match="would be 49,999 x 4 pixels, and 32,768 are most"):
        grid(np.zeros((10_000, 1, 4, 4)), 10_000)
