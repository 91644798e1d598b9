"""Serving the page: a port, a token, an address that is printed, until Ctrl-C."""

import errno
import ipaddress
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from vaekit.errors import BadInput
from vaekit.explorer.answers import Explored

if TYPE_CHECKING:
    import uvicorn

HOST, PORT = "127.0.0.1", 8765
_TRIES = 50  # ports, one after the other
_TAKEN = (errno.EADDRINUSE, errno.EACCES)
_ALL = ("0.0.0.0", "::", "")
Say = Callable[[str], None]


def check_installed() -> None:
    """Raise BadInput where the libraries that serve the page are missing."""
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise BadInput(
            "exploring needs FastAPI and uvicorn; install them with: pip install 'vaekit[explorer]'"
        ) from None


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is served: a socket that listens, the token, and the address with both."""

    socket: socket.socket
    host: str
    port: int
    token: str

    @property
    def address(self) -> str:
        """What a browser opens. The token stands behind #, so that no log and no server sees it."""
        host = HOST if self.host in _ALL else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/#{self.token}"

    @property
    def alone(self) -> bool:
        """Whether this machine alone can ask."""
        return ipaddress.ip_address(self.socket.getsockname()[0]).is_loopback

    def close(self) -> None:
        """Listen no more."""
        self.socket.close()


def place(host: str = HOST, port: int = PORT, say: Say = print) -> Place:
    """A free port, this one or the next; another one than was asked for is said.

    Raises BadInput for a host that is not this machine's, and where all ports are taken.
    """
    if not 0 <= port <= 65_535:
        raise BadInput(f"`port` must be from 0 to 65,535, not {port}.")
    for number in range(port, min(port + _TRIES, 65_536)) if port else [0]:
        try:
            found = _listening(host, number)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno not in _TAKEN:
                raise BadInput(
                    f"`host`: nothing can listen on {host}, port {number} ({error.strerror}): "
                    "leave it out, or give an address of this machine."
                ) from None
            continue
        if number != port:
            say(f"Port {port} is taken: this is on {number}.")
        return Place(found, host, found.getsockname()[1], secrets.token_urlsafe(24))
    raise BadInput(f"`port`: {port} to {port + _TRIES - 1} are all taken: give another.")


def serve(explored: Explored, where: Place, *, browser: bool = True, say: Say = print) -> None:
    """Serve the page until Ctrl-C, which raises KeyboardInterrupt when all is closed."""
    with _server(explored, where) as server:
        say(where.address)
        if not where.alone:
            say(
                f"Others reach it at port {where.port} of this machine's address, with the same "
                "token; nothing that they send or get is encrypted."
            )
        if browser:
            threading.Thread(target=_open, args=(where.address, say), daemon=True).start()
        server.run(sockets=[where.socket])


@contextmanager
def served(explored: Explored, host: str = HOST, port: int = 0) -> Iterator[str]:
    """Serve the page from another thread meanwhile; gives its address."""
    where = place(host, port)
    with _server(explored, where) as server:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [where.socket]})
        thread.start()
        try:
            yield where.address
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _server(explored: Explored, where: Place) -> "Iterator[uvicorn.Server]":
    check_installed()
    import uvicorn

    from vaekit.explorer.guard import Guard
    from vaekit.explorer.lanes import Lanes
    from vaekit.explorer.routes import application

    lanes = Lanes()
    names = {"localhost", where.host, socket.gethostname()} - {""}
    config = uvicorn.Config(
        Guard(application(explored, lanes), where.token, names),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    try:
        yield uvicorn.Server(config)
    finally:
        lanes.stop()
        where.close()


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    found = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


def _open(address: str, say: Say) -> None:
    """Open a browser where there is a screen for one; the address is printed already."""
    screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if not (screen and webbrowser.open(address)):
        say("No browser could be opened: open that address in one.")
