"""A run by library: what its commands do, as arrays; tests/cli checks that these are the same."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vaekit as vk
from vaekit.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small VAE that is told the label of each digit."""
    return vk.train(
        "vae",
        "digits",
        name="told",
        root=tmp_path_factory.mktemp("runs"),
        options={"latent": 3},
        net_options={"hidden": (32,)},
        data_options={"condition": ("label",)},
        training=vk.Training(epochs=2, batch_size=32),
        progress=False,
    )


def test_samples_follow_what_the_model_is_told(run: Run) -> None:
    sevens = vk.sample(run.path, 5, given={"label": "7"}, seed=3)
    told = run.told({"label": "7"})
    codes = told.sample_codes(5, generator=torch.Generator().manual_seed(3))
    np.testing.assert_array_equal(sevens, told.decode(codes).numpy())
    assert not np.allclose(sevens, vk.sample(run, 5, given={"label": "1"}, seed=3))
    mixed = vk.sample(run, 5, mixture=4, given={"label": "7"}, seed=3, temperature=0.5)
    drawn = torch.from_numpy(vk.code_mixture(run, 4).sample(5, 3, 0.5)).float()
    np.testing.assert_allclose(mixed, told.decode(drawn).numpy(), atol=1e-6)
    with pytest.raises(vk.BadInput, match="label"):
        vk.sample(run, 5)


def test_reconstructions_are_told_the_data_s_own_columns(run: Run) -> None:
    found = vk.reconstruct(run, split="validation", n=4)
    batch = run.dataset().validation.batch(slice(0, 4))
    np.testing.assert_array_equal(found.originals, batch.x.numpy())
    np.testing.assert_allclose(found.reconstructions, run.model().reconstruct(batch), atol=1e-6)
    others = vk.reconstruct(run, split="validation", n=4, given={"label": "3"})
    assert not np.allclose(others.reconstructions, found.reconstructions)


def test_reconstructions_may_be_spread_over_the_classes(run: Run) -> None:
    found, test = vk.reconstruct(run, n=10, spread=True), run.dataset().test
    rows = [int(np.abs(test.tensor().numpy() - x).sum((1, 2, 3)).argmin()) for x in found.originals]
    np.testing.assert_array_equal(found.originals, test.tensor(np.array(rows)).numpy())
    assert test.labels is not None
    assert test.labels[rows].tolist() == list(range(10))


def test_a_file_and_the_row_it_came_from_are_one(run: Run, tmp_path: Path) -> None:
    row = run.dataset().test.x[0]
    Image.fromarray(np.asarray(row[0])).save(tmp_path / "digit.png")
    np.testing.assert_allclose(run.picture(tmp_path / "digit.png"), row / np.float32(255))
    told = {"label": "3"}
    ways = [
        vk.interpolate(run, first, tmp_path / "digit.png", steps=3, given=told)
        for first in (tmp_path / "digit.png", row / np.float32(255))
    ]
    np.testing.assert_allclose(ways[0].pictures, ways[1].pictures, atol=1e-6)
    assert ways[0].pictures.shape == (3, 1, 8, 8)


def test_codes_of_all_rows_are_named(run: Run) -> None:
    dataset, found = run.dataset(), vk.encode(run, split="all")
    assert found.codes.shape == (1797, 3)
    assert len(set(found.ids)) == 1797
    assert found.labels is not None
    parts = [getattr(dataset, name).labels for name in ("train", "validation", "test")]
    np.testing.assert_array_equal(found.labels, np.concatenate(parts))
    np.testing.assert_allclose(
        found.codes[:9], run.model().encode(dataset.train.batch(slice(0, 9)))
    )
    others = vk.encode(run, dataset)
    np.testing.assert_array_equal(others.codes, found.codes)


def test_coordinates_are_moved_in_units_of_the_codes(run: Run) -> None:
    walk = vk.traverse(run, span=2, steps=5, given={"label": "2"})
    codes = vk.encode(run, split="validation").codes
    assert walk.along == tuple(f"z{place}" for place in np.argsort(-codes.std(axis=0)))
    told = run.told({"label": "2"})
    start = codes.mean(axis=0)
    start[int(walk.along[0][1:])] -= 2 * codes.std(axis=0).max()
    expected = told.decode(torch.from_numpy(start)[None])[0]
    np.testing.assert_allclose(walk.pictures[0, 0], expected.numpy(), atol=1e-5)
    np.testing.assert_array_equal(walk.steps[0], np.linspace(-2, 2, 5))


def test_edits_of_one_and_of_two_attributes_agree(run: Run) -> None:
    pictures = run.dataset().test.tensor(slice(0, 2))
    told = {"label": "5"}
    one = vk.edit(run, pictures, "3", [0, 1], given=told)
    two = vk.edit(run, pictures, ["3", "label=8"], [[0, 1], [0]], given=told)
    assert (one.along, two.along) == (("label=3",), ("label=3", "label=8"))
    np.testing.assert_allclose(one.pictures, two.pictures[:, 0], atol=1e-6)


def test_a_run_is_evaluated_with_its_split(run: Run) -> None:
    found = vk.evaluate_run(run, split="validation", draws=2, seed=1)
    again = vk.evaluate(run.model(), run.dataset().validation, draws=2, seed=1)
    assert found == again


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda run: vk.sample(run, 0), "`n` must be 1"),
        (lambda run: vk.sample(run, temperature=-1), "`temperature`"),
        (lambda run: vk.sample(run, given={"colour": "red"}), "colour"),
        (lambda run: vk.reconstruct(run, n=0), "`n` must be 1"),
        (lambda run: vk.interpolate(run, np.zeros((1, 9, 9)), np.zeros((1, 8, 8))), "are of shape"),
        (lambda run: vk.traverse(run, span=0), "`span`"),
        (lambda run: vk.edit(run, [], "3", [1]), "empty"),
        (lambda run: vk.encode(run, np.zeros((20, 4))), r"\(4,\)"),
    ],
)
def test_what_makes_no_sense_is_refused(use: Any, message: str, run: Run) -> None:
    with pytest.raises(vk.BadInput, match=message):
        use(run)


def test_a_run_made_before_there_were_kinds_opens(run: Run, tmp_path: Path) -> None:
    old = vk.open_run(shutil.copytree(run.path, tmp_path / "old"))
    text = (old.path / "run.json").read_text()
    assert '"kind": "image"' in text
    without = text.replace(',\n    "kind": "image"', "")
    assert without != text
    (old.path / "run.json").write_text(without)
    again = vk.open_run(old.path)
    assert again.spec == run.spec
    assert again.spec.drawn
