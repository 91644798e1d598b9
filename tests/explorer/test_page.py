"""Everything that can be done on the explorer's page, against what the library gives."""

import csv
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import sized, until
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from on_page import OnPage, near, opened, saved
from PIL import Image

from vaekit.cli import main
from vaekit.explorer import Explored
from vaekit.figures.images import pixels
from vaekit.space import linear, spherical

Array = NDArray[Any]


@pytest.fixture
def page(
    browser: Any, address: str, model: Explored, console: Callable[[], list[str]]
) -> Iterator[OnPage]:
    """The page of the digits; the test fails where the browser had anything to complain of."""
    yield OnPage(browser, address, model)
    assert console() == []


def decoded(model: Explored, codes: Any) -> Array:
    """What the library makes of codes, as pictures of 0 to 255, (n, H, W)."""
    z = np.atleast_2d(np.asarray(codes, np.float32))
    return pixels(model.run.model().decode(z))[..., 0]


def original(model: Explored, row: int) -> Array:
    return pixels(model.split.batch(np.array([row])).x.numpy())[0, ..., 0]


def lonely(model: Explored) -> int:
    """The row whose code is farthest from the others' within the circle."""
    away = np.linalg.norm(model.codes[:, None] - model.codes, axis=-1) + 1e9 * np.eye(
        len(model.codes)
    )
    plane = model.view(model.scene.plane)
    inside = np.linalg.norm(model.codes - plane.circle.centre, axis=1) < plane.circle.radius
    return int(np.argmax(np.where(inside, away.min(1), 0)))


def hole(model: Explored) -> Array:
    """A place within the circle that no code is near."""
    plane = model.view(model.scene.plane)
    tries = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    tries = tries[np.linalg.norm(tries, axis=1) < 0.95] * plane.circle.radius + plane.circle.centre
    away = np.linalg.norm(tries[:, None] - model.codes, axis=-1).min(1)
    return tries[np.argmax(away)]


def test_it_says_what_it_shows(page: OnPage, model: Explored) -> None:
    assert page.text("name") == "digits"
    assert (
        page.text("about")
        == f"vae · {len(model.codes):,} training rows of digits · 2 latent dimensions"
    )
    assert [each.text for each in page.all("#legend .class")] == [str(k) for k in range(10)]
    assert not page.find("#note").is_displayed()
    page.shows(decoded(model, model.codes[0])[0])
    page.shows(original(model, 0), "#original")


def test_a_pointer_over_a_point_shows_its_original_and_its_reconstruction(
    page: OnPage, model: Explored
) -> None:
    row = lonely(model)
    page.mouse("Moved", page.at(model.codes[[row]])[0])
    page.shows(decoded(model, model.codes[row])[0])
    page.shows(original(model, row), "#original", 0)
    assert page.text("what") == f"Row {row:,}"
    assert f"label{model.split.labels[row]}" in page.text("facts")
    page.mouse("Moved", np.array([5.0, 5.0]))
    page.shows(decoded(model, model.codes[0])[0])


def test_a_pointer_over_empty_space_decodes_the_place(page: OnPage, model: Explored) -> None:
    place = hole(model)
    at = np.round(page.at([place])[0])
    for step in np.linspace(30, 0, 12):
        page.mouse("Moved", at + np.array([step, 0]))
    page.shows(decoded(model, place)[0], within=4)  # a pixel of the window is no number
    assert page.text("what").startswith("Place")
    assert page.find("#original-box").get_attribute("class") == "none"
    page.shows(decoded(model, page.code())[0])


def test_two_pins_make_a_way_that_plays(page: OnPage, model: Explored) -> None:
    row = lonely(model)
    page.click(page.at([hole(model)])[0])
    first = page.code()
    page.click(page.at(model.codes[[row]])[0])
    until(lambda: len(page.all("#pins li")) == 2, "two pins")
    for name, way in (("linear", linear), ("spherical", spherical)):
        page.js("document.querySelector(`input[value=${arguments[0]}]`).click()", name)
        expected = decoded(model, way(first[0], model.codes[row], 9))

        def same(pictures: Array = expected) -> bool:
            shown = page.pictures("#strip canvas")
            return len(shown) == 9 and all(map(near, shown, pictures))

        until(same, f"the strip is the {name} way")
    page.press("play")
    until(lambda: int(page.find("#along").get_property("value")) > 5, "the film moves")
    page.press("play")
    halfway = spherical(first[0], model.codes[row], 61)[30]
    page.slide("#along", 30)
    page.shows(decoded(model, halfway)[0])
    page.js("document.querySelector('#pins .away').click()")
    until(lambda: not page.find("#way").is_displayed(), "one pin is no way")


