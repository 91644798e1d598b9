"""Training in several phases: killed and resumed, measured, and logged."""

import json
import multiprocessing
import signal
import time
from pathlib import Path

import torch

from vaekit.data import Dataset, load
from vaekit.nets import Conv
from vaekit.recipes import Parts, vae_gan
from vaekit.training import Training, fit
from vaekit.training.checkpoint import below, read
from vaekit.training.history import STATE

OPTIONS = {"epochs": 2, "batch_size": 100, "ema": 0.9}
STEPS = 2 * 15  # 1,437 digits to train on


def small(stabiliser: str, seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    net = Conv((4, 8))
    return vae_gan((1, 8, 8), net=net, latent=3, layer=2, stabiliser=stabiliser)  # type: ignore[arg-type]


def digits() -> Dataset:
    return load("digits")


def main(folder: str, stabiliser: str = "spectral-norm", **options: float) -> None:
    """What the processes run."""
    training = Training(**OPTIONS | options)  # type: ignore[arg-type]
    fit(*small(stabiliser), digits(), training, folder=Path(folder), progress=False)


def step_of(folder: Path) -> int:
    if not (folder / STATE).exists():
        return 0
    return int(read(folder / STATE, "checkpoint")[1]["at"]["step"])


def test_killed_and_resumed_ends_the_same(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["vaekit.training.engine", "vaekit.recipes", "sklearn.datasets"])
    process = context.Process(target=main, args=(str(killed),), kwargs={"checkpoint_seconds": 0})
    process.start()
    deadline = time.monotonic() + 120
    while step_of(killed) < 9:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert 9 <= step_of(killed) < STEPS
    main(str(killed))
    main(str(whole))
    for name in ("model.safetensors", "metrics.jsonl"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    ends = [read(folder / STATE, "checkpoint")[0] for folder in (killed, whole)]
    assert ends[0].keys() == ends[1].keys()
    for name, tensor in ends[0].items():
        assert torch.equal(tensor, ends[1][name]), name


def test_a_checkpoint_holds_the_critic_and_every_optimiser(tmp_path: Path) -> None:
    main(str(tmp_path), epochs=1)
    tensors = read(tmp_path / STATE, "checkpoint")[0]
    model, objective = small("spectral-norm")
    assert below(tensors, "objective").keys() == objective.state_dict().keys()
    for index, phase in enumerate(objective.phases(model)):
        moments = below(tensors, f"optimiser.{index}")
        shapes = [moments[f"{place}/exp_avg"].shape for place in range(len(phase.parameters))]
        assert shapes == [parameter.shape for parameter in phase.parameters]
        assert len(moments) == 3 * len(phase.parameters)


def test_every_phase_is_in_the_log(tmp_path: Path) -> None:
    main(str(tmp_path), "r1")
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    for record in map(json.loads, lines):
        for part in ("train", "validation"):
            names = ["loss", "distortion", "rate", "elbo", "features"]
            names += ["decoder/loss", "decoder/deception", "critic/loss", "critic/accuracy"]
            assert set(names) <= record[part].keys()
            assert 0 <= record[part]["critic/accuracy"] <= 1
    first, last = (json.loads(line)["train"] for line in lines)
    assert last["features"] < first["features"]
    assert last["distortion"] < first["distortion"]


def test_a_likelihoods_scale_stays_where_no_distortion_counts() -> None:
    torch.manual_seed(0)
    model, objective = vae_gan((3, 16, 16), net=Conv((4, 8)), latent=3, distortion_weight=0.0)
    scales = list(model.likelihood.parameters())
    assert len(scales) == 1
    assert not scales[0].requires_grad
    assert objective.phases(model)[1].parameters[-1] is scales[0]
