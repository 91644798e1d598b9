"""Frozen features: what they compute, where gradients go, and what they refuse."""

import os
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from feature_files import random_weights, squeezenet_file
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from vaekit.errors import BadInput
from vaekit.features import NETWORKS, Features

FIRES = ("fire2", "fire3", "fire4")


@pytest.fixture(scope="module")
def file() -> Path:
    path = Path(os.environ.get("VAEKIT_DATA", ""), "squeezenet", "squeezenet1_1.safetensors")
    if not path.is_file():
        pytest.skip("the weights of SqueezeNet are not in $VAEKIT_DATA")
    return path


@pytest.fixture(scope="module")
def faces() -> Tensor:
    """32 faces of 64 x 64."""
    path = Path(os.environ.get("VAEKIT_DATA", ""), "celeba", "img_align_celeba.zip")
    if not path.is_file():
        pytest.skip("CelebA is not in $VAEKIT_DATA")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")][:32]
        rows = [
            np.asarray(
                Image.open(BytesIO(archive.read(name))).crop((0, 10, 89, 99)).resize((64, 64))
            )
            for name in names
        ]
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2) / 255


@pytest.fixture
def random_file(tmp_path: Path) -> Path:
    return squeezenet_file(tmp_path / "squeezenet.safetensors")


def pictures(n: int = 2, channels: int = 3, side: int = 35) -> Tensor:
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(0))


def by_hand(x: Tensor, w: dict[str, Tensor]) -> list[Tensor]:
    """SqueezeNet 1.1 up to fire4, written out."""
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (x - mean[:, None, None]) / deviation[:, None, None]

    def conv(x: Tensor, name: str, **how: int) -> Tensor:
        name = f"features.{name}"
        return F.relu(F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], **how))

    def fire(x: Tensor, place: int) -> Tensor:
        narrow = conv(x, f"{place}.squeeze")
        wide = conv(narrow, f"{place}.expand3x3", padding=1)
        return torch.cat((conv(narrow, f"{place}.expand1x1"), wide), dim=1)

    relu1 = conv(x, "0", stride=2)
    fire2 = fire(F.max_pool2d(relu1, 3, 2, ceil_mode=True), 3)
    fire3 = fire(fire2, 4)
    return [relu1, fire2, fire3, fire(F.max_pool2d(fire3, 3, 2, ceil_mode=True), 6)]


def test_squeezenet_computes_what_its_table_says(file: Path) -> None:
    x = pictures()
    found = Features("squeezenet", ("relu1", *FIRES), file)(x)
    for name, ours, wanted in zip(
        ("relu1", *FIRES), found, by_hand(x, load_file(file)), strict=True
    ):
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-3, msg=name)
    assert [tuple(layer.shape) for layer in found] == [
        (2, 64, 17, 17), (2, 128, 8, 8), (2, 128, 8, 8), (2, 256, 4, 4)
    ]  # fmt: skip


def test_trained_features_tell_a_blurred_face_from_a_brighter_one(
    file: Path, faces: Tensor
) -> None:
    blurred = F.avg_pool2d(faces, 5, 1, 2, count_include_pad=False)
    brighter = faces + (blurred - faces).square().mean().sqrt()  # just as far in pixels
    features = Features("squeezenet", ("relu1", *FIRES), file)
    for name, face, blur, bright in zip(
        features.layers, features(faces), features(blurred), features(brighter), strict=True
    ):
        assert (blur - face).square().mean() > 2 * (bright - face).square().mean(), name


def test_layers_come_in_the_order_asked_for(random_file: Path) -> None:
    x = pictures()
    first, second = Features("squeezenet", ("fire3", "relu1"), random_file)(x)
    both = Features("squeezenet", ("relu1", "fire3"), random_file)(x)
    assert torch.equal(first, both[1])
    assert torch.equal(second, both[0])


