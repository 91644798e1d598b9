"""Sizes that no machine holds end in one sentence, at once."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import vaekit as vk
from vaekit.data import load, photo
from vaekit.data.attributes import read_attributes
from vaekit.errors import BadInput
from vaekit.memory import available, require, shown


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vaekit", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_is_there_is_less_than_the_machine_has() -> None:
    assert 0 < available() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    require(1, "a byte")
    with pytest.raises(BadInput, match=r"the moon needs 7\.35e\+04 EB of memory, and .* are free"):
        require(73_500 * 10**18, "the moon")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 kB"), (24 * 10**9, "24 GB")]
)
def test_bytes_in_few_digits(count: int, text: str) -> None:
    assert shown(count) == text


TRAIN = ("train", "vae", "digits", "--no-progress", "--epochs", "1")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((*TRAIN, "--latent", "1000000000"), "are free"),
        ((*TRAIN, "--hidden", "1000000", "1000000"), "are free"),
        ((*TRAIN, "--draws", "1000000", "--latent", "10000"), "are free"),
        ((*TRAIN, "--draws", "1" + 20 * "0"), "--draws of recipe vae"),
        ((*TRAIN, "--seed", "1" + 20 * "0"), "--seed must be"),
        ((*TRAIN, "--epochs", "1" + 20 * "0"), "--epochs must be"),
        ((*TRAIN, "--free-bits", "1e308"), "--free-bits must be"),
        (("describe", "vae", "--shape", "1,1000000,1000000"), "are free"),
    ],
)
def test_sizes_that_no_machine_holds_are_refused(
    arguments: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    start = time.monotonic()
    done = call(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert named in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert time.monotonic() - start < 40
    assert not list(tmp_path.glob("runs/*"))


def test_arrays_that_unpack_to_more_than_memory_are_not_read(tmp_path: Path) -> None:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**9}, 1000), }}"
    text = header.ljust(117) + "\n"
    body = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    (tmp_path / "x.npy").write_bytes(body + bytes(64))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", body + bytes(64))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(BadInput, match=r"'x\.npy' in .* needs 24 TB of memory"):
            load(tmp_path / name)


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.npy", Path("/dev/zero")):
        with pytest.raises(BadInput, match="is no regular file"):
            load(path)
    for path in (tmp_path / "pipe.npy", Path("/dev/zero")):
        with pytest.raises(BadInput, match="is no regular file"):
            read_attributes(path)
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(BadInput, match="it is no regular file"):
            photo(path, (1, 8, 8))


def test_arrays_of_the_usual_size_still_load(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((20, 8, 8), np.uint8), y=np.arange(20) % 2)
    assert load(tmp_path / "x.npz").train.labels is not None


def test_uses_of_a_run_that_no_machine_holds_are_refused_before_they_take_any(
    tmp_path: Path,
) -> None:
    run = vk.train(
        "vae",
        "digits",
        root=tmp_path,
        options={"latent": 2},
        net_options={"hidden": (8,)},
        training=vk.Training(epochs=1),
        progress=False,
    )
    many = 10**12
    before = available()
    for use, named in (
        (lambda: vk.sample(run, many), "`n=1000000000000`"),
        (lambda: vk.sample(run, 10**20), "`n=1"),
    ):
        with pytest.raises(BadInput, match=f"{named}.* needs .* of memory"):
            use()
    for use in (lambda: vk.sample(run, seed=10**20), lambda: vk.evaluate_run(run, seed=-1)):
        with pytest.raises(BadInput, match="`seed` must be a whole number from 0 to"):
            use()
    assert available() > before / 2


def test_a_model_with_no_room_for_its_gradients_is_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaekit.memory.available", lambda: 10_000)
    with pytest.raises(BadInput, match=r"Training 3,\d+ parameters needs .* of memory"):
        vk.train("ae", "digits", root=tmp_path, net_options={"hidden": (24,)}, progress=False)
    assert not list(tmp_path.iterdir())
