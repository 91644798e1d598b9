import contextlib
import resource
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from vaekit.errors import BadInput
from vaekit.training.checkpoint import load_weights, read, write, write_weights

STATE = {"number": 0.1, "none": None, "names": ["a", "b"]}


def tensors() -> dict[str, torch.Tensor]:
    return {
        "weights": torch.randn(3, 4),
        "double": torch.tensor([1e-300], dtype=torch.float64),
        "scalar": torch.tensor(7),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "empty": torch.zeros(0, 2),
        "half": torch.randn(3).bfloat16(),
        "turned": torch.randn(3, 2).t(),
    }


def test_round_trip(tmp_path: Path) -> None:
    path, written = tmp_path / "state.safetensors", tensors()
    with pytest.raises(FileNotFoundError):  # a folder that was removed is not made anew
        write(tmp_path / "gone" / path.name, "checkpoint", written, STATE)
    write(path, "checkpoint", written, STATE)
    found, state = read(path, "checkpoint")
    assert state == STATE
    assert found.keys() == written.keys()
    for name, tensor in written.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_equal_states_are_equal_bytes(tmp_path: Path) -> None:
    written = tensors()
    write(tmp_path / "a", "checkpoint", written, STATE)
    write(
        tmp_path / "b", "checkpoint", dict(reversed(written.items())), dict(reversed(STATE.items()))
    )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    left = tmp_path / "state.safetensors.part" / ".tmp1234"
    left.parent.mkdir()
    left.write_bytes(b"half of it")
    write(path, "checkpoint", tensors(), STATE)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_others_may_read_it_where_the_umask_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    write(tmp_path / "state.safetensors", "checkpoint", tensors(), STATE)
    assert (tmp_path / "state.safetensors").stat().st_mode == plain.stat().st_mode


def test_tied_weights_are_stored(tmp_path: Path) -> None:
    def build() -> nn.Module:
        tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        tied[1].weight = tied[0].weight
        return tied

    module, other = build(), build()
    write_weights(tmp_path / "model.safetensors", module)
    load_weights(other, tmp_path / "model.safetensors")
    x = torch.randn(2, 3)
    assert torch.equal(module(x), other(x))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    write(path, "checkpoint", tensors(), STATE)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(path, "checkpoint", tensors(), STATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(BadInput, match=r"state\.safetensors is missing"):
        read(path, "checkpoint")
    write(path, "checkpoint", tensors(), STATE)
    whole = path.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(BadInput, match=r"state\.safetensors cannot be read"):
            read(path, "checkpoint")
    path.write_bytes(np.arange(100).tobytes())
    with pytest.raises(BadInput, match=r"state\.safetensors cannot be read"):
        read(path, "checkpoint")
    safetensors.torch.save_file(tensors() | {"turned": torch.zeros(1)}, path)
    with pytest.raises(BadInput, match=r"state\.safetensors is not a checkpoint of vaekit"):
        read(path, "checkpoint")
    path.write_bytes(whole.replace(b'\\"format\\": 1', b'\\"format\\": 2'))
    with pytest.raises(BadInput, match=r"state\.safetensors was written by another version"):
        read(path, "checkpoint")
    write_weights(path, nn.Linear(2, 2))
    with pytest.raises(BadInput, match=r"state\.safetensors is not a checkpoint of vaekit"):
        read(path, "checkpoint")


def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    path, written = tmp_path / "state.safetensors", tensors()
    write(path, "checkpoint", written, STATE)
    whole, harmless = path.read_bytes(), 0
    for place in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with contextlib.suppress(BadInput):
            found, state = read(path, "checkpoint")
            assert state == STATE
            assert all(torch.equal(found[name], tensor) for name, tensor in written.items())
            harmless += 1  # white space, or the name of the digest itself
    assert harmless < 10


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path / "model.safetensors", nn.Linear(2, 3))
    for other in (nn.Linear(2, 4), nn.Linear(2, 3, bias=False), nn.Sequential(nn.Linear(2, 3))):
        with pytest.raises(BadInput, match=r"model\.safetensors holds the weights of another"):
            load_weights(other, tmp_path / "model.safetensors")
