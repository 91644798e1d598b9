"""Folders and archives of MIDI files, prepared once into a cache of symbols."""

import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, final, get_args

import numpy as np
import numpy.typing as npt

from vaekit.data.cache import cache_dir
from vaekit.data.dataset import Split
from vaekit.data.files import TUNES, Listing, in_utf8, listing, places
from vaekit.data.melodies import marks
from vaekit.data.music import (
    HOLD,
    METERS,
    Meter,
    Symbols,
    Tune,
    Unfit,
    Why,
    check_installed,
    padded,
    tune,
)
from vaekit.data.pictures import digest
from vaekit.data.pool import build
from vaekit.data.progress import bar as shown_bar
from vaekit.data.reading import reader
from vaekit.data.splits import Found
from vaekit.data.stored import StoredTunes
from vaekit.errors import BadInput

TUNE, BAR = "tune", "bar"
"""The columns of a table that say where a window lies: in which tune, at which bar from 0."""

BARS = (2, 4, 8, 16)
_VERSION = 1  # of the cache's layout and of how files become symbols
_LEFT_OUT: dict[Why, str] = {
    "broken": "can't be read",
    "silent": "have no notes in {meter}",
    "drums": "have only drums",
    "track": "lack the tracks that are asked for",
    "meter": "are not in {meter}",
    "long": "are too long",
}
_NOTED = {
    "short": "are shorter than {bars} bars and have rests added",
    "changing": "change their meter; their longest stretch in {meter} is taken",
    "pickup": "begin with a pick-up, which is a bar of its own",
    "tempos": "change their tempo, which steps do not",
}


class NotedTunes(UserWarning):
    """Some tunes were left out, or are not as they were."""


@final
@dataclass(frozen=True)
class Tunes:
    """How music is read: MIDI files, as melodies in steps of a sixteenth cut into windows.

    Args:
        bars: Bars of a window: 2, 4, 8 or 16.
        meter: The meter of the tunes that are taken.
        every: Bars from one training window to the next; held-out ones do not overlap.
        voices: Melodies at once: so many tracks of each file, from the first with notes on.
        track: The number, from 0, or the name of the track to begin with. A channel counts as
            a track.
        workers: Processes that prepare them; one is enough.
        progress: Whether to show progress.

    Raises BadInput for a value that makes no sense.
    """

    bars: int = 2
    meter: Meter = "4/4"
    every: int = 1
    voices: int = 1
    track: str | None = None
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        if self.bars not in BARS:
            raise BadInput(f"`bars` must be 2, 4, 8 or 16, not {self.bars}")
        if self.meter not in get_args(Meter):
            raise BadInput(f"`meter` must be one of {', '.join(METERS)}, not {self.meter!r}")
        for name, most in (("every", 1_024), ("voices", 16)):
            if not 1 <= getattr(self, name) <= most:
                raise BadInput(f"`{name}` must be from 1 to {most:,}, not {getattr(self, name)}")

    @property
    def steps(self) -> int:
        """Of a window."""
        return self.bars * METERS[self.meter]


@final
@dataclass(slots=True)
class Written:
    """Tunes as symbols in a file, one after the other, and what was noted of them.

    names: of the tunes. sizes: the steps of each, none of one that is left out.
    why: what is wrong with those, by number. noted: the numbers of tunes, by what is of note.
    covered, notes, off, away: notes that a higher one covers, all, those off the grid, and how far
    these are in all, in steps. digest: of the content.
    """

    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    why: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    noted: dict[str, list[int]] = field(default_factory=dict)
    covered: int = 0
    notes: int = 0
    off: int = 0
    away: float = 0.0
    digest: str = ""

    def note(self, found: Tune, least: int) -> None:
        """Count what is of note of the next tune; least: the steps of a window."""
        facts = {
            "short": found.symbols.shape[1] < least,
            "changing": found.meters > 1,
            "pickup": found.pickup,
            "tempos": found.tempos > 1,
        }
        for name, holds in facts.items():
            if holds:
                self.noted.setdefault(name, []).append(len(self.sizes))
        self.covered += found.covered
        self.notes += len(found.away)
        self.off += len(found.off)
        self.away += float(found.off.sum())


def read_tunes(path: Path, wanted: Tunes, within: str = "") -> Found:
    """The tunes of a folder or an archive, as windows that know where they lie.

    within: of which folder in it, all by default.

    Raises BadInput where there is none, and where more than 1% can't be read.
    """
    check_installed()
    files = listing(path, TUNES)
    if within:
        kept = [place for place, name in enumerate(files.names) if name.startswith(within)]
        files = replace(
            files,
            names=[files.names[place] for place in kept],
            stamps=[files.stamps[place] for place in kept],
        )
    parts, folders = places(files.names)
    settings = [wanted.meter, wanted.voices, wanted.track, wanted.bars]
    folder = cache_dir() / "tunes" / files.key(_VERSION, *settings)

    def tunes() -> Iterator[tuple[str, Tune | Unfit]]:
        show_bar = shown_bar("preparing tunes", len(files.names), wanted.progress)
        with show_bar as show, reader(files.source) as read:
            for number, name in enumerate(files.names):
                yield in_utf8(name), _tune_of(read, name, wanted)
                show(number + 1)

    build(folder, lambda partial: write_tunes(partial, tunes(), wanted.steps))
    written = written_in(folder)
    _tell(written, files, wanted)
    return windows(folder, written, parts, wanted, folders)


