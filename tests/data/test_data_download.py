"""Downloads from a real server on this machine."""

import hashlib
from pathlib import Path

import pytest
from data_server import Answer, Handler, Server, reply

from vaekit.data import download
from vaekit.errors import BadInput

CONTENT = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def ranged(handler: Handler) -> None:
    """Serve what the Range header asks for."""
    first = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    if first >= len(CONTENT):
        reply(b"", code=416)(handler)
        return
    handler.send_response(206)
    handler.send_header("Content-Length", str(len(CONTENT) - first))
    handler.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
    handler.end_headers()
    handler.wfile.write(CONTENT[first:])


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


whole, broken_off = reply(CONTENT), reply(CONTENT[:100_000], len(CONTENT))
error, missing = reply(b"", code=503), reply(b"", code=404)


def get(target: Path, *urls: str) -> Path:
    return download(urls, target, DIGEST, progress=False, pause=0.001, timeout=5)


def test_success(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.gz"
    assert get(target, server.url("/file.gz", whole)) == target
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "answers",
    [
        [error, error, whole],
        [hang_up, whole],
        [reply(CONTENT[1:]), whole],
        [broken_off, whole],  # a server that ignores Range
        [broken_off, ranged],
        [broken_off, broken_off, ranged],
        [reply(CONTENT[:-1], code=200), ranged, whole],
    ],
    ids=["error", "hang-up", "wrong", "cut", "cut-resumed", "cut-twice", "short"],
)
def test_failures_that_pass(server: Server, tmp_path: Path, answers: list[Answer]) -> None:
    target = get(tmp_path / "file.gz", server.url("/file.gz", *answers))
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_a_transfer_is_continued_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    get(tmp_path / "file.gz", server.url("/file.gz", broken_off, ranged))
    assert server.asked == [("/file.gz", None), ("/file.gz", "bytes=100000-")]


def test_the_next_mirror_is_asked(server: Server, tmp_path: Path) -> None:
    urls = [server.url("/a", missing), server.url("/b", broken_off), server.url("/c", ranged)]
    assert get(tmp_path / "file.gz", *urls).read_bytes() == CONTENT


def test_a_wrong_file_is_not_kept(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "file.gz"
    url = server.url("/file.gz", reply(CONTENT[::-1]))
    with pytest.raises(BadInput, match="wrong content: sha256") as caught:
        get(target, url)
    assert url in str(caught.value)
    assert f"put the file at '{target}'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked) == 3


def test_an_older_file_survives_a_failure(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(b"older")
    with pytest.raises(BadInput):
        get(tmp_path / "file.gz", server.url("/file.gz", broken_off))
    assert (tmp_path / "file.gz").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_file_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    urls = [server.url("/a", missing), server.url("/b", missing)]
    with pytest.raises(BadInput, match=r"/a .*404.*/b .*404"):
        get(tmp_path / "file.gz", *urls)
    assert [path for path, _ in server.asked] == ["/a", "/b"]


def test_nobody_answers(tmp_path: Path) -> None:
    with Server() as server:
        url = server.url("/file.gz")
    with pytest.raises(BadInput, match="refused"):
        get(tmp_path / "file.gz", url)


def test_progress_is_shown_on_stderr(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download([server.url("/f", whole)], tmp_path / "file.gz", DIGEST)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "file.gz" in shown.err
    assert "100%" in shown.err
