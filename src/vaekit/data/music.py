"""Music as a model reads it: melodies of symbols in steps of a sixteenth, and back to MIDI.

MIDI ── tune ──▶ symbols (V, T) ── windows ──▶ rows (n, V, T)
     ◀─ midi ──                 ◀── joined ───

A symbol is a pitch from 0 to 127 that begins, HOLD where it goes on, or REST.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast, final

import numpy as np
import numpy.typing as npt

from vaekit.data.reading import content
from vaekit.errors import BadInput

Array = npt.NDArray[Any]
Symbols = npt.NDArray[np.uint8]
Meter = Literal["4/4", "3/4", "6/8"]
Why = Literal["broken", "silent", "drums", "track", "meter", "long"]

HOLD, REST, SYMBOLS = 128, 129, 130
METERS: dict[str, int] = {"4/4": 16, "3/4": 12, "6/8": 12}
"""Steps of a bar."""

TEMPO = 120.0  # quarters a minute, where a file says nothing, as MIDI has it
_TICKS = 120  # of a step in files that are written
_QUARTER = 4  # steps
_MOST_STEPS = 1 << 20
_NEAR = 0.02  # of a step: what is nearer to the grid is on it
_LOUD = 80  # of 127


def check_installed() -> None:
    """Raise BadInput where the library that reads and writes MIDI is missing."""
    try:
        import symusic  # noqa: F401
    except ImportError:
        raise BadInput(
            "music needs symusic; install it with: pip install 'vaekit[music]'"
        ) from None


@final
class Unfit(ValueError):
    """A file that gives no tune, and why, in a word and in a sentence's end."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tune:
    """Melodies from a bar line on, and what is known of them.

    symbols: (V, T), a row for each voice, T of whole bars.
    tempo: quarters a minute at the beginning. programs: the instrument of each voice, from 0.
    covered: how many notes were left out, as a higher one sounded.
    away: how far each note began from the grid, in steps.
    tempos, meters: how many the file has. pickup: whether it begins after its first bar line.
    """

    symbols: Symbols
    tempo: float = TEMPO
    programs: tuple[int, ...] = ()
    covered: int = 0
    away: Array = field(default_factory=lambda: np.zeros(0))
    tempos: int = 1
    meters: int = 1
    pickup: bool = False

    @property
    def off(self) -> Array:
        """How far the notes that are not on the grid are from it, in steps."""
        return self.away[self.away > _NEAR]