def write_tunes(partial: Path, tunes: Iterable[tuple[str, Tune | Unfit]], least: int) -> None:
    """Fill a folder of the cache with tunes, which have names, of so many steps at least."""
    written, total = Written(), hashlib.sha256()
    with (partial / "symbols.bin").open("wb") as file:
        for number, (name, found) in enumerate(tunes):
            written.names.append(name)
            lines = np.zeros((0, 0), np.uint8)
            if isinstance(found, Unfit):
                written.why.setdefault(found.why, []).append((number, str(found)))
            else:
                written.note(found, least)
                lines = padded(found.symbols, least).T
            written.sizes.append(len(lines))
            total.update(len(lines).to_bytes(8) + lines.tobytes())
            file.write(lines.tobytes())
    written.digest = total.hexdigest()
    (partial / "manifest.json").write_text(json.dumps(asdict(written)))


def written_in(folder: Path) -> Written:
    """What `write_tunes` noted."""
    return Written(**json.loads((folder / "manifest.json").read_text()))


def windows(
    folder: Path,
    written: Written,
    parts: Sequence[str],
    wanted: Tunes,
    folders: Sequence[str] | None = None,
) -> Found:
    """The windows of tunes in a folder of the cache, by split.

    parts: the split of every tune. folders: their labels, where they have some.
    Raises BadInput where none is left to train on.
    """
    file = folder / "symbols.bin"
    symbols = np.fromfile(file, np.uint8).reshape(-1, wanted.voices)
    starts, of, bars = _windows(symbols, written.sizes, wanted)
    part_of = np.array(parts)[of]
    if "train" not in part_of:
        raise BadInput("no tune is left to train on; see the warnings, or give another `meter`")
    names = np.array(written.names)[of]
    table: dict[str, npt.NDArray[Any]] = {TUNE: names, BAR: bars}
    label_names = None
    if folders is not None:
        label_names = tuple(sorted({folders[number] for number in set(of.tolist())}))
        numbers = {name: place for place, name in enumerate(label_names)}
        table = {"label": np.array([numbers[folders[each]] for each in of], np.int64)} | table
    rows = StoredTunes(file, wanted.voices, wanted.steps, starts)
    table |= marks(rows)
    ids = [f"{name}#{bar}" for name, bar in zip(names.tolist(), bars.tolist(), strict=True)]
    whole = Split(rows, table, ids)
    return Found(
        {name: whole.take(np.flatnonzero(part_of == name)) for name in sorted(set(parts))},
        "sequence",
        digest(written.digest, written.names, list(parts), _options(wanted)),
        label_names,
        options=_options(wanted),
        left_out={name: len(entries) for name, entries in written.why.items()},
        together=TUNE,
        apart=(BAR, wanted.bars),
    )


def _windows(
    symbols: Symbols, sizes: Sequence[int], wanted: Tunes
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of every window its first step in the file, its tune's number and its bar.

    Windows in which no note begins are left out.
    """
    bar = METERS[wanted.meter]
    counts = np.maximum(np.array(sizes) // bar - wanted.bars + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    of = np.repeat(np.arange(len(counts)), counts)
    bars = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = offsets[of] + bars * bar
    begun = np.concatenate([[0], np.cumsum((symbols < HOLD).any(1))])
    kept = begun[starts + wanted.steps] > begun[starts]
    kept &= (bars % wanted.every == 0) | (bars % wanted.bars == 0)
    return starts[kept], of[kept], bars[kept]


def _tune_of(read: Any, name: str, wanted: Tunes) -> Tune | Unfit:
    try:
        found = tune(read(name), wanted.meter, wanted.voices, wanted.track)
    except Unfit as unfit:
        return unfit
    except Exception as error:  # damaged files raise nearly anything
        return Unfit("broken", str(error) or type(error).__name__)
    return found


def _tell(written: Written, files: Listing, wanted: Tunes) -> None:
    """Warn of what was left out and of what is not as it was.

    Raises BadInput where more than 1% can't be read, and where nothing is left.
    """
    total = len(files.names)
    for why, entries in written.why.items():
        number, reason = entries[0]
        first = f"first '{in_utf8(files.names[number])}' ({reason})"
        what = _LEFT_OUT[why].format(meter=wanted.meter)  # type: ignore[index]
        if len(entries) == total or (why == "broken" and len(entries) > total / 100):
            share = "all" if len(entries) == total else "more than 1% of"
            raise BadInput(
                f"{share} the tunes in '{files.source}' {what}, {first}; remove or replace them"
            )
        _warn(f"{len(entries):,} of {total:,} tunes {what} and were left out, {first}")
    for name, what in _NOTED.items():
        if numbers := written.noted.get(name):
            first = in_utf8(files.names[numbers[0]])
            text = what.format(meter=wanted.meter, bars=wanted.bars)
            _warn(f"{len(numbers):,} of {total:,} tunes {text}, first '{first}'")
    if written.covered:
        _warn(
            f"{written.covered:,} of {written.notes:,} notes were left out, as a higher one of "
            "their voice sounds"
        )
    if written.off:
        _warn(
            f"{written.off:,} of {written.notes:,} notes began off the grid of sixteenths, by "
            f"{written.away / written.off:.2f} steps on average, and were moved to it"
        )


def _warn(text: str) -> None:
    warnings.warn(text, NotedTunes, stacklevel=4)


def _options(wanted: Tunes) -> dict[str, Any]:
    """What was asked for, as `load` takes it."""
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    return {name: value for name, value in given.items() if name not in ("workers", "progress")}