def test_a_lasso_gives_the_mean_the_originals_and_a_table(
    page: OnPage, model: Explored, downloads: Path
) -> None:
    radius = 0.4 * model.view(model.scene.plane).circle.radius
    angles = np.linspace(0, 2 * np.pi, 24)
    line = model.codes.mean(0) + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
    page.press("lasso")
    page.drag(page.at(line))
    until(lambda: page.find("#selected").is_displayed(), "something is selected")
    count = int(re.sub(r"\D", "", page.text("selected-count").split(" of ")[0]))
    inside = np.flatnonzero(Outline(line).contains_points(model.codes))
    assert abs(count - len(inside)) <= 3  # a line of whole pixels
    page.find("#save-table").click()
    table = list(csv.DictReader(io.StringIO(saved(downloads, "digits-selection.csv").decode())))
    codes = np.array([[float(row["z0"]), float(row["z1"])] for row in table])
    assert len(table) == count
    page.shows(decoded(model, codes.mean(0))[0], "#mean")
    until(lambda: len(page.all("#sheet canvas")) == min(count, 120), "a sheet of originals")
    ids = [int(np.linalg.norm(model.codes - code, axis=1).argmin()) for code in codes[:20]]
    shown = page.pictures("#sheet canvas")[:20]
    assert all(near(each, original(model, row), 0) for each, row in zip(shown, ids, strict=True))
    page.type("#map", "\ue00c")  # Escape
    until(lambda: not page.find("#selected").is_displayed(), "nothing is selected")


def test_the_nearest_points_are_selected_without_a_mouse(page: OnPage, model: Explored) -> None:
    page.tab("selection")
    page.js("document.getElementById('around-count').value = 7")
    page.press("around-button")
    nearest = np.argsort(np.linalg.norm(model.codes - model.codes[0], axis=1))[:7]
    until(lambda: len(page.all("#sheet canvas")) == 7, "seven originals")
    assert near(page.pictures("#sheet canvas")[0], original(model, 0), 0)
    page.shows(decoded(model, model.codes[nearest].mean(0))[0], "#mean")


def test_sliders_and_directions_edit_the_code(page: OnPage, model: Explored) -> None:
    start = model.codes[0]
    dimension = model.scene.dimensions[0]
    moved = start.copy()
    moved[dimension.index] = page.slide(f"[data-dimension='{dimension.index}']", dimension.mean)
    page.shows(decoded(model, moved)[0])
    lengths = {"label=3": 0.5, "label=7": -0.25}
    vectors = {
        (method, name): model.direction(name, method)
        for method in ("balanced", "means")
        for name in lengths
    }
    for method in ("balanced", "means"):
        page.js("document.querySelector(`input[value=${arguments[0]}]`).click()", method)
        for name, amount in lengths.items():
            page.slide(f"[data-attribute='{name}']", amount)
        edit = moved - start
        edit = edit + sum(n * vectors[method, each] for each, n in lengths.items())
        page.shows(decoded(model, start + edit)[0])
    page.slide("#scale", 0.5)
    page.shows(decoded(model, start + 0.5 * edit)[0])
    page.press("residual")
    lost = original(model, 0).astype(int) - decoded(model, start)[0]
    page.shows(np.clip(decoded(model, start + 0.5 * edit)[0] + lost, 0, 255), within=2)
    page.press("reset")
    page.shows(decoded(model, start)[0])
    assert float(page.find("#scale").get_property("value")) == 1
    assert page.find("[data-attribute='label=3']").get_property("value") == "0"


@pytest.mark.parametrize("source", ["row", "prior", "mixture"])
def test_codes_are_drawn(page: OnPage, model: Explored, source: str) -> None:
    page.press(f"draw-{source}")
    titles = {"row": "Row", "prior": "Drawn from the prior", "mixture": "Drawn from the fitted"}

    def told() -> bool:
        return page.text("what").startswith(titles[source]) and page.text("what") != "Row 0"

    until(told, "what was drawn")
    code = page.code()
    page.shows(decoded(model, code)[0])
    if source == "row":
        assert np.abs(model.codes - code).max(1).min() < 1e-5


