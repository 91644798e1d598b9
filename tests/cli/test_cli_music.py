"""Music from the command line: MIDI files in, a run, and tunes out."""

import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from melodies import archive, file_of, walk
from PIL import Image

from vaekit.cli import main
from vaekit.data.music import HOLD, REST, tune
from vaekit.data.synth import RATE
from vaekit.runs import open_run
from vaekit.workflow.music import edit_tune, interpolate_tunes, reconstruct_tunes, tune_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained by the command line."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAEKIT_CACHE", str(root / "cache"))
        flags = "--latent 6 --epochs 2 --units 16 --embedding 6 --conductor 12 --plan 8"
        said = ["train", "music-vae", str(archive(root / "tunes.zip")), "--bars", "2"]
        said += ["--root", str(root), "--name", "song", "--no-progress", *flags.split()]
        assert main(said) == 0
    return root / "song"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two tunes of a user's own."""
    paths = tmp_path / "first.mid", tmp_path / "last.mid"
    for seed, path in enumerate(paths):
        data = file_of(walk(5, 90 + seed), tempos=((0, 84.0),), program=40 + seed)
        path.write_bytes(data)
    return paths


@pytest.fixture(autouse=True)
def cache(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAEKIT_CACHE", str(run.parent / "cache"))


def call(*words: object) -> int:
    return main([str(word) for word in words])


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command says that is refused."""
    capsys.readouterr()
    assert call(*words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def heard(path: Path) -> np.ndarray:
    """The wave in a file, which the standard library alone can read."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_a_run_knows_its_meter_and_parts(run: Path) -> None:
    opened = open_run(run)
    spec = opened.spec
    assert (spec.kind, spec.net, spec.likelihood) == ("sequence", "bars", "categorical")
    assert (opened.meter, spec.shape) == ("4/4", (1, 32))
    assert opened.data["options"]["bars"] == 2
    assert opened.dataset(progress=False).fingerprint == opened.data["fingerprint"]


def test_figures_measures_and_codes_are_made(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("figures", run) == 0
    drawn = {path.name for path in (run / "figures").glob("*.png")}
    assert drawn >= {"samples.png", "reconstructions.png", "encodings.png", "curves.png"}
    assert call("evaluate", run, "--draws", 2) == 0
    assert "symbols that are wrong" in capsys.readouterr().out
    assert call("encode", run, "--force") == 0
    assert call("describe", run) == 0


def test_samples_are_files_of_midi_sound_and_a_picture(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "tunes"
    assert call("sample", run, "--n", 3, "--out", out) == 0
    names = {"1.mid", "2.mid", "3.mid", "all.mid", "all.wav", "rolls.png"}
    assert {path.name for path in out.iterdir()} == names
    assert len(heard(out / "all.wav")) == round((3 * 2 + 2) * 2 * RATE)  # bars of two seconds
    with Image.open(out / "rolls.png") as picture:
        assert picture.size[0] > 400


def test_steps_are_drawn_at_a_temperature_with_a_seed(run: Path, tmp_path: Path) -> None:
    rows = []
    for name, flags in (
        ("likeliest", ()),
        ("drawn", ("--step-temperature", 1.5)),
        ("again", ("--step-temperature", 1.5)),
    ):
        out = tmp_path / f"{name}.npy"
        assert call("sample", run, "--n", 8, "--out", out, *flags) == 0
        rows.append(np.load(out))
    assert rows[0].shape == (8, 1, 32)
    assert np.array_equal(rows[1], rows[2])
    assert not np.array_equal(rows[0], rows[1])
    assert set(np.unique(rows[1])) <= set(range(130))


@pytest.mark.parametrize("ending", [".mid", ".wav", ".png"])
def test_samples_may_be_one_file(run: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"all{ending}"
    assert call("sample", run, "--n", 2, "--out", out) == 0
    assert out.stat().st_size > 60
    assert list(tmp_path.iterdir()) == [out]


def test_a_tune_is_reconstructed_in_whole_at_its_tempo(
    run: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "again"
    assert call("reconstruct", run, files[0], "--out", out) == 0
    ((before, after),) = reconstruct_tunes(run, [files[0]])
    assert before.symbols.shape == after.symbols.shape == (1, 96)  # five bars, filled to six
    assert (before.symbols[:, 80:] == REST).all()
    original, again = (
        tune((out / f"1-{what}.mid").read_bytes(), "4/4") for what in ("original", "reconstruction")
    )
    assert np.array_equal(original.symbols, before.symbols[:, :80])
    assert (round(again.tempo), again.programs) == (84, (40,))
    length = again.symbols.shape[1]
    written = after.symbols.copy()
    lines = np.flatnonzero(written[0] != HOLD)
    written[0, : lines[0] if len(lines) else None] = REST  # what nothing began is not held
    first = int(np.flatnonzero(written[0] < HOLD)[0]) // 16 * 16
    _same(again.symbols[0], written[0, first : first + length])


def _same(found: np.ndarray, expected: np.ndarray) -> None:
    """Whether melodies sound alike: a hold after a rest is one."""
    resting = True
    for place, symbol in enumerate(expected):
        resting = symbol == REST or (symbol == HOLD and resting)
        assert found[place] == (REST if resting else symbol)


def test_windows_of_the_data_are_reconstructed(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.png"
    assert call("reconstruct", run, "--n", 3, "--out", out) == 0
    pairs = reconstruct_tunes(run, n=3)
    assert [before.symbols.shape for before, _ in pairs] == [(1, 32)] * 3
    tuned = reconstruct_tunes(run, n=3, temperature=2.0)
    assert any(
        not np.array_equal(a.symbols, b.symbols)
        for (_, a), (_, b) in zip(pairs, tuned, strict=True)
    )


def test_a_way_goes_from_one_tune_to_another(
    run: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "way"
    assert call("interpolate", run, *files, "--steps", 3, "--spherical", "--out", out) == 0
    names = ["1-first", "2-0.00", "3-0.50", "4-1.00", "5-last", "all"]
    assert sorted(path.stem for path in out.glob("*.mid")) == names
    way = interpolate_tunes(run, *files, steps=3, spherical=True)
    ends = [after.symbols for _, after in reconstruct_tunes(run, files)]
    for place, end in ((0, ends[0]), (-1, ends[1])):
        assert np.array_equal(way[place].symbols, end)  # all windows, not the first alone
    assert round(tune((out / "1-first.mid").read_bytes(), "4/4").tempo) == 84


def test_a_way_is_as_long_as_the_shorter_tune(
    run: Path, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files[1].write_bytes(file_of(walk(2, 7)))
    capsys.readouterr()
    assert call("interpolate", run, *files, "--out", tmp_path / "way.npy") == 0
    assert "first.mid is longer; its first 32 steps are taken" in capsys.readouterr().err
    assert np.load(tmp_path / "way.npy").shape == (11, 1, 32)
    way = interpolate_tunes(run, *files, steps=2)
    assert [each.symbols.shape for each in way] == [(1, 32)] * 2
    assert "--crop is of pictures" in refused(capsys, "interpolate", run, *files, "--crop", "none")


def test_coordinates_of_a_code_are_moved(
    run: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "moved"
    said = ("--image", files[0], "--dimensions", "0,3", "--steps", 3, "--span", 1)
    assert call("traverse", run, *said, "--out", out) == 0
    names = [f"{name}-{step}" for name in ("z0", "z3") for step in ("-1", "0", "1")]
    assert sorted(path.stem for path in out.glob("*.mid")) == sorted([*names, "all"])


def test_symbols_have_no_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ("train", "music-vae", archive(tmp_path / "tunes.zip"), "--corruption", "gaussian")
    assert "melodies are symbols" in refused(capsys, *said, "--root", tmp_path, "--no-progress")
    assert not list(tmp_path.glob("*/run.json"))


def test_a_tune_is_edited_by_an_attribute_of_the_data(
    run: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "edit"
    said = ("--midi", files[0], "--attribute", "note-density", "--scale", "-1:1:3")
    assert call("edit", run, *said, "--out", out) == 0
    names = ["1-original", "2-scale--1", "3-scale-0", "4-scale-1", "all"]
    assert sorted(path.stem for path in out.glob("*.mid")) == names
    edited = edit_tune(run, files[0], "note-density", [0.0, 2.0])
    assert np.array_equal(edited[0].symbols, reconstruct_tunes(run, [files[0]])[0][1].symbols)
    assert edited[1].symbols.shape == edited[0].symbols.shape
    assert call("attributes", run) == 0


def test_codes_are_decoded_to_tunes(run: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "codes.npy", np.zeros((2, 6), np.float32))
    assert call("decode", run, tmp_path / "codes.npy", "--out", tmp_path / "found") == 0
    assert (tmp_path / "found" / "2.mid").exists()


def test_other_tunes_are_prepared_as_the_run_s_own(run: Path, tmp_path: Path) -> None:
    other = archive(tmp_path / "other.zip", 4, 4)
    assert call("encode", run, other, "--out", tmp_path / "codes.npy") == 0
    assert np.load(tmp_path / "codes.npy").shape == (12, 6)


def test_a_folder_that_holds_something_is_kept(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    assert "is there already and not empty" in refused(capsys, "sample", run, "--out", tmp_path)
    assert call("sample", run, "--n", 1, "--out", tmp_path, "--force") == 0
    assert (tmp_path / "kept.txt").read_text() == "mine"
    said = refused(capsys, "sample", run, "--out", tmp_path / "all.mid")
    assert "is there already: give another --out, or --force" in said
    assert "is a file" in refused(capsys, "sample", run, "--out", _plain(tmp_path))
    assert "must end in .mid or" in refused(capsys, "sample", run, "--out", tmp_path / "a.mp3")


def _plain(folder: Path) -> Path:
    (folder / "plain").write_text("")
    return folder / "plain"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no MIDI file"),
        (file_of(walk(2, 0))[:-9], "cut short"),
        (file_of([]), "it has no notes"),
        (file_of(walk(2, 0), drums=True), "it has only drums"),
        (file_of(walk(2, 0, 12), meters=((0, "3/4"),)), "it is in 3/4, not in 4/4"),
    ],
)
def test_a_file_that_is_no_such_tune_is_refused(
    run: Path,
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    said: str,
) -> None:
    path = tmp_path / "odd.mid"
    path.write_bytes(data)
    edit = ("edit", run, "--midi", path, "--attribute", "note-density")
    for words in (("reconstruct", run, path), ("interpolate", run, files[0], path), edit):
        found = refused(capsys, *words)
        assert said in found
        assert "odd.mid" in found


def test_commands_that_do_not_go_together_are_refused(
    run: Path, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = run / "none.mid"
    assert "there is no tune" in refused(capsys, "reconstruct", run, missing)
    edit = ("edit", run, "--attribute", "note-density")
    assert "--midi FILE --attribute NAME" in refused(capsys, *edit)
    assert "--rows is of pictures" in refused(capsys, *edit, "--midi", files[0], "--rows", 3)
    odd = refused(capsys, "edit", run, "--midi", files[0], "--attribute", "note-densty")
    assert "did you mean note-density" in odd
    hot = refused(capsys, "sample", run, "--step-temperature", -1)
    assert "--step-temperature must be zero or more" in hot


def test_data_of_a_run_that_is_not_of_melodies_have_no_tunes(
    tmp_path: Path, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["train", "vae", "digits", "--epochs", 1, "--hidden", 8, "--limit", 100]
    assert call(*said, "--root", tmp_path, "--name", "dots", "--no-progress") == 0
    edit = ("edit", tmp_path / "dots", "--midi", files[0], "--attribute", "label")
    assert "was not trained on melodies" in refused(capsys, *edit)
    hot = refused(capsys, "sample", tmp_path / "dots", "--step-temperature", 1)
    assert "--step-temperature: this decoder gives all of a row at once" in hot


def test_a_flat_net_is_trained_by_another_recipe(run: Path, tmp_path: Path) -> None:
    data = run.parent / "tunes.zip"
    flags = ["--net", "lstm", "--units", 8, "--embedding", 4, "--epochs", 1, "--latent", 3]
    said = ["train", "vae", data, *flags, "--root", tmp_path, "--name", "flat", "--no-progress"]
    assert call(*said) == 0
    assert call("sample", tmp_path / "flat", "--n", 2) == 0
    assert (tmp_path / "flat" / "samples" / "2.mid").exists()


def test_tunes_of_another_meter_are_read_and_written_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "jigs.zip", "w") as file:
        for number in range(12):
            data = file_of(walk(4, number, 12), meters=((0, "6/8"),))
            file.writestr(f"{number}.mid", data)
    said = ["train", "music-vae", tmp_path / "jigs.zip", "--meter", "6/8", "--epochs", 1]
    small = ["--units", 8, "--embedding", 4, "--conductor", 6, "--plan", 4, "--latent", 3]
    where = ["--root", tmp_path, "--name", "jig", "--no-progress"]
    assert call(*said, *small, *where) == 0
    opened = open_run(tmp_path / "jig")
    assert (opened.meter, opened.spec.shape) == ("6/8", (1, 24))
    assert call("sample", opened.path, "--n", 1, "--out", tmp_path / "one.mid") == 0
    (tmp_path / "jig.mid").write_bytes(file_of(walk(3, 5, 12), meters=((0, "6/8"),)))
    assert tune_of(opened, tmp_path / "jig.mid").symbols.shape == (1, 48)
