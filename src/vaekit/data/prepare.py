"""Folders and archives of images, decoded once into a cache."""

import contextlib
import hashlib
import json
import shutil
import warnings
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from vaekit.data import archives, decode
from vaekit.data.cache import cache_dir
from vaekit.data.dataset import Crop
from vaekit.data.decode import Done, Plan
from vaekit.data.faces import check_installed
from vaekit.data.files import Listing
from vaekit.data.pool import Chunk, apart, build, chunks_of, workers_for
from vaekit.data.progress import bar
from vaekit.data.reading import reader
from vaekit.errors import BadInput
from vaekit.memory import shown

_VERSION = 3  # of the cache's layout and of how images become rows


class BrokenImages(UserWarning):
    """Some image files couldn't be decoded and were left out."""


class NoAlpha(UserWarning):
    """Some images have no alpha to say where their object is: it is where they are not white."""


class NoFaces(UserWarning):
    """Some images show no face that was found, and were left out."""


@final
@dataclass(frozen=True, slots=True)
class Prepared:
    """Images as rows of a file.

    path: the file of all rows, of `shape` (N, C, H, W).
    broken: the rows without an image.
    faceless: the rows of images without a face, where faces are cut out.
    digest: of the bytes of the image files.
    """

    path: Path
    shape: tuple[int, ...]
    broken: tuple[int, ...]
    faceless: tuple[int, ...]
    digest: str


