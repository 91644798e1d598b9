"""Codes under every value of what a model is told, from Python and by command."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import vaekit as vk
from vaekit.cli import main
from vaekit.data import Dataset, Split, load
from vaekit.data.conditions import conditions
from vaekit.runs import Run

TURNS = 8


def trained(root: Path, recipe: str, dataset: Dataset, **options: bool) -> Run:
    return vk.train(
        recipe,
        dataset,
        name=recipe,
        root=root,
        options={"latent": 3, **options},
        net_options={"hidden": (32,)},
        training=vk.Training(epochs=2, batch_size=32),
        progress=False,
    )


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A conditional VAE of digits by label, told by the command."""
    root = tmp_path_factory.mktemp("runs")
    flags = ["--condition", "class", "--latent", "3", "--hidden", "32", "--epochs", "2"]
    flags += ["--name", "told", "--root", str(root), "--no-progress", "--batch-size", "32"]
    assert main(["train", "cvae", "digits", *flags]) == 0
    return vk.open_run(root / "told")


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Digits turned by quarters, told by label and angle."""
    whole = load("digits")
    turns = np.arange(len(whole.train)) % 4
    x = np.stack([np.rot90(x, turn, (1, 2)) for x, turn in zip(whole.train.x, turns, strict=True)])
    table = whole.train.table | {"angle": turns * 90}
    train = Split(x, table)
    rest = {name: train.take(slice(start, start + 200)) for name, start in _STARTS.items()}
    dataset = Dataset("turned", "image", train, **rest, fingerprint="", label_names=_NAMES)
    told = conditions(["label", "angle:angle"], table, _NAMES)
    return trained(tmp_path_factory.mktemp("runs"), "vae", dataset.told(told))


_STARTS = {"validation": 0, "test": 200}
_NAMES = tuple("0123456789")


def test_rows_are_the_classes_and_a_column_is_one_code(digits: Run) -> None:
    found = vk.grid(digits, "label", n=4, seed=3)
    assert found.pictures.shape == (10, 4, 1, 8, 8)
    assert (found.down, found.across) == ("label", "code")
    assert (found.rows, found.columns) == (tuple("0123456789"), ("1", "2", "3", "4"))
    assert found.originals is None
    for row in (0, 7):
        expected = vk.sample(digits, 4, given={"class": row}, seed=3)
        np.testing.assert_allclose(found.pictures[row], expected, atol=1e-6)
    turned = vk.grid(digits, "code", {"class": [7, "0"]}, n=4, seed=3)
    np.testing.assert_array_equal(turned.pictures, found.pictures[[7, 0]].swapaxes(0, 1))
    assert turned.columns == ("7", "0")


def test_codes_of_data_keep_what_is_not_changed(turned: Run) -> None:
    found = vk.grid(turned, {"angle": range(0, 360, 45)}, codes="data", n=5)
    rows = turned.dataset().validation.batch(slice(0, 5))
    assert found.originals is not None
    np.testing.assert_array_equal(found.originals, rows.x.numpy())
    model = turned.model()
    assert rows.context is not None
    quarter = torch.tensor([1.0, 0.0]).expand(5, 2)
    told = torch.cat([rows.context[:, :10], quarter], 1)
    expected = model.decode(model.encode(rows), told)
    np.testing.assert_allclose(found.pictures[2], expected, atol=1e-5)
    other = vk.grid(turned, "angle", codes="data", n=TURNS, given={"label": 3})
    assert other.rows == tuple(str(n * 45) for n in range(TURNS))
    both = vk.grid(turned, "label", "angle", codes="data", n=TURNS)
    assert both.pictures.shape == (10, TURNS, 1, 8, 8)
    np.testing.assert_allclose(both.pictures[3, 2], other.pictures[2, 0], atol=1e-6)


def test_a_picture_is_read_as_what_it_is_and_shown_as_others(turned: Run, tmp_path: Path) -> None:
    Image.fromarray(np.asarray(turned.dataset().train.x[4][0])).save(tmp_path / "me.png")
    is_ = {"label": 4, "angle": 0}
    found = vk.grid(turned, "label", {"angle": [0.0, 90.0]}, image=tmp_path / "me.png", given=is_)
    again = vk.reconstruct(turned, [tmp_path / "me.png"], given=is_)
    np.testing.assert_allclose(found.pictures[4, 0], again.reconstructions[0], atol=1e-6)
    assert found.columns == ("0", "90")
    with pytest.raises(vk.BadInput, match="`given` lacks a value for angle"):
        vk.grid(turned, "label", image=tmp_path / "me.png", given={"label": 4})


def test_some_of_what_data_are_told_can_be_changed(turned: Run) -> None:
    own, other = (
        vk.reconstruct(turned, split="test", n=6, given=given) for given in (None, {"angle": 90})
    )
    batch, model = turned.dataset().test.batch(slice(0, 6)), turned.model()
    assert batch.context is not None
    told = torch.cat([batch.context[:, :10], torch.tensor([1.0, 0.0]).expand(6, 2)], 1)
    np.testing.assert_allclose(
        other.reconstructions, model.decode(model.encode(batch), told), atol=1e-5
    )
    np.testing.assert_allclose(own.reconstructions, model.reconstruct(batch), atol=1e-5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda run: vk.grid(run, "lable"), "`rows`: there is no column 'lable': did you mean"),
        (lambda run: vk.grid(run, "label", "class"), "are both label"),
        (lambda run: vk.grid(run, "code"), "are both code"),
        (lambda run: vk.grid(run, "label", given={"label": 3}), "`given` has label, which changes"),
        (lambda run: vk.grid(run, "label", given={"size": 3}), "is told label, not 'size'"),
        (lambda run: vk.grid(run, {"label": ["12"]}), "Training saw no label '12'"),
        (lambda run: vk.grid(run, {"label": []}), "`rows` takes one column and at least one value"),
        (lambda run: vk.grid(run, "label", n=0), "`n` must be 1 or more"),
        (lambda run: vk.grid(run, "label", codes="mean"), "`codes` must be prior or data"),
        (lambda run: vk.grid(run, "label", temperature=-1), "`temperature` must be from zero"),
        (lambda run: vk.sample(run, mixture=3, given={"label": 3}), "`mixture`: the prior of told"),
    ],
)
def test_grids_that_make_no_sense_are_refused(ask: object, message: str, digits: Run) -> None:
    assert callable(ask)
    with pytest.raises(vk.BadInput, match=message):
        ask(digits)


def test_the_command_writes_what_the_library_gives(
    digits: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, flags = tmp_path / "grid.npy", ["--rows", "class=3,7", "--n", "4", "--seed", "2"]
    assert main(["grid", str(digits.path), *flags, "--out", str(out)]) == 0
    found = vk.grid(digits, {"label": ["3", "7"]}, n=4, seed=2)
    np.testing.assert_array_equal(np.load(out), found.pictures)
    assert main(["grid", str(digits.path), "--rows", "code", "--columns", "label"]) == 0
    assert main(["grid", str(digits.path), "--rows", "label", "--codes", "data", "--force"]) == 0
    with Image.open(digits.path / "grid.png") as shown:
        assert shown.width > 400
    capsys.readouterr()
    assert main(["grid", str(digits.path), "--rows", "label=12", "--force"]) == 2
    assert capsys.readouterr().err == "error: Training saw no label '12': did you mean 2?\n"


def test_a_run_that_is_told_nothing_has_no_grid(tmp_path: Path) -> None:
    run = trained(tmp_path, "vae", load("digits"))
    with pytest.raises(vk.BadInput, match="`rows`: vae was trained without a condition"):
        vk.grid(run, "label")
