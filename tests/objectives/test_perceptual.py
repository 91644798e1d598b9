"""The perceptual term against its formula, and a run that trains on it."""

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vaekit.errors import BadInput
from vaekit.features import NETWORKS, Features
from vaekit.objectives import ELBO, IWAE, Objective, Perceptual
from vaekit.recipes import vae
from vaekit.records import Batch, Draw, Loss, Phase, Trace
from vaekit.runs import open_run
from vaekit.spec import Spec
from vaekit.training import Training
from vaekit.workflow.train import resume, train

LAYERS = ("relu1", "fire2")


def random_file(path: Path) -> Path:
    """Random weights of SqueezeNet's own names and shapes."""
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(*(module for _, module in NETWORKS["squeezenet"].table()))
    save_file({f"features.{name}": t for name, t in net.state_dict().items()}, path)
    return path


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return Features("squeezenet", LAYERS, random_file(tmp_path / "squeezenet.safetensors"))


def traced(k: int = 1, channels: int = 3, side: int = 12) -> tuple[nn.Module, Trace]:
    torch.manual_seed(0)
    model, _ = vae((channels, side, side), latent=4)
    x = torch.rand(5, channels, side, side)
    return model, model(x, draws=k, generator=torch.Generator().manual_seed(1))


def distance(features: Features, trace: Trace, weights: Sequence[float]) -> Tensor:
    """One draw and one picture at a time."""
    total = torch.zeros(())
    means = trace.px.mean
    for draw in means:
        for x, mean in zip(trace.x, draw, strict=True):
            pairs = zip(weights, features(x[None]), features(mean[None]), strict=True)
            for weight, wanted, found in pairs:
                total = total + weight * 0.5 * ((found - wanted) ** 2).sum() / wanted.numel()
    return total / means[:, :, 0, 0, 0].numel()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("k", [1, 3])
def test_the_term_is_half_the_mean_squared_difference_of_features(
    features: Features, k: int, channels: int
) -> None:
    _, trace = traced(k, channels)
    base = ELBO(0.5, 2.0, draws=k)
    loss = Perceptual(base, features, (3.0, 0.25), weight=10.0)(trace)
    term = distance(features, trace, (3.0, 0.25))
    torch.testing.assert_close(loss.total, base(trace).total + 10 * term)
    torch.testing.assert_close(loss.metrics["perceptual"], term)
    assert torch.equal(loss.metrics["loss"], loss.total)
    assert all(not value.requires_grad for value in loss.metrics.values())


def test_left_out_the_layers_weigh_what_their_network_says(features: Features) -> None:
    _, trace = traced()
    ours = Perceptual(ELBO(), features)(trace).metrics["perceptual"]
    assert features.layer_weights == (1400.0, 250.0)
    torch.testing.assert_close(ours, distance(features, trace, (1400.0, 250.0)))


def test_equal_pictures_are_at_no_distance(features: Features) -> None:
    _, trace = traced()
    perfect = dataclasses.replace(trace, batch=Batch(trace.px.mean[0].detach()))
    assert Perceptual(ELBO(), features)(perfect).metrics["perceptual"] < 1e-8


def test_its_gradient_is_the_formula_s_and_reaches_no_original(features: Features) -> None:
    model, trace = traced(2)
    x = trace.x.clone().requires_grad_()
    ours = dataclasses.replace(trace, batch=Batch(x))
    weights = list(model.decoder.parameters())
    base = ELBO(0.0, 0.0, draws=2)
    total = Perceptual(base, features, (1.0, 3.0), weight=2.0)(ours).total
    found = torch.autograd.grad(total, [x, *weights], retain_graph=True, allow_unused=True)
    wanted = torch.autograd.grad(2.0 * distance(features, trace, (1.0, 3.0)), weights)
    assert found[0] is None
    for ours_of, theirs in zip(found[1:], wanted, strict=True):
        torch.testing.assert_close(ours_of, theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("k", [1, 4])
def test_features_of_originals_are_computed_once_however_many_draws(
    features: Features, k: int
) -> None:
    _, trace = traced(k)
    rows: list[int] = []
    features.load().get_submodule("_net.0").register_forward_hook(
        lambda module, inputs, output: rows.append(len(output))
    )
    Perceptual(ELBO(draws=k), features)(trace)
    assert rows == [5, 5 * k]


def test_the_base_decides_about_draws_and_needs(features: Features) -> None:
    for base in (IWAE(7), ELBO(free_bits=0.1, draws=2)):
        ours = Perceptual(base, features)
        assert (ours.draws, ours.needs) == (base.draws, base.needs)
    _, trace = traced(7)
    assert "iwae" in Perceptual(IWAE(7), features)(trace).metrics


def test_it_trains_the_model_and_the_base_and_nothing_else(features: Features) -> None:
    model, trace = traced()
    ours = Perceptual(ELBO(), features)
    (phase,) = ours.phases(model)
    assert set(phase.parameters) == set(model.parameters())
    assert ours.state_dict() == {}
    assert torch.equal(ours.losses(model, trace)[0].total, ours(trace).total)


class Split(Objective):
    """Two phases."""

    def forward(self, trace: Trace) -> Loss:
        return Loss(trace.log_px.mean())

    def phases(self, model: nn.Module) -> tuple[Phase, ...]:
        return (Phase("a", [*model.encoder.parameters()]),) * 2


def test_a_base_of_several_phases_is_refused(features: Features) -> None:
    model, _ = traced()
    with pytest.raises(BadInput, match=r"Split has 2: put it inside, Split\(Perceptual"):
        Perceptual(Split(), features).phases(model)


def test_data_that_are_no_pictures_are_refused(features: Features) -> None:
    draw = Draw(torch.zeros(1, 2, 3), torch.zeros(2, 3), rate=torch.zeros(2))
    trace = Trace(Batch(torch.zeros(2, 7)), draw, None, torch.zeros(1, 2))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="need grey or colour pictures"):
        Perceptual(ELBO(), features)(trace)
    with pytest.raises(BadInput, match="need grey or colour pictures"):
        Spec("dfc-vae", (7,)).build()
    with pytest.raises(BadInput, match="8 x 8 are too small for relu3 of alexnet"):
        Spec("dfc-vae", (1, 8, 8), {"network": "alexnet"}).build()


