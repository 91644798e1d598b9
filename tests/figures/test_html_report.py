"""The report: one HTML file that is well formed, loads nothing and escapes what it is told."""

import base64
import re
import wave
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from vaekit.errors import BadInput
from vaekit.figures import Report, grid, rates

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Document(HTMLParser):
    """Tags with their attributes and the texts by tag; fails where a tag isn't closed in turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def said(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


@pytest.fixture(scope="module")
def report() -> Report:
    images = np.zeros((4, 1, 3, 3))
    return (
        Report("AE & VAE <1>", "What **this** is.")
        .section("Numbers & more", "See `code`.\n\n- one\n- two")
        .table(
            ["model", "loss (nats)", "holds"],
            [["AE-2", (131.704, 0.4), True], ["VAE-2", (73.05, 0.351), False], ["B", None, None]],
            "**Table 1.** Losses.",
            ["Mean of three seeds."],
        )
        .note("It had not trained.")
        .section("Figures")
        .figure(rates([1.0, 0.0], active=[True, False]), "Rates with a `mark`.")
        .figures([(grid(images, 2), "First."), (grid(images, 2), "Second.")])
        .section("Figures", "Twice the same heading.")
    )


def test_is_well_formed_and_navigates_to_every_section(report: Report) -> None:
    document = Document(report.html())
    assert report.html().startswith("<!doctype html>")
    assert document.said("title") == document.said("h1") == ["AE & VAE <1>"]
    assert document.said("h2") == ["Numbers & more", "Figures", "Figures"]
    targets = [attributes["id"] for attributes in document.all("section")]
    assert [a["href"] for a in document.all("a")] == [f"#{target}" for target in targets]
    assert len(set(targets)) == 3
    assert document.all("html") == [{"lang": "en"}]


def test_every_picture_is_part_of_the_page_and_has_words(report: Report) -> None:
    images = Document(report.html()).all("img")
    assert len(images) == 3
    assert images[0]["alt"] == "rate per dimension, 1 nats in all, 1 of 2 units active"
    for image in images:
        kind, data = image["src"].split(",", 1)
        assert kind == "data:image/png;base64"
        with Image.open(BytesIO(base64.b64decode(data, validate=True))) as picture:
            picture.load()
            assert picture.width == pytest.approx(2 * int(image["width"]), abs=2)
            assert picture.height == pytest.approx(2 * int(image["height"]), abs=2)
        assert image["alt"].strip()


def test_loads_nothing(report: Report) -> None:
    html = report.html()
    document = Document(html)
    assert not {name for name, _ in document.tags} & {"script", "link", "iframe", "object", "embed"}
    assert not re.search(r"url\(|@import|@font-face", html)
    assert all(
        attributes.get(name, "data:").startswith(("data:", "#"))
        for _, attributes in document.tags
        for name in ("src", "href", "srcset", "poster", "action")
    )
    (policy,) = [m["content"] for m in document.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy


def test_follows_the_readers_colours_and_width(report: Report) -> None:
    html = report.html()
    assert "prefers-color-scheme: dark" in html
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in Document(
        html
    ).all("meta")


def test_escapes_whatever_it_is_told() -> None:
    evil = '<script>alert("x")</script><img src=\'http://a.org/b.png\' onerror="y">&amp;'
    report = Report(evil, evil).section(evil, f"- {evil}\n\n**{evil}**").note(evil).text(evil)
    report.figure(rates([1.0], title=evil), evil).figure(rates([1.0]), evil, alt=evil)
    report.table([evil, "n"], [[evil, 1]], evil, [evil])
    document = Document(report.html())
    assert len(document.all("img")) == 2
    assert document.all("script") == []
    assert document.said("h1") == [evil]
    assert document.all("img")[1]["alt"] == evil


def cells(report: Report) -> list[list[str]]:
    body = report.html().split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in body.strip().split("\n")]


def test_numbers_have_the_decimals_of_their_column(report: Report) -> None:
    assert cells(report) == [
        ["AE-2", "131.70 ± 0.40", "yes"],
        ["VAE-2", "73.05 ± 0.35", "no"],
        ["B", "–", "–"],
    ]


@pytest.mark.parametrize(
    ("column", "digits", "shown"),
    [
        ([206.05, 1.0], None, ["206.05", "1.00"]),
        ([12345.678, -2.0], None, ["12,346", "−2"]),
        ([0.01234, 0.5], None, ["0.012", "0.500"]),
        ([0.0, 0.00123], None, ["0.00000", "0.00123"]),
        ([3.14159, 2], 1, ["3.1", "2"]),
        ([50000, 7], None, ["50,000", "7"]),
        ([np.float32(0.5), np.int64(3)], 2, ["0.50", "3"]),
        ([np.float64(2.5) > 1, False], None, ["yes", "no"]),
        ([(1.0, 0.25), 2.0], 1, ["1.0 ± 0.2", "2.0"]),
        ([float("nan"), float("inf")], None, ["nan", "inf"]),
        (["1.5 ± 0.1", None], None, ["1.5 ± 0.1", "–"]),
    ],
)
def test_cells_of_a_column(column: list[object], digits: int | None, shown: list[str]) -> None:
    rows = [["row", cell] for cell in column]
    report = Report("t").table(["name", "value"], rows, digits=[None, digits])
    assert [row[1] for row in cells(report)] == shown


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    rows = [
        ["AE", 1.0, "12.5%", "3 [1, 5]", "3x3", True],
        ["VAE", None, "−3", "7 [−1, 9]", "7", False],
    ]
    report = Report("t").table(["a", "b", "c", "d", "e", "f"], rows)
    head = [tag.get("class", "") for tag in Document(report.html()).all("th")][:6]
    assert head == ["", "number", "number", "number", "", ""]


def test_refuses_a_row_that_is_too_short_and_a_picture_without_words() -> None:
    with pytest.raises(BadInput, match="1 cells under 2 headers"):
        Report("t").table(["a", "b"], [["x"]])
    with pytest.raises(BadInput, match="caption"):
        Report("t").figure(Figure(), "")


def test_a_player_gives_back_the_samples_it_was_given() -> None:
    whole = np.random.default_rng(0).integers(-(1 << 15), 1 << 15, 800)
    html = Report("Sounds").audio([(whole / (1 << 15), "one **voice**"), ([2.0, -2.0], "b")], 8_000)
    players = Document(html.html()).all("audio")
    assert [player["aria-label"] for player in players] == ["one voice", "b"]
    assert all("controls" in player for player in players)
    found = []
    for player in players:
        kind, _, data = player["src"].partition(";base64,")
        assert kind == "data:audio/wav"
        with wave.open(BytesIO(base64.b64decode(data))) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 1, 2)
            found.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    np.testing.assert_array_equal(found[0], whole)
    np.testing.assert_array_equal(found[1], [32_767, -32_768])


@pytest.mark.parametrize("sound", [[], [[0.0], [0.1]], [0.0, np.nan]])
def test_refuses_what_is_no_wave_and_a_player_without_words(sound: list[float]) -> None:
    with pytest.raises(BadInput, match="finite numbers"):
        Report("Sounds").audio([(sound, "a voice")], 8_000)
    with pytest.raises(BadInput, match="caption"):
        Report("Sounds").audio([([0.0], "")], 8_000)


def test_writes_the_same_file_each_time(report: Report, tmp_path: Path) -> None:
    path = report.write(tmp_path / "new" / "report.html")
    first = path.read_bytes()
    assert first.decode() == report.html()
    assert report.write(str(path)).read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_a_report_without_sections_is_a_page_too() -> None:
    document = Document(Report("Only a title").html())
    assert document.all("nav") == document.all("section") == []
