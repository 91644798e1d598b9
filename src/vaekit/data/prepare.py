"""Folders and archives of images, decoded once into a cache."""

import contextlib
import fcntl
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import uuid
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, final

from vaekit.data import archives, decode
from vaekit.data.cache import cache_dir
from vaekit.data.dataset import Crop
from vaekit.data.decode import Done, Plan
from vaekit.data.faces import check_installed
from vaekit.data.files import Listing
from vaekit.data.progress import bar
from vaekit.errors import BadInput
from vaekit.memory import shown

_VERSION = 3  # of the cache's layout and of how images become rows
_CHUNK = 32  # files; part of the digest, so it doesn't depend on the number of workers
_FILES_PER_WORKER = 64  # fewer aren't worth starting another process for
_Chunk = tuple[int, list[str]]


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
    folder = cache_dir() / "images" / _key(listing, image_size, crop, mask)
    if not folder.exists():
        if crop == "face":
            check_installed()
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _locked(folder.with_suffix(".lock")):
                if not folder.exists():
                    _build(folder, listing, image_size, crop, workers, progress, mask)
        except OSError as error:
            raise BadInput(
                f"cannot write the cache '{folder.parent}': {error}; set VAEKIT_CACHE"
            ) from None
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


def _key(listing: Listing, image_size: int | None, crop: Crop, mask: bool) -> str:
    how = [_VERSION, str(listing.source.resolve()), image_size, crop, *["mask"] * mask]
    key = hashlib.sha256(json.dumps(how).encode())
    for name, stamp in zip(listing.names, listing.stamps, strict=True):
        key.update(f"{name}\0{stamp}\n".encode("utf-8", "surrogateescape"))
    return key.hexdigest()[:32]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time prepare the same images; the system frees a dead one's lock."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(
    folder: Path,
    listing: Listing,
    image_size: int | None,
    crop: Crop,
    workers: int | None,
    progress: bool,
    mask: bool,
) -> None:
    """Build the cache under another name and rename it, so that it is complete or absent."""
    for abandoned in folder.parent.glob(f"{folder.name}.*.partial"):
        shutil.rmtree(abandoned, ignore_errors=True)
    partial = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    partial.mkdir()
    try:
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
        for file in partial.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _Coloured(Exception):
    """An image has colour where the first had none."""


def _plan(listing: Listing, source: Path, output: Path, image_size: int | None, crop: Crop) -> Plan:
    """How to decode, from the first image that can be.

    source: where to read the listing's files from.
    """
    why = ""
    with decode.reader(source) as read:
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
    chunks = [(first, names[first : first + _CHUNK]) for first in range(0, len(names), _CHUNK)]
    most = max(1, math.ceil(len(names) / _FILES_PER_WORKER))
    workers = min(workers or _cores(), most)
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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _here(plan: Plan, chunks: Sequence[_Chunk]) -> Generator[Done]:
    with decode.reader(Path(plan.source)) as read:
        for first, names in chunks:
            yield decode.decode(plan, read, first, names)


def _apart(plan: Plan, chunks: Sequence[_Chunk], workers: int) -> Generator[Done]:
    """Decode in worker processes; results come in the order of the chunks."""
    processes: list[_Worker] = []
    idle: SimpleQueue[_Worker] = SimpleQueue()
    pool = ThreadPoolExecutor(workers)

    def ask(chunk: _Chunk) -> Done:
        worker = idle.get()
        try:
            return worker.ask(chunk)
        finally:
            idle.put(worker)

    try:
        for _ in range(workers):
            processes.append(_Worker(plan))
            idle.put(processes[-1])
        yield from pool.map(ask, chunks)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in processes:
            worker.stop()
        pool.shutdown()


@final
class _Worker:
    """A process that decodes chunks into the file of rows."""

    def __init__(self, plan: Plan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from vaekit.data.decode import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            process_group=0,  # out of reach of Ctrl-C, which the parent sees to
        )
        self._send(asdict(plan))

    def ask(self, chunk: _Chunk) -> Done:
        self._send(chunk)
        assert self._process.stdout
        answer = self._process.stdout.readline()
        if not answer:
            raise BadInput(
                f"a decoding process died near '{chunk[1][0]}'; pass `workers=1` to see why"
            )
        return decode.received(answer)

    def _send(self, message: object) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # then there is no answer, either
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        self._process.kill()
        with contextlib.suppress(BrokenPipeError), self._process:
            pass
