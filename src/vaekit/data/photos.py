"""A user's own pictures, as a model reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaekit.data import decode
from vaekit.data.dataset import Crop
from vaekit.data.faces import NoFace, check_installed
from vaekit.data.reading import content
from vaekit.errors import BadInput

Photo = str | Path | bytes | Image.Image
"""A picture file, what one holds, or a picture of Pillow's."""


def photo(source: Photo, shape: tuple[int, ...], crop: Crop = "none") -> npt.NDArray[np.float32]:
    """A picture file in the shape of a model's pictures, prepared as data are.

    shape: (C, H, W) with one, three or, with a mask, four channels; the result's, float32 in
        [0, 1].
    crop: as `load` takes it; what is cut is then resized.

    Raises BadInput for a file that is missing, no picture, or far too large, and for one
    without a face where the face is to be cut.
    """
    if crop == "face":
        check_installed()
    channels, height, width = shape
    with _named(source):
        image = _opened(source, max(height, width), crop)
        plan = decode.Plan("", "", channels, height, width, True, crop)
        return decode.pixels(image, plan).astype(np.float32) / np.float32(255)


def picture(source: Photo, size: int | None, crop: Crop = "none") -> npt.NDArray[np.uint8]:
    """A picture as uint8 (C, H, W): C is 1 where it has no colour.

    size: the side that it is resized to; None keeps its own.
    Raises BadInput as `photo`.
    """
    with _named(source):
        image = _opened(source, size, crop)
        left, upper, right, lower = decode.cropped(image, crop)
        width, height = (right - left, lower - upper) if size is None else (size, size)
        channels = 1 if decode.is_grey(image) else 3
        return decode.pixels(image, decode.Plan("", "", channels, height, width, True, crop))


def check_unscaled(path: str | Path, shape: tuple[int, ...]) -> None:
    """Refuse a picture that would not be read pixel by pixel: of another size, or see-through.

    Raises BadInput as `photo` does, too.
    """
    path = Path(path).expanduser()
    with _named(path):
        image = decode.opened(content(path), None)
        size, seen_through = image.size, decode.has_holes(image)
    if size != shape[:0:-1]:
        raise BadInput(
            f"'{path}' has {size[0]} x {size[1]} pixels, not {shape[2]} x {shape[1]}, and resizing "
            "changes its noise: resize it yourself, or give `resize`"
        )
    if seen_through:
        raise BadInput(
            f"'{path}' is transparent in places, and what is laid under them is no part of its "
            "noise: save it without alpha, or give `resize`, which lays it on white"
        )


def _opened(source: Photo, size: int | None, crop: Crop) -> Image.Image:
    if isinstance(source, Image.Image):
        return source
    data = source if isinstance(source, bytes) else content(Path(source).expanduser())
    return decode.opened(data, size, crop)


@contextmanager
def _named(source: object) -> Iterator[None]:
    """Makes of whatever goes wrong with a picture an error that names it."""
    called = f"'{source}'" if isinstance(source, str | Path) else "one of the pictures"
    called = "the file" if isinstance(source, bytes) else called
    try:
        with decode.strict():
            yield
    except NoFace:
        raise BadInput(
            f"no face was found in {called}; give another picture, or `crop='centre'`"
        ) from None
    except FileNotFoundError:
        raise BadInput(f"there is no picture {called}; check its path") from None
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise BadInput(f"{called} is no picture that can be read: {decode.reason(error)}") from None