def prepare(
    listing: Listing,
    image_size: int | None = None,
    crop: Crop = "none",
    workers: int | None = None,
    progress: bool = True,
    mask: bool = False,
) -> Prepared:
    """Decode every image of a listing, unless the cache has them already.

    mask: whether a fourth channel says where the object is, from alpha or what is not white.

    Raises BadInput where more than 1% can't be decoded, where sizes differ and no
    `image_size` is given, where faces are wanted and OpenCV is missing or none is found, and
    where the cache can't be written. Warns with `BrokenImages` and `NoFaces` of the files
    left out, and with `NoAlpha`.
    """
    if crop == "face" and image_size is None:
        raise BadInput("`crop='face'` needs `image_size`, as faces differ in size")
    folder = cache_dir() / "images" / listing.key(_VERSION, image_size, crop, *["mask"] * mask)
    if crop == "face" and not folder.exists():
        check_installed()
    build(
        folder, lambda partial: _fill(partial, listing, image_size, crop, workers, progress, mask)
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    _tell(manifest, listing.names)
    return Prepared(
        folder / "rows.bin",
        tuple(manifest["shape"]),
        tuple(row for row, _ in manifest["broken"]),
        tuple(manifest["faceless"]),
        manifest["digest"],
    )


def _tell(manifest: dict[str, Any], names: list[str]) -> None:
    """Warn of the images that were left out."""
    if broken := manifest["broken"]:
        row, reason = broken[0]
        warnings.warn(
            f"left out {len(broken):,} of {len(names):,} images that can't be decoded, "
            f"first '{names[row]}' ({reason})",
            BrokenImages,
            stacklevel=3,
        )
    if opaque := manifest.get("opaque"):
        warnings.warn(
            f"{opaque:,} of {len(names):,} images have no alpha: what is not white in them is "
            "taken for the object",
            NoAlpha,
            stacklevel=3,
        )
    if faceless := manifest["faceless"]:
        warnings.warn(
            f"left out {len(faceless):,} of {len(names):,} images in which no face was found, "
            f"first '{names[faceless[0]]}'",
            NoFaces,
            stacklevel=3,
        )


def _fill(
    partial: Path,
    listing: Listing,
    image_size: int | None,
    crop: Crop,
    workers: int | None,
    progress: bool,
    mask: bool,
) -> None:
    """Fill a folder of the cache."""
    source = archives.seekable(listing.source, partial)
    with decode.strict():
        plan = _plan(listing, source, partial / "rows.bin", image_size, crop)
    plan = replace(plan, channels=4) if mask else plan
    _check_room(plan, listing)
    try:
        outcome = _decode_all(plan, listing, workers, progress)
    except _Coloured:
        plan = replace(plan, channels=3)
        outcome = _decode_all(plan, listing, workers, progress)
    if len(outcome["faceless"]) + len(outcome["broken"]) == len(listing.names):
        raise BadInput(f"no face was found in '{listing.source}'; use `crop='centre'` or none")
    shape = (len(listing.names), plan.channels, plan.height, plan.width)
    manifest = {"shape": shape, **outcome}
    if source != listing.source:
        source.unlink()
    (partial / "manifest.json").write_text(json.dumps(manifest))


class _Coloured(Exception):
    """An image has colour where the first had none."""


def _plan(listing: Listing, source: Path, output: Path, image_size: int | None, crop: Crop) -> Plan:
    """How to decode, from the first image that can be.

    source: where to read the listing's files from.
    """
    why = ""
    with reader(source) as read:
        for name in listing.names:
            try:
                image = decode.opened(read(name), image_size, crop)
            except Exception as error:  # counted when it comes to decoding
                why = why or decode.reason(error)
                continue
            left, upper, right, lower = decode.cropped(image, "none" if image_size else crop)
            return Plan(
                str(source),
                str(output),
                1 if decode.is_grey(image) else 3,
                image_size or lower - upper,
                image_size or right - left,
                image_size is not None,
                crop,
            )
    raise BadInput(
        f"no image in '{listing.source}' can be decoded, first '{listing.names[0]}' ({why}); "
        "give pictures that open elsewhere"
    )


def _check_room(plan: Plan, listing: Listing) -> None:
    """Raise BadInput where decoded pictures take more room than the cache's disk has left."""
    needed = len(listing.names) * plan.channels * plan.height * plan.width
    if needed > (free := shutil.disk_usage(Path(plan.output).parent).free):
        raise BadInput(
            f"{len(listing.names):,} images of {plan.width} x {plan.height} take {shown(needed)} "
            f"decoded, and the cache has room for {shown(free)}: give a smaller `image_size`, "
            "such as 64 or 128"
        )


def _decode_all(
    plan: Plan, listing: Listing, workers: int | None, progress: bool
) -> dict[str, Any]:
    """Fill the file of rows; give the broken ones, the faceless and the digest of the files."""
    names = listing.names
    with open(plan.output, "wb") as file:
        file.truncate(len(names) * plan.channels * plan.height * plan.width)
    chunks, workers = chunks_of(names), workers_for(len(names), workers)
    results = _here(plan, chunks) if workers == 1 else _apart(plan, chunks, workers)
    broken: list[tuple[int, str]] = []
    faceless: list[int] = []
    opaque, digest = 0, hashlib.sha256()
    with bar("preparing images", len(names), progress) as show, contextlib.closing(results):
        for (first, chunk), done in zip(chunks, results, strict=True):
            _check(done, plan, listing)
            broken += done.broken
            faceless += done.faceless
            opaque += done.opaque
            if len(broken) > len(names) / 100:
                row, reason = broken[0]
                raise BadInput(
                    f"more than 1% of the images in '{listing.source}' can't be decoded, "
                    f"first '{names[row]}' ({reason}); remove or replace them"
                )
            digest.update(done.digest.encode())
            show(first + len(chunk))
    found = {"broken": broken, "faceless": faceless, "digest": digest.hexdigest()}
    return found | ({"opaque": opaque} if opaque else {})


def _check(done: Done, plan: Plan, listing: Listing) -> None:
    if done.coloured:
        raise _Coloured
    if done.misfit is not None:
        name, width, height = done.misfit
        raise BadInput(
            f"the images in '{listing.source}' differ in size: '{name}' is {width} x {height}, "
            f"not {plan.width} x {plan.height}; pass `image_size`"
        )
    if done.error:
        raise OSError(done.error)


def _here(plan: Plan, chunks: Sequence[Chunk]) -> Generator[Done]:
    with reader(Path(plan.source)) as read:
        for first, names in chunks:
            yield decode.decode(plan, read, first, names)


def _apart(plan: Plan, chunks: Sequence[Chunk], workers: int) -> Generator[Done]:
    """Decode in worker processes; results come in the order of the chunks."""
    with contextlib.closing(apart("vaekit.data.decode", asdict(plan), chunks, workers)) as answers:
        yield from map(decode.received, answers)
