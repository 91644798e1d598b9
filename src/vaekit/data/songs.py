"""The Nottingham folk tunes, and Bach's chorales."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from vaekit.data.cache import cache_dir, data_dirs
from vaekit.data.files import Listing
from vaekit.data.music import HOLD, METERS, REST, Symbols, Tune, padded
from vaekit.data.pool import build
from vaekit.data.splits import Found
from vaekit.data.tunes import Tunes, read_tunes, windows, write_tunes, written_in
from vaekit.errors import BadInput

NOTTINGHAM, CHORALES = "nottingham", "jsb-chorales"
_MELODIES = "MIDI/melody/"
_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_VOICES = 4
_VERSION = 1


def read_nottingham(wanted: Tunes) -> Found:
    """The melodies of the tunes, in the folder of that name of the data or the cache.

    Raises BadInput where they are missing, saying where they are to be had.
    """
    path = _found(
        NOTTINGHAM,
        ("nottingham.zip", "MIDI/melody"),
        "the Nottingham tunes",
        "https://github.com/jukedeck/nottingham-dataset take the folder MIDI/melody",
    )
    return read_tunes(path, wanted, "" if path.is_dir() else _MELODIES)


def read_chorales(wanted: Tunes) -> Found:
    """The chorales as four voices, from the soprano down, in the splits that they are given in.

    Where a voice sings the same pitch in two steps it is held: the files do not say more.

    Raises BadInput where they are missing, and for options that do not go with them.
    """
    if wanted.meter != "4/4" or wanted.track is not None or wanted.voices not in (1, _VOICES):
        raise BadInput(
            f"`meter`, `track` and `voices` do not go with {CHORALES}: they are four voices in "
            "bars of 16 steps"
        )
    wanted = replace(wanted, voices=_VOICES)
    path = _found(
        CHORALES,
        ("jsb-chorales-16th.json",),
        "Bach's chorales",
        "https://github.com/czhuang/JSB-Chorales-dataset take jsb-chorales-16th.json",
    )
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        parts = [_SPLITS[name] for name in content for _ in content[name]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"'{path}' is not the published file ({error}): fetch it anew") from None

    def chorales() -> Iterator[tuple[str, Tune]]:
        for name, pieces in content.items():
            for number, piece in enumerate(pieces):
                symbols = _voices(piece)
                length = -(-symbols.shape[1] // METERS[wanted.meter]) * METERS[wanted.meter]
                yield f"{name}/{number}", Tune(padded(symbols, length))

    stat = path.stat()
    stamps = Listing(path, [path.name], [f"{stat.st_size} {stat.st_mtime_ns}"])
    folder = cache_dir() / "tunes" / stamps.key(_VERSION, CHORALES, wanted.bars)
    build(folder, lambda partial: write_tunes(partial, chorales(), wanted.steps))
    return windows(folder, written_in(folder), parts, wanted)


def _found(name: str, files: tuple[str, ...], what: str, where: str) -> Path:
    places = [folder / name / file for folder in data_dirs() for file in files]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        folder = data_dirs()[0] / name
        raise BadInput(f"{what} must be fetched by hand: from {where}, and put it in '{folder}'")
    return path


def _voices(steps: list[list[int]]) -> Symbols:
    """Four voices (4, T) of the pitches that sound in every step.

    Where fewer than four sound, they are those of the voices that sang nearest to them.
    """
    last = np.array([69, 62, 57, 48])  # about where soprano, alto, tenor and bass sing
    sounding = np.full((_VOICES, len(steps)), int(REST))
    for place, pitches in enumerate(steps):
        chosen = min(
            combinations(range(_VOICES), len(pitches)),
            key=lambda voices: np.abs(last[list(voices)] - pitches).sum(),
        )
        sounding[list(chosen), place] = last[list(chosen)] = pitches
    held = (sounding[:, 1:] == sounding[:, :-1]) & (sounding[:, 1:] != REST)
    sounding[:, 1:][held] = HOLD
    return sounding.astype(np.uint8)
