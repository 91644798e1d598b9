"""What a run of sound makes of recordings: heard again, said by another, told apart.

recording ── segments ──▶ codes ── shifted ──▶ segments ── overlapped and added ──▶ wave
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, final, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.data import Dataset, Sound, Split, StoredWindows
from vaekit.data.columns import label_names_of, texts
from vaekit.data.hear import recording
from vaekit.data.reading import content
from vaekit.data.sound import check_installed
from vaekit.data.sounds import RECORDING, START
from vaekit.errors import BadInput
from vaekit.model import Told
from vaekit.runs import Run
from vaekit.space import ClassMeans, class_means
from vaekit.workflow.derived import derived_record, known_rows
from vaekit.workflow.given import Part, part_of
from vaekit.workflow.looks import some_rows
from vaekit.workflow.use import Given, changed, check_count, opened

Array = NDArray[Any]
Audio = str | Path | Array
Phase = Literal["estimated", "original"]
_MOST_CLASSES = 30  # of a column: one with more is of names or of measurements
_PAUSE = 0.25  # seconds between one recording and the next


class Heard(NamedTuple):
    """A recording: its name, its wave (samples,) in [-1, 1], and its spectrogram (mels, T).

    context: what a model with conditions is told of it, (E,), where that is known.
    """

    name: str
    wave: Array
    spectrogram: Array
    context: Array | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What a model makes of a recording.

    name: the recording's. sound: how waves and spectrograms belong together.
    before, after: spectrograms (mels, T), of the recording and of what was made of it.
    wave: of the latter, (samples,), as long as the recording.
    source: the class that it was taken for, where it was given another.
    """

    name: str
    sound: Sound
    before: Array
    after: Array
    wave: Array
    source: str = ""

    @property
    def error(self) -> float:
        """Root mean square of what was changed of the spectrogram, in decibels."""
        from vaekit.data.sound import DECIBELS

        return float(DECIBELS * np.sqrt(np.square(self.after - self.before).mean()))


def sound_of(run: Run | str | Path) -> Sound:
    """How recordings become rows of a run's data; raises BadInput where it is not of sound."""
    run = opened(run)
    if (sound := run.sound) is None:
        raise BadInput(f"{run.name} was not trained on sound: give a run of recordings.")
    check_installed()
    return sound


def hear(run: Run | str | Path, audio: Audio) -> Heard:
    """A file, or a wave (samples,) of the run's rate, prepared as the run's data were.

    Raises BadInput for a file that is missing, empty, cut short or no sound, for silence, and
    for values that are not finite. What lies beyond [-1, 1] is clipped.
    """
    sound = sound_of(run)
    if not isinstance(audio, str | Path):
        wave = np.asarray(audio, np.float32)
        if wave.ndim != 1 or not len(wave) or not np.isfinite(wave).all():
            raise BadInput(f"`audio` has the shape {wave.shape}: give finite numbers, (samples,).")
        return Heard("recording", np.clip(wave, -1, 1), sound.spectrogram(np.clip(wave, -1, 1)))
    path = Path(audio).expanduser()
    try:
        found = recording(content(path), sound.rate)
    except FileNotFoundError:
        raise BadInput(f"there is no recording '{path}': check its path.") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"'{path}' can't be read: {error}: give a WAV or FLAC file.") from None
    if found.silent:
        raise BadInput(f"'{path}' is silence: give a recording of something.")
    return Heard(path.stem, found.wave, sound.spectrogram(found.wave))


def passed(told: Told, sound: Sound, spectrogram: Array, shift: Array | None = None) -> Array:
    """A spectrogram (mels, T), encoded, its codes shifted by (D,) or not, and decoded."""
    return passed_all(told, sound, [spectrogram], shift)[0]


