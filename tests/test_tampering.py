"""A run whose files were changed is used or refused in one sentence, and hides no other run."""

import contextlib
import copy
import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import vaekit as vk
from vaekit.cli import main
from vaekit.training import Training
from vaekit.training.history import KEY, STATE

VALUES = (None, "x", -1, 1e308, [], {}, True, 10**25, "DELETE", "DEEP")
Place = tuple[Any, ...]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> vk.Run:
    return vk.train(
        "vae",
        "digits",
        root=tmp_path_factory.mktemp("runs"),
        name="good",
        options={"latent": 2},
        net_options={"hidden": (8,)},
        data_options={"condition": ("label",)},
        training=Training(epochs=2, batch_size=256),
        progress=False,
    )


@pytest.fixture
def bad(good: vk.Run) -> Iterator[Path]:
    path = good.path.with_name("bad")
    shutil.copytree(good.path, path)
    yield path
    shutil.rmtree(path)


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Where something stands in nested JSON."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, each in inside:
        yield (*above, key)
        yield from places(each, (*above, key))


def changed(value: Any, place: Place, new: Any) -> str:
    whole = copy.deepcopy(value)
    part = whole
    for key in place[:-1]:
        part = part[key]
    if new == "DELETE":
        del part[place[-1]]
    else:
        part[place[-1]] = new
    return json.dumps(whole).replace('"DEEP"', "[" * 3000 + "]" * 3000)


def survives(path: Path) -> None:
    """Every use ends well or with BadInput; any other exception is the test's failure."""
    uses = (
        lambda: vk.open_run(path),
        lambda: vk.open_run(path).spec,
        lambda: vk.open_run(path).training,
        lambda: vk.open_run(path).state,
        lambda: vk.open_run(path).records(),
        lambda: vk.open_run(path).conditions,
        lambda: vk.open_run(path).model(),
        lambda: vk.open_run(path).dataset(progress=False),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for use in uses:
            with contextlib.suppress(vk.BadInput):
                use()
        assert "good" in {run.name for run in vk.list_runs(path.parent)}


def test_whatever_stands_in_its_configuration(good: vk.Run, bad: Path) -> None:
    config = json.loads((good.path / "run.json").read_text())
    tried = 0
    for number, place in enumerate(places(config)):
        for value in VALUES[number % 2 :: 2]:  # half of them here, the other half there
            (bad / "run.json").write_text(changed(config, place, value))
            survives(bad)
            tried += 1
    assert tried > 200
    for text in ("", "null", "[]", "[[[", "{}", "[" * 100_000):
        (bad / "run.json").write_text(text)
        survives(bad)


def test_a_shape_that_is_not_the_data_s_is_named(good: vk.Run, bad: Path) -> None:
    config = json.loads((good.path / "run.json").read_text())
    (bad / "run.json").write_text(changed(config, ("spec", "shape", 0), "DELETE"))
    with pytest.raises(vk.BadInput, match=r"run\.json: its `shape` \(8, 8\) is not that of"):
        vk.open_run(bad).dataset(progress=False)
    assert main(["evaluate", str(bad), "--draws", "1"]) == 2


def test_whatever_stands_in_its_log(
    good: vk.Run, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (good.path / "metrics.jsonl").read_text().splitlines()
    record = json.loads(lines[0])
    for place in places(record):
        for value in VALUES[:7]:
            text = changed(record, place, value)
            (bad / "metrics.jsonl").write_text(f"{text}\n{lines[1]}\n")
            survives(bad)
            assert main(["runs", "--root", str(bad.parent)]) == 0
            listed = capsys.readouterr().out
            assert "good" in listed
            assert "bad" in listed
    (bad / "metrics.jsonl").write_bytes(b"\xff\xfe\n")
    with pytest.raises(vk.BadInput, match=r"metrics\.jsonl is damaged: line 1 is no record"):
        vk.open_run(bad).records()
    (bad / "metrics.jsonl").write_text(lines[0] + "\n" + lines[1][:20])
    with pytest.raises(vk.BadInput, match=r"metrics\.jsonl is missing or shorter"):
        vk.open_run(bad).records()


def test_whatever_stands_in_its_checkpoint(good: vk.Run, bad: Path) -> None:
    with safe_open(good.path / STATE, "pt") as file:
        header = json.loads(file.metadata()[KEY])
        del header["digest"]  # as files from before there was one, or by a forger
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    headers = [
        (changed(header, place, value), tensors)
        for number, place in enumerate(places(header))
        for value in VALUES[number % 3 :: 3]
    ]
    others = [
        (json.dumps(header), {k: v for k, v in tensors.items() if k != name} | other)
        for name in tensors
        for other in ({}, {name: torch.zeros(3)})  # missing, and of another shape
    ]
    for text, kept in headers + others:
        shutil.rmtree(bad)
        shutil.copytree(good.path, bad)
        save_file(kept, bad / STATE, {KEY: text})
        survives(bad)
        with contextlib.suppress(vk.BadInput), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            vk.resume(bad, epochs=3, progress=False)
            assert kept is tensors, "a checkpoint with other tensors was trained on"


def test_a_finished_model_stays_until_a_longer_training_has_ended(good: vk.Run, bad: Path) -> None:
    before = (bad / "model.safetensors").read_bytes()
    run = vk.open_run(bad).with_epochs(5)
    assert not run.finished
    assert run.state == "interrupted at epoch 2/5"
    assert (bad / "model.safetensors").read_bytes() == before
    done = vk.resume(run, progress=False)
    assert done.finished
    assert vk.open_run(bad).state == "finished"
    assert len(done.records()) == 5
    assert (bad / "model.safetensors").read_bytes() != before
