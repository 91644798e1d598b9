"""The page as one file: what it shows is the model's, without a server."""

import csv
import json
import re
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from on_page import OnPage

import vaekit as vk
from vaekit.explorer import explored, saved
from vaekit.explorer.saved import bundle, save_page
from vaekit.runs import Run

NAME = "</script><script>alert(1)</script>"
BEYOND_ASCII = "Ärger & <b>"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Colour pictures of two classes with odd names; the model is told which."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (120, 3, 16, 16), np.uint8)
    labels = np.where(np.arange(120) % 2, NAME, BEYOND_ASCII)
    x[::2] //= 4
    return vk.train(
        "cvae",
        x,
        name="told",
        root=tmp_path_factory.mktemp("told"),
        options={"latent": 3},
        net="conv",
        net_options={"channels": (8, 16)},
        data_options={"labels": labels, "condition": ["label"]},
        training=vk.Training(epochs=2, batch_size=32),
        progress=False,
    )


def opened(browser: Any, run: Run, folder: Path) -> OnPage:
    path = save_page(run, folder / "page.html")
    return OnPage(browser, path.as_uri(), explored(run))


def test_digits_without_a_server(
    browser: Any, console: Any, digits: Run, downloads: Path, tmp_path: Path
) -> None:
    page = opened(browser, digits, tmp_path)
    found = page.explored
    assert page.js("return location.protocol") == "file:"
    page.shows(found.row(0)[4][0, ..., 0])
    page.shows(found.originals([0])[0, ..., 0], "#original", within=0)
    for selector, number in (("#dimensions input", 0), ("#dimensions input", 1)):
        page.js(f"document.querySelectorAll('{selector}')[{number}].id = 'tried-{number}'")
        page.slide(f"#tried-{number}", 1.5)
    page.shows(found.decode(page.code())[0, ..., 0])
    assert "no encoder" in page.text("own-cannot")
    assert console() == []


def test_its_source_gives_what_the_library_gives(browser: Any, digits: Run, tmp_path: Path) -> None:
    page = opened(browser, digits, tmp_path)
    found, scene = page.explored, page.explored.scene
    ask = "const done = arguments[arguments.length - 1]; vaekit.{}.then(done);"

    def asked(what: str) -> Any:
        return browser.execute_async_script(ask.format(what))

    columns = {column.name: column for column in scene.columns}
    label = asked("column('label').then((found) => Array.from(found))")
    np.testing.assert_array_equal(label, found.column("label"))
    assert "label" in columns
    points = asked("plane('0,1').then(({points}) => Array.from(points))")
    np.testing.assert_allclose(np.reshape(points, (-1, 2)), found.points("0,1"), atol=1e-5)
    direction = asked("direction('label=3', 'means').then((found) => Array.from(found))")
    np.testing.assert_allclose(direction, found.direction("label=3", "means"), rtol=1e-6)
    rows = list(csv.DictReader(StringIO(asked("table([3, 1])"))))
    np.testing.assert_allclose(
        [[float(row["z0"]), float(row["z1"])] for row in rows], found.codes_of([3, 1]), rtol=1e-6
    )
    wanted = list(csv.DictReader(StringIO(found.table([3, 1]).decode())))
    assert [row["id"] for row in rows] == [row["id"] for row in wanted]
    originals = asked("originals([5, 9]).then(({data}) => Array.from(data))")
    np.testing.assert_array_equal(originals, found.originals([5, 9]).reshape(-1))
    drawn = asked("draw(4, 'prior', 2).then((found) => Array.from(found))")
    assert len(set(drawn)) == 8


def test_a_model_that_is_told_and_names_that_are_no_script(
    browser: Any, console: Any, told: Run, tmp_path: Path
) -> None:
    page = opened(browser, told, tmp_path)
    found = page.explored
    assert NAME in page.text("legend")
    assert BEYOND_ASCII in page.text("legend")
    row = page.explored.row(0)
    page.shows(row[4][0, ..., 0])
    ask = """const done = arguments[arguments.length - 1];
    vaekit.decode(Float32Array.from(arguments[0]), {label: arguments[1]})
      .then(({data}) => done(Array.from(data)));"""
    code = found.codes_of([1])
    for name in (NAME, BEYOND_ASCII):
        decoded = browser.execute_async_script(ask, code[0].tolist(), name)
        wanted = found.decode(code, {"label": name}).reshape(-1).astype(int)
        assert np.abs(np.array(decoded) - wanted).max() <= 1
    assert console() == []


def test_a_decoder_that_is_too_large_leaves_a_lattice(
    browser: Any, console: Any, digits: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_BYTES", 1_000)
    page = opened(browser, digits, tmp_path)
    assert "no decoder" in page.text("note")
    facts = json.loads(page.js("return document.getElementById('data-facts').textContent"))
    assert facts["program"] is None
    grid, view = facts["grid"], page.explored.view(page.explored.scene.plane)
    place = [grid["start"][0] + 3 * grid["step"], grid["start"][1] + 20 * grid["step"]]
    code = np.array(view.origin) + place @ np.array(view.axes)
    ask = """const done = arguments[arguments.length - 1];
    vaekit.decode(Float32Array.from(arguments[0]), null)
      .then(({data}) => done(Array.from(data)));"""
    decoded = browser.execute_async_script(ask, code.tolist())
    wanted = page.explored.decode(code[None].astype(np.float32)).reshape(-1).astype(int)
    assert np.abs(np.array(decoded) - wanted).max() <= 1
    assert console() == []


def test_nothing_but_what_the_file_holds_may_run(digits: Run, tmp_path: Path) -> None:
    text = save_page(digits, tmp_path / "page.html").read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    assert not re.findall(r'(?:src|href)="(?!data:,|#)', text)
    assert list(tmp_path.iterdir()) == [tmp_path / "page.html"]


def test_modules_come_after_those_they_need_and_have_no_name_in_common() -> None:
    modules = {
        each.name: each.read_text("utf-8")
        for each in files("vaekit.explorer").joinpath("page").iterdir()
        if each.name.endswith(".js")
    }
    script = bundle(modules)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names)) > 50
    assert script.index("class Program") < script.index("new Program(")
    assert bundle(
        {"a.js": 'import {b} from "./b.js";\nb();', "b.js": "export const b = 1;"}, "a.js"
    )
