"""Figures and sounds as bytes and as files, the same bytes for the same figure."""

from io import BytesIO
from pathlib import Path
from wave import open as open_wave

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from vaekit.errors import BadInput
from vaekit.figures.style import styled
from vaekit.writing import replacing

# Bytes above which a PNG of few colours is dithered to 256 of them, which takes a third of the
# room and can hardly be told from the original.
LARGE = 600_000
_PHOTOGRAPH = 1 << 15  # colours: a plot with its soft edges has far fewer
_QUALITY = 90
_STEPS = 1 << 15  # of a wave from 0 to 1, in 16 bits


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _png(_drawn(figure))


def embedded(figure: Figure) -> tuple[str, bytes]:
    """The figure for a page and its media type: PNG, or JPEG where photographs make it large."""
    image = _drawn(figure)
    content = _png(image)
    if len(content) <= LARGE or not _photographic(image):
        return "image/png", content
    drawn = BytesIO()
    image.save(drawn, "jpeg", quality=_QUALITY, subsampling=0)
    return "image/jpeg", drawn.getvalue()


def wav(wave: ArrayLike, rate: int) -> bytes:
    """A wave (samples,) in [-1, 1] as a WAV file of one channel and 16 bits.

    Raises BadInput for one that is empty, of another shape or not finite. What lies beyond
    [-1, 1] is clipped.
    """
    values = np.asarray(wave, np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise BadInput(f"a wave has the shape {values.shape}: give finite numbers, (samples,)")
    content = BytesIO()
    with open_wave(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        whole = np.clip(np.round(values * _STEPS), -_STEPS, _STEPS - 1)
        file.writeframes(whole.astype("<i2").tobytes())
    return content.getvalue()


def _drawn(figure: Figure) -> Image.Image:
    drawn = BytesIO()
    with styled():
        figure.savefig(drawn, format="png", metadata={"Software": None})
    # matplotlib writes an alpha channel that is opaque everywhere.
    with Image.open(drawn) as file:
        return file.convert("RGB")


def _photographic(image: Image.Image) -> bool:
    return image.getcolors(_PHOTOGRAPH) is None


def _png(image: Image.Image) -> bytes:
    photographic = _photographic(image)
    content = BytesIO()
    image.save(content, "png", optimize=not photographic)
    if photographic or content.tell() <= LARGE:
        return content.getvalue()
    reduced = BytesIO()
    palette = image.quantize(256, method=Image.Quantize.FASTOCTREE)
    image.quantize(256, palette=palette).save(reduced, "png", optimize=True)
    return reduced.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as SVG, its letters drawn as paths so that no font is needed."""
    drawn = BytesIO()
    with styled():
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def write(path: Path, content: bytes) -> Path:
    """Put the bytes at the path in one step, so that no reader ever meets half a file."""
    with replacing(path) as part:
        part.write_bytes(content)
    return path


def save(figure: Figure, folder: str | Path, name: str) -> tuple[Path, Path]:
    """Write `folder/name.png` and `folder/name.svg`; returns both paths."""
    folder = Path(folder)
    return (
        write(folder / f"{name}.png", png(figure)),
        write(folder / f"{name}.svg", svg(figure)),
    )
