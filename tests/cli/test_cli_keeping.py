"""Nothing is lost: to two at once, a kill, a full disk, a removed folder, a bad run among good."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_calls import Call, contents

from vaekit.runs import Run, open_run

VAEKIT = (sys.executable, "-m", "vaekit")
LONG = ("vae", "digits", "--hidden", "16", "--latent", "2", "--epochs", "100000", "--no-progress")


def begun(folder: Path, name: str, *flags: str) -> subprocess.Popen[str]:
    """A training that has completed an epoch, and goes on."""
    process = subprocess.Popen(
        [*VAEKIT, "train", *LONG, "--name", name, *flags],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = folder / "runs" / name / "metrics.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size):
        time.sleep(0.01)
    return process


def test_a_run_in_training_is_left_alone_and_a_killed_one_goes_on(
    call: Call, tmp_path: Path
) -> None:
    process = begun(tmp_path, "live", "--checkpoint-seconds", "0")
    path = tmp_path / "runs" / "live"
    assert "training at epoch" in call("runs", "--root", path.parent).out
    for words in (
        ("resume", path),
        ("resume", path, "--epochs", "200000"),
        ("runs", "remove", path),
    ):
        refused = call(*words)
        assert refused.code == 2
        assert refused.err.startswith(f"error: {path} is being trained")
        assert refused.err.count("\n") == 1
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert open_run(path).state.startswith("interrupted at epoch")
    config = json.loads((path / "run.json").read_text())
    config["training"]["epochs"] = done = open_run(path).epochs + 2
    (path / "run.json").write_text(json.dumps(config))
    pair = [
        subprocess.Popen([*VAEKIT, "resume", path], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    heard = [process.communicate()[1] for process in pair]
    run = open_run(path)
    assert [record["epoch"] for record in run.records()] == list(range(1, done + 1)), heard
    assert run.state == "finished"
    for process, said in zip(pair, heard, strict=True):
        if process.returncode:  # otherwise it came when the other had ended
            assert process.returncode == 2
            assert "is being trained by process" in said


def test_a_folder_that_is_removed_ends_training_in_one_line(tmp_path: Path) -> None:
    process = begun(tmp_path, "gone", "--checkpoint-seconds", "0")
    path = tmp_path / "runs" / "gone"
    path.rename(tmp_path / "elsewhere")
    said = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 2
    assert said[-1].startswith("error: runs/gone was removed during training")
    assert not path.exists()


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from vaekit.cli import main
from vaekit.runs import open_run

subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "."], check=True)
flags = ["--hidden", "64", "--latent", "2", "--root", "disk", "--no-progress"]
import os
os.chdir(os.getcwd())  # onto the new disk
assert main(["train", "vae", "digits", "--epochs", "1", "--name", "a", *flags]) == 0
before = {path: path.read_bytes() for path in Path("disk").rglob("*") if path.is_file()}
model = Path("disk/a/model.safetensors").read_bytes()

def fill(room):
    with Path("fill").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
        file.truncate(file.tell() - room)

resume = ["resume", "a", "--root", "disk", "--epochs", "3", "--no-progress"]
fill(0)
assert main(resume) == 2
assert {path: path.read_bytes() for path in Path("disk").rglob("*") if path.is_file()} == before
assert open_run("disk/a").state == "finished"
fill(64 * 1024)  # for all but the next checkpoint
assert main(["sample", "a", "--root", "disk", "--n", "500", "--out", "x.npy"]) == 2
assert {path.name for path in Path().iterdir()} == {"disk", "fill"}
assert main(resume) == 2
assert Path("disk/a/model.safetensors").read_bytes() == model
assert open_run("disk/a").state == "interrupted at epoch 1/3"
assert main(["train", "vae", "digits", "--name", "b", *flags]) == 2
assert not Path("disk/b").exists()
Path("fill").unlink()
assert main(resume) == 0
assert open_run("disk/a").state == "finished"
assert len(open_run("disk/a").records()) == 3
"""


