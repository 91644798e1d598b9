"""Run directories: what goes in comes out, and nothing is overwritten or believed blindly."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vaekit as vk
from vaekit.errors import BadInput
from vaekit.runs import Run, create, list_runs, open_run

BUDGET = vk.Training(epochs=2, batch_size=64)
DATA = {"name": "digits", "source": "digits", "options": {}, "fingerprint": "f"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small convolutional VAE on digits; tests leave it as it is."""
    return vk.train(
        "vae",
        "digits",
        root=tmp_path_factory.mktemp("runs"),
        net="conv",
        options={"latent": 3},
        net_options={"channels": (8, 16), "kernel": 3},
        data_options={"validation": 0.2},
        training=BUDGET,
        progress=False,
    )


@pytest.fixture
def copied(trained: Run, tmp_path: Path) -> Run:
    """The same run, to be damaged."""
    shutil.copytree(trained.path, tmp_path / "copied")
    return open_run(tmp_path / "copied")


def test_a_run_gives_back_what_it_was_made_of(trained: Run) -> None:
    run = open_run(trained.path)
    assert run.name == "vae-digits-1"
    options = {"latent": 3}, "conv", {"channels": (8, 16), "kernel": 3}
    assert run.spec == vk.Spec("vae", (1, 8, 8), *options)
    assert run.training == BUDGET
    assert run.config == trained.config
    assert run.state == "finished"
    assert [record["epoch"] for record in run.records()] == [1, 2]
    assert len(run.dataset().validation) == round(1797 * 0.2)
    assert sorted(run.config) == [
        "created",
        "data",
        "format",
        "seed",
        "spec",
        "training",
        "versions",
    ]


def test_a_loaded_model_is_the_trained_one(trained: Run) -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    model = vk.load(trained.path)
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training
    stored = load_file(trained.path / "model.safetensors")
    weights = model.state_dict()
    assert weights.keys() == stored.keys()
    assert all(torch.equal(weights[name], stored[name]) for name in stored)
    kernels = [weight for weight in model.encoder.parameters() if weight.ndim == 4]
    assert kernels
    for kernel in kernels:
        assert kernel.is_contiguous(memory_format=torch.channels_last)
    losses = [record["validation"]["elbo"] for record in trained.records()]
    found = vk.evaluate(model, trained.dataset().validation, draws=20)
    assert found.elbo is not None
    assert abs(found.elbo.value - losses[-1]) < 1


def test_names_are_made_up_and_never_reused(tmp_path: Path) -> None:
    spec = vk.Spec("vae", (1, 8, 8))
    for number in (1, 2):
        run = create(tmp_path, None, spec, DATA | {"name": "my data"}, BUDGET)
        assert run.name == f"vae-my-data-{number}"
    assert run.state == "empty"
    assert run.records() == []
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    with pytest.raises(BadInput, match="vae-my-data-1 already"):
        create(tmp_path, "vae-my-data-1", spec, DATA, BUDGET)
    for name in ("", "..", "a/b", "-a", ".hidden", "a b"):
        with pytest.raises(BadInput, match="`name`"):
            create(tmp_path, name, spec, DATA, BUDGET)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
    assert len(list(tmp_path.iterdir())) == 2


def test_runs_are_found_by_name_and_path_and_the_nearest_is_suggested(trained: Run) -> None:
    root = trained.path.parent
    assert open_run("vae-digits-1", root).path == trained.path
    with pytest.raises(BadInput, match="did you mean vae-digits-1"):
        open_run("vae-digit-1", root)
    with pytest.raises(BadInput, match=r"did you mean .*vae-digits-1"):
        open_run(root / "vae-digits-7")
    with pytest.raises(BadInput, match="vaekit train"):
        open_run("any", root / "nowhere")
    with pytest.raises(BadInput, match=r"no run\.json"):
        open_run(root)


def test_runs_are_listed_and_damaged_ones_are_named(trained: Run, tmp_path: Path) -> None:
    assert [run.path for run in list_runs(trained.path.parent)] == [trained.path]
    assert list_runs(tmp_path / "nowhere") == []
    shutil.copytree(trained.path, tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")
    with pytest.warns(UserWarning, match=r"bad.run\.json"):
        assert [run.name for run in list_runs(tmp_path)] == ["good"]


def test_before_its_end_a_run_gives_the_last_checkpoint(copied: Run) -> None:
    (copied.path / "model.safetensors").unlink()
    assert copied.with_epochs(9).state == "interrupted at epoch 2/9"
    with pytest.warns(UserWarning, match="not finished"):
        model = copied.model()
    state = load_file(copied.path / "checkpoint" / "state.safetensors")
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, state[f"model/{name}"]), name


