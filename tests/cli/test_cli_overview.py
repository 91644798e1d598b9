"""What `train`, `resume` and `describe` say of data and model before anything is trained."""

from pathlib import Path

import numpy as np
import pytest
from cli_calls import Call
from PIL import Image

import vaekit as vk
from vaekit.workflow.overview import overview

FEW = ("--latent", "2", "--hidden", "8", "--epochs", "2", "--batch-size", "16")


def pictures(folder: Path, names: list[str]) -> Path:
    """Small grey pictures by these names."""
    random = np.random.default_rng(0)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (6, 6), np.uint8)).save(folder / name)
    return folder


def block(text: str) -> dict[str, str]:
    """The lines of a block by their names."""
    lines = [line.partition("  ") for line in text.splitlines()]
    return {name: words.strip() for name, gap, words in lines if gap}


def test_train_says_what_it_is_about_to_train(call: Call, tmp_path: Path) -> None:
    root = ("--root", tmp_path, "--name", "a")
    answer = call("train", "vae", "digits", *FEW, *root)
    assert answer.code == 0
    before, _, _ = answer.err.partition("epoch 1/2")
    data = vk.open_run("a", tmp_path).dataset()
    parts = {name: len(getattr(data, name)) for name in ("train", "validation", "test")}
    parameters = sum(each.numel() for each in vk.load("a", tmp_path).parameters())
    said = block(before)
    assert said["data"] == "digits, 1,797 images of 1 × 8 × 8"
    assert said["splits"] == ", ".join(f"{count:,} {name}" for name, count in parts.items())
    assert said["classes"] == "10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert said["model"] == f"vae, 2 latent dimensions, {parameters:,} parameters"
    assert said["network"] == "mlp, likelihood bernoulli"
    steps = -(-parts["train"] // 16)
    assert said["training"] == f"2 epochs of {steps} steps, 16 images a step"
    assert said["device"].startswith("cpu, ")
    assert "115 kB of data" in said["memory"]  # 1,797 rows of 64 bytes
    assert "in a step" in said["memory"]
    again = block(call("resume", "a", "--root", tmp_path, "--epochs", "3").err)
    assert again == said | {
        "training": f"3 epochs of {steps} steps, 16 images a step; 2 epochs done",
        **{key: again[key] for key in again.keys() - said.keys()},  # the lines of the epoch
    }
    described = block(call("describe", "a", "--root", tmp_path).out.partition("\n\n")[0])
    assert described == {key: said[key] for key in described}
    assert {"data", "splits", "classes", "model", "network", "memory"} == described.keys()


@pytest.mark.filterwarnings("default")  # the command shows them
def test_what_is_left_out_and_what_has_no_class_is_counted(call: Call, tmp_path: Path) -> None:
    names = [f"{kind}/{number:03}.png" for kind in ("cats", "dogs") for number in range(60)]
    folder = pictures(tmp_path / "photos", [*names, "stray.png"])
    (folder / "cats" / "000.png").write_bytes(b"no picture")
    table = tmp_path / "table.csv"
    rows = [f"{name},{number % 2}\n" for number, name in enumerate(names) if number % 40]
    table.write_text("file,old\n" + "".join(rows))
    flags = ("--root", tmp_path, "--name", "a", "--attributes", table, *FEW)
    said = block(call("train", "vae", folder, *flags).err)
    assert said["left out"] == "1 broken, 4 without a row in the table"
    assert said["attributes"] == "1: old"
    assert said["data"] == "photos, 117 images of 1 × 6 × 6"  # a broken one has no row, too
    pictures(folder, ["cats/000.png"])
    said = block(call("describe", "vae", "--data", folder).out)
    assert said["classes"] == "none, as 1 of 121 images lie in no folder: stray.png"
    (folder / "stray.png").unlink()
    assert block(call("describe", "vae", "--data", folder).out)["classes"] == "2: cats, dogs"


def test_many_classes_are_cut_and_rows_of_numbers_are_no_images(call: Call, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(90, 5)).astype(np.float32)
    data = vk.load_data(x, labels=[f"kind-{number % 30:02}" for number in range(90)])
    spec = vk.Spec("vae", data.shape, {"latent": 1}, kind=data.kind)
    said = block(overview(spec, spec.build()[0], data, step_bytes=2_000_000))
    assert said["data"] == "arrays, 90 rows of 5 numbers"
    assert said["classes"].startswith("30: kind-00, kind-01, ")
    assert said["classes"].endswith(", …")
    assert "1 latent dimension, " in said["model"]
    assert said["memory"] == "about 2 MB: 1.8 kB of data and 2 MB in a step"


@pytest.mark.filterwarnings("default")
def test_a_run_is_described_without_its_data(call: Call, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(40, 3)))
    flags = ("--root", tmp_path, "--name", "a", "--no-progress", *FEW)
    assert call("train", "vae", tmp_path / "rows.npy", *flags).code == 0
    (tmp_path / "rows.npy").unlink()
    answer = call("describe", "a", "--root", tmp_path)
    assert answer.code == 0
    assert answer.err.startswith("warning: ")
    assert "rows.npy" in answer.err
    assert "vae, 2 latent dimensions" in answer.out


def test_missing_weights_are_said_before_a_run_is_announced(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (data / "squeezenet").mkdir(parents=True)
    (data / "squeezenet" / "some.safetensors").write_bytes(b"")
    monkeypatch.setenv("VAEKIT_DATA", str(data))
    x = np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), np.uint8)
    np.save(tmp_path / "x.npy", x)
    answer = call("train", "dfc-vae", tmp_path / "x.npy", "--root", tmp_path / "runs")
    assert answer.code == 2
    assert answer.err.startswith("error: There are no weights of vgg19 here, but of squeezenet: ")
    assert "take --network squeezenet, or give --weights" in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()
