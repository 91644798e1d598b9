"""Bad input: one clear line, exit code 2, nothing created, nothing overwritten."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_calls import Answer, Call, contents
from PIL import Image

from vaekit.cli.output import table
from vaekit.runs import Run


def refused(answer: Answer, *fragments: str) -> None:
    """Check that an answer is a refusal in one line that names these."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    for fragment in fragments:
        assert fragment in answer.err


@pytest.mark.parametrize(
    ("flags", "fragments"),
    [
        (["--latent", "0"], ["--latent"]),
        (["--latent", "-3"], ["--latent"]),
        (["--epochs", "0"], ["--epochs"]),
        (["--batch-size", "-1"], ["--batch-size"]),
        (["--learning-rate", "0"], ["--learning-rate"]),
        (["--hidden", "0"], ["--hidden"]),
        (["--beta", "nan"], ["--beta"]),
        (["--epochs", "many"], ["--epochs", "whole number", "many"]),
        (["--device", "cuda:99"], ["--device"]),
        (["--lr-warmup", "50"], ["--lr-warmup"]),
        (["--patience", "3", "--validation", "0"], ["--patience"]),
        (["--data-seed", "-1"], ["--data-seed"]),
        (["--validation", "5000"], ["--validation"]),
        (["--latnt", "2"], ["--latnt", "--latent"]),
        (["--channels", "8"], ["--channels", "--net conv"]),
        (["--net", "cnv"], ["cnv", "conv"]),
        (["--likelihood", "gausian"], ["gausian", "gaussian"]),
        (["--name", "../elsewhere"], ["--name"]),
        (["--likelihood", "gaussian", "--scale", "0"], ["--scale"]),
        (["--lr", "0.1"], ["--lr", "did you mean --learning-rate?"]),
        (["--hidden", "16", "x"], ["--hidden takes whole numbers, not '16 x'"]),
        (["--condition"], ["--condition takes texts, and there are none"]),
        (["--device", "cuda:99"], ["--device cuda:99 is not to be had here: take cpu"]),
        (["--devices", "64000"], ["--devices must be", "64000"]),
    ],
)
def test_train_refuses_before_anything_is_made(
    call: Call, tmp_path: Path, flags: list[str], fragments: list[str]
) -> None:
    root = tmp_path / "runs"
    refused(call("train", "vae", "digits", "--root", root, "--no-progress", *flags), *fragments)
    assert list(tmp_path.rglob("*/*")) == []


def test_train_names_unknown_recipes_and_data(call: Call, tmp_path: Path) -> None:
    refused(call("train", "vea", "digits"), "vea", "did you mean vae?")
    refused(call("train", "vae", "digts"), "digts", "digits")
    refused(call("train", "vae"), "DATA")
    refused(call("train", "VAE", "digits"), "VAE", "did you mean vae?")
    refused(call("train", "digits", "vae"), "The recipe comes first", "vaekit train vae digits")
    refused(call("train", "vae", ""), "the source is empty")
    refused(call("train", "vq-vae", "digits", "--latent", "2"), "--latent here: `--help`")
    (tmp_path / "file").touch()
    root = ("--root", tmp_path / "file" / "runs")
    refused(call("train", "vae", "digits", *root, "--no-progress"), "No run can be made", "--root")
    refused(call("trian"), "train")
    refused(call("grid", "run"), "vaekit grid needs --rows: What changes down the grid.")
    refused(call("describe", "vae", "--shape", "1,0"), "--shape")


def test_data_outside_the_likelihoods_support_are_refused(call: Call, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(50, 4)))
    flags = ("--root", tmp_path / "runs", "--likelihood", "bernoulli", "--no-progress")
    answer = call("train", "vae", tmp_path / "rows.npy", *flags)
    refused(answer, "--likelihood bernoulli", "[0, 1]", "shared-gaussian")
    late = ("--likelihood", "shared-gaussian", "--root", tmp_path / "runs", "--initial", "-1")
    refused(call("train", "vae", tmp_path / "rows.npy", *late), "--initial")
    refused(call("train", "vae", tmp_path / "rows.npy", *late[2:]), "--initial")
    assert not (tmp_path / "runs").exists()


