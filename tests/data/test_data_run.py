"""What a run remembers of how its pictures were prepared."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import drawn_face

from vaekit.cli.train import train
from vaekit.data import photo
from vaekit.runs import open_run


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A few drawings in CelebA's layout, and a table of another attribute."""
    folder = tmp_path / "data" / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    lines = ["20", "Smiling Young"]
    for number in range(1, 21):
        drawn_face((89, 109), (44, 58), 40 + number % 5).save(folder / f"{number:06d}.jpg")
        lines.append(f"{number:06d}.jpg {(-1) ** number} 1")
    (folder.parent / "list_attr_celeba.txt").write_text("\n".join(lines))
    own = "".join(f"{number:06d},{number % 2}\n" for number in range(1, 21))
    (tmp_path / "own.csv").write_text(f"image,odd\n{own}")
    monkeypatch.setenv("VAEKIT_DATA", str(folder.parents[1]))
    monkeypatch.chdir(tmp_path)
    return folder


COMMON = [
    "--net",
    "mlp",
    "--epochs",
    "1",
    "--name",
    "r",
    "--no-progress",
    "--likelihood",
    "gaussian",
]


def test_the_defaults_of_a_source_are_kept(faces: Path, tmp_path: Path) -> None:
    train(["vae", "celeba", *COMMON, "--image-size", "16"])
    run = open_run("r")
    assert run.data["options"] == {"image_size": 16, "crop": "centre"}
    assert run.dataset(progress=False).attributes == ("Smiling", "Young")
    file = faces / "000001.jpg"
    found = run.picture(file)
    assert np.array_equal(found, photo(file, (3, 16, 16), "centre"))
    assert not np.array_equal(found, run.picture(file, crop="none"))
    assert np.array_equal(run.picture(file, "face"), photo(file, (3, 16, 16), "face"))


def test_the_table_is_found_from_any_folder(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["--image-size", "16", "--crop", "face", "--attributes", "own.csv"]
    train(["vae", str(faces), *COMMON, *flags])
    stored = json.loads((tmp_path / "runs/r/run.json").read_text())["data"]["options"]
    table = str(tmp_path / "own.csv")
    assert stored == {"image_size": 16, "crop": "face", "attributes": table}
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run = open_run(tmp_path / "runs" / "r")
    assert run.dataset(progress=False).attributes == ("odd",)
    file = faces / "000002.jpg"
    assert np.array_equal(run.picture(file), photo(file, (3, 16, 16), "face"))
