"""The server as a page meets it: routes, overtaken requests, ports, Ctrl-C; by real HTTP."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from page_calls import Asking

import vaekit as vk
from vaekit.data import Split
from vaekit.explorer import Explored, explored, place, served
from vaekit.figures.images import pixels
from vaekit.runs import Run
from vaekit.writing import plain

BYTES = "application/octet-stream"


def test_every_route_gives_what_the_library_gives(ask: Asking, model: Explored) -> None:
    scene = ask("scene").json
    assert scene == _json(plain(asdict(model.scene)))
    assert ask("card").json == _json(plain(asdict(model.card)))
    assert ask("plane", key="pca").json == _json(plain(asdict(model.view("pca"))))
    points = ask("points", key="pca")
    assert points.headers["content-type"] == BYTES
    np.testing.assert_array_equal(points.array("<f4", -1, 2), model.points("pca"))
    np.testing.assert_array_equal(ask("column", name="label").array("<u2"), model.column("label"))
    np.testing.assert_array_equal(ask("codes", rows="5,2").array("<f4", 2, 2), model.codes[[5, 2]])
    originals = ask("originals", rows="5,2").array("u1", 2, 8, 8, 1)
    np.testing.assert_array_equal(originals, model.originals([5, 2]))
    np.testing.assert_array_equal(ask("elbos").array("<f4"), model.elbos())
    name, values, code, original, reconstruction = model.row(9)
    row = ask("row", index=9).json
    assert (row["id"], row["values"]) == (name, values)
    for key, expected in (("code", code), ("original", original)):
        np.testing.assert_array_equal(row[key], expected)
    np.testing.assert_array_equal(row["reconstruction"], reconstruction)
    for source in ("prior", "mixture"):
        drawn = ask("draw", n=3, from_=source, seed=5).array("<f4", 3, 2)
        np.testing.assert_array_equal(drawn, model.draw(3, source, 5))  # type: ignore[arg-type]
    direction = ask("direction", attribute="label=3", method="means").array("<f4")
    np.testing.assert_array_equal(direction, model.direction("label=3", "means"))
    rows = np.array([5, 2], "<u4").tobytes()
    assert ask("table", rows).body == model.table([5, 2])


def test_codes_become_pictures(ask: Asking, model: Explored, digits: Run) -> None:
    codes = np.random.default_rng(1).standard_normal((4, 2)).astype("<f4")
    reply = ask("decode", codes.tobytes())
    assert reply.headers["content-type"] == BYTES
    expected = pixels(digits.model().decode(codes))[..., :1]
    np.testing.assert_array_equal(reply.array("u1", 4, 8, 8, 1), expected)
    assert ask("decode", codes.tobytes(), told="null").body == reply.body


def test_own_pictures_come_as_files_and_as_pixels(
    ask: Asking, model: Explored, tmp_path: Path
) -> None:
    from PIL import Image

    grey = np.random.default_rng(2).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(grey).save(tmp_path / "own.png")
    file = (tmp_path / "own.png").read_bytes()
    found = ask("encode", file, {"content-type": "image/png"}).json
    drawn = ask("encode", grey.tobytes(), {"content-type": BYTES}, height=8, width=8).json
    own = model.encode(file)
    for reply in (found, drawn):
        np.testing.assert_array_equal(reply["code"], own.code)
        np.testing.assert_array_equal(reply["prepared"], own.prepared)
        np.testing.assert_array_equal(reply["prepared"][0, ..., 0], grey)
        np.testing.assert_array_equal(reply["reconstruction"], own.reconstruction)
        assert reply["elbo"] == own.elbo
        assert reply["below"] == own.below
    with Image.open(tmp_path / "own.png") as picture:
        picture.save(tmp_path / "own.gif")
    for wrong in (b"", b"GIF89a" + bytes(60), file[:40], (tmp_path / "own.gif").read_bytes()[:30]):
        reply = ask("encode", wrong)
        assert reply.status == 400
        assert "no picture" in reply.json["error"]


def test_two_pages_at_once_get_their_own(address: str, model: Explored) -> None:
    codes = np.random.default_rng(3).standard_normal((2, 40, 2)).astype("<f4")
    wrong: list[int] = []

    def walk(number: int) -> None:
        with Asking(address) as ask:
            for code in codes[number]:
                if ask("decode", code.tobytes()).body != model.decode(code[None]).tobytes():
                    wrong.append(number)

    walkers = [threading.Thread(target=walk, args=(number,)) for number in range(2)]
    for each in walkers:
        each.start()
    for each in walkers:
        each.join()
    assert not wrong


def test_what_is_overtaken_is_dropped(digits: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found, begun, go = explored(digits), list[float](), threading.Event()
    decode = found.decode

    def slowly(codes: np.ndarray, given: object = None) -> np.ndarray:
        begun.append(float(codes[0, 0]))
        assert go.wait(10)
        return decode(codes)

    monkeypatch.setattr(found, "decode", slowly)
    with served(found) as address, ExitStack() as open_ones:
        asking = [open_ones.enter_context(Asking(address)) for _ in range(4)]
        for number, ask in enumerate(asking):  # the first is at work, the others wait
            body = np.full(2, number, "<f4").tobytes()
            told = {"authorization": f"Bearer {ask.token}"}
            ask.connection.request("POST", "/api/decode", body, told)
            while number == 0 and not begun:
                time.sleep(0.01)
        for ask in asking[1:3]:
            ask.connection.close()
        time.sleep(0.2)
        go.set()
        assert [asking[n].connection.getresponse().status for n in (0, 3)] == [200, 200]
    assert begun == [0.0, 3.0]


def test_decoding_is_quick_while_something_takes_long(
    digits: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, go = explored(digits), threading.Event()
    monkeypatch.setattr(found, "direction", lambda *_: (go.wait(20), found.codes[0])[1])
    with served(found) as address, Asking(address) as slow, Asking(address) as quick:
        told = {"authorization": f"Bearer {slow.token}"}
        slow.connection.request("GET", "/api/direction?attribute=label%3D3", headers=told)
        for code in found.codes[:20]:
            assert quick("decode", code.astype("<f4").tobytes()).status == 200
        assert quick("row", index=3).status == 200
        go.set()
        assert slow.connection.getresponse().status == 200


def test_files_of_the_page_are_served_and_no_others(ask: Asking) -> None:
    home = ask.raw("GET", "/", None, {"authorization": ""})
    assert home.status == 200
    assert home.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<script" in home.body
    script = ask.raw("GET", "/main.js", None, {"authorization": ""})
    assert script.headers["content-type"].startswith("text/javascript")
    wrong = [
        "/../guard.py",
        "/%2e%2e/guard.py",
        "/page/index.html",
        "/..%2fguard.py",
        "//etc/passwd",
    ]
    wrong += [
        "/guard.py",
        "/index.html/",
        "/.",
        "/%00",
        "/main.js%00.css",
        "/docs",
        "/openapi.json",
    ]
    for path in wrong:
        assert ask.raw("GET", path, None, {}).status in (404, 307), path


def test_labels_are_texts_whatever_they_say(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    x = np.random.default_rng(0).integers(0, 2, (80, 1, 8, 8)).astype(np.float32)
    whole = Split(x, {"label": np.arange(80) % 2})
    none = whole.take(slice(0, 0))
    data = vk.Dataset("odd", "image", whole, none, none, label_names=(name, "=1+1"))
    budget = vk.Training(epochs=1, batch_size=40)
    run = vk.train("vae", data, root=tmp_path, training=budget, progress=False)
    with served(explored(run)) as address, Asking(address) as ask:
        scene = ask("scene")
        assert scene.headers["content-type"] == "application/json"
        assert scene.json["columns"][0]["labels"] == [name, "=1+1"]
        assert name.encode() not in ask.raw("GET", "/", None, {}).body


@contextmanager
def started(run: Run, *more: str) -> Iterator[subprocess.Popen[str]]:
    """`vaekit explore` as its own process, where there is no screen for a browser."""
    words = [sys.executable, "-m", "vaekit", "explore", str(run.path), *more]
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    blind = {name: value for name, value in os.environ.items() if name not in screens}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, **pipes, text=True, env=blind) as process:
        try:
            yield process
        finally:
            process.kill()


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def test_the_command_prints_an_address_and_ends_at_ctrl_c(digits: Run) -> None:
    with started(digits, "--no-browser") as process, Asking(line(process.stdout)) as ask:
        assert ask.host.startswith("127.0.0.1:")
        assert len(ask.token) >= 32
        assert ask("scene").json["name"] == digits.name
        process.send_signal(signal.SIGINT)  # while the page is open
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert (out, err.strip()) == ("", "Interrupted.")


def test_a_port_that_is_taken_gives_the_next_and_no_browser_is_no_matter(digits: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(digits, "--port", str(port)) as process:
            address = line(process.stdout)
            said = [line(process.stderr), line(process.stderr)]
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
    number = int(address.split("/#")[0].rpartition(":")[2])
    assert port < number < port + 50
    assert said[0] == f"Port {port} is taken: this is on {number}."
    assert said[1] == "No browser could be opened: open that address in one."


def test_without_the_extra_it_says_what_to_install(
    digits: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(vk.BadInput, match=r"pip install 'vaekit\[explorer\]'"):
        vk.explore(digits, progress=False)


def test_places_that_cannot_be_listened_on_are_refused() -> None:
    for wrong in ({"port": 70_000}, {"port": -1}, {"host": "203.0.113.7"}, {"host": "no.invalid"}):
        with pytest.raises(vk.BadInput):
            place(**wrong)  # type: ignore[arg-type]
    places = place(port=0), place(port=0)
    everywhere = place("0.0.0.0", 0)
    assert not everywhere.alone
    assert everywhere.address.startswith("http://127.0.0.1:")
    everywhere.close()
    for each in places:
        assert each.alone
        each.close()
        assert each.address == f"http://127.0.0.1:{each.port}/#{each.token}"
    assert places[0].token != places[1].token


def _json(value: object) -> object:
    import json

    return json.loads(json.dumps(value))
