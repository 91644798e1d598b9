"""Rows that stay in a file."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vaekit.data import StoredRows
from vaekit.errors import BadInput

ROWS = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 5), dtype=np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "rows.bin").write_bytes(ROWS.tobytes())
    return tmp_path / "rows.bin"


def test_indexing_is_numpys(file: Path) -> None:
    stored = StoredRows(file, ROWS.shape)
    assert (stored.shape, stored.dtype, stored.ndim) == (ROWS.shape, ROWS.dtype, 4)
    mask = ROWS[:, 0, 0, 0] > 99
    for index in (0, -1, slice(None), slice(-3, None), slice(9, 2, -2), [4, 4, -2], mask, []):
        assert np.array_equal(stored[index], ROWS[index])
    backwards = stored.take(np.arange(19, -1, -1))
    assert np.array_equal(backwards[2:5], ROWS[::-1][2:5])
    assert np.array_equal(backwards.take(slice(1, 3))[:], ROWS[18:16:-1])
    assert np.array_equal(np.asarray(stored), ROWS)
    assert np.array_equal(stored.thresholded()[:], np.where(ROWS > 127, 255, 0))
    for index in (20, -21, [3, 20]):
        with pytest.raises(IndexError):
            stored[index]


def test_a_file_cut_short_is_named(file: Path) -> None:
    stored = StoredRows(file, ROWS.shape)
    os.truncate(file, ROWS.nbytes - 1)
    with pytest.raises(BadInput, match=r"rows\.bin' has been cut short"):
        stored[:]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Training's view of 300 MB: every row once, in random order."""
    with (tmp_path / "rows.bin").open("wb") as file:
        file.truncate(1525 * 3 * 256 * 256)
    code = """if True:
        import resource, sys
        from vaekit.data import Batches, Split, StoredRows
        from pathlib import Path
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        batches = Batches(Split(StoredRows(Path(sys.argv[1]), (1525, 3, 256, 256))), 16)
        epoch = batches.epoch(0)
        for _ in range(4):
            next(epoch)
        before = peak()
        rows = 64 + sum(len(x) for x in epoch)
        print(rows, peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "rows.bin")],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, grown = map(int, done.stdout.split())
    assert rows == 1525
    assert grown < 40
