"""A user's own picture, as a model reads it."""

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
    try:
        with decode.strict():
            image = decode.opened(decode.content(path), max(height, width), crop)
            pixels = decode.pixels(image, plan)
    except NoFace:
        raise BadInput(
            f"no face was found in '{path}'; give another picture, or `crop='centre'`"
        ) from None
    except FileNotFoundError:
        raise BadInput(f"there is no picture '{path}'; check its path") from None
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise BadInput(f"'{path}' is no picture that can be read: {decode.reason(error)}") from None
    return pixels.astype(np.float32) / np.float32(255)