def passed_all(
    told: Told, sound: Sound, spectrograms: Sequence[Array], shift: Array | None = None
) -> list[Array]:
    """`passed` of several spectrograms at once; shift: (D,), or one for each, (n, D)."""
    cut = [sound.segments(each) for each in spectrograms]
    counts = [len(each) for each in cut]
    codes = told.encode(torch.from_numpy(np.concatenate(cut)))
    if shift is not None:
        shifts = np.broadcast_to(shift, (len(cut), codes.shape[1]))
        codes = codes + torch.from_numpy(np.repeat(shifts, counts, axis=0)).to(codes.dtype)
    decoded = np.split(told.decode(codes).numpy(), np.cumsum(counts)[:-1])
    pairs = zip(decoded, spectrograms, strict=True)
    return [sound.joined(rows, before.shape[1]) for rows, before in pairs]


def reconstruct_sound(
    run: Run | str | Path,
    audio: Sequence[Audio] = (),
    *,
    split: Part = "test",
    n: int = 8,
    phase: Phase = "estimated",
    given: Given = None,
) -> list[Spoken]:
    """Encode and decode recordings, or n of a part of the run's data, as many of every class.

    phase: that of the original, or estimated by Griffin and Lim's method; the run's own data
        are kept without it.
    given: what a model with conditions is told of files; of the run's own data it is what the
        decoder is told instead of their own columns.
    """
    check_count("n", n)
    _check_phase(phase, bool(audio))
    run, sound = opened(run), sound_of(run)
    if not audio and run.conditions is not None:
        return [
            _spoken(sound, each, _retold(run, sound, each, given), phase)
            for each in _own(run, sound, split, n)
        ]
    heard = [hear(run, each) for each in audio] or list(_own(run, sound, split, n))
    found = passed_all(run.told(given), sound, [each.spectrogram for each in heard])
    pairs = zip(heard, found, strict=True)
    return [_spoken(sound, each, after, phase) for each, after in pairs]


def _retold(run: Run, sound: Sound, heard: Heard, given: Given) -> Array:
    """A recording of the run's, encoded as what it is and decoded as what is given."""
    assert heard.context is not None
    own = torch.from_numpy(heard.context)
    model, other = run.model(), changed(run, own[None], given)
    assert other is not None
    rows = torch.from_numpy(sound.segments(heard.spectrogram))
    decoded = Told(model, other[0]).decode(Told(model, own).encode(rows)).numpy()
    return sound.joined(decoded, heard.spectrogram.shape[1])


def edit_sound(
    run: Run | str | Path,
    audio: Audio,
    attribute: str,
    to: str,
    source: str | None = None,
    *,
    scale: float = 1.0,
    phase: Phase = "estimated",
    given: Given = None,
) -> Spoken:
    """A recording with one class in the place of another: another speaker, another word.

    Every segment's code loses the mean code of the source and gains that of the target.

    attribute: the column of the classes. to, source: of these; left out, the source is that
        whose mean code is nearest to the recording's.
    scale: 1 goes all the way, 0 gives the reconstruction.

    Raises BadInput for a class that there is not, with the nearest, and as `hear`.
    """
    if not np.isfinite(scale):
        raise BadInput(f"`scale` must be a finite number, not {scale}.")
    _check_phase(phase, True)
    run, sound = opened(run), sound_of(run)
    known, heard, told = sound_classes(run), hear(run, audio), run.told(given)
    known.place(attribute, to)
    if source is None:
        codes = told.encode(torch.from_numpy(sound.segments(heard.spectrogram))).numpy()
        source = known.nearest(codes.mean(axis=0, keepdims=True), attribute)[0]
    after = passed(told, sound, heard.spectrogram, scale * known.way(attribute, source, to))
    return _spoken(sound, heard, after, phase, source)


