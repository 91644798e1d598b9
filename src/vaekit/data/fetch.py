"""Downloads that end with the right file or none."""

import hashlib
import os
import time
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from io import BufferedRandom
from pathlib import Path
from urllib.error import HTTPError

from vaekit.data.progress import bar
from vaekit.errors import BadInput
from vaekit.writing import replacing

_BLOCK = 1 << 16


def download(
    urls: Sequence[str],
    target: Path,
    sha256: str,
    *,
    progress: bool = True,
    attempts: int = 3,
    pause: float = 1.0,
    timeout: float = 30.0,
) -> Path:
    """Download one file from the first of several mirrors that has it.

    The file is written beside the target under another name, checked and renamed, so
    `target` is either complete or absent. A transfer that breaks off is continued.

    urls: mirrors of the same file; all are tried `attempts` times.
    sha256: the digest the file must have, in hexadecimal.
    pause: seconds before the second round; doubled before each further one.
    Raises BadInput when no mirror gives the file.
    """
    mirrors = list(urls)
    problems: dict[str, str] = {}
    with replacing(target) as part, part.open("x+b") as file:
        for attempt in range(attempts):
            if attempt:
                time.sleep(pause * 2 ** (attempt - 1))
            for url in tuple(mirrors):
                try:
                    _transfer(url, file, sha256, timeout, target.name, progress)
                except (OSError, HTTPException) as error:
                    problems[url] = str(error) or type(error).__name__
                    if isinstance(error, HTTPError) and _final(error.code):
                        mirrors.remove(url)
                    continue
                return target
        tried = "; ".join(f"{url} ({problem})" for url, problem in problems.items())
        raise BadInput(f"could not download '{target.name}': {tried}; put the file at '{target}'")


def _final(code: int) -> bool:
    """Whether asking again is pointless."""
    return 400 <= code < 500 and code not in (408, 416, 429)


def _transfer(
    url: str, file: BufferedRandom, sha256: str, timeout: float, title: str, progress: bool
) -> None:
    """Continue `file` from where it ends; raise OSError unless it is then whole and right."""
    have = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": "vaekit", **({"Range": f"bytes={have}-"} if have else {})}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            if reply.status != 206:
                have = file.seek(0)
                file.truncate()
            length = reply.headers.get("Content-Length")
            total = have + int(length) if length else None
            with bar(title, total, progress) as show:
                while block := reply.read(_BLOCK):
                    file.write(block)
                    have += len(block)
                    show(have)
    except HTTPError as error:
        error.close()
        if error.code == 416:  # nothing is left to ask for: what is there must be wrong
            file.truncate(0)
        raise
    if total is not None and have < total:
        raise ConnectionError(f"broke off after {have:,} of {total:,} bytes")
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        file.truncate(0)
        raise OSError(f"wrong content: sha256 {found[:12]}… instead of {sha256[:12]}…")
