"""The page of runs that are unlike the usual one, and the rules that its modules keep."""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import until
from on_page import OnPage, near

import vaekit as vk
from vaekit.explorer import explored, served
from vaekit.figures.images import pixels
from vaekit.runs import Run

PAGE = files("vaekit.explorer").joinpath("page")
MODULES = {each.name: each.read_text() for each in PAGE.iterdir() if each.name.endswith(".js")}
Opening = Callable[[Run], AbstractContextManager[OnPage]]
EVIL = '<script>document.title = "evil"</script><img src=x onerror="document.title=1">'


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """A run of an epoch."""

    def make(recipe: str, data: Any = "digits", **named: Any) -> Run:
        named.setdefault("net_options", {"hidden": (16,)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an epoch teaches a model little
            return vk.train(
                recipe,
                data,
                root=tmp_path,
                training=vk.Training(epochs=1, batch_size=32),
                progress=False,
                **named,
            )

    return make


@pytest.fixture
def open_page(browser: Any, console: Callable[[], list[str]]) -> Opening:
    """The page of a run, which must leave no complaint in the browser."""

    @contextmanager
    def opening(run: Run) -> Iterator[OnPage]:
        found = explored(run)
        with served(found) as address:
            yield OnPage(browser, address, found)
            assert console() == []
            browser.get("about:blank")

    return opening


def test_names_of_classes_and_runs_are_words(train: Callable[..., Run], open_page: Opening) -> None:
    rows = np.random.default_rng(0).random((120, 1, 6, 6)).astype(np.float32)
    labels = [EVIL if k % 3 else "<b>plain</b>" for k in range(120)]
    data = vk.data.load((rows * 255).astype(np.uint8).reshape(120, 6, 6), labels=labels)
    with open_page(train("vae", data, options={"latent": 1})) as page:
        names = {each.text for each in page.all("#legend .class")}
        assert names == {EVIL, "<b>plain</b>"}
        assert "<" in page.text("facts")
        assert page.js("return document.querySelectorAll('script:not([src]), img, b').length") == 0
        assert page.browser.title != "evil"
        # Of one dimension there is a line, and nothing to choose.
        assert not page.all("#plane")
        assert len(page.all("#dimensions .slider")) == 1
        page.type("#map", "\ue014", "\ue013")
        until(lambda: page.text("what").startswith("Place"), "the point moved")
        assert page.all("#map .circle line")
        page.shows(page.explored.decode(page.code())[0, ..., 0])


def test_a_model_that_is_told_a_label_is_told_another(
    train: Callable[..., Run], open_page: Opening
) -> None:
    run = train("vae", options={"latent": 2}, data_options={"condition": ("label",)})
    with open_page(run) as page:
        found = page.explored
        first = str(found.row(0)[1]["label"])
        assert page.find("[data-told=label]").get_property("value") == first
        for choice in ("7", "3"):
            page.js(
                "const s = document.querySelector('[data-told=label]'); s.value = arguments[0];"
                "s.dispatchEvent(new Event('change'))",
                choice,
            )
            page.shows(found.decode(found.codes[:1], {"label": choice})[0, ..., 0])
        page.tab("take")
        assert page.text("line-command").endswith("--given label=3")
        names: dict[str, Any] = {}
        exec(page.text("line-python"), names)
        shown = pixels(np.asarray(names["decoded"]))[0, ..., 0].astype(int)
        assert near(page.picture(), shown)


def test_vectors_are_bars_and_codes_need_no_rates(
    train: Callable[..., Run], open_page: Opening
) -> None:
    rows = np.random.default_rng(0).standard_normal((200, 5)).astype(np.float32)
    with open_page(train("ae", rows, options={"latent": 3})) as page:
        assert page.find("#draw-prior").get_property("disabled")
        assert not page.all("#legend li")
        assert all(each.text == "" for each in page.all("#dimensions .nats"))
        assert page.find("#own-ways").get_property("hidden")
        assert page.text("axes-words").startswith("From the left: x0, x1, x2, x3, x4;")
        before = page.picture("#live")
        page.slide(f"[data-dimension='{page.explored.scene.dimensions[0].index}']", 1e9)
        until(lambda: not np.array_equal(before, page.picture("#live")), "other bars")


def test_many_dimensions_and_a_run_that_is_not_finished(
    train: Callable[..., Run], open_page: Opening
) -> None:
    run = train("vae", options={"latent": 512})
    (run.path / "model.safetensors").unlink()
    with open_page(vk.open_run(run.path)) as page:
        assert page.find("#note").is_displayed()
        assert run.name in page.text("note")
        assert len(page.all("#dimensions .slider")) == 12
        page.js("document.querySelector('#dimensions-more button').click()")
        assert len(page.all("#dimensions .slider")) == 36
        page.js(
            "const s = document.getElementById('plane'); s.value = 'any';"
            "s.dispatchEvent(new Event('change'));"
            "const n = document.querySelectorAll('#pair input'); n[0].value = 511;"
            "n[1].value = 300; n[1].dispatchEvent(new Event('change'))"
        )
        axis = (
            "return Array.from(document.querySelectorAll('#map .axes .name'), (e) => e.textContent)"
        )
        until(lambda: page.js(axis) == ["z511", "z300"], "the plane of choice")
        for row in (1, 2):
            before = page.text("what")
            page.js("document.getElementById('draw-row').click()")
            until(lambda before=before: page.text("what") not in ("", before), "another row")
            page.press("pin")
            until(lambda row=row: len(page.all("#pins li")) == row, "a pin")
        until(lambda: len(page.all("#strip canvas")) == 9, "a strip")
        ends = np.stack(page.pictures("#strip canvas"))[[0, -1]]
        pins = np.stack(page.pictures("#pins canvas"))
        assert near(ends, pins)
        page.press("draw-prior")
        until(lambda: page.text("what").startswith("Drawn"), "a draw")
        page.shows(page.explored.decode(page.code())[0, ..., 0])


def test_modules_can_be_bundled() -> None:
    names: Counter[str] = Counter()
    for module, text in MODULES.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        )
        lines = text.splitlines()
        begun = [line for line in lines if line.startswith("import")]
        assert all(re.fullmatch(r'import \{[\w, ]+\} from "\./\w+\.js";', line) for line in begun)
        assert not re.search(r"\bimport\(|^export (default|\{|\*)", text, re.MULTILINE), module
        own = re.findall(
            r"^(?:export )?(?:async )?(?:function|class|const|let|var) (\w+)", text, re.MULTILINE
        )
        names.update(own)
        wide = [line for line in lines if "\t" in line or line != line.rstrip()]
        assert not wide, module
    assert {name: count for name, count in names.items() if count > 1} == {}


def test_the_page_has_no_style_or_script_of_its_own() -> None:
    text = PAGE.joinpath("index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", text)
    ids = re.findall(r'id="([\w-]+)"', text)
    assert len(ids) == len(set(ids))
    used = {
        name for module in MODULES.values() for name in re.findall(r'byId\("([\w-]+)"\)', module)
    }
    made = {name for module in MODULES.values() for name in re.findall(r'id: "([\w-]+)"', module)}
    assert used <= set(ids) | made
