"""What a program holds already: pictures by path, torch's data sets, rows for a model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import IterableDataset, TensorDataset

import vaekit as vk
from vaekit.nets import MLP, Conv, Net

NUMBERS = np.random.default_rng(0)
COLOUR = NUMBERS.integers(0, 256, (30, 8, 6, 3), dtype=np.uint8)
OPTIONS: dict[str, Any] = {"validation": 0, "test": 0}


class Photos(TorchDataset[Any]):
    """Pillow's pictures with class numbers, as torchvision's data sets give them."""

    classes = ("ape", "bee", "cat", "dog")  # there is no dog

    def __len__(self) -> int:
        return len(COLOUR)

    def __getitem__(self, row: int) -> Any:
        return Image.fromarray(COLOUR[row]), row % 3


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield from COLOUR


def written(folder: Path, names: list[str]) -> list[Path]:
    for row, name in enumerate(names):
        Image.fromarray(COLOUR[row]).save(folder / name)
    return [folder / name for name in names]


def test_paths_are_read_as_a_folder_is(tmp_path: Path) -> None:
    paths = written(tmp_path, [f"{row:02}.png" for row in range(20)])
    folder = vk.load_data(tmp_path, image_size=5, crop="centre", progress=False, **OPTIONS)
    listed = vk.load_data(paths, image_size=5, crop="centre", labels=["a", "b"] * 10, **OPTIONS)
    np.testing.assert_array_equal(listed.train.x, folder.train.x[:])
    assert listed.train.ids == [str(path) for path in paths]
    assert listed.label_names == ("a", "b")
    assert vk.load_data([str(path) for path in paths]).shape == (3, 8, 6)


def test_grey_among_colours_is_colour_and_sizes_are_made_alike_when_asked() -> None:
    grey = Image.fromarray(COLOUR[0, :, :, 0])
    mixed = [grey, *map(Image.fromarray, COLOUR[1:20, :, :5])]
    with pytest.raises(vk.BadInput, match="differ in size: give `image_size`"):
        vk.load_data(mixed)
    data = vk.load_data(mixed, image_size=8, **OPTIONS)
    assert data.shape == (3, 8, 8)
    assert (data.train.x[0][0] == data.train.x[0][1]).all()


def test_a_torch_data_set_gives_rows_labels_and_classes() -> None:
    data = vk.load_data(Photos(), **OPTIONS)
    np.testing.assert_array_equal(data.train.x, COLOUR.transpose(0, 3, 1, 2))
    assert data.label_names == Photos.classes
    assert data.train.labels is not None
    np.testing.assert_array_equal(data.train.labels, np.arange(30) % 3)
    tensors = TensorDataset(torch.rand(9, 4), torch.arange(9) % 2)
    pairs = vk.load_data(tensors, **OPTIONS)
    assert (pairs.shape, pairs.label_names) == ((4,), ("0", "1"))
    assert vk.load_data(TensorDataset(torch.rand(9, 1, 4, 4)), **OPTIONS).label_names is None
    assert vk.load_data(Photos(), image_size=4, **OPTIONS).shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (["there/is/none.png"] * 3, {}, "there is no picture 'there/is/none.png'"),
        ([__file__] * 3, {}, "is no picture that can be read: it is none of JPEG"),
        (Stream(), {}, "without a length"),
        (TensorDataset(*[torch.rand(5, 2)] * 3), {}, "gives 3 values a row"),
        (COLOUR, {"image_size": 4}, "`image_size` and `crop` work on pictures"),
        (COLOUR, {"labels": "kind"}, "only in a data frame"),
        (COLOUR, {"attributes": "table.csv"}, "`attributes` goes with folders"),
        (COLOUR, {"limit": 0}, "`limit` must be at least 1"),
        ("", {}, "the source is empty"),
        (" ", {}, "the source is empty"),
    ],
)
def test_what_cannot_be_read_is_refused(x: Any, options: Any, message: str) -> None:
    with pytest.raises(vk.BadInput, match=message):
        vk.load_data(x, **options)


def test_a_limit_takes_training_rows_at_random_and_leaves_the_others() -> None:
    whole, some = vk.load_data("digits"), vk.load_data("digits", limit=100)
    assert len(some.train) == 100
    np.testing.assert_array_equal(some.test.x, whole.test.x)
    np.testing.assert_array_equal(some.validation.x, whole.validation.x)
    assert whole.train.ids is not None
    assert some.train.ids is not None
    assert set(some.train.ids) < set(whole.train.ids)
    place = [whole.train.ids.index(name) for name in some.train.ids]
    np.testing.assert_array_equal(some.train.x, whole.train.x[place])
    assert place == sorted(place)
    prints = {vk.load_data("digits", limit=100, seed=seed).fingerprint for seed in (0, 0, 1)}
    assert len(prints | {whole.fingerprint}) == 3
    assert vk.load_data("digits", limit=10**6).fingerprint == whole.fingerprint


@pytest.mark.parametrize("net", [Conv(channels=(8, 16)), MLP(hidden=(16,))])
def test_a_model_takes_what_it_was_trained_on_and_gives_arrays_back(net: Net) -> None:
    grey = NUMBERS.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    data = vk.load_data(grey, **OPTIONS)
    model, _ = vk.recipes.vae(data.shape, net=net, latent=3)
    codes = model.encode(data.train.tensor())
    assert isinstance(codes, torch.Tensor)
    ways: list[Any] = [grey, grey / 255, grey[..., None], data.train, [*map(Image.fromarray, grey)]]
    for rows in ways:
        found = model.encode(rows)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, codes.numpy(), atol=1e-5)
    np.testing.assert_allclose(model.encode(torch.from_numpy(grey)[:, None]), codes, atol=1e-6)
    decoded = model.decode(found)
    assert isinstance(decoded, np.ndarray)
    np.testing.assert_allclose(decoded, model.decode(codes).numpy(), atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(grey), decoded, atol=1e-5)
    measured = vk.evaluate(model, data.train, draws=2)
    for same in (grey, torch.from_numpy(grey), [*grey]):
        assert vk.evaluate(model, same, draws=2) == measured


def test_a_model_refuses_what_it_cannot_tell() -> None:
    data = vk.load_data("digits")
    model, _ = vk.recipes.vae(data.shape, latent=2)
    whole: Any = data
    for use in (model.encode, lambda x: vk.evaluate(model, x)):
        with pytest.raises(vk.BadInput, match="give one of its splits"):
            use(whole)
    import pandas as pd

    frame: Any = pd.DataFrame(np.zeros((4, 64)))
    with pytest.raises(vk.BadInput, match="does not know the columns"):
        model.encode(frame)
    with pytest.raises(vk.BadInput, match=r"from 0\.0 to 2\.0; scale images"):
        model.encode(np.linspace(0, 2, 128).reshape(2, 8, 8))