def test_a_picture_of_ones_own_lands_on_the_map(
    page: OnPage, model: Explored, tmp_path: Path
) -> None:
    path = tmp_path / "mine.png"
    drawn = np.zeros((30, 30), np.uint8)
    drawn[4:26, 12:17] = 255
    Image.fromarray(drawn).save(path)
    page.find("#file").send_keys(str(path))
    until(lambda: page.find("#own-found").is_displayed(), "the picture was read")
    mine = model.run.picture(path)
    code = model.run.model().encode(mine[None])
    page.shows(pixels(mine[None])[0, ..., 0], "#prepared", 0)
    page.shows(decoded(model, code)[0], "#own-reconstruction")
    page.shows(decoded(model, code)[0])
    own = model.encode(path.read_bytes())
    assert page.text("elbo").startswith(f"{own.elbo:.1f} nats".replace("-", "−"))
    until(lambda: page.all("#elbo-chart .bin"), "a histogram")
    mark = page.find("#map .own path").get_attribute("d")
    x, y = map(float, re.findall(r"[\d.]+", mark)[:2])
    box = page.js(
        "const b = document.getElementById('map').getBoundingClientRect();return [b.left, b.top]"
    )
    assert np.allclose(page.at(code)[0], [box[0] + 44 + x, box[1] + 10 + y + 14], atol=0.5)
    assert np.allclose(page.code(), code, atol=1e-5)


@pytest.mark.parametrize(
    "given",
    [
        "document.body.dispatchEvent(new DragEvent('drop', {...bubbling, dataTransfer: files}))",
        "document.body.dispatchEvent(new ClipboardEvent('paste', "
        "{...bubbling, clipboardData: files}))",
    ],
    ids=["dropped", "pasted"],
)
def test_a_picture_may_be_dropped_or_pasted(
    page: OnPage, model: Explored, tmp_path: Path, given: str
) -> None:
    path = tmp_path / "mine.png"
    Image.fromarray(np.pad(np.full((22, 5), 255, np.uint8), ((4, 4), (12, 13)))).save(path)
    page.js(
        "const files = new DataTransfer(), bubbling = {bubbles: true, cancelable: true};"
        "files.items.add(new File([Uint8Array.from(arguments[0])], 'mine.png', "
        f"{{type: 'image/png'}})); {given}",
        list(path.read_bytes()),
    )
    until(lambda: page.find("#own-found").is_displayed(), "the picture was read")
    mine = model.run.picture(path)
    page.shows(pixels(mine[None])[0, ..., 0], "#prepared", 0)
    page.shows(decoded(model, model.run.model().encode(mine[None]))[0])


