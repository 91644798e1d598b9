"""Figures as files."""

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from vaekit.figures import files, grid, png, rates, save
from vaekit.figures.style import styled


def test_saves_png_and_svg_that_open(tmp_path: Path) -> None:
    raster, vector = save(rates([1.0, 0.0]), tmp_path / "new" / "figures", "rates")
    assert (raster.name, vector.name) == ("rates.png", "rates.svg")
    with Image.open(raster) as image:
        image.load()
        assert image.size == (int(6.4 * 192), int(3.2 * 192))
        assert "Software" not in image.info
    assert ET.parse(vector).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert b"<dc:date>" not in vector.read_bytes()
    assert sorted(path.name for path in raster.parent.iterdir()) == ["rates.png", "rates.svg"]


def test_a_large_png_of_few_colours_is_reduced_and_looks_the_same() -> None:
    figure = grid(np.random.default_rng(0).random((300, 1, 64, 64)), 20)
    content, full = png(figure), BytesIO()
    with styled():
        figure.savefig(full, format="png")
    assert len(content) < len(full.getvalue()) / 1.5
    assert len(full.getvalue()) > files.LARGE
    with Image.open(BytesIO(content)) as small, Image.open(full) as large:
        assert _difference(small, large) < 3


def test_large_photographs_are_png_as_files_and_jpeg_in_a_page() -> None:
    images = np.random.default_rng(0).random((100, 3, 1, 1)) * np.linspace(0, 1, 64)
    images = np.repeat(images, 64, axis=2) + np.random.default_rng(1).normal(
        scale=0.02, size=(100, 3, 64, 64)
    )
    figure = grid(images, 10)
    whole = png(figure)
    kind, content = files.embedded(figure)
    assert kind == "image/jpeg"
    assert len(content) < len(whole) / 1.5
    with Image.open(BytesIO(content)) as lossy, Image.open(BytesIO(whole)) as exact:
        assert _difference(lossy, exact) < 1


def test_a_small_figure_is_png_in_a_page_too() -> None:
    figure = rates([1.0, 0.0])
    assert files.embedded(figure) == ("image/png", png(figure))


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean size of the error of 8 x 8 dots, in levels: seen from afar dithering is no error."""
    a, b = (np.asarray(image.convert("RGB"), float) for image in (one, other))
    assert a.shape == b.shape
    error = (a - b)[: a.shape[0] // 8 * 8, : a.shape[1] // 8 * 8]
    blocks = error.reshape(error.shape[0] // 8, 8, error.shape[1] // 8, 8, 3).mean(axis=(1, 3))
    return float(np.abs(blocks).mean())


def test_a_failed_write_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = files.write(tmp_path / "report.html", b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        files.write(tmp_path / "folder", b"a folder is no file")
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "report.html"]
