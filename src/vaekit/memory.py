"""How much memory there is, and what happens when it is not enough."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaekit.errors import BadInput

_SIGNS = (
    "allocate",
    "overflow",
    "out of memory",
    "too large",
    "invalid size",
    "negative dimension",
)


def available() -> int:
    """Bytes that this process could still take without pushing others out."""
    found = [limit for limit in (_of_machine(), _of_group()) if limit is not None]
    return min(found, default=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def require(needed: int, what: str) -> None:
    """Raise BadInput where something needs more bytes than there are."""
    if needed > (there := available()):
        raise BadInput(f"{what} needs {shown(needed)} of memory, and {shown(there)} are free.")


def shown(count: int) -> str:
    """A number of bytes in three digits or so."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} EB"


@contextmanager
def bounded() -> Iterator[None]:
    """Sizes that no machine holds fail at once with one sentence, and nothing is pushed out.

    The process may take what is available now and no more, where the system can be told so.
    """
    _limit(available())
    try:
        yield
    except (MemoryError, OverflowError) as error:
        raise BadInput(_short(error)) from error
    except RuntimeError as error:  # PyTorch's, for want of a class of its own on the CPU
        if not any(sign in str(error).lower() for sign in _SIGNS):
            raise
        raise BadInput(_short(error)) from error


def _short(error: Exception) -> str:
    asked = re.search(r"allocate (\d+) bytes|allocate ([\d.]+ \wi?B)", str(error))
    amount = "more memory than there is"
    if asked:
        amount = f"{shown(int(asked[1])) if asked[1] else asked[2]} of memory at once"
    return f"That needs {amount}, and {shown(available())} are free: choose smaller sizes."


def _limit(more: int) -> None:
    try:
        import resource

        status = Path("/proc/self/status").read_text()
        used = int(re.findall(r"VmData:\s+(\d+) kB", status)[0]) * 1024
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + more
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    except (ImportError, OSError, ValueError, IndexError):
        return  # another system: it has its own ways


def _of_machine() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else None


def _of_group() -> int | None:
    """What a container may still take."""
    try:
        most = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        now = Path("/sys/fs/cgroup/memory.current").read_text().strip()
        return max(0, int(most) - int(now))
    except (OSError, ValueError):
        return None
