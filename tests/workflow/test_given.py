"""A run used with data that are elsewhere now, or with others; and trained on a part of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vaekit as vk
from vaekit.cli import main

NUMBERS = np.random.default_rng(0)
SMALL: dict[str, Any] = {
    "options": {"latent": 2},
    "net_options": {"hidden": (8,)},
    "progress": False,
}


def trained(data: Any, root: Path, epochs: int = 1, **options: Any) -> vk.Run:
    training = vk.Training(epochs=epochs, batch_size=16)
    return vk.train("vae", data, root=root, name="run", training=training, **SMALL, **options)


@pytest.fixture
def moved(tmp_path: Path) -> vk.Run:
    """A run whose file of data is elsewhere now, in `new`."""
    ink = 255 * NUMBERS.integers(0, 2, (60, 6, 6), dtype=np.uint8)
    np.savez(tmp_path / "old.npz", x=ink, y=np.arange(60) % 3)
    run = trained(tmp_path / "old.npz", tmp_path, data_options={"condition": ("label",), "seed": 3})
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "old.npz", tmp_path / "new" / "other.npz")
    return run


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def test_moved_data_are_the_run_s_wherever_they_lie(
    moved: vk.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "other.npz"
    code, _, error = said(capsys, "evaluate", moved.path)
    assert (code, "neither a data set nor a path" in error) == (2, True)
    code, out, error = said(capsys, "evaluate", moved.path, "--data", place, "--json", "--draws", 2)
    assert (code, error.strip()) == (0, "")
    about = json.loads(out)
    assert (about["split"], about["points"]) == ("test", 6)
    assert said(capsys, "figures", moved.path, "--data", place)[0] == 0
    assert (moved.path / "figures" / "samples.png").is_file()
    assert said(capsys, "evaluate", moved.path)[0] == 2
    code, _, _ = said(capsys, "resume", moved.path, "--data", place, "--epochs", 2, "--no-progress")
    assert code == 0
    assert vk.open_run(moved.path).data["source"] == str(place)
    assert said(capsys, "evaluate", moved.path)[0] == 0


def test_more_epochs_on_moved_data_are_those_on_data_that_stayed(
    moved: vk.Run, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "other.npz"
    further = vk.resume(moved, epochs=2, data=place, progress=False)
    options = {"condition": ("label",), "seed": 3}
    whole = trained(place, tmp_path / "again", epochs=2, data_options=options)
    weights = whole.model().state_dict()
    assert all(
        torch.equal(one, weights[name]) for name, one in further.model().state_dict().items()
    )


def test_other_data_are_no_place_to_resume_from(moved: vk.Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "others.npz", x=np.zeros((30, 6, 6)), y=np.arange(30) % 3)
    before = (moved.path / "run.json").read_bytes()
    with pytest.raises(vk.BadInput, match="not the data that"):
        vk.resume(moved, epochs=2, data=tmp_path / "others.npz", progress=False)
    assert (moved.path / "run.json").read_bytes() == before


def test_other_data_are_measured_whole_and_told_to_be_others(
    moved: vk.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, labels = NUMBERS.random((30, 6, 6)).round(), np.arange(30) % 3
    np.savez(tmp_path / "others.npz", x=x, y=labels)
    code, out, error = said(
        capsys, "evaluate", moved.path, "--data", tmp_path / "others.npz", "--draws", 2
    )
    assert code == 0
    assert "others.npz is not what run was trained on: it is prepared as that was." in error
    assert "run on others, all" in out
    given = vk.load_data(x, labels=labels)
    found = vk.evaluate_run(moved, given, draws=2)
    assert found.points == 30
    assert f"{found.squared_error.value:.4f}" in out
    assert vk.evaluate_run(moved, given, split="validation", draws=2).points == 3
    paths = vk.draw_figures(moved, given)
    assert {path.parent for path in paths} == {moved.path / "figures" / "arrays"}
    with pytest.raises(vk.BadInput, match=r"takes \(1, 6, 6\)"):
        vk.evaluate_run(moved, np.zeros((9, 5, 5)))


def test_a_table_of_attributes_that_moved_along_is_found(tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "photos").mkdir(parents=True)
    lines = ["image,smiling"]
    for row in range(30):
        Image.fromarray(255 * NUMBERS.integers(0, 2, (8, 8), np.uint8)).save(
            old / f"photos/{row:02}.png"
        )
        lines.append(f"{row:02}.png,{row % 2}")
    (old / "table.csv").write_text("\n".join(lines))
    options = {"attributes": old / "table.csv", "image_size": 8}
    run = trained(old / "photos", tmp_path, data_options=options)
    shutil.move(old, tmp_path / "new")
    vk.resume(run, data=tmp_path / "new" / "photos", progress=False)
    again = vk.open_run(run.path).dataset(progress=False)
    assert again.attributes == ("smiling",)


def test_all_rows_of_pictures_on_disk_are_measured_as_one(tmp_path: Path) -> None:
    for row in range(30):
        Image.fromarray(255 * NUMBERS.integers(0, 2, (8, 8), np.uint8)).save(
            tmp_path / f"{row:02}.png"
        )
    data = vk.load_data(tmp_path, progress=False, validation=0.2)
    run = trained("digits", tmp_path)
    found = vk.evaluate_run(run, tmp_path, draws=2)
    assert found.points == 30
    paths = sorted(tmp_path.glob("*.png"))
    listed = vk.encode(run, paths)
    assert listed.ids == [str(path) for path in paths]
    np.testing.assert_allclose(listed.codes, run.model().encode(paths), atol=1e-6)
    np.testing.assert_allclose(listed.codes, vk.encode(run, tmp_path).codes, atol=1e-6)
    order = np.concatenate([split.x[:] for split in data.splits.values()])
    assert vk.evaluate(run.model(), order, draws=2).squared_error.value == pytest.approx(
        found.squared_error.value
    )


def test_a_run_on_fewer_rows_remembers_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--limit", "64", "--root", tmp_path, "--name", "few", "--epochs", "1", "--no-progress")
    assert said(capsys, "train", "vae", "digits", *flags)[0] == 0
    run = vk.open_run(tmp_path / "few")
    data = run.dataset()
    assert (len(data.train), len(data.validation), len(data.test)) == (64, 180, 180)
    assert run.data["options"]["limit"] == 64
    assert run.data["fingerprint"] == vk.load_data("digits", limit=64).fingerprint
    code, _, error = said(capsys, "train", "vae", "digits", "--limit", "0")
    assert (code, "--limit must be at least 1" in error) == (2, True)


def test_no_name_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    code, _, error = said(capsys, "train", "vae", "")
    assert (code, "the source is empty" in error) == (2, True)
    assert not Path("runs").exists()
