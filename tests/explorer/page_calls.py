"""What a page asks of its server, without a browser."""

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import numpy as np


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, with the arrays in it as arrays."""
        return json.loads(self.body, object_hook=_array)

    def array(self, kind: str, *shape: int) -> np.ndarray:
        """The body as numbers of a kind."""
        return np.frombuffer(self.body, kind).reshape(shape or (-1,))


class Asking:
    """A connection to the server of an address, kept open as browsers do; closed after `with`."""

    def __init__(self, address: str) -> None:
        self.address = address
        base, self.token = address.split("/#")
        self.host = base.removeprefix("http://")
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def anew(self) -> "Asking":
        """Another connection to the same server."""
        return Asking(self.address)

    def __call__(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **query: object,
    ) -> Reply:
        """Ask as the page does: with the token; a body makes it a POST."""
        query = {name.rstrip("_"): value for name, value in query.items()}
        where = f"/api/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.raw("GET" if body is None else "POST", where, body, headers or {})

    def raw(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """Ask anything."""
        told = {"authorization": f"Bearer {self.token}", **headers}
        self.connection.request(method, path, body, {k: v for k, v in told.items() if v})
        answer = self.connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, answer.read())


def _array(value: dict[str, Any]) -> Any:
    if value.keys() != {"dtype", "shape", "base64"}:
        return value
    return np.frombuffer(base64.b64decode(value["base64"]), value["dtype"]).reshape(value["shape"])
