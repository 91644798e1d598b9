"""Sound from the command line: recordings in, a run, and recordings out."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

from vaekit.cli import main
from vaekit.data.sound import DECIBELS
from vaekit.runs import open_run
from vaekit.workflow.sound import edit_sound, reconstruct_sound, sound_classes

RATE = 8_000


def spoken(word: float, voice: float, take: int) -> np.ndarray:
    """A buzz of a pitch with a hum of the word over it."""
    random = np.random.default_rng(take)
    time = np.arange(3_000 + 200 * take) / RATE
    pitch = sum(np.sin(2 * np.pi * voice * k * time) / k for k in range(1, 8))
    wave = pitch + 1.5 * np.sin(2 * np.pi * word * time)
    return 0.15 * wave + 0.002 * random.normal(size=len(time))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    for take in range(6):
        for word, hertz in (("ah", 900.0), ("oh", 1_800.0)):
            for who, voice in (("ann", 210.0), ("bob", 110.0), ("cyd", 150.0)):
                soundfile.write(
                    folder / f"{word}_{who}_{take}.wav", spoken(hertz, voice, take), RATE
                )
    return folder


@pytest.fixture(scope="module")
def run(words: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained by the command line."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAEKIT_CACHE", str(root / "cache"))
        flags = "--latent 8 --epochs 12 --channels 16,32 --dense 64 --mels 40 --batch-size 16"
        said = ["train", "vae", str(words), "--labels", "{word}_{who}_{take}", "--test", "take<2"]
        said += ["--root", str(root), "--name", "talk", "--no-progress", *flags.split()]
        assert main(said) == 0
    return root / "talk"


@pytest.fixture(autouse=True)
def cache(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAEKIT_CACHE", str(run.parent / "cache"))


def call(*words: object) -> int:
    return main([str(word) for word in words])


def test_a_run_knows_how_its_sound_was_made(run: Path) -> None:
    opened = open_run(run)
    assert (opened.spec.kind, opened.spec.net, opened.spec.likelihood) == (
        "sound",
        "bands",
        "band-gaussian",
    )
    assert opened.data["options"]["test"] == "take<2"
    assert opened.sound == opened.dataset(progress=False).sound
    assert opened.dataset(progress=False).shape == (1, 40, 20)
    assert len(opened.sound.mean) == 40


def test_figures_and_measures_are_made(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("figures", run) == 0
    assert call("evaluate", run, "--draws", 2) == 0
    said = capsys.readouterr().out
    assert {path.name for path in (run / "figures").glob("*.png")} >= {
        "samples.png",
        "reconstructions.png",
        "lattice.png",
    }
    assert "distortion" in said


def test_codes_are_of_segments_or_of_recordings(run: Path, tmp_path: Path, words: Path) -> None:
    assert call("encode", run, "--out", tmp_path / "a.parquet") == 0
    assert call("encode", run, "--by", "recording", "--out", tmp_path / "b.parquet") == 0
    segments, recordings = (pq.read_table(tmp_path / f"{name}.parquet") for name in "ab")
    assert segments.column_names[:8] == [
        *("id", "label", "label_name", "recording", "start", "word", "who", "take")
    ]
    assert recordings.num_rows == 12
    names = np.array(segments["recording"].to_pylist())
    mine = np.flatnonzero(names == "ah_bob_1.wav")
    z = np.array(segments["z3"])[mine].mean()
    place = recordings["id"].to_pylist().index("ah_bob_1.wav")
    assert recordings["z3"][place].as_py() == pytest.approx(z, abs=1e-5)
    assert call("encode", run, words, "--out", tmp_path / "c.csv") == 0


def test_recordings_come_back_as_long_as_they_were(run: Path, words: Path, tmp_path: Path) -> None:
    source = words / "oh_ann_0.wav"
    for phase in ("original", "estimated"):
        out = tmp_path / f"{phase}.wav"
        assert call("reconstruct", run, source, "--phase", phase, "--out", out) == 0
        assert soundfile.info(out).frames == soundfile.info(source).frames
        assert soundfile.info(out).samplerate == RATE
    with Image.open(tmp_path / "original.png") as picture:
        assert min(picture.size) > 200
    assert call("reconstruct", run, "--n", 3, "--out", tmp_path / "own.wav") == 0
    assert call("sample", run, "--n", 5, "--out", tmp_path / "s.wav") == 0
    assert soundfile.info(tmp_path / "s.wav").frames == 5 * 19 * 80 + 4 * 2_000
    assert call("sample", run, "--n", 5, "--out", tmp_path / "s.npy") == 0
    assert np.load(tmp_path / "s.npy").shape == (5, 1, 40, 20)


def test_a_recording_is_given_another_voice(
    run: Path, words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = words / "oh_ann_0.wav", tmp_path / "out.wav"
    asked = ("edit", run, "--audio", source, "--attribute", "who", "--to", "bob")
    assert call(*asked, "--out", out) == 0
    said = capsys.readouterr()
    assert "is taken for who=ann." in said.err
    assert said.out.split() == [str(out), str(tmp_path / "out.png")]
    assert soundfile.info(out).frames == soundfile.info(source).frames
    assert call(*asked, "--from", "ann", "--scale", "0,1", "--out", tmp_path / "steps.wav") == 0
    assert (tmp_path / "steps-0.wav").is_file()
    assert (tmp_path / "steps-1.png").is_file()
    kept = reconstruct_sound(run, [source])[0]
    none = edit_sound(run, source, "who", "bob", scale=0.0)
    np.testing.assert_allclose(none.after, kept.after, atol=1e-4)
    moved = edit_sound(run, source, "who", "bob")
    target = reconstruct_sound(run, [words / "oh_bob_0.wav"])[0]

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float(DECIBELS * np.abs(a.mean(axis=1) - b.mean(axis=1)).mean())

    assert apart(moved.after, target.after) < 0.7 * apart(kept.after, target.after)


def test_classes_are_listed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("attributes", run) == 0
    said = capsys.readouterr().out
    assert "who=cyd" in said
    assert "by chance 33%" in said
    assert (run / "figures" / "classes.png").is_file()
    found = sound_classes(run)
    assert set(found.columns) == {"word", "who", "take"}
    assert np.nanmean(found.of_groups[found.rows("who")]) > 0.8


def test_mistakes_are_one_sentence(
    run: Path, words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = words / "oh_ann_0.wav"
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "cut.wav").write_bytes(source.read_bytes()[:2_000])
    (tmp_path / "text.wav").write_text("no sound")
    soundfile.write(tmp_path / "quiet.wav", np.zeros(4_000), RATE)
    soundfile.write(tmp_path / "nan.wav", np.full(4_000, np.nan), RATE, subtype="FLOAT")
    (tmp_path / "there.wav").write_bytes(b"")
    to = ("--attribute", "who", "--to", "bob")
    for said, arguments in {
        "there is no recording": ("edit", run, "--audio", tmp_path / "none.wav", *to),
        "it is empty": ("edit", run, "--audio", tmp_path / "empty.wav", *to),
        "it is cut short": ("edit", run, "--audio", tmp_path / "cut.wav", *to),
        "it is no WAV or FLAC file": ("edit", run, "--audio", tmp_path / "text.wav", *to),
        "is silence": ("reconstruct", run, tmp_path / "quiet.wav"),
        "it holds NaN": ("reconstruct", run, tmp_path / "nan.wav"),
        "--to: there is no who 'bop': did you mean bob?": (
            *("edit", run, "--audio", source, "--attribute", "who", "--to", "bop"),
        ),
        "--from: there is no who": ("edit", run, "--audio", source, *to, "--from", "anna"),
        "there are no classes of 'hwo': did you mean who?": (
            *("edit", run, "--audio", source, "--attribute", "hwo", "--to", "bob"),
        ),
        "is there already": ("edit", run, "--audio", source, *to, "--out", tmp_path / "there.wav"),
        "Sound is edited by --audio FILE": ("edit", run, *to),
        "--phase original is of recordings": ("reconstruct", run, "--phase", "original"),
        "give a run of pictures": ("interpolate", run, source, source),
    }.items():
        assert call(*arguments) == 2
        err = capsys.readouterr().err.splitlines()[-1]
        assert err.startswith("error: ")
        assert said in err
    assert (tmp_path / "there.wav").read_bytes() == b""