def sound_classes(run: Run | str | Path) -> ClassMeans:
    """The mean codes of the classes of a run's data, from up to 30,000 rows of training data.

    Classes are those of labels, of columns of texts, and of whole numbers of 30 values at most.
    Accuracies are of as many held-out rows, and of their recordings.

    Raises BadInput where the data have no classes.
    """
    run = opened(run)
    sound_of(run)

    def make() -> ClassMeans:
        dataset = run.dataset(progress=False)
        known, codes = known_rows(run, "train", dataset)
        held, others = known_rows(run, "held_out", dataset)
        columns = class_columns(dataset, known)
        if not columns:
            raise BadInput(f"The data {dataset.name} have no classes: train with `labels`.")
        marks = class_columns(dataset, held, list(columns))
        return class_means(codes, columns, (others, marks), held.table[RECORDING])

    return derived_record(run, "classes", {}, ClassMeans, make)


def class_columns(
    dataset: Dataset, split: Split, names: Sequence[str] | None = None
) -> dict[str, list[str]]:
    """The values (N,) of the columns that hold classes, as texts; names: of these columns."""
    found = {}
    for name, column in split.table.items():
        few = len(np.unique(column)) <= _MOST_CLASSES and column.dtype.kind in "Ui"
        wanted = name in names if names is not None else few and name not in (RECORDING, START)
        if wanted:
            found[name] = texts(column, label_names_of(name, dataset.label_names))
    if names is None and any(found[name] == found["label"] for name in _beside(found)):
        del found["label"]  # a column of its own says the same
    return found


def recordings_of(split: Split) -> list[tuple[str, Array]]:
    """The recordings of a split by name, each with the numbers of its rows."""
    names = split.table[RECORDING]
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    rows = np.split(np.arange(len(names)), edges)
    return [(str(names[each[0]]), each) for each in rows if len(each)]


def one_after_another(sound: Sound, waves: Sequence[Array]) -> Array:
    """Waves (samples,) as one, with a pause between one and the next."""
    pause = np.zeros(round(_PAUSE * sound.rate), np.float32)
    parts = [part for wave in waves for part in (wave, pause)]
    return np.concatenate(parts[:-1])


def segment_waves(sound: Sound, rows: Array) -> list[Array]:
    """The waves (samples,) of rows (n, 1, mels, frames), each by itself."""
    samples = (sound.frames - 1) * sound.hop
    return [sound.wave(each, samples) for each in sound.levels(rows)[:, 0]]


def _beside(found: dict[str, list[str]]) -> list[str]:
    return [name for name in found if name != "label"] if "label" in found else []


def _own(run: Run, sound: Sound, split: Part, n: int) -> Iterator[Heard]:
    """n recordings of a part of a run's data, as many of every class, from its prepared rows."""
    part = part_of(run.dataset(progress=False), split)
    assert isinstance(part.x, StoredWindows)
    whole = []
    for name, rows in recordings_of(part):
        starts = part.x.starts[rows] - part.x.starts[rows[0]]
        frames = int(starts[-1]) + sound.frames
        if np.array_equal(starts, sound.starts(frames)):  # a choice of rows may have cut some
            whole.append((name, rows, frames))
    firsts = part.take(np.array([rows[0] for _, rows, _ in whole], np.int64))
    for place in some_rows(firsts, n):
        name, rows, frames = whole[place]
        spectrogram = sound.joined(part.x[rows], frames)
        samples = (frames - 1) * sound.hop
        context = None if part.context is None else part.context[rows[0]]
        yield Heard(Path(name).stem, np.zeros(samples, np.float32), spectrogram, context)


def _spoken(sound: Sound, heard: Heard, after: Array, phase: Phase, source: str = "") -> Spoken:
    phases = sound.phase(heard.wave) if phase == "original" else None
    wave = sound.wave(after, len(heard.wave), phases)
    return Spoken(heard.name, sound, heard.spectrogram, after, wave, source)


def _check_phase(phase: str, files: bool) -> None:
    if phase not in get_args(Phase):
        raise BadInput(f"`phase` is one of {', '.join(get_args(Phase))}, not {phase!r}.")
    if phase == "original" and not files:
        raise BadInput("`phase='original'` is of recordings: give some, as the run keeps none.")
