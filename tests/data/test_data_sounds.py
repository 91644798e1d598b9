"""Recordings: how they are read, cut, normalised, split and refused."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from vaekit.data import NotedRecordings, SkippedColumns, StoredWindows, load
from vaekit.data.hear import recording
from vaekit.data.naming import named_columns
from vaekit.data.sound import FLOOR, Sound
from vaekit.errors import BadInput

RATE = 8_000
PATTERN = "{word}_{who}_{take}"


def tone(hertz: float, seconds: float = 0.5, rate: int = RATE) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return 0.4 * np.sin(2 * np.pi * hertz * time) * (1 - np.exp(-40 * time))


def write(path: Path, wave: npt.NDArray[np.float64], rate: int = RATE, **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, **how)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two words by two people, six times each; of different lengths."""
    for take in range(6):
        for word, hertz in (("ah", 300), ("oh", 700)):
            for who, factor in (("ann", 1.5), ("bob", 1.0)):
                name = f"{word}_{who}_{take}.wav"
                write(tmp_path / "words" / name, tone(hertz * factor, 0.4 + 0.03 * take))
    return tmp_path / "words"


def settings() -> Sound:
    return Sound(RATE, 40, 200, 80, 20, 5, (0.0,) * 40, (1.0,) * 40)


def test_windows_are_slices_of_the_frames(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    frames.tofile(tmp_path / "frames.bin")
    starts = np.array([3, 0, 40, 7])
    rows = StoredWindows(tmp_path / "frames.bin", 7, 10, starts)
    assert rows.shape == (4, 1, 7, 10)
    for row, start in zip(np.asarray(rows), starts, strict=True):
        np.testing.assert_array_equal(row[0], frames[start : start + 10].T)
    np.testing.assert_array_equal(rows[[2, 0]], rows[:][[2, 0]])
    np.testing.assert_array_equal(rows.take(slice(1, 3))[:], rows[1:3])
    mean, scale = np.arange(7.0), np.arange(1.0, 8.0)
    moved = rows.scaled(tuple(mean), tuple(scale))
    np.testing.assert_allclose(
        moved[:], (rows[:] - mean[:, None]) / scale[:, None], rtol=1e-5, atol=1e-6
    )
    again = StoredWindows.joined([moved.take(slice(0, 1)), moved.take(slice(1, 4))])
    np.testing.assert_array_equal(again[:], moved[:])


@pytest.mark.parametrize("frames", [20, 21, 25, 47, 13, 1])
def test_overlapped_and_added_segments_are_the_spectrogram(frames: int) -> None:
    sound = settings()
    spectrogram = np.random.default_rng(0).normal(size=(40, frames)).astype(np.float32)
    rows = sound.segments(spectrogram)
    assert rows.shape[1:] == sound.shape
    np.testing.assert_array_equal(sound.joined(rows, frames), spectrogram)


def test_a_spectrogram_is_that_of_librosa() -> None:
    import librosa

    sound, wave = settings(), tone(440)
    expected = librosa.feature.melspectrogram(
        y=wave.astype(np.float32), sr=RATE, n_fft=512, win_length=200, hop_length=80, n_mels=40
    )
    np.testing.assert_allclose(sound.spectrogram(wave), np.log(expected + FLOOR), atol=1e-3)
    loudest = int(sound.spectrogram(wave)[:, 10:30].mean(axis=1).argmax())
    assert abs(sound.hertz[loudest] - 440) < 60


def test_training_rows_have_bands_of_mean_0_and_variance_1(folder: Path) -> None:
    data = load(folder, labels=PATTERN, progress=False)
    rows = np.asarray(data.train.x)
    np.testing.assert_allclose(rows.mean(axis=(0, 1, 3)), 0, atol=1e-3)
    np.testing.assert_allclose(rows.std(axis=(0, 1, 3)), 1, atol=1e-3)
    assert data.sound is not None
    spectrogram = data.sound.spectrogram(soundfile.read(folder / "ah_ann_0.wav")[0])
    both = [
        part.x[np.flatnonzero(part.table["recording"] == "ah_ann_0.wav")]
        for part in data.splits.values()
    ]
    np.testing.assert_allclose(max(both, key=len), data.sound.segments(spectrogram), atol=1e-4)


def test_segments_know_their_recording_and_stay_with_it(folder: Path) -> None:
    data = load(folder, labels=PATTERN, validation=4, test="take<2", progress=False)
    names = {key: set(part.table["recording"].tolist()) for key, part in data.splits.items()}
    assert [len(each) for each in names.values()] == [12, 4, 8]
    assert len(set.union(*names.values())) == 24
    assert {int(take) for take in data.test.table["take"]} == {0, 1}
    assert data.kind == "sound"
    assert data.shape == (1, 64, 20)
    assert data.label_names == ("ah", "oh")
    assert data.test.table["who"].tolist()[0] == "ann"
    first = data.test.table["recording"] == "ah_ann_0.wav"
    np.testing.assert_allclose(data.test.table["start"][first], [0, 0.05, 0.1, 0.15, 0.2, 0.21])
    assert data.test.ids is not None
    assert data.test.ids[:2] == ["ah_ann_0.wav#0", "ah_ann_0.wav#1"]
    whole = data.test.x
    assert isinstance(whole, StoredWindows)


def test_a_zip_and_two_workers_give_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    monkeypatch.setattr("vaekit.data.pool._FILES_PER_WORKER", 8)
    monkeypatch.setattr("vaekit.data.pool._CHUNK", 5)
    one = load(folder, labels=PATTERN, workers=1, progress=False)
    two = load(tmp_path / "words.zip", labels=PATTERN, workers=2, progress=False)
    assert one.fingerprint == two.fingerprint
    np.testing.assert_array_equal(np.asarray(one.train.x), np.asarray(two.train.x))
    other = load(folder, labels=PATTERN, step=10, progress=False)
    assert other.fingerprint != one.fingerprint


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [("PCM_U8", "WAV"), ("PCM_24", "WAV"), ("PCM_32", "WAV"), ("FLOAT", "WAV"), ("PCM_16", "FLAC")],
)
def test_files_of_all_depths_sound_the_same(tmp_path: Path, subtype: str, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    stereo = np.stack([tone(440, 0.3, 16_000)] * 2, axis=1)
    soundfile.write(path, stereo, 16_000, subtype=subtype, format=kind)
    found = recording(path.read_bytes(), RATE)
    assert found.wave.shape == (2_400,)
    assert (found.rate, found.own_rate, found.clipped) == (8_000, 16_000, 0)
    assert np.abs(found.wave - tone(440, 0.3)).max() < 0.03


def test_files_that_are_no_sound_say_why(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.wav", tone(440)).read_bytes()
    for data, why in (
        (b"", "it is empty"),
        (b"not a sound", "it is no WAV or FLAC file"),
        (whole[:3_000], "it is cut short"),
        (whole[:20], "it is no WAV or FLAC file"),
    ):
        with pytest.raises(ValueError, match=why):
            recording(data)
    with io.BytesIO() as file:
        soundfile.write(file, np.array([0.1, np.nan]), RATE, format="WAV", subtype="FLOAT")
        with pytest.raises(ValueError, match="NaN"):
            recording(file.getvalue())


def test_what_is_unusual_is_counted_and_named(folder: Path) -> None:
    write(folder / "ah_ann_90.wav", np.zeros(4_000))
    write(folder / "ah_ann_91.wav", 4 * tone(500), subtype="FLOAT")
    write(folder / "ah_ann_92.wav", tone(500, rate=16_000), 16_000)
    write(folder / "ah_ann_93.wav", tone(500, 0.05))
    write(folder / "other.wav", tone(500))
    with pytest.warns(NotedRecordings) as warned:
        data = load(folder, labels=PATTERN, progress=False)
    said = "\n".join(str(each.message) for each in warned)
    for what in (
        "1 of 29 recordings are silence and were left out, first 'ah_ann_90.wav'",
        "1 of 29 recordings went beyond [-1, 1] and were clipped, first 'ah_ann_91.wav'",
        "1 of 29 recordings had another rate and were resampled to 8,000 Hz, first 'ah_ann_92.wav'",
        "1 of 29 recordings are shorter than a segment and have silence added",
        f"left out 1 of 29 recordings whose names `labels` {PATTERN!r} does not fit, first "
        "'other.wav'",
    ):
        assert what in said
    assert data.left_out == {"broken": 0, "silent": 1, "without a label": 1}


def test_folders_that_make_no_sense_are_refused(folder: Path, tmp_path: Path) -> None:
    def refused(match: str, **options: object) -> None:
        with pytest.raises(BadInput, match=match):
            load(folder, progress=False, **options)  # type: ignore[arg-type]

    refused("`labels` '{a}-{b}-{c}' fits no name, first 'ah_ann_0.wav'", labels="{a}-{b}-{c}")
    refused("is no pattern of names", labels="words")
    refused("'start' is the name of another column", labels="{start}_{b}_{c}")
    refused("`test`: there is no column 'tak'", labels=PATTERN, test="tak<2")
    refused("`test`: take<0 holds of none", labels=PATTERN, test="take<0")
    refused("`test`: who holds no numbers to compare", labels=PATTERN, test="who<2")
    refused("`image_size` goes with folders and archives of images", image_size=8)
    refused("`hop` must be at most `window`", hop=50)
    refused("`rate` must be at least 1,000", rate=3)
    refused("`binarise='static'` needs images", binarise="static")
    (folder / "broken.wav").write_bytes(b"RIFF")
    refused("more than 1% of the recordings .* first 'broken.wav'")
    (folder / "broken.wav").unlink()
    (folder / "picture.png").write_bytes(b"")
    refused("holds both images and recordings, such as 'ah_ann_0.wav' and 'picture.png'")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "a.wav").write_bytes(b"")
    with pytest.raises(BadInput, match=r"no recording in .* can be read, first 'a\.wav'"):
        load(tmp_path / "wrong", progress=False)


def test_a_missing_library_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(BadInput, match=r"pip install 'vaekit\[audio\]'"):
        load(folder, progress=False)


def test_a_table_says_what_names_do_not(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "about.csv"
    names = sorted(path.name for path in folder.iterdir())
    lines = [f"{name},{number % 2},{number / 4}" for number, name in enumerate(names)]
    table.write_text("\n".join(["file,loud,height", *lines]))
    with pytest.warns(SkippedColumns, match="height"):
        data = load(folder, attributes=table, progress=False)
    assert data.attributes == ("loud",)
    assert data.train.table["height"].dtype == np.float64


def test_patterns_are_of_the_last_parts_of_a_path() -> None:
    names = ["x/ann/3_ah.wav", "x/bob/12_oh.wav", "y/bob/none.wav"]
    columns, fits = named_columns("{who}/{take}_{word}.wav", names, ())
    assert fits.tolist() == [True, True, False]
    assert columns["who"][:2].tolist() == ["ann", "bob"]
    assert columns["take"].dtype == np.int64
    assert columns["take"][:2].tolist() == [3, 12]
    assert columns["word"][:2].tolist() == ["ah", "oh"]


def test_a_wave_made_of_a_spectrogram_has_nearly_that_spectrogram() -> None:
    archive = Path(os.environ.get("VAEKIT_DATA", "."), "free-spoken-digit-dataset/recordings.zip")
    if not archive.is_file():
        pytest.skip("needs the Free Spoken Digit Dataset in $VAEKIT_DATA")
    with zipfile.ZipFile(archive) as files:
        wave = recording(files.read("recordings/7_jackson_0.wav")).wave
    sound = settings()
    spectrogram = sound.spectrogram(wave)
    for phase, most in ((None, 1.0), (sound.phase(wave), 1.0)):
        again = sound.wave(spectrogram, len(wave), phase)
        assert again.shape == wave.shape
        assert again.dtype == np.float32
        error = (10 / np.log(10)) * np.abs(sound.spectrogram(again) - spectrogram).mean()
        assert error < most
