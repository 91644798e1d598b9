"""Training on what a program holds already: arrays, tensors, lists of pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vaekit as vk

OPTIONS: dict[str, Any] = {
    "likelihood": "shared-gaussian",
    "options": {"latent": 2},
    "net_options": {"hidden": (16,)},
    "training": vk.Training(epochs=2, batch_size=16),
    "progress": False,
}


def pictures(count: int = 60) -> np.ndarray:
    return 255 * np.random.default_rng(0).integers(0, 2, (count, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize(
    "held",
    [
        lambda x: x,
        lambda x: torch.from_numpy(x),
        lambda x: list(x),
        lambda x: [Image.fromarray(each) for each in x],
    ],
)
def test_what_is_held_in_memory_is_the_file_s_data(held: Any, tmp_path: Path) -> None:
    x, labels = pictures(), np.arange(60) % 3
    np.savez(tmp_path / "x.npz", x=x, y=labels)
    filed, given = vk.load_data(tmp_path / "x.npz"), vk.load_data(held(x), labels=list(labels))
    assert given.fingerprint == filed.fingerprint
    assert given.label_names == ("0", "1", "2")
    np.testing.assert_array_equal(given.train.x, filed.train.x)


def test_colours_are_those_that_are_seen_not_a_palette_s_numbers() -> None:
    numbers = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
    indexed = [Image.fromarray(each).quantize(4) for each in numbers]
    data = vk.load_data(indexed, validation=0, test=0)
    assert data.shape == (3, 6, 6)
    seen = np.asarray(indexed[5].convert("RGB")).transpose(2, 0, 1)
    np.testing.assert_array_equal(data.train.x[5], seen)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([np.zeros((4, 4)), np.zeros((5, 4))], {}, "differ in size"),
        ([], {}, "x"),
        (np.full((9, 3), np.nan), {}, "NaN"),
        (np.array(["a", "b"]), {}, "give numbers"),
        (np.zeros((9, 4, 4)), {"labels": [0, 1]}, "9 rows but 2 labels"),
        (np.zeros((9, 4, 4)), {"image_size": 3}, "`image_size`"),
        ("digits", {"labels": [0, 1]}, "`labels`"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(x: Any, options: Any, message: str) -> None:
    with pytest.raises(vk.BadInput, match=message):
        vk.load_data(x, **options)


def test_a_run_of_arrays_asks_for_them_again(tmp_path: Path) -> None:
    x = pictures()
    run = vk.train("vae", x, name="mine", root=tmp_path, **OPTIONS)
    assert run.finished
    assert len(run.dataset().train) == 48
    later = vk.open_run(tmp_path / "mine")
    for use in (later.dataset, lambda: vk.resume(later, epochs=3, progress=False)):
        with pytest.raises(vk.BadInput, match="mine was trained on arrays in memory: give them"):
            use()
    with pytest.raises(vk.BadInput, match="not the data that"):
        later.with_data(x[::-1])
    further = vk.resume(later.with_data(x), epochs=3, progress=False)
    straight = OPTIONS | {"training": vk.Training(epochs=3, batch_size=16)}
    whole = vk.train("vae", vk.load_data(x), name="whole", root=tmp_path, **straight)
    weights = (further.model().state_dict(), whole.model().state_dict())
    assert all(torch.equal(one, weights[1][name]) for name, one in weights[0].items())


def test_several_processes_need_a_file(tmp_path: Path) -> None:
    options = OPTIONS | {"training": vk.Training(epochs=1, devices=2)}
    with pytest.raises(vk.BadInput, match="`devices=2` needs data that every process can load"):
        vk.train("vae", pictures(), root=tmp_path, **options)
    assert not list(tmp_path.iterdir())
