"""The report on chairs from end to end, on small stand-ins."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import BadInput
from vaekit.reports import chairs as report
from vaekit.reports.chairs_results import Size

SEATS, SIDES, SIDE = 7, [(high, turn) for high in (20, 30) for turn in range(0, 360, 60)], 16


@pytest.fixture
def seats(tmp_path: Path) -> Path:
    """Bars of a colour and a width that are turned with the view."""
    for seat in range(SEATS):
        folder = tmp_path / "rendered_chairs" / f"seat{seat}" / "renders"
        folder.mkdir(parents=True)
        colour = np.random.RandomState(seat).randint(0, 200, 3)
        for number, (high, turn) in enumerate(SIDES):
            levels = np.full((SIDE, SIDE, 4), 255, np.uint8)
            levels[..., 3] = 0
            first = 2 + turn // 60
            levels[3 : high // 2, first : first + 3 + seat] = (*colour, 255)
            name = f"image_{number:03}_p{high:03}_t{turn:03}_r096.png"
            Image.fromarray(levels, "RGBA").save(folder / name)
    return tmp_path / "rendered_chairs"


def test_the_report_is_written_with_all_its_numbers(
    seats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_QUICK", Size(2, 2, 1, (1, 3), 2, 3, SIDE))
    monkeypatch.setattr(report, "_NET", {"channels": (4, 8), "hidden_conv": (16,)})

    def written() -> Path:
        return report.chairs(tmp_path / "out", data=str(seats), quick=True, progress=False)

    page = written()
    text = page.read_text()
    for words in ("blend of two views", "most similar seat", "3 views known", "What holds"):
        assert words in text
    numbers = json.loads((tmp_path / "out" / "numbers.json").read_text())
    assert len(numbers["unseen"]["generator"]["error"]["by seat"]) == SEATS
    assert len(numbers["turned"]["most similar seat"]["overlap"]["by seat"]) == 3
    assert set(numbers["few"]) == {"1", "3"}
    for ways in (numbers["unseen"], numbers["turned"], *numbers["few"].values()):
        for way in ways.values():
            assert way["error"]["low"] <= way["error"]["value"] <= way["error"]["high"]
            assert 0 <= way["overlap"]["value"] <= 1
    runs = sorted((tmp_path / "out" / "runs").glob("*/model.safetensors"))
    assert [run.parent.name for run in runs] == sorted(
        ["generator", "plain", "variational"]
        + [f"few-{count}-{others}" for count in (1, 3) for others in ("with", "alone")]
    )
    before = {run: run.stat().st_mtime_ns for run in runs}
    again = json.loads((written().parent / "numbers.json").read_text())
    assert again == numbers
    assert {run: run.stat().st_mtime_ns for run in runs} == before


def test_too_few_seats_or_views_are_refused(seats: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has 7 seats, of at least 12 views: this needs 15 and 9"):
        report.chairs(tmp_path / "out", data=str(seats), quick=True, progress=False)
    assert not (tmp_path / "out").exists()