def test_what_is_no_picture_is_said(page: OnPage, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("these are no pixels")
    page.find("#file").send_keys(str(path))
    until(lambda: page.find("#own-error").is_displayed(), "an error")
    assert "notes" in page.text("own-error") or "picture" in page.text("own-error")
    logs = [each["message"] for each in page.browser.get_log("browser")]
    assert all("400" in each for each in logs)


def test_a_digit_is_drawn_by_hand_and_by_keys(page: OnPage, model: Explored) -> None:
    page.tab("own")
    board = page.find("#board")
    page.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", board)
    box = page.js("const b = arguments[0].getBoundingClientRect();"
                  "return [b.left, b.top, b.width]", board)  # fmt: skip
    corner, pixel = np.array(box[:2]), box[2] / 8
    page.drag(corner + pixel * np.array([[4, 1], [4, 3], [4, 5], [4, 7]]))
    until(lambda: page.find("#own-found").is_displayed(), "the drawing was read")
    drawn = page.picture("#board")
    assert drawn[2:6, 3:5].min() > 100
    assert drawn[:, [0, 1, 6, 7]].max() == 0
    page.shows(drawn, "#prepared")
    own = model.encode(drawn.astype(np.uint8))
    page.shows(own.reconstruction[0, ..., 0])
    page.press("clear-board")
    page.type("#board", "\ue012", " ", "\ue013", "\ue013", " ", "\ue012")  # left, up, up, left
    drawn = page.picture("#board")
    assert drawn[2:5, 3].min() > 100, drawn
    page.js("document.activeElement.blur()")
    page.shows(page.picture("#board"), "#prepared")


def test_what_is_taken_away_makes_the_same_again(
    page: OnPage,
    model: Explored,
    downloads: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page.press("draw-prior")
    until(lambda: page.text("what").startswith("Drawn"), "a draw")
    code = page.code()
    expected = decoded(model, code)[0]
    page.find("#save-picture").click()
    assert near(opened(saved(downloads, "digits-picture.png")), expected)
    page.find("#save-code").click()
    kept = json.loads(saved(downloads, "code.json"))
    assert np.allclose(kept, code)
    names: dict[str, Any] = {}
    exec(page.text("line-python"), names)
    assert near(pixels(names["decoded"])[0, ..., 0].astype(int), expected)
    monkeypatch.chdir(downloads)
    line = shlex.split(page.text("line-command"))
    assert main([*line[1:], "--out", "again.npy"]) == 0
    assert near(pixels(np.load("again.npy"))[0, ..., 0].astype(int), expected)
    page.press("pin")
    page.press("draw-row")
    until(lambda: page.text("what").startswith("Row"), "a row")
    page.press("pin")
    until(lambda: page.find("#save-strip").is_enabled(), "a strip")
    page.find("#save-strip").click()
    assert opened(saved(downloads, "digits-strip.png")).shape == (8, 72)


def test_a_legend_hides_classes_and_shows_one_alone(page: OnPage, model: Explored) -> None:
    row = lonely(model)
    label = int(model.split.labels[row])
    page.js("document.querySelector(`#legend [data-value='${arguments[0]}']`).click()", label)
    page.mouse("Moved", page.at(model.codes[[row]])[0])
    until(lambda: page.text("what").startswith("Place"), "a hidden point is not there")
    page.mouse("Moved", np.array([5.0, 5.0]))
    page.js("document.querySelectorAll('#legend .only')[arguments[0]].click()", label)
    pressed = [each.get_attribute("aria-pressed") for each in page.all("#legend .class")]
    assert pressed == [str(k == label).lower() for k in range(10)]
    page.mouse("Moved", page.at(model.codes[[row]])[0])
    until(lambda: page.text("what") == f"Row {row:,}", "the point")
    page.js("document.querySelector('#legend .all').click()")
    assert all(e.get_attribute("aria-pressed") == "true" for e in page.all("#legend .class"))


def test_keys_do_everything_on_the_map(page: OnPage, model: Explored) -> None:
    x, y, radius = page.view()
    page.type("#map", "+", "+")
    until(lambda: page.view()[2] == pytest.approx(1.69 * radius, rel=1e-3), "it is closer")
    page.type("#map", "0")
    until(lambda: page.view() == pytest.approx((x, y, radius), abs=0.1), "it fits")
    unit = radius / model.view(model.scene.plane).circle.radius
    page.type("#map", "\ue014", "\ue014", "\ue013")  # right, right, up
    place = model.codes[0] + np.array([16, 8]) / unit
    page.shows(decoded(model, place)[0], within=2)
    assert np.allclose(page.code()[0], place, atol=1e-3)
    page.type("#map", "\ue007")  # Enter
    until(lambda: len(page.all("#pins li")) == 1, "a pin")
    page.type("#map", "n")
    nearest = int(np.argmin(np.linalg.norm(model.codes - place, axis=1)))
    until(lambda: page.text("what") == f"Row {nearest:,}", "the nearest row")
    until(lambda: "Reconstruction" in page.text("said"), "it is said")
    page.type("#map", "l")
    assert page.find("#lasso").get_attribute("aria-pressed") == "true"
    page.type("#map", "\ue00c")
    assert page.find("#lasso").get_attribute("aria-pressed") == "false"
    assert page.js("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_mouse_pans_and_zooms_and_drags_the_point(page: OnPage, model: Explored) -> None:
    x, y, radius = page.view()
    empty = np.array([x - 0.9 * radius, y - 0.9 * radius])
    page.drag(empty + np.array([[0, 0], [10, 5], [60, 30]]))
    until(lambda: page.view()[:2] == pytest.approx((x + 60, y + 30), abs=1), "it went along")
    page.mouse("Wheel", empty, deltaX=0, deltaY=-200)
    until(lambda: page.view()[2] == pytest.approx(radius * np.exp(0.4), rel=1e-3), "it is closer")
    page.press("fit")
    until(lambda: page.view() == pytest.approx((x, y, radius), abs=0.1), "it fits")
    place = hole(model)
    ends = page.at([model.codes[0], place])
    page.drag(np.linspace(ends[0], ends[1], 9))
    page.shows(decoded(model, page.code())[0])
    assert np.allclose(page.code()[0], place, atol=2 / radius)


def test_fingers_walk_and_pinch(page: OnPage, model: Explored) -> None:
    x, y, radius = page.view()
    place = hole(model)
    ends = page.at([model.codes[3], place])
    page.touch("Start", ends[0])
    for at in np.linspace(ends[0], ends[1], 6):
        page.touch("Move", at)
    page.touch("End")
    until(lambda: np.allclose(page.code()[0], place, atol=2 / radius), "the point is there")
    page.shows(decoded(model, page.code())[0])
    middle, reach = np.array([x, y]), np.array([40, 0])
    page.touch("Start", middle - reach, middle + reach)
    page.touch("Move", middle - 2 * reach, middle + 2 * reach)
    page.touch("End")
    until(lambda: page.view()[2] == pytest.approx(2 * radius, rel=0.02), "it is closer")


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_it_fits_the_window_and_goes_dark(
    browser: Any, address: str, model: Explored, width: int
) -> None:
    sized(browser, width, 900, "dark")
    page = OnPage(browser, address, model)
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert page.js("return document.documentElement.scrollWidth") == width
    assert page.js(ground) == "rgb(20, 24, 31)"
    page.press("theme")
    assert page.js(ground) == "rgb(255, 255, 255)"
    page.js("localStorage.clear()")


def test_the_card_says_how_good_the_model_is(page: OnPage, model: Explored) -> None:
    until(lambda: page.all("#card-evaluation tbody tr"), "the table")
    rows = [each.text for each in page.all("#card-evaluation tbody th")]
    assert rows == [measure.name for measure in model.card.evaluation]
    assert len(page.all("#card-curves svg")) == len({curve.name for curve in model.card.curves})
    page.press("to-card")
    assert page.js("return document.activeElement.id") == "card-title"
    assert "#card" not in page.browser.current_url  # where the token is
    page.js("document.querySelector('details').open = true")
    assert len(page.all("#card-layers tbody tr")) == len(model.card.layers)


def test_two_pages_at_once(page: OnPage, address: str, model: Explored) -> None:
    first = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    try:
        other = OnPage(page.browser, address, model)
        other.mouse("Moved", other.at(model.codes[[lonely(model)]])[0])
        other.shows(decoded(model, model.codes[lonely(model)])[0])
    finally:
        page.browser.close()
        page.browser.switch_to.window(first)
    page.press("draw-mixture")
    until(lambda: page.text("what").startswith("Drawn"), "the first page goes on")
    page.shows(decoded(model, page.code())[0])


def test_a_graphics_card_and_pixels_show_the_same_points(
    browser: Any, address: str, model: Explored
) -> None:
    """Chromium emulates a card here, which the page leaves alone where it knows of it."""
    row = lonely(model)
    seen = {}
    for painter, name in (("webgl", "a card"), ("canvas", "SwiftShader")):
        script = f"WebGLRenderingContext.prototype.getParameter = () => '{name}'"
        added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        try:
            page = OnPage(browser, address, model)
        finally:
            browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
        assert page.find("#map").get_attribute("data-painter") == painter
        page.mouse("Moved", page.at(model.codes[[row]])[0])
        page.shows(original(model, row), "#original", 0)
        page.mouse("Moved", np.array([5.0, 5.0]))
        page.shows(original(model, 0), "#original", 0)
        seen[painter] = opened(page.find("#map").screenshot_as_png)
    dots = {name: (picture < 200).sum() for name, picture in seen.items()}
    assert 0.9 < dots["webgl"] / dots["canvas"] < 1.1
    assert np.abs(seen["webgl"] - seen["canvas"]).mean() < 4