def test_a_full_disk_takes_nothing_that_was_there(tmp_path: Path) -> None:
    own = ("unshare", "--map-root-user", "--mount")  # where this process may mount a small disk
    tried = [*own, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(tried, capture_output=True).returncode:
        pytest.skip("needs a namespace of its own to mount a small disk in")
    done = subprocess.run(
        [*own, sys.executable, "-c", FULL_DISK], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 4, done.stderr
    assert errors[0].endswith("run.json (No space left on device): make room, then try again.")
    assert errors[1] == "error: x.npy cannot be written: No space left on device."
    assert "make room, then resume. The checkpoint of step" in errors[2]
    assert "make room, then train again. There is no checkpoint." in errors[3]


@pytest.fixture
def two(trained: Run, tmp_path: Path) -> Path:
    """A folder with two good runs, of which one may be damaged."""
    for name in ("good", "other"):
        shutil.copytree(trained.path, tmp_path / "runs" / name)
    return tmp_path / "runs"


@pytest.mark.filterwarnings("default")  # the command shows them, as lines
@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("run.json", lambda text: "{", "run.json cannot be read"),
        ("run.json", lambda text: text.replace('"epochs": 4', '"epochs": "four"'), "`epochs` must"),
        ("run.json", lambda text: text.replace('"batch_size"', '"batchsize"'), "'batchsize'"),
        ("metrics.jsonl", lambda text: text.replace('"step": 4', '"step": 5'), "is not what"),
        ("metrics.jsonl", lambda text: text[:-5], "metrics.jsonl is missing or shorter"),
    ],
)
def test_a_bad_run_is_named_and_hides_no_other(  # type: ignore[no-untyped-def]
    call: Call, two: Path, name: str, change, named: str
) -> None:
    path = two / "other" / name
    path.write_text(change(path.read_text()))
    found = call("runs", "--root", two)
    assert found.code == 0
    assert "good" in found.out
    said = " ".join((found.out + found.err).split())
    assert named.replace("`epochs`", "--epochs") in said or named in said
    listed = {each["name"]: each for each in json.loads(call("runs", "--root", two, "--json").out)}
    assert listed["good"]["state"] == "finished"


def test_runs_as_json(call: Call, two: Path, trained: Run) -> None:
    first, second = json.loads(call("runs", "--json", "--root", two).out)
    losses = [record["validation"]["loss"] for record in trained.records()]
    assert {first["name"], second["name"]} == {"good", "other"}
    assert first["recipe"] == "vae"
    assert first["state"] == "finished"
    assert first["epochs"] == first["wanted"] == len(losses) == 4
    assert first["loss"] == losses[-1]
    assert first["best"] == min(losses) == losses[first["best_epoch"] - 1]
    assert json.loads(call("runs", "--json", "--root", two / "nowhere").out) == []


def test_runs_are_removed_all_or_none(call: Call, two: Path) -> None:
    before = contents(two)
    (two / "link").symlink_to(two / "good")
    for names, problem in (
        (("good", "oter"), "did you mean other"),
        (("good", two), "is not a run"),
        (("link",), "is a link"),
        ((), "needs NAMES"),
    ):
        refused = call("runs", "remove", *names, "--root", two)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert problem in refused.err
    (two / "link").unlink()
    assert contents(two) == before
    assert call("runs", "remove", "good", two / "other", "good", "--root", two).code == 0
    assert list(two.iterdir()) == []


def test_runs_are_compared_in_a_table_and_a_figure(call: Call, two: Path, tmp_path: Path) -> None:
    flags = ("--epochs", "2", "--batch-size", "32", "--no-progress", "--root", two)
    assert call("train", "beta-vae", "digits", "--latent", "3", *flags, "--name", "third").code == 0
    found = call("runs", "compare", "good", "third", "--root", two)
    assert found.code == 0
    table = {line[:30].strip(): line[30:].split() for line in found.out.splitlines()}
    assert table["recipe"] == ["vae", "beta-vae"]
    assert table["latent"] == ["2", "3"]
    assert table["beta"] == ["1.0", "4.0"]
    assert "binarise" not in table
    runs = [open_run(name, two) for name in ("good", "third")]
    counts = [sum(p.numel() for p in run.model().parameters()) for run in runs]
    assert table["parameters"] == [f"{count:,}" for count in counts]
    for term in ("distortion", "rate", "elbo"):
        last = [run.records()[-1]["validation"][term] for run in runs]
        shown = [float(value.replace(",", "")) for value in table[f"{term} (nats)"]]
        assert shown == pytest.approx(last, rel=0.03, abs=0.005)
    assert (two / "comparison.png").stat().st_size > 10_000
    told = call("runs", "compare", "good", "third", "--json", "--root", two).out
    assert json.loads(told)["third"]["parameters"] == counts[1]
    out = tmp_path / "mine.png"
    out.write_bytes(b"mine")
    assert call("runs", "compare", "good", "third", "--root", two, "--out", out).code == 2
    assert out.read_bytes() == b"mine"
    assert call("runs", "compare", "good", "--root", two).code == 2


@pytest.mark.skipif(os.name != "posix", reason="needs permissions")
def test_weights_that_may_not_be_read_are_not_called_missing(call: Call, two: Path) -> None:
    path = two / "good" / "model.safetensors"
    path.chmod(0)
    everyone = os.geteuid()
    if everyone == 0:  # who may read anything
        os.seteuid(65534)
    try:
        found = call("sample", two / "good", "--out", two / "x.png")
    finally:
        os.seteuid(everyone)
    assert found.code == 2
    assert "Permission denied" in found.err
    assert "missing" not in found.err
