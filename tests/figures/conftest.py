"""What the tests of figures share: data to draw, and a check that nothing is cut off."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from vaekit.figures.style import styled


@pytest.fixture
def cut_off() -> Callable[[Figure], list[str]]:
    """Lists the edges of a figure beyond which something is drawn, by more than half a dot."""

    def find(figure: Figure) -> list[str]:
        with styled():
            figure.canvas.draw()
            drawn, page = figure.get_tightbbox(), figure.bbox_inches
        dot = 0.5 / figure.dpi
        edges = {
            "left": drawn.x0 < page.x0 - dot,
            "right": drawn.x1 > page.x1 + dot,
            "bottom": drawn.y0 < page.y0 - dot,
            "top": drawn.y1 > page.y1 + dot,
        }
        return [edge for edge, beyond in edges.items() if beyond]

    return find


@pytest.fixture
def points() -> np.ndarray:
    """600 encodings of shape (600, 2) in ten clusters."""
    centres = np.random.default_rng(1).normal(size=(10, 2)) * 4
    return np.random.default_rng(0).normal(size=(600, 2)) + centres[np.arange(600) % 10]


@pytest.fixture
def labels() -> np.ndarray:
    """The cluster of each of the encodings."""
    return np.arange(600) % 10
