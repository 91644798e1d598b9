"""Folders and archives of recordings, prepared once into a cache of frames."""

import hashlib
import json
import shutil
import warnings
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vaekit.data import archives
from vaekit.data.attributes import read_attributes
from vaekit.data.cache import cache_dir
from vaekit.data.dataset import Split
from vaekit.data.files import SOUNDS, Listing, in_utf8, listing, places
from vaekit.data.hear import Heard, Plan, hear, rate_of
from vaekit.data.matching import match
from vaekit.data.naming import named_columns
from vaekit.data.pictures import digest, matched
from vaekit.data.pool import apart, build, chunks_of, workers_for
from vaekit.data.progress import bar
from vaekit.data.reading import reader
from vaekit.data.sound import Sound, check_installed
from vaekit.data.splits import Found
from vaekit.data.stored import StoredWindows
from vaekit.errors import BadInput

Table = dict[str, npt.NDArray[Any]]

RECORDING, START = "recording", "start"
"""The columns of a table that say where a segment lies: in which recording, at which second."""

_VERSION = 1  # of the cache's layout and of how recordings become frames
_WIDE, _MELS, _FEWER = 16_000, 80, 64  # hertz from which on there are more bands
_BLOCK = 512  # segments read at a time
_LEAST = 1e-3  # of a band's standard deviation: one that never changes is not blown up
_NOTED = {
    "resampled": "had another rate and were resampled to {rate:,} Hz",
    "clipped": "went beyond [-1, 1] and were clipped",
    "short": "are shorter than a segment and have silence added",
    "silent": "are silence and were left out",
    "broken": "can't be read and were left out",
}


class NotedRecordings(UserWarning):
    """Some recordings were left out, or are not as they were."""