def tune(data: bytes, meter: Meter, voices: int = 1, track: str | None = None) -> Tune:
    """The melodies of a MIDI file: its longest stretch in a meter, from its first note's bar on.

    A voice is a track; one with several channels or instruments counts as several.

    track: the number or the name of the first voice; by default the first that has notes and is
        not of drums.

    Raises Unfit where there is none.
    """
    score = _score(data)
    chosen = _tracks(score, voices, track)
    quarter = float(score.ticks_per_quarter)
    notes = [each.notes.numpy() for each in chosen]
    whole = float(max((each["time"] + each["duration"]).max() for each in notes))
    first, last, meters = _stretch(score, meter, whole)
    inside = [(each["time"] >= first) & (each["time"] < last) for each in notes]
    found = [
        np.stack([each["time"] - first, each["time"] + each["duration"] - first, each["pitch"]])[
            :, keep
        ].astype(np.float64)
        for each, keep in zip(notes, inside, strict=True)
    ]
    if not any(each.size for each in found):
        raise Unfit("silent", f"it has no notes in {meter}")
    steps = [np.stack([n[0] / quarter, n[1] / quarter]) * _QUARTER for n in found]
    end = min(max(float(s[1].max(initial=0)) for s in steps), (last - first) / quarter * _QUARTER)
    if end > _MOST_STEPS:
        raise Unfit("long", f"it is longer than {_MOST_STEPS:,} sixteenths")
    bar = METERS[meter]
    start = int(min(np.rint(s[0].min(initial=np.inf)) for s in steps if s.size)) // bar * bar
    lines = [melody(s[0] - start, s[1] - start, n[2]) for s, n in zip(steps, found, strict=True)]
    begun = np.concatenate([s[0] for s in steps])
    length = -(-max(len(line) for line, _ in lines) // bar) * bar
    symbols = np.concatenate([padded(line[None], length) for line, _ in lines])
    tempos = [float(each.qpm) for each in score.tempos if np.isfinite(each.qpm) and each.qpm > 0]
    return Tune(
        symbols,
        tempos[0] if tempos else TEMPO,
        tuple(int(each.program) for each in chosen),
        sum(covered for _, covered in lines),
        np.abs(begun - np.rint(begun)),
        len(set(tempos)) or 1,
        meters,
        bool(symbols[:, 0].min() == REST),
    )


def own_tune(
    file: str | Path | bytes, meter: Meter, voices: int, track: str | None, reader: str
) -> Tune:
    """The melodies of a user's own MIDI file, or of its bytes; see `tune`.

    reader: who reads it, for what is said where it does not fit.

    Raises BadInput where it is missing, damaged or of another kind or meter.
    """
    check_installed()
    named = "the file" if isinstance(file, bytes) else f"'{Path(file).expanduser()}'"
    try:
        data = file if isinstance(file, bytes) else content(Path(file).expanduser())
        return tune(data, meter, voices, track)
    except FileNotFoundError:
        raise BadInput(f"there is no tune {named}: check its path.") from None
    except Unfit as unfit:
        raise BadInput(
            f"{named}: {unfit}: {reader} reads melodies in {meter}, {voices} at once; give a MIDI "
            "file of such."
        ) from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{named} can't be read: {error}: give a MIDI file.") from None


def meter_for(steps: int, said: str | None = None) -> Meter:
    """The meter of rows of so many steps: what is said, or what such bars usually are."""
    if said in METERS:
        return cast(Meter, said)
    return "4/4" if steps % METERS["3/4"] else "3/4"


def melody(starts: Array, ends: Array, pitches: Array) -> tuple[Symbols, int]:
    """One voice (T,) of notes that begin and end at these steps, and how many are covered.

    A note lasts a step at least; where several sound the highest is heard, from its beginning on.
    """
    on = np.rint(starts).astype(np.int64)
    off = np.maximum(np.rint(ends).astype(np.int64), on + 1)
    heard = np.full(int(off.max(initial=0)), -1, np.int64)
    for note in np.lexsort((on, pitches)).tolist():
        heard[on[note] : off[note]] = note
    symbols = np.full(len(heard), REST, np.uint8)
    begins = np.flatnonzero((heard >= 0) & (on[heard] == np.arange(len(heard))))
    symbols[begins] = pitches[heard[begins]]
    # What sounds on is held from its own beginning; a note whose beginning is covered is not heard.
    for first, last in pairwise([*begins.tolist(), len(heard)]):
        own = heard[first:last] == heard[first]
        held = len(own) if own.all() else int(np.argmin(own))
        symbols[first + 1 : first + held] = HOLD
    return symbols, len(on) - len(begins)


def notes(symbols: Array) -> Array:
    """The notes of one voice (T,): first step, steps and pitch of each, (n, 3).

    A hold after a rest is a rest.
    """
    line = np.asarray(symbols).astype(np.int64)
    changes = np.flatnonzero(line != HOLD)
    ends = np.append(changes[1:], len(line))
    begins = line[changes] < HOLD
    kept = np.stack([changes, ends - changes, line[changes]], 1)[begins]
    return np.asarray(kept)


def midi(
    symbols: Array, *, meter: Meter = "4/4", tempo: float = TEMPO, programs: Sequence[int] = ()
) -> bytes:
    """A MIDI file of voices (V, T), a track each. What `tune` reads of it are the same symbols,
    but for rests at its ends.

    tempo: quarters a minute. programs: the instrument of each voice, from 0; a piano by default.
    """
    check_installed()
    from symusic import Note, Score, Tempo, TimeSignature, Track

    score: Any = Score(_TICKS * _QUARTER)
    score.tempos.append(Tempo(0, qpm=tempo))
    above, _, below = meter.partition("/")
    score.time_signatures.append(TimeSignature(0, int(above), int(below)))
    for number, line in enumerate(np.asarray(symbols)):
        program = programs[number] if number < len(programs) else 0
        track: Any = Track(name=f"voice {number + 1}", program=program, is_drum=False)
        for first, length, pitch in notes(line).tolist():
            track.notes.append(Note(first * _TICKS, length * _TICKS, pitch, _LOUD))
        score.tracks.append(track)
    found: bytes = score.dumps_midi()
    return found


def padded(symbols: Symbols, length: int) -> Symbols:
    """Voices (V, T) with rests at the end, up to a length where they are shorter."""
    lacking = max(0, length - symbols.shape[1])
    return np.pad(symbols, ((0, 0), (0, lacking)), constant_values=REST)


def rolled(symbols: Array) -> Array:
    """Which pitches sound in voices (V, T), and which begin: (128, T), 0, 1 and 2 where begun."""
    lines = np.asarray(symbols)
    roll = np.zeros((HOLD, lines.shape[1]), np.uint8)
    for line in lines:
        for first, length, pitch in notes(line).tolist():
            roll[pitch, first : first + length] = 1
            roll[pitch, first] = 2
    return roll


def _score(data: bytes) -> Any:
    from symusic import Score

    try:
        score: Any = Score.from_midi(data)
    except Exception as error:  # damaged files raise nearly anything
        text = str(error).partition(":")[2].strip().removesuffix(": iostream error")
        raise Unfit("broken", f"it is cut short or no MIDI file ({text})") from None
    if not score.ticks_per_quarter > 0:
        raise Unfit("broken", "it counts frames of film rather than quarters")
    return score


def _tracks(score: Any, voices: int, track: str | None) -> list[Any]:
    """The tracks of the voices, in the file's order, from the one that is named."""
    known = list(score.tracks)
    if track is None:
        sounding = [each for each in known if len(each.notes)]
        chosen = [each for each in sounding if not each.is_drum]
        if not chosen:
            why: tuple[Why, str] = ("drums", "it has only drums")
            raise Unfit(*why if sounding else ("silent", "it has no notes"))
    else:
        named = [each.name.strip().lower() == track.strip().lower() for each in known]
        place = int(track) if track.isdecimal() else named.index(True) if any(named) else len(known)
        chosen = [each for each in known[place:] if len(each.notes)]
        if place >= len(known) or not len(known[place].notes):
            raise Unfit("track", f"it has no track {track} with notes")
    if len(chosen) < voices:
        raise Unfit("track", f"it has {len(chosen)} tracks with notes, fewer than {voices} voices")
    return chosen[:voices]


def _stretch(score: Any, meter: Meter, whole: float) -> tuple[float, float, int]:
    """Where the longest stretch in a meter begins and ends, in ticks, and how many meters are.

    whole: the end of the last note.
    """
    said = {0: "4/4"}  # as MIDI has it where nothing is said
    for each in sorted(score.time_signatures, key=lambda each: each.time):
        said[int(each.time)] = f"{each.numerator}/{each.denominator}"
    changes = [0] + [b for a, b in pairwise(sorted(said)) if said[a] != said[b]]
    ends = [*changes[1:], np.inf]
    found = [
        (start, end, min(end, whole) - start)
        for start, end in zip(changes, ends, strict=True)
        if said[start] == meter and start < whole
    ]
    if not found:
        raise Unfit("meter", f"it is in {said[changes[0]]}, not in {meter}")
    start, end, _ = max(found, key=lambda each: each[2])
    return float(start), float(end), len(changes)