def test_half_a_line_of_the_log_is_no_record_and_a_damaged_log_is_named(copied: Run) -> None:
    log = copied.path / "metrics.jsonl"
    whole = log.read_text()
    log.write_text(whole + '{"epoch": 3, "tr')
    assert len(copied.records()) == 2
    log.write_text("what" + whole)
    with pytest.raises(BadInput, match=r"metrics\.jsonl"):
        copied.records()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.pop("latent.posterior.head.bias"), "lacks latent.posterior.head.bias"),
        (lambda t: t.update(other=torch.zeros(1)), "has other"),
        (lambda t: t.update({"decoder.head.weight": torch.zeros(2, 2)}), r"shape \(2, 2\), not"),
    ],
)
def test_weights_of_another_model_are_named(copied: Run, change, problem: str) -> None:  # type: ignore[no-untyped-def]
    path = copied.path / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"vaekit": json.dumps({"kind": "model", "format": 1, "state": {}})})
    with pytest.raises(BadInput, match=problem) as caught:
        copied.model()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("spec", {"recipe": "vea", "shape": [1, 8, 8]}),
        ("spec", {"recipe": "vae", "shape": [1, 8, 8], "options": {"latnt": 2}}),
        ("spec", {"model": "vae"}),
        ("training", {"epochs": 0}),
        ("training", {"epocs": 1}),
        ("data", {"source": "digits"}),
        ("created", None),
    ],
)
def test_a_changed_run_json_is_named(copied: Run, part: str, value: object) -> None:
    path = copied.path / "run.json"
    path.write_text(json.dumps(copied.config | {part: value}))

    def read() -> object:
        run = open_run(copied.path)
        return run.spec, run.training

    with pytest.raises(BadInput, match=r"run\.json"):
        read()


def test_changed_data_are_noticed(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    run = vk.train("vae", tmp_path / "rows.npy", root=tmp_path, training=BUDGET, progress=False)
    assert len(run.dataset().train) == 64
    np.save(tmp_path / "rows.npy", rows + 1)
    with pytest.raises(BadInput, match=r"rows\.npy are no longer"):
        run.dataset()
    with pytest.raises(BadInput, match=r"rows\.npy are no longer"):
        vk.resume(run, epochs=5)
    assert run.state == "finished"


def test_a_failed_start_leaves_nothing(tmp_path: Path) -> None:
    bad = [
        {"options": {"latent": 0}},
        {"training": vk.Training(device="cuda:99")},
        {"training": vk.Training(patience=2), "data_options": {"validation": 0}},
        {"likelihood": "bernouli"},
        {"net_options": {"hiden": (3,)}},
    ]
    for options in bad:
        with pytest.raises(BadInput):
            vk.train("vae", "digits", root=tmp_path, progress=False, **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_more_epochs_end_where_training_that_long_at_once_does(tmp_path: Path) -> None:
    def trained_for(name: str, epochs: int) -> Run:
        training = vk.Training(epochs=epochs, batch_size=64, ema=0.9)
        return vk.train("ae", "digits", name=name, root=tmp_path, training=training, progress=False)

    short, long = trained_for("short", 1), trained_for("long", 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        longer = vk.resume("short", root=tmp_path, epochs=3, progress=False)
    assert longer.training.epochs == 3
    assert vk.resume(longer).config == longer.config
    for name in ("model.safetensors", "metrics.jsonl"):
        assert (short.path / name).read_bytes() == (long.path / name).read_bytes()
    with pytest.raises(BadInput, match="`epochs`"):
        vk.resume(longer, epochs=2)


def test_tensorboard_finds_the_graph_and_then_the_scalars(trained: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained.path))
    events.Reload()
    parts = {node.name.split("/")[0] for node in events.Graph().node}
    assert any("Reconstruction" in part for part in parts)
    names = " ".join(node.name for node in events.Graph().node)
    for part in ("encoder", "latent", "decoder"):
        assert part in names
    losses = [event.value for event in events.Scalars("train/loss")]
    logged = [record["train"]["loss"] for record in trained.records()]
    assert losses == pytest.approx(logged, rel=1e-5)
