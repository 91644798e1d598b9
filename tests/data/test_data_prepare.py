"""The cache of decoded images: the same from any number of workers, and whole or absent."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_pictures import MakeImages, encoded, picture
from PIL import Image

from vaekit.data import load
from vaekit.errors import BadInput

LOAD = """if True:
    import sys
    from vaekit.data import load
    data = load(sys.argv[1], image_size=16, workers=int(sys.argv[2]), progress=False)
    assert "torch" not in sys.modules
    print(data.fingerprint)
"""


def start(folder: Path, workers: int, **options) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, str(folder), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def rows(cache: Path) -> bytes:
    (file,) = cache.glob("images/*/rows.bin")
    return file.read_bytes()


def test_workers_change_nothing(
    images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = images(700, size=(24, 20), suffix=".jpg")
    contents, digests = set(), set()
    for workers in (1, 2, 3):
        monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / f"cache{workers}"))
        digests.add(load(folder, image_size=16, workers=workers, progress=False).fingerprint)
        contents.add(rows(tmp_path / f"cache{workers}"))
    assert len(contents) == len(digests) == 1
    assert len(contents.pop()) == 700 * 3 * 16 * 16


def test_the_cache_is_used_until_a_file_changes(images: MakeImages, cache: Path) -> None:
    folder = images(30)
    first = load(folder, progress=False)
    (made,) = cache.glob("images/*/rows.bin")
    stamp = made.stat().st_mtime_ns
    assert load(folder, progress=False).fingerprint == first.fingerprint
    assert [file.stat().st_mtime_ns for file in cache.glob("images/*/rows.bin")] == [stamp]
    changed = picture(np.random.default_rng(9), (12, 10), "RGB")
    (folder / "00003.png").write_bytes(encoded(changed, ".png"))
    second = load(folder, validation=0, test=0, progress=False)
    assert second.fingerprint != first.fingerprint
    assert np.array_equal(second.train.x[3].transpose(1, 2, 0), np.asarray(changed))
    assert len(list(cache.glob("images/*/rows.bin"))) == 2


def test_the_fingerprint_is_that_of_the_content(images: MakeImages, tmp_path: Path) -> None:
    folder = images(30)
    first = load(folder, progress=False).fingerprint
    moved = folder.rename(tmp_path / "moved")
    os.utime(moved / "00000.png", (1, 1))
    assert load(moved, progress=False).fingerprint == first
    assert load(moved, image_size=8, progress=False).fingerprint != first
    (moved / "00000.png").rename(moved / "zzz.png")
    assert load(moved, progress=False).fingerprint != first


def test_workers_need_neither_torch_nor_a_main_guard(images: MakeImages, cache: Path) -> None:
    """A plain script that prepares images with two workers runs once, not in each worker."""
    folder = images(600)
    script = folder.parent / "script.py"
    script.write_text(f"print('started')\n{LOAD.replace('if True:', 'if 1:')}")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), "2"], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("started") == 1
    assert done.stderr == ""
    code = "import sys, vaekit.data.decode; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def slow_folder(tmp_path: Path) -> Path:
    """300 pictures that take a while: one large lossless file under many names."""
    folder = tmp_path / "slow"
    folder.mkdir()
    one = tmp_path / "one.png"
    one.write_bytes(encoded(picture(np.random.default_rng(0), (400, 400), "RGB"), ".png"))
    for number in range(300):
        (folder / f"{number:04d}.png").hardlink_to(one)
    return folder


def writing(cache: Path) -> bool:
    """Whether a preparation has written some rows and isn't finished."""
    files = list(cache.glob("images/*.partial/rows.bin"))
    return bool(files) and files[0].stat().st_blocks > 0


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_killed_preparation_leaves_nothing_that_passes_for_complete(
    slow_folder: Path, cache: Path
) -> None:
    process = start(slow_folder, 2)
    until(lambda: writing(cache) or process.poll() is not None)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(workers) == 2
    until(lambda: all(ended(worker) for worker in workers))
    assert len(list(cache.glob("images/*.partial"))) == 1
    assert not list(cache.glob("images/*/manifest.json"))
    again = load(slow_folder, image_size=16, workers=2, validation=0, test=0, progress=False)
    assert not list(cache.glob("images/*.partial"))
    first = again.train.x[0]
    assert first.any()
    assert all(np.array_equal(row, first) for row in again.train.x[:])


def test_an_interrupted_preparation_cleans_up(slow_folder: Path, cache: Path) -> None:
    process = start(slow_folder, 2, start_new_session=True)
    until(lambda: writing(cache) or process.poll() is not None)
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    _, errors = process.communicate()
    assert errors.strip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1
    assert all(ended(worker) for worker in workers)
    assert not list(cache.glob("images/*/*"))


def test_a_dead_worker_ends_the_preparation(slow_folder: Path, cache: Path) -> None:
    process = start(slow_folder, 2)
    until(lambda: writing(cache) or process.poll() is not None)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate()
    assert "BadInput: a decoding process died near '0" in errors
    assert not list(cache.glob("images/*/*"))


def test_two_processes_share_one_preparation(images: MakeImages, cache: Path) -> None:
    folder = images(200)
    processes = [start(folder, 1), start(folder, 1)]
    answers = [process.communicate() for process in processes]
    assert [error for _, error in answers] == ["", ""]
    assert answers[0] == answers[1]
    assert len(list(cache.glob("images/*/rows.bin"))) == 1


def test_a_cache_that_cannot_be_written_is_named(
    images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(BadInput, match=r"cannot write the cache '.*; set VAEKIT_CACHE"):
        load(images(3), progress=False)


def test_progress_is_shown_on_stderr(
    images: MakeImages, capsys: pytest.CaptureFixture[str]
) -> None:
    load(images(3))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "preparing images" in shown.err


def test_pictures_that_fill_the_disk_are_refused_with_a_smaller_size(tmp_path: Path) -> None:
    side, folder = 4000, tmp_path / "large"
    folder.mkdir()
    Image.new("RGB", (side, side)).save(folder / "0.png")
    free = shutil.disk_usage(tmp_path).free
    for number in range(1, free // (3 * side**2) + 2):
        os.link(folder / "0.png", folder / f"{number}.png")
    with pytest.raises(BadInput, match=r"images of 4000 x 4000 take .* decoded, .* `image_size`"):
        load(folder, progress=False)