@final
@dataclass(frozen=True)
class Sounds:
    """How recordings are read: WAV and FLAC files, as log-mel spectrograms cut into segments.

    Args:
        rate: Samples a second, in hertz, that recordings are resampled to; by default the rate
            that most of them have.
        mels: Bands of a spectrogram: from 16,000 hertz on 80, below 64 by default.
        window: Length of a frame in milliseconds.
        hop: From one frame to the next, in milliseconds.
        frames: Frames of a segment.
        step: Frames from one segment to the next; a quarter of a segment by default.
        labels: What the names of recordings say: {digit}_{speaker}_{index}. The first field is
            the label; the others are columns.
        attributes: A table of what is known of each file: CSV, TSV, Parquet or text.
        label_depth: Levels of folders that make a file's label; the first by default. With 2,
            Greek/alpha/1.png has the label Greek/alpha.
        workers: Processes that prepare them.
        progress: Whether to show progress.

    Raises BadInput for a value that makes no sense.
    """

    rate: int | None = None
    mels: int | None = None
    window: float = 25.0
    hop: float = 10.0
    frames: int = 20
    step: int | None = None
    labels: str | None = None
    attributes: Path | None = None
    label_depth: int | None = None
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        for name, least, most in (
            ("rate", 1_000, 768_000),
            ("mels", 2, 512),
            ("window", 1, 1_000),
            ("hop", 1, 1_000),
            ("frames", 4, 4_096),
            ("step", 1, 4_096),
            ("label_depth", 1, 64),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                bound = f"at least {least:,}" if value < least else f"at most {most:,}"
                raise BadInput(f"`{name}` must be {bound}, not {value}")
        if self.hop > self.window:
            raise BadInput(f"`hop` must be at most `window`, {self.window:g}, not {self.hop:g}")
        if self.labels is not None and self.label_depth is not None:
            raise BadInput("`labels` and `label_depth` are two ways to name a class: give one")
        if self.attributes is not None:
            object.__setattr__(self, "attributes", Path(self.attributes).expanduser().resolve())

    def sound(self, rate: int) -> Sound:
        """What is asked for, at a rate."""
        mels = self.mels or (_MELS if rate >= _WIDE else _FEWER)
        window, hop = round(self.window * rate / 1_000), round(self.hop * rate / 1_000)
        step = self.step or max(1, self.frames // 4)
        return Sound(rate, mels, window, hop, self.frames, step)


def read_sounds(path: Path, wanted: Sounds) -> Found:
    """The recordings of a folder or an archive, as segments that know where they lie.

    Raises BadInput where there is none, where more than 1% can't be read, for a pattern that
    fits no name and a table that doesn't fit.
    """
    check_installed()
    files = listing(path, SOUNDS)
    parts, folders = places(files.names, wanted.label_depth)
    label, table, known = _told(files, wanted, folders)
    prepared = _prepare(files, wanted)
    sizes = np.where(known, prepared.sizes, 0)
    if not sizes.any():
        raise BadInput(f"no recording of '{files.source}' is left to train on; see the warnings")
    starts, of, seconds = _segments(prepared.sound, prepared.sizes, sizes)
    columns: Table = {RECORDING: np.array([in_utf8(name) for name in files.names])[of]}
    columns[START] = seconds
    columns |= {name: column[of] for name, column in table.items()}
    label_names: tuple[str, ...] | None = None
    if label is not None:
        label_names = tuple(_in_order(set(np.unique(label[sizes > 0]).tolist())))
        number = {name: place for place, name in enumerate(label_names)}
        numbers = np.array([number.get(name, -1) for name in label.tolist()], np.int64)
        columns = {"label": numbers[of]} | columns
    sound = prepared.sound
    rows = StoredWindows(prepared.path, sound.mels, sound.frames, starts)
    whole = Split(rows, columns, _names(columns[RECORDING], of))
    part_of = np.array(parts)[of]
    splits = {name: whole.take(np.flatnonzero(part_of == name)) for name in sorted(set(parts))}
    if not len(splits.get("train", ())):
        raise BadInput(f"no recording of '{files.source}' is left to train on; see the warnings")
    said = {name: column.tolist() for name, column in table.items()}
    told = [files.names, parts, known.tolist(), None if label is None else label.tolist(), said]
    return Found(
        splits,
        "sound",
        digest(prepared.digest, sound.to_json(), told),
        label_names,
        options=_options(wanted),
        left_out={
            "broken": len(prepared.noted["broken"]),
            "silent": len(prepared.noted["silent"]),
            "without a label": int((~known).sum()),
        },
        together=RECORDING,
        sound=sound,
    )


def normalised(train: Split, sound: Sound) -> Sound:
    """A `Sound` by which the bands of these rows have mean 0 and variance 1."""
    x, total = train.x, np.zeros((2, sound.mels))
    for first in range(0, len(x), _BLOCK):
        block = np.asarray(x[first : first + _BLOCK], np.float64)
        total += block.sum(axis=(0, 1, 3)), (block**2).sum(axis=(0, 1, 3))
    mean, square = total / (len(x) * sound.frames)
    scale = np.sqrt(np.maximum(square - mean**2, 0))
    return sound.normalised(mean, np.maximum(scale, _LEAST))


@final
@dataclass(frozen=True, slots=True)
class _Prepared:
    """Recordings as frames of a file: the frames of each, and the numbers of those of note."""

    path: Path
    sound: Sound
    sizes: npt.NDArray[np.int64]
    noted: dict[str, list[int]]
    digest: str


def _prepare(files: Listing, wanted: Sounds) -> _Prepared:
    """The frames of every recording, unless the cache has them already."""
    settings = [wanted.rate, wanted.mels, wanted.window, wanted.hop, wanted.frames]
    folder = cache_dir() / "sounds" / files.key(_VERSION, *settings)
    build(folder, lambda partial: _fill(partial, files, wanted))
    manifest = json.loads((folder / "manifest.json").read_text())
    sound = wanted.sound(manifest["rate"])
    reasons = dict(manifest["broken"])
    noted = {name: manifest[name] for name in _NOTED} | {"broken": list(reasons)}
    for name, what in _NOTED.items():
        if numbers := noted[name]:
            why = f" ({reasons[numbers[0]]})" if name == "broken" else ""
            warnings.warn(
                f"{len(numbers):,} of {len(files.names):,} recordings "
                f"{what.format(rate=sound.rate)}, first '{in_utf8(files.names[numbers[0]])}'{why}",
                NotedRecordings,
                stacklevel=4,
            )
    sizes = np.array(manifest["sizes"], np.int64)
    return _Prepared(folder / "frames.bin", sound, sizes, noted, manifest["digest"])


def _fill(partial: Path, files: Listing, wanted: Sounds) -> None:
    """Fill a folder of the cache."""
    source = archives.seekable(files.source, partial)
    sound = wanted.sound(wanted.rate or _usual_rate(files, source))
    plan = Plan(str(source), str(partial), sound.to_json())
    chunks, workers = chunks_of(files.names), workers_for(len(files.names), wanted.workers)
    results = _here(plan, chunks) if workers == 1 else _apart(plan, chunks, workers)
    whole, total = Heard(), hashlib.sha256()
    show_bar = bar("preparing recordings", len(files.names), wanted.progress)
    with show_bar as show, closing(results), (partial / "frames.bin").open("wb") as file:
        for (first, chunk), done in zip(chunks, results, strict=True):
            if done.error:
                raise OSError(done.error)
            for name in ("sizes", *_NOTED):
                getattr(whole, name).extend(getattr(done, name))
            _check_broken(whole.broken, files)
            total.update(done.digest.encode())
            piece = partial / f"{first}.frames"
            with piece.open("rb") as frames:
                shutil.copyfileobj(frames, file)
            piece.unlink()
            show(first + len(chunk))
    if source != files.source:
        source.unlink()
    whole.digest = total.hexdigest()
    (partial / "manifest.json").write_text(json.dumps(asdict(whole) | {"rate": sound.rate}))


def _check_broken(broken: Sequence[tuple[int, str]], files: Listing) -> None:
    if len(broken) > len(files.names) / 100:
        number, reason = broken[0]
        raise BadInput(
            f"more than 1% of the recordings in '{files.source}' can't be read, "
            f"first '{in_utf8(files.names[number])}' ({reason}); remove or replace them"
        )


def _usual_rate(files: Listing, source: Path) -> int:
    """The rate that most recordings have, the lower of two that as many have."""
    rates, why = Counter[int](), ""
    with reader(source) as read:
        for name in files.names:
            try:
                rates[rate_of(read(name))] += 1
            except Exception as error:  # counted when it comes to reading
                why = why or str(error)
    if not rates:
        raise BadInput(
            f"no recording in '{files.source}' can be read, first '{in_utf8(files.names[0])}' "
            f"({why}); give WAV or FLAC files"
        )
    return min(rates, key=lambda rate: (-rates[rate], rate))


def _here(plan: Plan, chunks: Sequence[tuple[int, list[str]]]) -> Generator[Heard]:
    sound = Sound.from_json(plan.sound)
    with reader(Path(plan.source)) as read:
        for first, names in chunks:
            yield hear(plan, sound, read, first, names)


def _apart(plan: Plan, chunks: Sequence[tuple[int, list[str]]], workers: int) -> Generator[Heard]:
    with closing(apart("vaekit.data.hear", asdict(plan), chunks, workers)) as answers:
        for answer in answers:
            yield Heard(**answer)


def _told(
    files: Listing, wanted: Sounds, folders: list[str] | None
) -> tuple[npt.NDArray[Any] | None, Table, npt.NDArray[np.bool_]]:
    """The label of every file as a text, columns, and which files have all that they should."""
    known = np.ones(len(files.names), np.bool_)
    label = None if folders is None else np.array(folders)
    table: Table = {}
    if wanted.labels is not None:
        table, known = named_columns(wanted.labels, files.names, ("label", RECORDING, START))
        label = next(iter(table.values())).astype(np.str_)
        if lacking := np.flatnonzero(~known).tolist():
            warnings.warn(
                f"left out {len(lacking):,} of {len(files.names):,} recordings whose names "
                f"`labels` {wanted.labels!r} does not fit, first "
                f"'{in_utf8(files.names[lacking[0]])}'",
                NotedRecordings,
                stacklevel=4,
            )
    if wanted.attributes is not None:
        about = read_attributes(wanted.attributes)
        rows = match(about.names, files.names, str(wanted.attributes), what="recording")
        known &= rows >= 0
        more = matched(about, rows)
        if twice := sorted({RECORDING, START, *table} & more.keys()):
            raise BadInput(f"'{wanted.attributes}' has a column '{twice[0]}', which is taken")
        table |= more
    return label, table, known


def _segments(
    sound: Sound, all_sizes: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Of every segment its first frame in the file, its recording's number, and its second."""
    offsets = np.concatenate([[0], np.cumsum(all_sizes)[:-1]])
    chosen = np.flatnonzero(sizes)
    within = [sound.starts(int(sizes[number])) for number in chosen]
    of = np.repeat(chosen, [len(each) for each in within])
    first = np.concatenate(within)
    return offsets[of] + first, of, first / sound.second


def _names(recordings: npt.NDArray[Any], of: npt.NDArray[np.int64]) -> list[str]:
    """The name of every segment: that of its recording, and its number in it."""
    changes = np.flatnonzero(np.diff(of, prepend=-1))
    numbers = np.arange(len(of)) - np.repeat(changes, np.diff(np.append(changes, len(of))))
    return [f"{name}#{n}" for name, n in zip(recordings.tolist(), numbers.tolist(), strict=True)]


def _in_order(values: set[str]) -> list[str]:
    """Texts in the order of the numbers that they are, or of their letters."""
    return sorted(values, key=lambda each: (0, int(each), each) if each.isdigit() else (1, 0, each))


def _options(wanted: Sounds) -> dict[str, Any]:
    """What was asked for, as `load` takes it."""
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    if "attributes" in given:
        given["attributes"] = str(given["attributes"])
    return {name: value for name, value in given.items() if name not in ("workers", "progress")}
