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


def test_a_large_png_is_reduced_and_looks_the_same() -> None:
    images = np.random.default_rng(0).random((100, 3, 1, 1)) * np.linspace(0, 1, 64)
    images = np.repeat(images, 64, axis=2) + np.random.default_rng(1).normal(
        scale=0.02, size=(100, 3, 64, 64)
    )
    figure, full = grid(images, 10), BytesIO()
    with styled():
        figure.savefig(full, format="png")
    content = png(figure)
    assert len(content) < len(full.getvalue()) / 2 > files.LARGE / 2
    with Image.open(BytesIO(content)) as small, Image.open(full) as large:
        found, wanted = (np.asarray(image.convert("RGB"), float) for image in (small, large))
    # Seen from afar dithering is no error at all: compare means over 8 x 8 dots.
    error = (found - wanted)[: found.shape[0] // 8 * 8, : found.shape[1] // 8 * 8]
    blocks = error.reshape(error.shape[0] // 8, 8, error.shape[1] // 8, 8, 3).mean(axis=(1, 3))
    assert np.abs(blocks).mean() < 3


def test_a_failed_write_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = files.write(tmp_path / "report.html", b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        files.write(tmp_path / "folder", b"a folder is no file")
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "report.html"]
