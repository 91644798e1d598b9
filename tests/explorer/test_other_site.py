"""A page of another site, in the same browser, can neither read the explorer nor drive it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from browser import until

from vaekit.explorer import explored, served
from vaekit.runs import Run

# It even knows the token: what is left is what browsers and the server say.
SCRIPT = """
const [place, token] = location.hash.slice(1).split(",");
const told = {authorization: `Bearer ${token}`};
const body = new Uint8Array(8);
const tries = {
  plain: () => fetch(`${place}/api/scene`),
  told: () => fetch(`${place}/api/scene`, {headers: told}),
  opaque: () => fetch(`${place}/api/scene`, {mode: "no-cors"}),
  drive: () => fetch(`${place}/api/decode`, {method: "POST", mode: "no-cors", body}),
  driveTold: () => fetch(`${place}/api/decode`, {method: "POST", headers: told, body}),
  page: () => fetch(`${place}/main.js`),
  module: () => import(`${place}/main.js`),
};
const seen = {};
for (const [name, attempt] of Object.entries(tries)) {
  try {
    const reply = await attempt();
    seen[name] = reply.type === "opaque" ? "opaque" : `read ${await reply.text()}`;
  } catch (error) {
    seen[name] = "refused";
  }
}
seen.done = true;
window.seen = seen;
"""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site's page."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f"<!doctype html><body><script type=module>{SCRIPT}</script></body>".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/"
        server.shutdown()


def test_another_site_neither_reads_nor_drives(
    browser: Any, elsewhere: str, digits: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, decoded = explored(digits), list[int]()
    decode = found.decode

    def counted(codes: np.ndarray, given: Any = None) -> np.ndarray:
        decoded.append(len(codes))
        return decode(codes, given)

    monkeypatch.setattr(found, "decode", counted)
    with served(found) as address:
        place, token = address.split("/#")
        browser.get(f"{elsewhere}#{place},{token}")
        seen = until(lambda: browser.execute_script("return window.seen"), "all was tried")
        browser.get("about:blank")
    assert seen.pop("done")
    assert seen.pop("opaque") in ("opaque", "refused")
    assert seen.pop("drive") in ("opaque", "refused")
    assert set(seen.values()) == {"refused"}, seen
    assert decoded == []
