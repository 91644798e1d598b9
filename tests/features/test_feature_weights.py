"""Files of weights: where they are found, and which are refused."""

import hashlib
import shutil
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from feature_files import random_weights, squeezenet_file
from safetensors.torch import save_file
from torch import Tensor

from vaekit.data.cache import cache_dir
from vaekit.errors import BadInput
from vaekit.features import Features

LAYERS = ("relu1", "fire2")


def outputs(weights: str | Path | None) -> Tensor:
    return Features("squeezenet", LAYERS, weights)(torch.full((1, 3, 9, 9), 0.25))[1]


def refusal(weights: str | Path | None, network: str = "squeezenet") -> str:
    with pytest.raises(BadInput) as caught:
        Features(network, None, weights).load()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return squeezenet_file(tmp_path / "squeezenet.safetensors")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty $VAEKIT_DATA and an empty cache."""
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_numpy_archives_and_half_precision_hold_the_same(file: Path, tmp_path: Path) -> None:
    halves = {name: tensor.half() for name, tensor in random_weights("squeezenet").items()}
    save_file(halves, tmp_path / "half.safetensors")
    np.savez(tmp_path / "half.npz", **{name: tensor.numpy() for name, tensor in halves.items()})
    from_npz, from_safetensors = (
        outputs(tmp_path / "half.npz"),
        outputs(tmp_path / "half.safetensors"),
    )
    assert from_npz.dtype == torch.float32
    assert torch.equal(from_npz, from_safetensors)
    torch.testing.assert_close(from_npz, outputs(file), rtol=0.01, atol=0.01)


def test_weights_do_not_change_with_their_file(file: Path) -> None:
    features = Features("squeezenet", LAYERS, file).load()
    x = torch.full((1, 3, 9, 9), 0.25)
    before = features(x)[1]
    with file.open("r+b") as raw:
        raw.seek(-4096, 2)
        raw.write(b"\0" * 4096)
        raw.seek(16_384)
        raw.write(b"\0" * 65_536)
    assert torch.equal(features(x)[1], before)


def test_the_classifier_and_deeper_layers_are_left_aside(tmp_path: Path) -> None:
    weights = random_weights("squeezenet")
    weights["classifier.1.weight"] = torch.full((3,), torch.nan)
    weights["features.12.squeeze.bias"] = torch.zeros(1)
    save_file(weights, tmp_path / "whole.safetensors")
    shallow = {n: t for n, t in weights.items() if n.startswith(("features.0", "features.3"))}
    save_file(shallow, tmp_path / "cut.safetensors")
    assert torch.equal(
        outputs(tmp_path / "whole.safetensors"), outputs(tmp_path / "cut.safetensors")
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"features.3.squeeze.bias": None}, "it lacks features.3.squeeze.bias"),
        ({"fc.weight": torch.ones(1)}, "it has fc.weight, which the network lacks"),
        ({"features.1.weight": torch.ones(64)}, "it has features.1.weight"),
        (
            {"features.0.weight": torch.ones(64, 3, 7, 7)},
            "its features.0.weight has shape (64, 3, 7, 7), not (64, 3, 3, 3)",
        ),
        ({"features.0.bias": torch.ones(64).int()}, "features.0.bias holds torch.int32, not"),
        ({"features.0.bias": torch.full((64,), torch.inf)}, "holds numbers that are not finite"),
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_the_first_tensor_that_does_not_fit_is_named(
    change: dict[str, Tensor | None], problem: str, suffix: str, tmp_path: Path
) -> None:
    weights = {n: t for n, t in {**random_weights("squeezenet"), **change}.items() if t is not None}
    path = tmp_path / f"weights{suffix}"
    if suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in weights.items()})
    else:
        save_file(weights, path)
    message = refusal(path)
    assert problem in message
    assert str(path) in message


def test_another_network_s_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vgg16.safetensors"
    save_file({name: tensor.half() for name, tensor in random_weights("vgg16").items()}, path)
    assert "it has features.17.bias, which the network lacks" in refusal(path, "vgg19")
    assert "it lacks features.3.weight" in refusal(path, "alexnet")
    Features("vgg16", None, path).load()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("w.pth", b"\x80\x02", "a .pth is a pickle; convert it with safetensors.torch.save_file"),
        ("w.pt", b"", "neither .safetensors nor .npz"),
        ("w.safetensors", b"", "cannot read"),
        ("w.safetensors", b"\xff" * 100, "cannot read"),
        ("w.npz", b"\x80\x04K\x01.", "it is no whole .npz archive"),
    ],
)
def test_files_of_other_formats_are_refused(
    name: str, content: bytes, problem: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert problem in refusal(tmp_path / name)


def test_python_objects_are_never_unpickled(tmp_path: Path) -> None:
    arrays = {name: tensor.numpy() for name, tensor in random_weights("squeezenet").items()}
    arrays["features.0.weight"] = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "w.npz", **arrays)
    assert "never unpickled" in refusal(tmp_path / "w.npz")
    assert not Trap.sprung


class Trap:
    """Notices being unpickled."""

    sprung = False

    def __setstate__(self, state: object) -> None:
        Trap.sprung = True

    def __getstate__(self) -> dict[str, int]:
        return {"a": 1}


def test_a_cut_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(file.read_bytes()[:-10])
    assert "cannot read" in refusal(tmp_path / "cut.safetensors")
    np.savez(tmp_path / "w.npz", **{n: t.numpy() for n, t in random_weights("squeezenet").items()})
    with zipfile.ZipFile(tmp_path / "w.npz") as archive:
        start = archive.getinfo("features.0.weight.npy").header_offset
    content = bytearray((tmp_path / "w.npz").read_bytes())
    content[start + 1000 : start + 1100] = b"\xff" * 100
    (tmp_path / "w.npz").write_bytes(content)
    assert "cannot read" in refusal(tmp_path / "w.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.npz").endswith("no.npz: there is no such file.")


def test_without_weights_it_says_what_to_provide(nowhere: Path) -> None:
    message = refusal(None, "vgg19")
    assert message.startswith("There are no weights of vgg19 here: give `weights`")
    for part in (".safetensors", ".npz", "torchvision", "$VAEKIT_DATA/vgg19", "#sha256=", ".pth"):
        assert part in message


@pytest.mark.parametrize(
    "place", ["data/squeezenet/a.safetensors", "cache/weights/squeezenet1_1.safetensors"]
)
def test_weights_are_found_in_the_data_and_in_the_cache(
    place: str, nowhere: Path, file: Path
) -> None:
    (nowhere / place).parent.mkdir(parents=True)
    shutil.copy(file, nowhere / place)
    assert torch.equal(outputs(None), outputs(file))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the test's folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_weights_are_downloaded_once_and_checked(nowhere: Path, file: Path, site: str) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    wanted, address = outputs(file), f"{site}/{file.name}"
    message = refusal(f"{address}#sha256={digest[::-1]}")
    assert "wrong content: sha256" in message
    assert not list(cache_dir().rglob("*.safetensors"))
    assert torch.equal(outputs(f"{address}#sha256={digest.upper()}"), wanted)
    file.unlink()
    assert torch.equal(outputs(f"{address}#sha256={digest}"), wanted)
    assert torch.equal(outputs(None), wanted)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://example.org/w.safetensors", "must end in #sha256="),
        ("https://example.org/w.safetensors#sha256=12ab", "must end in #sha256="),
        ("https://example.org/w.pth#sha256=" + "0" * 64, "neither .safetensors nor .npz"),
    ],
)
def test_addresses_that_cannot_be_checked_are_refused(address: str, problem: str) -> None:
    assert problem in refusal(address)
