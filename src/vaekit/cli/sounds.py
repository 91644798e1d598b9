"""What the commands share that write sound: a WAV file, and a picture of it beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vaekit.cli import output
from vaekit.errors import BadInput
from vaekit.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vaekit.workflow.sound import Array, Spoken

ENDINGS = (".wav", ".png", ".npy")
MOST = 400
"""Spectrograms in one picture."""


def target(run: Run, out: Path | None, stem: str, force: bool) -> Path:
    """Where to write a WAV file, with its picture beside it, or one of these, or an array.

    Raises BadInput as `output.target`.
    """
    beside = ".png" if out is None or out.suffix.lower() == ".wav" else None
    return output.target(out, run.path / f"{stem}.wav", ENDINGS, force, beside)


def write(path: Path, wave: "Array", rate: int, figure: "Figure") -> None:
    """Write a wave with a picture beside it, or only a picture, as the ending says; say where."""
    if path.suffix.lower() == ".wav":
        output.write_wave(path, wave, rate)
        print(path)
        path = path.with_suffix(".png")
    output.write_figure(path, figure)
    print(path)


def write_rows(path: Path, run: Run, rows: "Array", title: str) -> None:
    """Write segments (n, 1, mels, frames), one after another."""
    from vaekit.workflow import sound as voice
    from vaekit.workflow.looks import decibels, drawn_sound

    sound = voice.sound_of(run)
    if len(rows) > MOST:
        raise BadInput(f"--out {path}: more than {MOST} segments to hear; write .npy instead.")
    across = 8
    levels = list(decibels(sound, rows))
    lines = [levels[first : first + across] for first in range(0, len(levels), across)]
    waves = voice.segment_waves(sound, rows) if path.suffix.lower() == ".wav" else []
    wave = voice.one_after_another(sound, waves) if waves else rows
    write(path, wave, sound.rate, drawn_sound(sound, lines, title=title))


def write_spoken(path: Path, found: "Sequence[Spoken]", title: str, after: Sequence[str]) -> None:
    """Write recordings and what was made of them; after: what the latter is called, by row."""
    from vaekit.data.sound import DECIBELS
    from vaekit.workflow import sound as voice
    from vaekit.workflow.looks import drawn_sound

    sound = found[0].sound
    if path.suffix.lower() == ".npy":
        sizes = {each.after.shape[1] for each in found}
        if len(sizes) > 1:
            raise BadInput(f"--out {path}: the recordings differ in length: write .wav.")
        output.write_arrays(path, (len(found), *found[0].after.shape), [e.after for e in found])
        print(path)
        return
    rows = [[DECIBELS * each.before, DECIBELS * each.after] for each in found]
    names = [each.name for each in found]
    figure = drawn_sound(sound, rows, names=names, columns=("original", *after), title=title)
    waves = [each.wave for each in found]
    write(path, voice.one_after_another(sound, waves), sound.rate, figure)
