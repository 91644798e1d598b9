"""Nobody without the token is answered, no other site's page, and nothing malformed breaks it."""

import http.client
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from page_calls import Asking

ROUTES = ("scene", "card", "elbos", "points?key=pca", "row?index=0", "codes?rows=1")


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer ", "Bearer wrong", "bearer", "Basic x", "Bearer \xe9"]
)
def test_without_the_token_nothing_is_told(ask: Asking, token: str) -> None:
    for route in ROUTES:
        reply = ask.raw("GET", f"/api/{route}", None, {"authorization": token})
        assert reply.status == 401, route
        assert set(reply.json) == {"error"}
    reply = ask.raw("POST", "/api/decode", bytes(8), {"authorization": token})
    assert reply.status == 401
    halves = ask.token[: len(ask.token) // 2], ask.token + "x", ask.token.lower() + ask.token
    for near in halves:
        told = {"authorization": f"Bearer {near}"}
        assert ask.raw("GET", "/api/scene", None, told).status == 401


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil", "x@y"],
)
def test_a_host_that_is_not_ours_is_refused(ask: Asking, host: str) -> None:
    for path in ("/", "/main.js", "/api/scene"):
        assert asked(ask, path, f"host: {host}") == 421
    port = ask.host.rpartition(":")[2]
    for ours in (ask.host, f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert asked(ask, "/api/scene", f"host: {ours}") == 200
    assert asked(ask, "/api/scene", f"host: {ask.host}", "host: evil.example") in (400, 421)
    assert asked(ask, "/api/scene") in (400, 421)


def test_a_page_of_another_site_is_refused(ask: Asking) -> None:
    for origin in ("http://evil.example", "null", f"https://{ask.host}", "http://127.0.0.1:1"):
        for method, path in (("GET", "/api/scene"), ("POST", "/api/decode"), ("GET", "/main.js")):
            reply = ask.raw(method, path, bytes(8), {"origin": origin})
            assert reply.status == 403
            assert "access-control-allow-origin" not in reply.headers
    for site in ("cross-site", "same-site"):
        reply = ask.raw("GET", "/api/scene", None, {"sec-fetch-site": site})
        assert reply.status == 403
    own = {"origin": f"http://{ask.host}", "sec-fetch-site": "same-origin"}
    assert ask.raw("POST", "/api/decode", bytes(8), own).status == 200
    before = ask.raw("OPTIONS", "/api/decode", None, {"origin": "http://evil.example"})
    assert before.status == 403


def test_every_answer_says_what_browsers_may_do(ask: Asking) -> None:
    for path in ("/", "/main.js", "/nothing", "/api/scene", "/api/nothing"):
        for token in ("", f"Bearer {ask.token}"):
            headers = ask.raw("GET", path, None, {"authorization": token}).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            kept = "no-store" if path.startswith("/api/") else "no-cache"
            assert headers["cache-control"] == kept
            assert "server" not in headers


def test_bodies_have_a_limit(ask: Asking) -> None:
    headers = {"content-length": str(10**9)}
    assert ask.raw("POST", "/api/encode", None, headers).status == 413

    def endless() -> Iterator[bytes]:
        for _ in range(25):
            yield bytes(1_000_000)

    told = {"authorization": f"Bearer {ask.token}"}
    with ask.anew() as again, suppress(BrokenPipeError, ConnectionResetError):
        again.connection.request("POST", "/api/encode", endless(), told, encode_chunked=True)
        assert again.connection.getresponse().status == 413
    with ask.anew() as again:
        assert again("scene").status == 200


def test_a_bomb_is_refused_before_it_is_unpacked(ask: Asking) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    reply = ask("encode", bomb)
    assert reply.status == 400
    assert "no picture" in reply.json["error"]


def test_a_thousand_malformed_requests_give_no_traceback(
    ask: Asking, capfd: pytest.CaptureFixture[str]
) -> None:
    numbers = random.Random(0)
    statuses: dict[int, int] = {}
    for _ in range(1_000):
        method, path, body, headers = malformed(numbers)
        try:
            reply = ask.raw(method, path, body, headers)
        except (http.client.HTTPException, OSError):  # it hung up at what is no HTTP
            ask.connection.close()
            continue
        statuses[reply.status] = statuses.get(reply.status, 0) + 1
        assert 400 <= reply.status < 500, (method, path, body, reply)
        assert b"Traceback" not in reply.body
        assert b'File "' not in reply.body
    assert sum(statuses.values()) > 900
    assert {400, 404, 422} <= statuses.keys()
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    with ask.anew() as again:
        assert again("scene").status == 200


Request = tuple[str, str, bytes | None, dict[str, str]]


def malformed(numbers: random.Random) -> Request:
    """A request that no page sends."""
    junk = "".join(numbers.choice("0123456789.,-ex%?&=/\\'\"<>{}[]NaN") for _ in range(12))
    if numbers.random() < 0.5:
        return "GET", numbers.choice(questions(numbers, _quoted(junk))), None, {}
    path, body, kind = numbers.choice(bodies(numbers, junk))
    method = numbers.choice(["POST"] * 9 + ["PUT", "DELETE", "PATCH", "TRACE", "FOO"])
    return method, path, body, {"content-type": kind}


def questions(numbers: random.Random, quoted: str) -> list[str]:
    """Addresses that ask for nothing that is there."""
    told = _quoted(numbers.choice(TOLD))
    index = numbers.choice(["-1", "1e9", "x", "", "9" * 20, str(numbers.randrange(10_000, 2**31))])
    return [
        f"/api/{quoted}",
        f"/api/plane?key={quoted}",
        f"/api/points?key={numbers.randrange(2, 10**6)},0",
        f"/api/column?name={quoted}",
        f"/api/row?index={index}",
        f"/api/codes?rows={quoted}",
        f"/api/codes?rows={','.join(['1'] * 1_001)}",
        f"/api/originals?rows={numbers.randrange(10_000, 999_999_999)}",
        f"/api/draw?n={numbers.choice(['0', '257', 'x', '-1', '1e3'])}&from=prior",
        f"/api/draw?n=2&from={quoted}",
        f"/api/draw?n=2&from=prior&seed={numbers.choice(['-1', str(2**63), 'x'])}",
        f"/api/draw?n=2&from=prior&told={told}",
        f"/api/direction?attribute={quoted}",
        f"/api/direction?attribute=label%3D3&method={quoted}",
        "/api/decode",
        f"/{quoted}",
    ]


def bodies(numbers: random.Random, junk: str) -> list[tuple[str, bytes, str]]:
    """Addresses, bodies that they cannot read, and what these are said to be."""
    some = numbers.randbytes(numbers.randrange(1, 60))
    torn = some + b"x" if not len(some) % 4 else some
    huge = np.full(2, numbers.choice([np.nan, np.inf, -np.inf, 3e38]), "<f4").tobytes()
    codes = numbers.choice([torn, huge, b"", bytes(8 * 257), bytes(12)])
    told = _quoted(numbers.choice([*TOLD, "[" * numbers.randrange(1, 9_000)]))
    start = numbers.choice([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0"])
    kind = numbers.choice(["image/png", "application/octet-stream", "text/html", _quoted(junk)])
    return [
        ("/api/decode", codes, kind),
        (f"/api/decode?told={told}", bytes(8), kind),
        ("/api/encode", start + some, kind),
        (f"/api/encode?height={_quoted(junk)}&width=8", some, kind),
        ("/api/encode?height=8&width=8", some, kind),
        ("/api/encode?height=1000&width=1000", some, kind),
        (f"/api/encode?told={told}", some, kind),
        ("/api/table", numbers.choice([torn, b"\xff\xff\xff\xff"]), kind),
        ("/api/scene", some, kind),
        ("/", some, kind),
    ]


TOLD = ['{"label": NaN}', "[]", "{", '{"a": {}}', '{"label": "7"}', "1", '"label"', "nul"]


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def asked(ask: Asking, path: str, *headers: str) -> int:
    """The status that a request with these very headers gets."""
    name, _, port = ask.host.rpartition(":")
    lines = [f"GET {path} HTTP/1.1", *headers, f"authorization: Bearer {ask.token}"]
    with socket.create_connection((name, int(port)), timeout=10) as there:
        there.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode())
        return int(there.makefile("rb").readline().split()[1])
