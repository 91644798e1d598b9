"""Hands and eyes on the explorer's page: what is done to it and what it shows then."""

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, final

import numpy as np
from browser import until
from numpy.typing import NDArray
from PIL import Image

from vaekit.explorer import Explored

Array = NDArray[Any]
MARGIN = np.array([44.0, 10.0])  # from the map's corner to its points


@final
class OnPage:
    """A page of an explored run in a browser, ready to be used."""

    def __init__(self, browser: Any, address: str, explored: Explored) -> None:
        self.browser, self.explored = browser, explored
        if browser.current_url == address:
            browser.get("about:blank")  # it would stay as it is
        browser.get(address)
        until(lambda: self.js("return document.documentElement.dataset.ready"), "the page is ready")
        assert self.js("return document.documentElement.dataset.ready") == "yes", self.text(
            "complaint"
        )
        until(lambda: self.js("return document.querySelector('#live.full') !== null"), "a picture")

    def js(self, script: str, *of: Any) -> Any:
        return self.browser.execute_script(script, *of)

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        return list(self.browser.find_elements("css selector", selector))

    def text(self, name: str) -> str:
        return str(self.js("return document.getElementById(arguments[0]).textContent", name))

    def press(self, name: str) -> None:
        """Click what has this id, wherever it is."""
        self.js("document.getElementById(arguments[0]).click()", name)

    def tab(self, name: str) -> None:
        self.press(f"tab-{name}")

    def type(self, selector: str, *keys: str) -> None:
        """Press keys on an element."""
        element = self.find(selector)
        self.js("arguments[0].focus({preventScroll: true})", element)
        for key in keys:
            element.send_keys(key)

    def slide(self, selector: str, value: float) -> float:
        """Put a slider where a hand would; gives the value that it took."""
        script = """const input = document.querySelector(arguments[0]);
        input.value = arguments[1];
        input.dispatchEvent(new Event("input", {bubbles: true}));
        return Number(input.value);"""
        return float(self.js(script, selector, value))

    def picture(self, selector: str = "#live") -> Array:
        """The pixels of a canvas as they are, (H, W), of its first channel."""
        script = "return document.querySelector(arguments[0]).toDataURL('image/png')"
        return opened(base64.b64decode(self.js(script, selector).split(",")[1]))

    def pictures(self, selector: str) -> list[Array]:
        """The pixels of several canvases."""
        script = """return Array.from(document.querySelectorAll(arguments[0]),
        (canvas) => canvas.toDataURL("image/png"))"""
        return [opened(base64.b64decode(e.split(",")[1])) for e in self.js(script, selector)]

    def shows(self, expected: Array, selector: str = "#live", within: int = 1) -> None:
        """Wait until a canvas shows pixels, each within so much of 255."""

        def same() -> bool:
            return near(self.picture(selector), expected, within)

        until(same, f"{selector} shows the picture that the library gives", 8)

    def code(self) -> Array:
        """The code that is shown, as its line of Python has it."""
        self.tab("take")
        line = self.text("line-python")
        inside = line[line.index("[[") + 2 : line.index("]]")]
        return np.array([[float(each) for each in inside.split(",")]], np.float32)

    def at(self, places: Sequence[Sequence[float]]) -> Array:
        """Pixels of the window at which places of the plane lie."""
        box = self.js(
            "const b = document.getElementById('map').getBoundingClientRect();"
            "return [b.left, b.top]"
        )
        circle = self.circle()
        plane = self.explored.view(self.explored.scene.plane)
        unit = circle[2] / plane.circle.radius
        away = (np.asarray(places) - np.asarray(plane.circle.centre)) * [unit, -unit]
        return np.asarray(box) + MARGIN + np.asarray(circle[:2]) + away

    def mouse(self, kind: str, at: Array, **named: Any) -> None:
        """A move, press or release of the mouse at pixels of the window."""
        event = {"type": f"mouse{kind}", "x": float(at[0]), "y": float(at[1]), **named}
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def click(self, at: Array) -> None:
        self.mouse("Moved", at)
        for kind in ("Pressed", "Released"):
            self.mouse(kind, at, button="left", clickCount=1)

    def drag(self, line: Array, **named: Any) -> None:
        """Press at the first of the pixels, go along all, release at the last."""
        self.mouse("Moved", line[0])
        self.mouse("Pressed", line[0], button="left", clickCount=1, **named)
        for at in line[1:]:
            self.mouse("Moved", at, button="left", buttons=1, **named)
        self.mouse("Released", line[-1], button="left", clickCount=1, **named)

    def touch(self, kind: str, *points: Array) -> None:
        """Fingers at pixels of the window."""
        listed = [{"x": float(x), "y": float(y), "id": k} for k, (x, y) in enumerate(points)]
        self.browser.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": listed}
        )

    def view(self) -> tuple[float, float, float]:
        """Middle and radius of the circle in pixels: how the map lies."""
        x, y = self.at([self.explored.view(self.explored.scene.plane).circle.centre])[0]
        return float(x), float(y), self.circle()[2]

    def circle(self) -> list[float]:
        """Middle and radius of the circle in pixels of the map, once it is drawn."""
        script = (
            "const c = document.querySelector('#map .circle circle');"
            "return c && ['cx', 'cy', 'r'].map((name) => Number(c.getAttribute(name)))"
        )
        found: list[float] = until(lambda: self.js(script), "the circle")
        return found


def opened(data: bytes) -> Array:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))[..., 0].astype(int)


def near(one: Array, other: Array, within: int = 1) -> bool:
    """Whether two pictures differ by so much of 255 at most."""
    return one.shape == other.shape and bool(np.abs(one - other.astype(int)).max() <= within)


def saved(folder: Path, name: str) -> bytes:
    """A file that the browser has finished saving."""
    path = folder / name
    until(lambda: path.exists() and path.stat().st_size > 0, f"{name} is saved")
    return path.read_bytes()
