"""A user's own picture, as a model reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vaekit.data import decode
from vaekit.data.dataset import Crop
from vaekit.data.faces import NoFace, check_installed
from vaekit.errors import BadInput


def photo(path: str | Path, shape: tuple[int, ...], crop: Crop = "none") -> npt.NDArray[np.float32]:
    """A picture file in the shape of a model's pictures, prepared as data are.

    shape: (C, H, W) with one or three channels; the result's, float32 in [0, 1].
    crop: as `load` takes it; what is cut is then resized.

    Raises BadInput for a file that is missing, no picture, or far too large, and for one
    without a face where the face is to be cut.
    """
    path = Path(path).expanduser()
    if crop == "face":
        check_installed()
    channels, height, width = shape
    plan = decode.Plan("", "", channels, height, width, True, crop)
    with _naming(path):
        image = decode.opened(decode.content(path), max(height, width), crop)
        pixels = decode.pixels(image, plan)
    return pixels.astype(np.float32) / np.float32(255)


def check_unscaled(path: str | Path, shape: tuple[int, ...]) -> None:
    """Refuse a picture that would not be read pixel by pixel: of another size, or see-through.

    Raises BadInput as `photo` does, too.
    """
    path = Path(path).expanduser()
    with _naming(path):
        image = decode.opened(decode.content(path), None)
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


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which picture it was that could not be read."""
    try:
        with decode.strict():
            yield
    except NoFace:
        raise BadInput(
            f"no face was found in '{path}'; give another picture, or `crop='centre'`"
        ) from None
    except FileNotFoundError:
        raise BadInput(f"there is no picture '{path}'; check its path") from None
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise BadInput(f"'{path}' is no picture that can be read: {decode.reason(error)}") from None