def test_grey_pictures_count_as_colour_ones(random_file: Path) -> None:
    features, grey = Features("squeezenet", FIRES, random_file), pictures(channels=1)
    for ours, wanted in zip(features(grey), features(grey.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(ours, wanted)


def test_gradients_reach_the_input_and_there_is_nothing_else_to_train(random_file: Path) -> None:
    features = Features("squeezenet", FIRES, random_file)
    x = pictures().requires_grad_()
    sum(layer.square().sum() for layer in features(x)).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad.any()
    assert list(features.parameters()) == []
    assert len(list(features.buffers())) == 2 + 2 * (1 + 3 * 3)
    assert not any(buffer.requires_grad for buffer in features.buffers())


def test_a_holder_keeps_no_weights_and_cannot_switch_to_training(random_file: Path) -> None:
    holder = nn.Sequential(Features("squeezenet", FIRES, random_file).load())
    assert holder.state_dict() == {}
    assert not holder.train()[0].training


def test_weights_are_read_at_first_use_where_and_as_the_module_then_is(random_file: Path) -> None:
    features = Features("squeezenet", FIRES, random_file).double()
    random_file.unlink()
    with pytest.raises(BadInput, match="no such file"):
        features.load()
    squeezenet_file(random_file)
    found = features(pictures().double())
    random_file.unlink()
    assert {buffer.dtype for buffer in features.buffers()} == {torch.float64}
    assert torch.equal(found[0], features(pictures().double())[0])
    assert {buffer.device.type for buffer in features.to("meta").buffers()} == {"meta"}


def test_building_draws_no_random_numbers(random_file: Path) -> None:
    state = torch.get_rng_state()
    Features("squeezenet", FIRES, random_file)(pictures())
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_first_used_without_gradients_still_pass_them_later(random_file: Path) -> None:
    features = Features("squeezenet", FIRES, random_file)
    with torch.inference_mode():
        features(pictures())
    x = pictures().requires_grad_()
    features(x)[-1].sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize("network", ["vgg16", "vgg19", "alexnet"])
def test_networks_compute_what_their_published_tables_say(network: str, tmp_path: Path) -> None:
    """Random weights of the published shapes; layers written out with functions."""
    weights = random_weights(network)
    save_file({n: w.half() for n, w in weights.items()}, tmp_path / f"{network}.safetensors")
    names = tuple(name for name, _ in NETWORKS[network].table() if name)
    features = Features(network, names, tmp_path / f"{network}.safetensors")
    x = pictures(1, side=67)
    wanted = list(published(network, (x - features.mean) / features.deviation, weights))
    for name, ours, theirs in zip(names, features(x), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0.02, atol=0.02, msg=name)


def published(network: str, x: Tensor, weights: dict[str, Tensor]) -> list[Tensor]:
    """All rectified layers, by the tensors' places: what lies between two of them is a pooling."""
    places = [int(name.split(".")[1]) for name in weights if name.endswith("weight")]
    pooled, first = (3, {"stride": 4, "padding": 2}) if network == "alexnet" else (2, {})
    found, behind = [], 0
    for place in places:
        if place == behind + 1 and place:
            x = F.max_pool2d(x, pooled, 2)
        weight, bias = weights[f"features.{place}.weight"], weights[f"features.{place}.bias"]
        how = first if not place and first else {"padding": weight.shape[-1] // 2}
        x = F.relu(F.conv2d(x, weight, bias, **how))
        found.append(x)
        behind = place + 2
    return found


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((7,), "need grey or colour pictures"),
        ((4, 64, 64), r"not data of shape \(4, 64, 64\)"),
        ((3, 64, 8), "64 x 8 are too small for fire4 of squeezenet"),
    ],
)
def test_data_without_such_features_are_refused(
    shape: tuple[int, ...], message: str, random_file: Path
) -> None:
    features = Features("squeezenet", ("fire4", "relu1"), random_file)
    with pytest.raises(BadInput, match=message):
        features.check(shape)
    with pytest.raises(BadInput, match=message):
        features(torch.rand(1, *shape))


def test_the_smallest_picture_has_features(random_file: Path) -> None:
    features = Features("squeezenet", ("fire2",), random_file)
    assert features(pictures(1, side=5))[0].shape == (1, 128, 1, 1)


@pytest.mark.parametrize(
    ("network", "layers", "message"),
    [
        ("vgg18", None, "`network` has no 'vgg18': did you mean vgg19?"),
        ("squeezenet", ("fire1",), "`layers` of squeezenet has no 'fire1': did you mean fire"),
        ("vgg19", ("pool1",), "use one of relu1_1, relu1_2, relu2_1"),
        ("alexnet", (), "must name one or more layers of alexnet"),
        ("alexnet", ("relu1", "relu1"), "each once"),
    ],
)
def test_unknown_networks_and_layers_are_refused(
    network: str, layers: tuple[str, ...] | None, message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        Features(network, layers)
    assert message in str(caught.value)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_layer_that_can_be_asked_for_has_a_weight(network: str) -> None:
    names = [name for name, _ in NETWORKS[network].table() if name]
    assert set(NETWORKS[network].layers) < set(names)
    assert NETWORKS[network].weights.keys() <= set(names)
    assert min(Features(network, names).layer_weights) > 0


def test_squeezenet_s_weights_make_all_its_layers_count_alike_on_faces(
    file: Path, faces: Tensor
) -> None:
    names = [name for name, _ in NETWORKS["squeezenet"].table() if name]
    features = Features("squeezenet", names, file)
    for weight, layer, name in zip(features.layer_weights, features(faces), names, strict=True):
        assert 700 < weight * layer.square().mean() < 1400, name
