"""Tunes that tests make: few notes, as MIDI files."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

STEP = 120
"""Ticks of a sixteenth."""

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def file_of(
    *tracks: list[tuple[float, float, int]],
    meters: tuple[tuple[int, str], ...] = ((0, "4/4"),),
    tempos: tuple[tuple[int, float], ...] = ((0, 100.0),),
    drums: bool = False,
    program: int = 0,
    names: tuple[str, ...] = (),
) -> bytes:
    """A MIDI file of tracks of notes: first step, steps, pitch. Places of meters are in steps."""
    from symusic import Note, Score, Tempo, TimeSignature, Track

    score: Any = Score(4 * STEP)
    for place, meter in meters:
        above, _, below = meter.partition("/")
        score.time_signatures.append(TimeSignature(place * STEP, int(above), int(below)))
    for place, tempo in tempos:
        score.tempos.append(Tempo(place * STEP, qpm=tempo))
    for number, notes in enumerate(tracks):
        name = names[number] if number < len(names) else ""
        track: Any = Track(name=name, program=program, is_drum=drums)
        for first, length, pitch in notes:
            track.notes.append(Note(round(first * STEP), round(length * STEP), pitch, 80))
        score.tracks.append(track)
    found: bytes = score.dumps_midi()
    return found


def walk(bars: int, seed: int, steps: int = 16) -> list[tuple[float, float, int]]:
    """A melody of so many bars that wanders along a scale in quarters and eighths."""
    random = np.random.default_rng(seed)
    place, height, notes = 0, int(random.integers(8)), list[tuple[float, float, int]]()
    while place < bars * steps:
        length = int(random.choice([2, 2, 4]))
        odd = int(random.random() < 0.05)  # off the scale
        notes.append((place, min(length, bars * steps - place), SCALE[height % 8] + odd))
        height += int(random.integers(-2, 3))
        place += length
    return notes


def archive(path: Path, count: int = 24, bars: int = 6) -> Path:
    """A zip of so many tunes."""
    with zipfile.ZipFile(path, "w") as file:
        for number in range(count):
            file.writestr(f"tune{number:02}.mid", file_of(walk(bars, number)))
    return path
