"""What stands before the routes: who may ask, how much they may send, what browsers may do.

A page on another site can make a browser send requests here, but not with our token, and not
without an Origin or Sec-Fetch-Site that says where it comes from; a name of its own that it points
at this machine (DNS rebinding) is no Host that we know.
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from secrets import compare_digest
from typing import Any, final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api/"
MOST_BYTES = 20_000_000
"""Of a request's body."""

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@final
class Guard:
    """An ASGI application behind the rules.

    names: the host names under which it is reached; addresses in numbers are reached under any.
    """

    def __init__(self, app: ASGIApp, token: str, names: Iterable[str]) -> None:
        self.app, self.token = app, token
        self.names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return  # no websockets: the server closes them
        sending = _with_headers(send, kept=not scope["path"].startswith(API))
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope["path"], scope["headers"], headers)
        if refusal is not None:
            await refused(sending, *refusal)
            return
        await self.app(scope, _limited(receive), sending)

    def _refusal(
        self, path: str, listed: list[tuple[bytes, bytes]], headers: Mapping[bytes, str]
    ) -> tuple[int, str] | None:
        """The status and the sentence with which a request is refused, where it is."""
        host = headers.get(b"host", "")
        if sum(name == b"host" for name, _ in listed) != 1 or not self._known(host):
            return 421, "This is not the host that the page is served under."
        origin = headers.get(b"origin")
        if origin is not None and origin != f"http://{host}":
            return 403, "Another site's page may not ask."
        if path.startswith(API):
            if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, "Another site's page may not ask."
            given = headers.get(b"authorization", "").encode("latin-1")
            if not compare_digest(given, f"Bearer {self.token}".encode()):
                return 401, "The token is missing or wrong: open the address that was printed."
        length = headers.get(b"content-length", "0")
        if length.isdecimal() and int(length[:20]) > MOST_BYTES:
            return 413, _TOO_LARGE
        return None

    def _known(self, host: str) -> bool:
        """Whether a Host is one of ours: a name that we know, or an address."""
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        name = name if port.isdecimal() else host
        if name.lower() in self.names:
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True


_TOO_LARGE = f"That is more than {MOST_BYTES // 1_000_000} MB: send less."


async def refused(send: Send, status: int, why: str) -> None:
    """Answer with a status and a sentence."""
    body = json.dumps({"error": why}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    head.append((b"connection", b"close"))  # what else the request sends is not read
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send, *, kept: bool) -> Send:
    """Every answer says what browsers may do; kept: whether they may keep it, and ask again."""
    named = {**_HEADERS, "cache-control": "no-cache" if kept else "no-store"}
    more = [(name.encode(), value.encode()) for name, value in named.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: list[Any] = list(message.get("headers", []))
            message = {**message, "headers": own + more}
        await send(message)

    return sending


def _limited(receive: Receive) -> Receive:
    """Bodies whose length is not said beforehand, up to the limit."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise HTTPException(413, _TOO_LARGE)
        return message

    return receiving
