"""Decoding image files into the rows of a file; also the program that a worker runs.

A worker imports numpy, Pillow and, for faces, OpenCV.
"""

import hashlib
import io
import json
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from io import BufferedRandom
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from vaekit.data import pool
from vaekit.data.dataset import Crop
from vaekit.data.faces import Box, NoFace, cut, face_box
from vaekit.data.reading import Read, reader

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
_GREY = ("1", "L", "LA", "I", "F")
_WHITE = 250  # from there on a picture without alpha shows no object
_FACES_AT = 512  # a face may be a small part of a picture: half the size that is kept of it


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """How every image becomes a row (C, H, W).

    channels: 1 of grey, 3 of colours, 4 of colours on white and the object's mask.
    scaled: whether images of another size are resized, rather than refused.
    crop: "centre" cuts the largest central square first, "face" the largest face.
    """

    source: str
    output: str
    channels: int
    height: int
    width: int
    scaled: bool
    crop: Crop


@final
@dataclass(slots=True)
class Done:
    """What became of one chunk of files.

    digest: of the files' bytes.
    broken: the row and the reason for every file that couldn't be decoded.
    faceless: the rows of pictures without a face.
    coloured: whether there was colour where the plan has one channel.
    opaque: how many pictures have no alpha where the plan has a mask.
    misfit: the name and size of an image that doesn't have the plan's size.
    error: why the rows couldn't be written.
    """

    digest: str = ""
    broken: list[tuple[int, str]] = field(default_factory=list)
    faceless: list[int] = field(default_factory=list)
    coloured: bool = False
    opaque: int = 0
    misfit: tuple[str, int, int] | None = None
    error: str = ""


class Misfit(Exception):
    """An image of another size."""


def opened(data: bytes, size: int | None, crop: Crop = "none") -> Image.Image:
    """The picture in a file, upright; at a reduced size if it is far larger than `size`.

    Raises what Pillow raises for damaged files, and for decompression bombs.
    """
    if size is not None and crop == "face":
        size = max(size, _FACES_AT)
    image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    if size is not None:
        image.draft(None, (2 * size, 2 * size))  # JPEG decodes to 1/2, 1/4 or 1/8 for little
    ImageOps.exif_transpose(image, in_place=True)
    return image


def is_grey(image: Image.Image) -> bool:
    """Whether the picture's mode has no colour."""
    return image.mode in _GREY or image.mode.startswith("I;16")


def cropped(image: Image.Image, crop: Crop) -> Box:
    """The part of a picture that is used: left, upper, right, lower.

    Raises NoFace.
    """
    width, height = image.size
    if crop == "none":
        return 0, 0, width, height
    if crop == "face":
        return face_box(image)
    side = min(width, height)
    left, upper = (width - side) // 2, (height - side) // 2
    return left, upper, left + side, upper + side


def pixels(image: Image.Image, plan: Plan) -> npt.NDArray[np.uint8]:
    """A picture as (C, H, W) uint8: alpha laid on white, cropped and resized as planned.

    A fourth channel is the alpha; of a picture without one, what is not white.
    Raises Misfit for another size than the plan's where nothing is to be resized, and NoFace.
    """
    if plan.channels == 4:
        colours = replace(plan, channels=3)
        parts = [pixels(part, colours) for part in _apart(image)]
        return np.concatenate([parts[0], parts[1][:1]])
    image = _flattened(image)
    box = cropped(image, plan.crop)
    size = (plan.width, plan.height)
    if (box[2] - box[0], box[3] - box[1]) != size and not plan.scaled:
        raise Misfit
    mode = "L" if plan.channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if box != (0, 0, *image.size):
        image = cut(image, box)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    values = np.asarray(image)
    return values.reshape(plan.height, plan.width, plan.channels).transpose(2, 0, 1)


def has_holes(image: Image.Image) -> bool:
    """Whether something shows through a picture."""
    return _has_alpha(image) and image.convert("RGBA").getchannel("A").getextrema() != (255, 255)


def _apart(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """A picture on white, and its mask."""
    if not _has_alpha(image):
        flat = _flattened(image).convert("RGB")
        mask = np.where(np.asarray(flat).min(-1) < _WHITE, 255, 0).astype(np.uint8)
        return flat, Image.fromarray(mask)
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    colours, holes = np.asarray(image)[..., :3], np.asarray(alpha) == 0
    on_white = bool(holes.any() and (colours[holes] == 255).all())  # as published renders are
    return (image.convert("RGB") if on_white else _flattened(image)), alpha


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _flattened(image: Image.Image) -> Image.Image:
    """The picture without alpha and with at most 8 bits a value."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _eight_bits(image)
    if not _has_alpha(image):
        return image
    grey = is_grey(image)
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("L" if grey else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture in 8 bits: white is what the file's type can hold, never what this one does.

    Raises ValueError for values that its type does not stand for.
    """
    values, white = np.asarray(image).astype(np.float64), 1 if image.mode == "F" else 65535
    if not (values.min() >= 0 and values.max() <= white):
        raise ValueError(
            f"it has values from {values.min():g} to {values.max():g}, not 0 to {white}"
        )
    return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))


def decode(plan: Plan, read: Read, first: int, names: Sequence[str]) -> Done:
    """Decode a chunk of files into the rows from `first` on; a broken file's row is zero."""
    try:
        with strict(), open(plan.output, "r+b") as file:
            file.seek(first * plan.channels * plan.height * plan.width)
            return _decode(plan, read, first, names, file)
    except OSError as error:
        return Done(error=str(error))


def _decode(plan: Plan, read: Read, first: int, names: Sequence[str], file: BufferedRandom) -> Done:
    done = Done()
    content = hashlib.sha256()
    blank = np.zeros((plan.channels, plan.height, plan.width), np.uint8)
    size = max(plan.height, plan.width) if plan.scaled else None
    for place, name in enumerate(names):
        data, row = b"", blank
        try:
            data = read(name)
            image = opened(data, size, plan.crop)
            if plan.channels == 1 and not is_grey(image):
                return Done(coloured=True)
            done.opaque += plan.channels == 4 and not _has_alpha(image)
            row = pixels(image, plan)
        except Misfit:
            return Done(misfit=(name, *image.size))
        except NoFace:
            done.faceless.append(first + place)
        except Exception as error:  # Pillow raises nearly anything for a damaged file
            done.broken.append((first + place, reason(error)))
        content.update(len(data).to_bytes(8))
        content.update(data)
        file.write(np.ascontiguousarray(row).data)
    done.digest = content.hexdigest()
    return done


def reason(error: Exception) -> str:
    """Why a picture couldn't be decoded, in words."""
    if isinstance(error, UnidentifiedImageError):
        return f"it is none of {', '.join(_FORMATS)}"
    return str(error) or type(error).__name__


@contextmanager
def strict() -> Iterator[None]:
    """Make decompression bombs errors and keep Pillow's other warnings quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def serve() -> None:
    """Run as a worker: a plan on the first line of stdin, then a chunk a line."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    with reader(Path(plan.source)) as read:
        pool.serve(lambda first, names: asdict(decode(plan, read, first, names)))


def received(answer: Mapping[str, Any]) -> Done:
    """A worker's answer."""
    return Done(**answer)