def test_an_existing_run_is_not_touched(call: Call, trained: Run) -> None:
    before = contents(trained.path)
    flags = ("--name", trained.name, "--root", trained.path.parent)
    refused(call("train", "ae", "digits", *flags), str(trained.path), "--name")
    assert contents(trained.path) == before


def test_existing_files_are_not_overwritten_unless_forced(
    call: Call, trained: Run, tmp_path: Path
) -> None:
    codes = tmp_path / "codes.npy"
    np.save(codes, np.zeros((3, 2), np.float32))
    for arguments in (
        ("sample", trained.path),
        ("reconstruct", trained.path),
        ("decode", trained.path, codes),
        ("encode", trained.path),
    ):
        out = tmp_path / "there.npy"
        out.write_bytes(b"mine")
        refused(call(*arguments, "--out", out), str(out), "--force")
        assert out.read_bytes() == b"mine"
        assert call(*arguments, "--out", out, "--force").code == 0
        assert np.load(out).dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["evaluate", "RUN", "--draws", "0"], ["--draws"]),
        (["evaluate", "RUN", "--limit", "0"], ["--limit"]),
        (["evaluate", "RUN", "--split", "tset"], ["--split", "test"]),
        (["figures", "RUN", "--limit", "-1"], ["--limit"]),
        (["sample", "RUN", "--n", "0"], ["--n"]),
        (["sample", "RUN", "--n", "2501"], ["--out", ".npy"]),
        (["sample", "RUN", "--temperature", "-1"], ["--temperature"]),
        (["sample", "RUN", "--out", "new.jpg"], ["--out", ".png"]),
        (["reconstruct", "RUN", "--n", "33"], ["--n", ".npy"]),
        (["reconstruct", "RUN", "run.json"], ["run.json"]),
        (["encode", "RUN", "rows.npy", "--out", "new.npy"], ["rows.npy", "(4,)", "(1, 8, 8)"]),
        (["encode", "RUN", "--out", "new.xlsx"], ["--out", ".parquet"]),
        (["decode", "RUN", "absent.npy"], ["absent.npy"]),
        (["decode", "RUN", "rows.npy"], ["rows.npy", "(n, 2)"]),
        (["decode", "RUN", "objects.npy"], ["objects.npy"]),
        (["decode", "RUN", "nan.npy"], ["nan.npy", "finite"]),
        (["decode", "RUN", "text.parquet"], ["text.parquet"]),
        (["decode", "RUN", "torn.json"], ["torn.json", "list of codes"]),
        (["decode", "RUN", "ragged.json"], ["ragged.json", "list of codes"]),
        (["decode", "RUN", "far.npy"], ["far.npy", "as large as 1e+308"]),
        (["explore", "smal"], ["smal", "small"]),
        (["explore", "RUN", "--no-browser", "--port", "70000"], ["--port", "65,535"]),
        (["explore", "RUN", "--no-browser", "--host", "203.0.113.7"], ["--host", "203.0.113.7"]),
        (["explore", "RUN", "--save", "page.png"], ["--save", ".html"]),
        (["explore", "RUN", "--save", "page.html"], ["page.html", "--save", "--force"]),
        (["traverse", "RUN", "--steps", "1000000000"], ["--steps must be from 2 to 1,000"]),
        (["interpolate", "RUN", "a.png", "a.png", "--steps", "1001"], ["--steps must be from 2"]),
        (["sample", "RUN", "--temperature", "1e39"], ["--temperature", "1e+39"]),
        (["decode", "RUN", "text.csv"], ["text.csv", "z0"]),
        (["decode", "RUN", "words.csv"], ["words.csv", "finite"]),
        (["resume", "RUN", "--epochs", "1"], ["--epochs"]),
        (["evaluate", "RUN", "--data", "rows.npy"], ["rows.npy", "(4,)", "(1, 8, 8)"]),
        (["resume", "RUN", "--data", "rows.npy"], ["These are not the data that"]),
        (["evaluate", "smal"], ["smal", "small"]),
        (["evaluate", "vae", "digits"], ["'digits'", "After RUN", "such as --data"]),
        (["sample", "RUN", "64"], ["'64'", "After RUN", "such as --n"]),
        (["interpolate", "RUN"], ["FIRST", "to start from"]),
        (["datasets", "mnist"], ["'mnist'", "vaekit datasets takes nothing"]),
        (["reproduce"], ["mnist or faces"]),
        (["resume", "."], ["not a run", "name or folder"]),
    ],
)
def test_commands_on_a_run_refuse(
    call: Call,
    trained: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    fragments: list[str],
) -> None:
    shutil.copytree(trained.path, tmp_path / "runs" / "small")
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.zeros((30, 4), np.float32))
    np.save("far.npy", np.full((2, 2), 1e308))
    Image.new("L", (8, 8)).save("a.png")
    np.save("objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save("nan.npy", np.full((2, 2), np.nan, np.float32))
    Path("text.parquet").write_text("no such thing")
    Path("text.csv").write_text("a,b\n1,2\n")
    Path("words.csv").write_text("id,z0,z1\na,1,b\n")
    Path("torn.json").write_text("[[1, 2")
    Path("ragged.json").write_text("[[1, 2], [3]]")
    Path("run.json").write_text("{}")
    Path("page.html").write_text("mine")
    before = contents(tmp_path)
    refused(call(*("small" if word == "RUN" else word for word in arguments)), *fragments)
    assert contents(tmp_path) == before


def test_codes_are_moved_no_further_than_numbers_go(
    call: Call, trained: Run, tmp_path: Path
) -> None:
    run, out = shutil.copytree(trained.path, tmp_path / "small"), tmp_path / "new.png"
    far = ("--out", out, "--attribute", "label=3", "--scale")
    refused(call("edit", run, *far, "1e308"), "--scale moves codes")
    refused(call("traverse", run, "--span", "1e308", "--out", out), "--span moves codes")
    wide = call("traverse", run, "--steps", "1000", "--out", tmp_path / "new.npy")
    assert wide.code == 0
    assert len(np.load(tmp_path / "new.npy")[0]) == 1000
    assert not out.exists()


@pytest.mark.parametrize(
    ("file", "content", "fragments"),
    [
        ("run.json", None, ["run.json"]),
        ("run.json", b'{"format": 1, "spec"', ["run.json"]),
        ("run.json", b'{"format": 1}', ["run.json", "spec"]),
        ("run.json", b'{"name": "other"}', ["run.json"]),
        ("run.json", b'{"format": 99}', ["run.json", "99"]),
        ("model.safetensors", b"", ["model.safetensors"]),
        ("model.safetensors", b"half", ["model.safetensors"]),
        ("model.safetensors", "checkpoint/state.safetensors", ["model.safetensors"]),
    ],
)
def test_a_damaged_run_is_named(
    call: Call,
    trained: Run,
    tmp_path: Path,
    file: str,
    content: bytes | str | None,
    fragments: list[str],
) -> None:
    run = tmp_path / "small"
    shutil.copytree(trained.path, run)
    if content is None:
        (run / file).unlink()
    else:
        foreign = isinstance(content, str)
        (run / file).write_bytes((run / content).read_bytes() if foreign else content)
    before = contents(run)
    refused(call("evaluate", run, "--limit", "5"), *fragments)
    refused(call("sample", run), *fragments)
    assert contents(run) == before


def test_a_plain_autoencoder_has_nothing_to_sample_from(call: Call, tmp_path: Path) -> None:
    flags = ("--root", tmp_path, "--epochs", "1", "--name", "plain", "--no-progress")
    assert call("train", "ae", "digits", *flags).code == 0
    before = contents(tmp_path)
    refused(call("sample", "plain", "--root", tmp_path), "prior", "vae")
    assert contents(tmp_path) == before


def test_no_name_moves_the_cursor(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "red\x1b[31m\udcff"
    refused(call("describe", name), r"red\x1b[31m\udcff")
    refused(call("train", "vae", tmp_path / name), r"red\x1b[31m\udcff")
    answer = call("train", "vae", tmp_path / name, "--help")
    assert answer.out.isascii()
    assert "\x1b" not in answer.out
    capsys.readouterr()
    table(("a\x1b[2J",), [("b\rc",)])
    assert [line.strip() for line in capsys.readouterr().out.split("\n")][::2] == [
        r"a\x1b[2J",
        r"b\rc",
    ]
