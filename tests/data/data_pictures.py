"""Random pictures."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

MakeImages = Callable[..., Path]


def picture(random: np.random.Generator, size: tuple[int, int], mode: str) -> Image.Image:
    """Random pixels; size is (width, height)."""
    channels = {"L": (), "LA": (2,), "RGB": (3,), "RGBA": (4,)}[mode]
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], *channels), np.uint8))


def encoded(image: Image.Image, suffix: str) -> bytes:
    file = io.BytesIO()
    image.save(file, Image.registered_extensions()[suffix])
    return file.getvalue()
