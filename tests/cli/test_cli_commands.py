"""Commands on a trained run agree with the library, and write what they say."""

import json
import math
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_calls import BUDGET, Call, contents
from PIL import Image
from pyarrow import csv, parquet

import vaekit as vk
from vaekit.cli import COMMANDS
from vaekit.figures import pairs, png
from vaekit.runs import Run


def is_png(path: Path) -> bool:
    with Image.open(path) as picture:
        picture.load()
        return picture.format == "PNG"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(call: Call, name: str) -> None:
    answer = call(name, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: vaekit {name}")
    assert answer.err == ""


def test_help_is_had_either_way(call: Call) -> None:
    for words in (("help", "sample"), ("--help", "sample")):
        assert call(*words) == call("sample", "--help")


def test_default_files_get_the_next_free_number(call: Call, trained: Run, tmp_path: Path) -> None:
    run = shutil.copytree(trained.path, tmp_path / "small")
    names = [Path(call("sample", run, "--n", "4").out.strip()).name for _ in range(3)]
    assert names == ["samples.png", "samples-2.png", "samples-3.png"]
    assert all((run / name).is_file() for name in names)
    assert call("sample", run, "--n", "4", "--force").out == f"{run / 'samples.png'}\n"
    assert call("traverse", run, "--dimensions", "1,0").code == 0  # commas are as good as spaces


def test_a_value_and_its_error_have_as_many_decimals(call: Call, trained: Run) -> None:
    for line in call("evaluate", trained.path, "--draws", "3", "--limit", "50").out.splitlines():
        if found := re.search(r"(-?[\d,]+)\.(\d+) +± ([\d,]+)\.(\d+)", line):
            assert len(found[2]) == len(found[4]) >= 2, line
            assert float(f"0.{found[4]}") + float(found[3]) > 0, (
                line
            )  # not all of it is rounded off


def test_train_stores_what_was_given_and_says_what_is_next(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    flags = ("--likelihood", "shared-gaussian", "--initial", "0.3", "--beta", "2")
    data = ("--validation", "100", "--data-seed", "7", "--crop", "none")
    answer = call("train", "vae", "digits", "--root", root, *flags, *data, *BUDGET)
    assert (answer.code, answer.err) == (0, "")
    run = vk.open_run("vae-digits-1", root)
    assert run.spec.options == {"beta": 2.0}
    assert (run.spec.net, run.spec.net_options) == ("mlp", {})
    assert run.spec.likelihood_options == {"initial": 0.3}
    assert run.data["options"] == {"validation": 100, "seed": 7, "crop": "none"}
    assert run.training == vk.Training(epochs=4, batch_size=32, learning_rate=0.003)
    assert len(run.dataset().validation) == 100
    assert run.state == "finished"
    for line in ("epoch 4, validation loss", f"vaekit figures {run.path}", str(run.path)):
        assert line in answer.out


def test_a_net_of_the_datas_shape_takes_its_own_flags(call: Call, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(120, 5)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    flags = ("--root", tmp_path / "runs", "--latent", "2", "--hidden", "8", "--minimum", "0.01")
    answer = call("train", "vae", tmp_path / "rows.npy", *flags, *BUDGET)
    assert (answer.code, answer.err) == (0, "")
    run = vk.open_run("vae-rows-1", tmp_path / "runs")
    assert run.spec.net_options == {"hidden": (8,)}
    assert run.spec.likelihood == "shared-gaussian"
    assert run.spec.likelihood_options == {"minimum": 0.01}
    assert call("sample", run.path, "--n", "7").code == 0
    assert np.load(run.path / "samples.npy").shape == (7, 5)


def test_train_help_lists_the_options_that_apply_and_no_others(call: Call) -> None:
    text = call("train", "vae", "digits", "--help").out
    for flag in ("--free-bits", "--hidden", "--epochs", "--binarise", "--name"):
        assert flag in text
    for flag in ("--channels", "--scale", "--minimum"):
        assert flag not in text
    text = call("train", "ae", "digits", "--net", "conv", "--likelihood=gaussian", "--help").out
    assert "--channels" in text
    assert "--scale" in text
    assert "--beta" not in text
    assert "--hidden [" not in text


def test_resume_of_a_finished_run_says_so_and_more_epochs_train_on(
    call: Call, tmp_path: Path
) -> None:
    budget = ("--no-progress", "--root", tmp_path)
    assert call("train", "ae", "digits", "--epochs", "1", "--name", "a", *budget).code == 0
    before = contents(tmp_path)
    assert "a is finished" in call("resume", "a", *budget).out
    assert contents(tmp_path) == before
    assert call("resume", "a", "--epochs", "2", *budget).code == 0
    assert call("train", "ae", "digits", "--epochs", "2", "--name", "b", *budget).code == 0
    for name in ("model.safetensors", "metrics.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_evaluate_anneals_where_it_is_asked_to(call: Call, trained: Run) -> None:
    quick = ("evaluate", trained.path, "--limit", "3", "--draws", "50")
    ways = ("--bound", "ais", "--steps", "20", "--chains", "4")
    found = json.loads(call(*quick, *ways, "--json").out)
    assert found["annealed"]["unit"] == "nats"
    assert found["annealed"]["value"] < found["binarised_elbo"]["value"] + 30
    again = json.loads(call(*quick, *ways, "--json").out)
    assert again == found
    assert "annealed" not in json.loads(call(*quick, "--json").out)
    assert "bound by annealing" in call(*quick, *ways).out
    for flags, words in (
        (("--steps", "20"), "--steps is of annealing: add --bound ais"),
        (("--bound", "ais", "--chains", "0"), "--chains must be 1 or more"),
        (("--bound", "iwae"), "--bound takes one of weighted, ais"),
    ):
        answer = call(*quick, *flags)
        assert answer.code == 2
        assert words in answer.err


def test_evaluate_prints_what_the_library_measures(call: Call, trained: Run) -> None:
    flags = (trained.path, "--draws", "5", "--limit", "60")
    numbers = json.loads(call("evaluate", *flags, "--json").out)
    found = vk.evaluate(trained.model(), trained.dataset().test, draws=5, limit=60)
    assert found.elbo is not None
    assert numbers["points"] == 60
    assert math.isclose(numbers["elbo"]["value"], found.elbo.value, rel_tol=1e-6)
    assert numbers["elbo"]["unit"] == "nats"
    table = call("evaluate", *flags).out
    assert f"{found.elbo.value:.2f}" in table
    assert "±" in table


def test_codes_are_the_models_and_decode_to_its_reconstructions(
    call: Call, trained: Run, tmp_path: Path
) -> None:
    model, test = trained.model(), trained.dataset().test
    files = {end: tmp_path / f"codes.{end}" for end in ("npy", "parquet", "csv")}
    for path in files.values():
        assert call("encode", trained.path, "--out", path).out == f"{path}\n"
    codes = model.encode(test.tensor()).numpy()
    assert np.array_equal(np.load(files["npy"]), codes)
    assert test.labels is not None
    for rows in (parquet.read_table(files["parquet"]), csv.read_csv(files["csv"])):
        assert rows.column_names == ["id", "label", "label_name", "z0", "z1"]
        assert np.array_equal(rows["label"].to_numpy(), test.labels)
        assert list(map(str, rows["label_name"].to_pylist())) == list(map(str, test.labels))
        found = np.stack([rows["z0"], rows["z1"]], 1).astype(np.float32)
        assert np.array_equal(found, codes)  # to the last bit, as text too
    for end, path in files.items():
        assert call("decode", trained.path, path, "--out", tmp_path / f"{end}.npy").code == 0
    decoded = np.load(tmp_path / "npy.npy")
    (tmp_path / "codes.json").write_text(json.dumps(codes.tolist()))
    written = tmp_path / "json.npy"
    assert call("decode", trained.path, tmp_path / "codes.json", "--out", written).code == 0
    for end in ("parquet", "csv", "json"):
        assert np.array_equal(decoded, np.load(tmp_path / f"{end}.npy"))
    assert np.allclose(decoded, model.reconstruct(test.tensor()).numpy(), atol=1e-6)
    picture = tmp_path / "decoded.png"
    assert call("decode", trained.path, files["npy"], "--out", picture).code == 0
    assert is_png(picture)


def test_tables_of_codes_name_the_classes(call: Call, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for place in ("Greek/alpha", "Greek/beta", "Tifinagh/ya"):
        (tmp_path / "set" / place).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 2, (8, 8), np.uint8) * 255
            Image.fromarray(pixels).save(tmp_path / "set" / place / f"{number}.png")
    made = ("--label-depth", "2", "--name", "a", "--root", tmp_path, "--epochs", "1")
    assert call("train", "vae", tmp_path / "set", *made, "--no-progress").code == 0
    for ending in ("parquet", "csv"):
        path = tmp_path / f"codes.{ending}"
        assert call("encode", tmp_path / "a", "--split", "all", "--out", path).code == 0
    table = parquet.read_table(tmp_path / "codes.parquet")
    # A category in pandas, whose codes are the labels.
    names = table["label_name"].combine_chunks()
    assert names.dictionary.to_pylist() == ["Greek/alpha", "Greek/beta", "Tifinagh/ya"]
    assert names.indices.to_pylist() == table["label"].to_pylist()
    text = csv.read_csv(tmp_path / "codes.csv")
    assert text["label_name"].to_pylist() == table["label_name"].to_pylist()
    for id_, name in zip(text["id"].to_pylist(), text["label_name"].to_pylist(), strict=True):
        assert id_.startswith(f"{name}/")


def test_all_splits_are_encoded_with_ids_that_differ(
    call: Call, trained: Run, tmp_path: Path
) -> None:
    path = tmp_path / "codes.parquet"
    assert call("encode", trained.path, "--split", "all", "--out", path).code == 0
    ids = parquet.read_table(path)["id"].to_pylist()
    assert len(ids) == len(set(ids)) == 1797


def test_other_data_are_encoded_as_the_runs_own(call: Call, trained: Run, tmp_path: Path) -> None:
    few = trained.dataset().test.take(slice(0, 12))
    np.save(tmp_path / "few.npy", few.x)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row, image in enumerate(few.x):
        Image.fromarray(image[0]).save(folder / f"{row:02}.png")
    codes = trained.model().encode(few.tensor()).numpy()
    for data, ids in (("few.npy", None), ("pictures", [f"{row:02}.png" for row in range(12)])):
        out = tmp_path / f"{data}.parquet"
        assert call("encode", trained.path, tmp_path / data, "--out", out).code == 0
        rows = parquet.read_table(out)
        assert rows.column_names == ["id", "z0", "z1"]
        found = dict(zip(rows["id"].to_pylist(), rows["z0"].to_pylist(), strict=True))
        assert sorted(found.values()) == pytest.approx(sorted(codes[:, 0].tolist()), abs=1e-5)
        if ids is not None:
            assert [found[id_] for id_ in ids] == pytest.approx(codes[:, 0].tolist(), abs=1e-5)


def test_image_files_are_reconstructed_as_the_rows_they_hold(
    call: Call, trained: Run, tmp_path: Path
) -> None:
    test = trained.dataset().test
    paths = [tmp_path / f"{row}.png" for row in (3, 1)]
    for row, path in zip((3, 1), paths, strict=True):
        Image.fromarray(test.x[row][0]).save(path)
    out = tmp_path / "out.npy"
    assert call("reconstruct", trained.path, *paths, "--out", out).code == 0
    expected = trained.model().reconstruct(test.tensor(np.array([3, 1])))
    assert np.allclose(np.load(out), expected.numpy(), atol=1e-6)
    assert call("reconstruct", trained.path, "--n", "5", "--out", tmp_path / "p.png").code == 0
    found = vk.reconstruct(trained, n=5, spread=True)
    title = f"{trained.name}: 5 test rows of digits, reconstructed"
    assert (tmp_path / "p.png").read_bytes() == png(pairs(*found, title=title))


def test_samples_follow_their_seed_and_the_prior(call: Call, trained: Run, tmp_path: Path) -> None:
    def samples(name: str, *flags: str) -> "np.ndarray":
        path = tmp_path / f"{name}.npy"
        assert call("sample", trained.path, "--n", "9", "--out", path, *flags).code == 0
        return np.load(path)

    first = samples("a")
    generator = torch.Generator().manual_seed(0)
    assert np.array_equal(first, trained.model().sample(9, generator=generator).numpy())
    assert not np.array_equal(first, samples("b", "--seed", "1"))
    cold = samples("c", "--temperature", "0")
    assert np.array_equal(cold, np.broadcast_to(cold[:1], cold.shape))


def test_figures_and_listings_name_the_run(call: Call, trained: Run) -> None:
    paths = [Path(line) for line in call("figures", trained.path, "--limit", "100").out.split()]
    assert {path.suffix for path in paths} == {".png", ".svg"}
    assert all(path.is_file() and path.parent == trained.path / "figures" for path in paths)
    listing = call("runs", "--root", trained.path.parent).out
    assert "small" in listing
    assert "finished" in listing
    assert "4/4" in listing


def test_describe_is_the_same_before_and_after_training(call: Call, trained: Run) -> None:
    after = call("describe", trained.path).out
    flags = ("--shape", "1,8,8", "--latent", "2", "--hidden", "64", "32")
    before = call("describe", "vae", "--data", "digits", *flags[2:]).out
    kept = [
        [line for line in text.splitlines() if "in a step" not in line] for text in (before, after)
    ]
    assert kept[0] == kept[1]  # but for the step's memory: batches are of another size
    for shown in (call("describe", "vae", *flags).out, after):
        about, layers = shown.split("\n\n", 1)
        assert layers == after.split("\n\n", 1)[1]
        assert f"vae, 2 latent dimensions, {12_740:,} parameters" in about
    assert "64 × 32" not in after
    # 64·64 + 64, 64·32 + 32; heads 32·4 + 4; back 2·32 + 32, 32·64 + 64, 64·64 + 64
    assert f"{4160 + 2080 + 132 + 96 + 2112 + 4160:,} parameters" in after


def test_recipes_and_datasets_are_listed(call: Call) -> None:
    listing = call("recipes").out
    assert "beta-vae" in listing
    assert "https://arxiv.org/abs/1312.6114" in listing
    assert "--free-bits" in call("recipes", "vae").out
    assert "fashion-mnist" in call("datasets").out


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_names_of_any_bytes_are_encoded_and_shown(call: Call, trained: Run, tmp_path: Path) -> None:
    data = tmp_path / "pictures"
    few = trained.dataset().test.take(slice(0, 60))
    for row, image in enumerate(few.x):
        folder = data / os.fsdecode(b"class\xe9%d" % (row % 2))
        folder.mkdir(exist_ok=True, parents=True)
        Image.fromarray(image[0]).save(folder / os.fsdecode(b"\xff\x1b%02d.png" % row))
    assert call("encode", trained.path, data, "--out", tmp_path / "codes.parquet").code == 0
    ids = parquet.read_table(tmp_path / "codes.parquet")["id"].to_pylist()
    assert sorted(ids)[0] == "class\\xe90/\\xff\x1b00.png"
    flags = ("--name", "odd", "--root", tmp_path / "runs", "--image-size", "8")
    assert call("train", "vae", data, "--latent", "2", *flags, *BUDGET).code == 0
    assert call("figures", tmp_path / "runs" / "odd", "--limit", "50").code == 0
    assert r"class\xe91" in call("attributes", tmp_path / "runs" / "odd").out


def test_vectors_are_written_as_a_table(call: Call, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    root = ("--root", tmp_path)
    flags = ("--latent", "2", "--hidden", "8", "--epochs", "1", "--name", "v", "--no-progress")
    assert call("train", "vae", tmp_path / "rows.npy", *flags, *root).code == 0
    for ending in ("csv", "npy"):
        out = tmp_path / f"samples.{ending}"
        assert call("sample", "v", "--n", "7", "--out", out, *root).code == 0
    lines = (tmp_path / "samples.csv").read_text().splitlines()
    assert lines[0] == '"x0","x1","x2"'
    written = np.array([line.split(",") for line in lines[1:]], np.float32)
    np.testing.assert_array_equal(written, np.load(tmp_path / "samples.npy"))
    refused = call("sample", "v", "--out", tmp_path / "s.png", *root)
    assert refused.code == 2
    assert "write .npy or .csv" in refused.err
