"""Memory of a training step, against what a process really takes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaekit import recipes
from vaekit.data import load
from vaekit.errors import BadInput
from vaekit.footprint import require_room, step_memory
from vaekit.nets import MLP, Conv, ResNet
from vaekit.recipes import RECIPES
from vaekit.spec import Spec
from vaekit.training import Training
from vaekit.workflow.train import train

MEASURE = """
import json, sys
from pathlib import Path
import numpy as np, torch, torch._dynamo
from vaekit.data import load
from vaekit.footprint import step_memory
from vaekit.spec import Spec
from vaekit.training import Training, fit

net, side, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spec = Spec("vae", (3, side, side), net=net)
pixels = np.random.default_rng(0).integers(0, 256, (2 * rows, *spec.shape), np.uint8)
data = load(pixels, validation=0, test=0)

def taken(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(what))

before = taken("VmRSS")
model, objective = spec.build()
fit(model, objective, data, Training(epochs=1, batch_size=rows), progress=False)
peak = taken("VmHWM")
print(json.dumps([step_memory(model, spec.shape, rows, objective), peak - before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
@pytest.mark.parametrize(
    ("net", "side", "rows"), [("conv", 64, 64), ("resnet", 64, 16), ("mlp", 96, 32)]
)
def test_the_estimate_is_what_training_takes(net: str, side: int, rows: int) -> None:
    call = [sys.executable, "-c", MEASURE, net, str(side), str(rows)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    estimate, taken = json.loads(done.stdout)
    assert 1 / 1.5 < estimate / taken < 1.5, (estimate, taken)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "dfc-vae"])
def test_every_recipe_has_an_estimate_and_is_left_as_it_was(name: str) -> None:
    torch.manual_seed(0)
    told = {"cvae": 3, "generator": 5}.get(name, 0)
    shape = {"generator": (4, 16, 16), "music-vae": (1, 32)}.get(name, (1, 16, 16))
    model, objective = Spec(name, shape, context=told).build()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state, mode = torch.get_rng_state(), model.training
    small, large = (step_memory(model, shape, rows, objective) for rows in (8, 800))
    assert 0 < small < large
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training == mode
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])


def test_it_grows_with_rows_sides_and_weights() -> None:
    def taken(net, side: int, rows: int) -> int:
        shape = (1, side, side)
        model, _ = recipes.vae(shape, latent=2, net=net)
        return step_memory(model, shape, rows)

    for net in (Conv(), ResNet()):
        once, twice = taken(net, 32, 1000), taken(net, 32, 2000)
        assert 1.7 < twice / once < 2
        assert 3 < taken(net, 64, 1000) / once < 4.2
    wide = taken(MLP((4000,)), 64, 10)
    weights = 4 * (2 * 4096 * 4000 + 4000 * 6)  # bytes
    assert 4 * weights < wide < 4.6 * weights  # with gradients and two moments


def test_large_photographs_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number in range(40):
        pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((1024, 1024)).save(tmp_path / "photos" / f"{number}.jpg")
    options = {"root": tmp_path / "runs", "progress": False}
    many = Training(epochs=1, batch_size=10**6)
    monkeypatch.setattr("vaekit.footprint.available", lambda: 3 * 10**9)
    with pytest.raises(BadInput) as refused:
        train("vae", tmp_path / "photos", training=many, **options)
    said = str(refused.value)
    assert "A training step on 32 rows of 3 x 1024 x 1024 takes about" in said
    assert "3 GB are free: `image_size=" in said
    assert not (tmp_path / "runs").exists()
    # What it proposes is taken.
    side = int(said.partition("`image_size=")[2].partition("`")[0])
    few = int(said.partition("`batch_size=")[2].partition("`")[0])
    small = load(tmp_path / "photos", image_size=side, progress=False)
    for data, training in ((small, many), (load(tmp_path / "photos"), Training(batch_size=few))):
        model, objective = Spec("vae", data.shape).build()
        require_room(model, objective, data, training)


def test_more_draws_than_memory_holds_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"`draws=1000000` needs .* of memory"):
        train("iwae", "digits", root=tmp_path, options={"draws": 10**6}, progress=False)
    assert not list(tmp_path.iterdir())
