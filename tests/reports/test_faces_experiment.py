"""`vaekit reproduce faces`, on drawings: everything it does, end to end."""

import csv
import json
import os
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from vaekit.errors import BadInput
from vaekit.reports.faces import CASES, faces

PICTURES = 160
EDITED = ("Blond_Hair", "Eyeglasses", "Smiling")


def draw(number: int, blond: bool, glasses: bool, smiling: bool) -> Image.Image:
    """A drawing with these attributes, no two alike."""
    shade = 40 + number % 60
    image = Image.new("RGB", (64, 64), (shade, 90, 140 - shade))
    pen = ImageDraw.Draw(image)
    pen.ellipse((12, 6 + number % 5, 52, 60), fill=(220, 190, 90) if blond else (60, 40, 30))
    pen.ellipse((18, 16, 46, 58), fill=(225, 180, 150))
    for x in (24, 36):
        pen.ellipse((x, 28, x + 5, 32), fill=(20, 15, 15))
        if glasses:
            pen.rectangle((x - 3, 25, x + 8, 35), outline=(0, 0, 0), width=2)
    arc = (24, 40, 40, 52)
    pen.arc(arc, 0, 180, fill=(150, 60, 60), width=3) if smiling else pen.line(
        (26, 46, 38, 46), fill=(150, 60, 60), width=3
    )
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Drawings with a table of their attributes."""
    home = tmp_path / "drawn"
    home.mkdir()
    rows = []
    for number in range(PICTURES):
        has = [bool(number >> bit & 1) for bit in range(len(EDITED))]
        draw(number, *has).save(home / f"{number:03d}.png")
        rows.append([f"{number:03d}.png", *map(int, has), number // 8 % 2])
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", *EDITED, "Male"], *rows])
    return home


def test_an_attribute_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    table.write_text("file,Happy\n" + "".join(f"{n:03d}.png,{n % 2}\n" for n in range(PICTURES)))
    with pytest.raises(BadInput, match="no attribute Blond_Hair"):
        faces(tmp_path / "out", data=str(folder), attributes=table, progress=False)
    assert not (tmp_path / "out").exists()


def test_report_of_a_folder_of_ones_own(folder: Path, tmp_path: Path) -> None:
    weights = Path(os.environ.get("VAEKIT_DATA", ""), "squeezenet", "squeezenet1_1.safetensors")
    if not weights.is_file():
        pytest.skip("$VAEKIT_DATA has no squeezenet")
    out, table = tmp_path / "out", tmp_path / "table.csv"
    options = {"data": str(folder), "attributes": table, "quick": True, "epochs": 1}
    page = faces(out, **options, progress=False)  # type: ignore[arg-type]
    text = page.read_text()
    for case in CASES:
        assert f">{case.name}</t" in text
        assert len(list((out / "runs" / case.name / "derived").glob("codes-*"))) == 2
    numbers = json.loads((out / "numbers.json").read_text())
    assert set(numbers) == {"epochs", "judge", "real", *(case.name for case in CASES)}
    assert all(0 <= each["low"] <= each["high"] <= 1 for each in numbers["judge"].values())
    found = numbers["pixel"]["reconstructions"]["psnr"]
    assert found["low"] <= found["value"] <= found["high"]
    edits = [edit for case in CASES for edit in numbers[case.name]["edits"]]
    assert edits
    # Scale 0 is the picture itself: nothing is flipped, nothing leaks.
    assert all(edit["edits"][0]["flipped"]["value"] == 0 for edit in edits)
    assert all(edit["edits"][0]["leakage"]["value"] == 0 for edit in edits)
    assert any(edit["edits"][-1]["leakage"]["value"] > 0 for edit in edits)
