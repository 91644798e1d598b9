"""Directions, edits, interpolations and traversals by command are the library's."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_calls import BUDGET, Call, contents
from PIL import Image
from safetensors.numpy import save_file

import vaekit as vk
from vaekit.runs import Run


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """The trained run, to be written to."""
    fresh = shutil.ignore_patterns("derived")  # which other tests may have made
    return vk.open_run(shutil.copytree(trained.path, tmp_path / "runs" / "small", ignore=fresh))


def digit_files(run: Run, folder: Path, rows: tuple[int, ...]) -> list[Path]:
    paths = [folder / f"digit-{row}.png" for row in rows]
    for row, path in zip(rows, paths, strict=True):
        Image.fromarray(np.asarray(run.dataset().test.x[row][0])).save(path)
    return paths


def test_attributes_lists_the_labels_and_stores_their_directions(call: Call, run: Run) -> None:
    found = vk.attribute_directions(run, "means")
    train = run.dataset().train
    codes = run.model().encode(train.tensor()).numpy().astype(float)
    assert train.labels is not None
    has = train.labels == 3
    difference = codes[has].mean(axis=0) - codes[~has].mean(axis=0)
    np.testing.assert_allclose(found.vector("label=3"), difference)
    np.testing.assert_array_equal(found.vector("3"), found.vector("label=3"))
    listing = json.loads(call("attributes", run.path, "--method", "means", "--json").out)
    assert list(listing["attributes"]) == [f"label={digit}" for digit in range(10)]
    entry = listing["attributes"]["label=3"]
    assert entry["norm"] == pytest.approx(np.linalg.norm(difference))
    assert 0.5 < entry["accuracy"] <= 1
    assert entry["leaks"] == {}  # other digits are what it is not, no leaks
    table = call("attributes", run.path).out
    assert "small, balanced" in table
    assert "label=9" in table
    kept = sorted(path.name.partition("-")[0] for path in (run.path / "derived").iterdir())
    assert kept == ["codes", "codes", "directions", "directions"]


def test_stored_directions_are_used_until_the_weights_change(call: Call, run: Run) -> None:
    first = vk.attribute_directions(run)
    before = contents(run.path)
    again = vk.attribute_directions(run)
    assert contents(run.path) == before
    for field in ("vectors", "accuracy", "effects"):
        np.testing.assert_array_equal(getattr(again, field), getattr(first, field))
    assert (again.names, again.left_out) == (first.names, first.left_out)
    other = [run.path.parent, "--name", "other", "--latent", "2", "--hidden", "64", "32"]
    flags = ("train", "vae", "digits", "--root", *other, *BUDGET, "--seed", "9")
    assert call(*flags).code == 0
    shutil.copy(run.path.parent / "other" / "model.safetensors", run.path)
    assert not np.allclose(vk.attribute_directions(run).vectors, first.vectors)


def test_damaged_or_foreign_files_of_derived_things_are_made_anew(run: Run) -> None:
    first, mixed = vk.attribute_directions(run), vk.code_mixture(run, 3)
    files = list((run.path / "derived").iterdir())
    assert len(files) == 4

    def same_again() -> None:
        found, again = vk.attribute_directions(run), vk.code_mixture(run, 3)
        np.testing.assert_array_equal(found.vectors, first.vectors)
        np.testing.assert_array_equal(again.factors, mixed.factors)
        assert (again.covariance, again.held_out) == (mixed.covariance, mixed.held_out)

    for path in files:
        path.write_bytes(path.read_bytes()[:-50])
    same_again()
    for path in files:
        save_file({"x": np.zeros(2)}, path)
    same_again()


def test_codes_are_encoded_once_for_directions_and_mixtures(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    encode = vk.Autoencoder.encode

    def counted(self: vk.Autoencoder, rows: torch.Tensor) -> torch.Tensor:
        asked.append(len(rows))
        return encode(self, rows)

    monkeypatch.setattr(vk.Autoencoder, "encode", counted)
    for method in ("balanced", "means", "logistic"):
        vk.attribute_directions(run, method)
    for components in (2, 3):
        vk.code_mixture(run, components)
    dataset = run.dataset()
    assert sum(asked) == len(dataset.train) + len(dataset.validation)


def test_a_folder_that_cannot_be_written_costs_a_warning(run: Run) -> None:
    (run.path / "derived").write_text("in the way")
    with pytest.warns(UserWarning, match="it will be made anew"):
        found = vk.code_mixture(run, 3)
    (run.path / "derived").unlink()
    np.testing.assert_array_equal(found.means, vk.code_mixture(run, 3).means)


def test_edits_of_rows_and_of_the_files_they_came_from_are_the_same(
    call: Call, run: Run, tmp_path: Path
) -> None:
    out = {name: tmp_path / f"{name}.npy" for name in ("rows", "files", "few")}
    what = ("edit", run.path, "--attribute", "3", "--scale", "-1:2:4")
    assert call(*what, "--rows", "5", "2", "--out", out["rows"]).out == f"{out['rows']}\n"
    files = digit_files(run, tmp_path, (5, 2))
    assert call(*what, "--image", *files, "--out", out["files"]).code == 0
    assert call(*what, "--n", "6", "--split", "train", "--out", out["few"]).code == 0
    results = np.load(out["rows"])
    assert results.shape == (4, 2, 1, 8, 8)
    assert np.load(out["few"]).shape == (4, 6, 1, 8, 8)
    np.testing.assert_allclose(results, np.load(out["files"]), atol=1e-6)
    model, x = run.model(), run.dataset().test.tensor(np.array([5, 2]))
    vector = torch.from_numpy(vk.attribute_directions(run).vector("3")).float()
    np.testing.assert_allclose(results[1], model.reconstruct(x).numpy(), atol=1e-6)
    expected = model.decode(model.encode(x) + 2 * vector)
    np.testing.assert_allclose(results[3], expected.numpy(), atol=1e-5)


def test_two_attributes_make_a_grid_and_the_residual_gives_the_picture_back(
    call: Call, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "grid.npy"
    scales = ("--scale", "0,1,2.5", "--scale=0:2:2")
    what = ("edit", run.path, "--attribute", "3", "label=7", "--add-residual")
    assert call(*what, "--scale", "0,1,2.5", "0:2:2", "--out", out).code == 0
    results = np.load(out)
    assert results.shape == (3, 2, 1, 1, 8, 8)
    original = run.dataset().test.tensor(slice(0, 1)).numpy()
    np.testing.assert_allclose(results[0, 0], original, atol=1e-6)
    assert np.abs(results[2, 1] - original).max() > 0.2
    assert call(*what, *scales[:1], "1").out == f"{run.path / 'edit.png'}\n"
    with Image.open(run.path / "edit.png") as picture:
        assert picture.width > 500


def test_an_interpolation_starts_and_ends_at_the_reconstructions(
    call: Call, run: Run, tmp_path: Path
) -> None:
    files = digit_files(run, tmp_path, (0, 7))
    ends = run.model().reconstruct(run.dataset().test.tensor(np.array([0, 7]))).numpy()
    ways = {}
    for kind, flags in {"line": (), "arc": ("--spherical",)}.items():
        out = tmp_path / f"{kind}.npy"
        assert call("interpolate", run.path, *files, *flags, "--steps", "5", "--out", out).code == 0
        ways[kind] = np.load(out)
        np.testing.assert_allclose(ways[kind][[0, -1]], ends, atol=1e-5)
    assert np.abs(ways["line"][2] - ways["arc"][2]).max() > 1e-3
    assert call("interpolate", run.path, *files).out == f"{run.path / 'interpolation.png'}\n"


def test_a_traversal_goes_through_the_code_it_starts_from(
    call: Call, run: Run, tmp_path: Path
) -> None:
    (file,) = digit_files(run, tmp_path, (4,))
    model, out = run.model(), tmp_path / "rows.npy"
    flags = ("--image", file, "--dimensions", "1", "--steps", "3", "--span", "2", "--out", out)
    assert call("traverse", run.path, *flags).code == 0
    code = model.encode(run.dataset().test.tensor(np.array([4])))
    spread = model.encode(run.dataset().validation.tensor()).numpy().std(axis=0)
    for place, scale in enumerate((-2, 0, 2)):
        moved = code + torch.tensor([0.0, scale * float(spread[1])])
        expected = model.decode(moved).numpy()[0]
        np.testing.assert_allclose(np.load(out)[0, place], expected, atol=1e-5)
    assert call("traverse", run.path).out == f"{run.path / 'traversal.png'}\n"


def test_samples_from_a_mixture_follow_it(call: Call, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "samples.npy"
    flags = ("--n", "7", "--mixture", "5", "--seed", "3", "--out", out)
    assert call("sample", run.path, *flags).code == 0
    codes = vk.code_mixture(run, 5).sample(7, seed=3)
    expected = run.model().decode(torch.from_numpy(codes).float()).numpy()
    np.testing.assert_allclose(np.load(out), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (("edit",), ["--attribute", "vaekit attributes"]),
        (("edit", "--attribute", "1", "2", "3"), ["--attribute", "one or two"]),
        (("edit", "--attribute", "lable=3"), ["lable=3", "did you mean label=3"]),
        (("edit", "--attribute", "Eyeglasses"), ["Eyeglasses", "label=0"]),
        (("edit", "--attribute", "3", "--scale", "0:1"), ["--scale", "0:1", "start:stop:count"]),
        (("edit", "--attribute", "3", "--scale", "inf"), ["--scale", "inf"]),
        (("edit", "--attribute", "3", "--scale", "0:1:0"), ["--scale"]),
        (("edit", "--attribute", "3", "--scale", "0:1:999999999999"), ["--scale", "2,500"]),
        (("edit", "--attribute", "3", "--scale", "1", "2"), ["--scale", "one value"]),
        (("edit", "--attribute", "3", "--rows", "180"), ["--rows", "0 to 179", "180"]),
        (("edit", "--attribute", "3", "--n", "0"), ["--n"]),
        (("edit", "--attribute", "3", "7", "--rows", "1", "2"), ["one --image"]),
        (("edit", "--attribute", "3", "--crop", "centre"), ["--crop", "--image"]),
        (("edit", "--attribute", "3", "--image", "nowhere.png"), ["nowhere.png"]),
        (("edit", "--attribute", "3", "--out", "strip.jpg"), ["--out", ".png"]),
        (("attributes", "--method", "mean"), ["--method", "means"]),
        (("traverse", "--dimensions", "2"), ["--dimensions", "0 to 1"]),
        (("traverse", "--steps", "1"), ["--steps"]),
        (("traverse", "--span", "0"), ["--span"]),
        (("traverse", "--crop", "none"), ["--crop", "--image"]),
        (("sample", "--mixture", "0"), ["--mixture"]),
    ],
)
def test_bad_input_is_named_and_nothing_is_drawn(
    call: Call, run: Run, arguments: tuple[str, ...], fragments: list[str]
) -> None:
    command, *flags = arguments
    answer = call(command, run.path, *flags)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    for fragment in fragments:
        assert fragment in answer.err
    assert not list(run.path.glob("*.png"))


def test_data_that_are_no_pictures_or_have_no_attributes_are_refused(
    call: Call, tmp_path: Path
) -> None:
    numbers = np.random.default_rng(0)
    for name, rows in {
        "vectors": numbers.normal(size=(60, 5)),
        "bare": numbers.random((60, 4, 4)).round(),
    }.items():
        np.save(tmp_path / f"{name}.npy", rows.astype(np.float32))
        flags = ("--root", tmp_path, "--name", name, "--latent", "2", "--hidden", "8", *BUDGET)
        assert call("train", "vae", tmp_path / f"{name}.npy", *flags).code == 0
    for command in (("edit", "--attribute", "a"), ("traverse",)):
        answer = call(command[0], tmp_path / "vectors", *command[1:])
        assert answer.code == 2
        assert "vectors was trained on data of shape (5,)" in answer.err
    for command in (("edit", "--attribute", "a"), ("attributes",)):
        answer = call(command[0], tmp_path / "bare", *command[1:])
        assert answer.code == 2
        assert "--attributes" in answer.err