@pytest.mark.parametrize(
    ("weights", "weight", "message"),
    [
        ((1.0,), 1.0, "`layer_weights` has 1 numbers for 2 layers: relu1, fire2"),
        ((1.0, -1.0), 1.0, "`layer_weights` must be zero or more, not -1"),
        (None, -1.0, "`perceptual_weight` must be zero or more, not -1"),
        (None, math.nan, "`perceptual_weight` must be zero or more, not nan"),
    ],
)
def test_weights_that_make_no_sense_are_refused(
    weights: tuple[float, ...] | None, weight: float, message: str, features: Features
) -> None:
    with pytest.raises(BadInput, match=message):
        Perceptual(ELBO(), features, weights, weight)


def test_without_a_pixel_term_a_learned_scale_is_left_alone(
    tmp_path: Path, options: dict[str, object]
) -> None:
    training = Training(epochs=1, batch_size=512)
    options["distortion_weight"] = 0.0
    made = train(
        "dfc-vae",
        "digits",
        root=tmp_path,
        likelihood="shared-gaussian",
        options=options,
        training=training,
        progress=False,
    )
    fresh, _ = made.spec.build()
    assert torch.equal(made.model().likelihood.raw, fresh.likelihood.raw)
    assert not fresh.likelihood.raw.requires_grad
    trained = Spec("dfc-vae", (3, 8, 8), options | {"distortion_weight": 0.5}).build()[0]
    assert trained.likelihood.raw.requires_grad


@pytest.fixture
def options(tmp_path: Path) -> dict[str, object]:
    file = random_file(tmp_path / "squeezenet.safetensors")
    return {
        "network": "squeezenet",
        "layers": ["relu1", "fire2"],
        "weights": str(file),
        "latent": 3,
    }


def test_missing_weights_stop_training_before_a_run_is_left(
    tmp_path: Path, options: dict[str, object]
) -> None:
    options["weights"] = str(tmp_path / "gone.npz")
    with pytest.raises(BadInput, match=r"gone\.npz: there is no such file"):
        train("dfc-vae", "digits", root=tmp_path / "runs", options=options, progress=False)
    assert not (tmp_path / "runs").exists()


def test_a_run_trains_resumes_and_needs_no_weights_afterwards(
    tmp_path: Path, options: dict[str, object]
) -> None:
    training = Training(epochs=1, batch_size=256, learning_rate=3e-3)
    made = train(
        "dfc-vae", "digits", root=tmp_path, options=options, training=training, progress=False
    )
    again = resume(made, epochs=3, progress=False)
    terms = [record["validation"]["perceptual"] for record in again.records()]
    assert terms[2] < terms[0]
    Path(str(options["weights"])).unlink()
    opened = open_run(made.path)
    assert opened.spec == Spec.from_json(again.spec.to_json())
    assert opened.spec.options["layers"] == LAYERS
    model = opened.model()
    assert model.sample(2, generator=torch.Generator().manual_seed(0)).shape == (2, 1, 8, 8)
    assert sum(file.stat().st_size for file in made.path.rglob("model.safetensors")) < 4e6
    with pytest.raises(BadInput, match="there is no such file"):
        resume(opened, epochs=4, progress=False)


def test_trained_features_are_found_by_their_network_s_name() -> None:
    if not Path(os.environ.get("VAEKIT_DATA", ""), "squeezenet").is_dir():
        pytest.skip("the weights of SqueezeNet are not in $VAEKIT_DATA")
    model, objective = Spec("dfc-vae", (3, 24, 24), {"network": "squeezenet"}).build()
    loss = objective(model(torch.rand(4, 3, 24, 24)))
    assert loss.metrics["perceptual"] > 0
