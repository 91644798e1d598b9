"""Every recipe with every network and every likelihood that fits keeps the same promises."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pytest
import torch
from safetensors.torch import save_file
from torch import Generator, Tensor

from vaekit.errors import BadInput
from vaekit.features import NETWORKS
from vaekit.model import Autoencoder
from vaekit.objectives import Objective
from vaekit.recipes import LIKELIHOODS, RECIPES
from vaekit.records import Batch, Moment, Trace
from vaekit.spec import Spec, options_of
from vaekit.training.checkpoint import load_weights, write_weights

B, D = 6, 3


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


@final
@dataclass(frozen=True)
class Kind:
    """A network, small, and the data it is tried on.

    context: the size of what it is told. counted: whether the data are counts.
    """

    net: str
    net_options: dict[str, Any]
    shape: tuple[int, ...]
    context: int = 0
    counted: bool = False

    def data(self, n: int = B) -> Tensor:
        """Vectors of shape (n, F), symbols (n, V, T), or pictures in [0, 1] (n, C, H, W)."""
        if len(self.shape) == 2:
            return torch.randint(130, (n, *self.shape), generator=seeded(1)).float()
        if self.counted:
            return torch.randint(9, (n, *self.shape), generator=seeded(1)).float()
        if len(self.shape) == 1:
            return torch.randn(n, *self.shape, generator=seeded(1))
        return torch.rand(n, *self.shape, generator=seeded(1))

    def told(self, n: int = B) -> Tensor | None:
        """What the model is told of these rows, (n, context)."""
        return torch.randn(n, self.context, generator=seeded(9)) if self.context else None

    def batch(self, n: int = B) -> Batch:
        """Both."""
        return Batch(self.data(n), self.told(n))


MEMORY = {"units": 6, "embedding": 3}

KINDS = {
    "vectors": Kind("mlp", {"hidden": (12, 8)}, (7,)),
    "grey": Kind("mlp", {"hidden": (12, 8), "batch_norm": True}, (1, 8, 8)),
    "colour": Kind("conv", {"channels": (4, 8)}, (3, 16, 16)),
    "residual": Kind("resnet", {"channels": (4, 8), "plain": 1}, (3, 16, 16)),
    "counts": Kind("mlp", {"hidden": (12, 8)}, (5,), counted=True),
    "told": Kind("mlp", {"hidden": (12, 8)}, (7,), context=2),
    "told-pictures": Kind("conv", {"channels": (4, 8)}, (3, 16, 16), context=3),
    "cut-out": Kind("conv", {"channels": (4, 8), "hidden_conv": (6,)}, (4, 16, 16), context=3),
    "deep": Kind("pyramid", {"channels": (4, 6), "levels": (1, 2)}, (3, 9, 8)),
    "told-deep": Kind("pyramid", {"channels": (4, 6), "levels": (1, 1)}, (1, 8, 8), context=2),
    "sound": Kind("bands", {"channels": (6, 8), "dense": 10}, (1, 6, 9)),
    "told-sound": Kind("bands", {"channels": (6, 8), "dense": 0}, (1, 6, 9), context=2),
    "voices": Kind("bars", {**MEMORY, "conductor": 5, "plan": 4, "bar": 4}, (2, 8)),
    "melody": Kind("lstm", {**MEMORY, "depth": 2, "scheduled": 0.5}, (1, 6)),
    "told-melody": Kind("bars", {**MEMORY, "conductor": 5, "plan": 4, "bar": 4}, (1, 8), context=2),
    "attended": Kind("transformer", {**MEMORY, "heads": 2, "memory": 5}, (2, 6), context=2),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "dfc-vae": {"network": "squeezenet", "layers": ["fire2"]},
    "vq-vae": {"positions": 3, "codes": 5, "width": 2},
    "gumbel-vae": {"positions": 3, "categories": 4},
    "ladder-vae": {"latent": (2, 3)},
    "hvamp-vae": {"latent": (2, 3), "pseudo_inputs": 5},
    "layered-vae": {"latent": (2, 3), "hidden_levels": (4,)},
    "layered-iwae": {"latent": (2, 2, 3), "hidden_levels": (4, 5)},
    "very-deep-vae": {"latent": 2},
    "generator": {"view": 1},
    "mog-vae": {"gaussians": 4},
    "vamp-vae": {"pseudo_inputs": 5},
    "exemplar-vae": {"exemplars": 6, "exemplars_each": 4},
    "realnvp-vae": {"steps": 2, "hidden_flow": 8},
    "maf-prior-vae": {"steps": 2, "hidden_flow": 8},
}
FOR_PICTURES = {"dfc-vae", "vae-gan"}
FOR_CONTEXTS = {"cvae"}
FOR_CUT_OUTS = {"generator"}
FOR_MELODIES = {"music-vae"}
FOR_LADDERS = {"very-deep-vae"}
FEW = {"pixel-gaussian", "cutout", "categorical"}  # that contexts are tried with
DEEP = {"deep", "told-deep"}
MELODIES = {"voices", "melody", "told-melody", "attended"}

# Objectives of one model, which are tried with few data, and likelihoods tried with few recipes.
OF_VAE = {"miwae", "ciwae", "piwae", "dreg-iwae", "renyi-vae", "stl-vae", "capacity-vae"}
OF_VAE |= {"geco-vae", "layered-vae", "layered-iwae", "hvamp-vae"}
OF_VAE |= {"maf-vae", "spline-vae", "planar-vae", "radial-vae", "householder", "full-rank-vae"}
OF_VAE |= {"hvae"}
OF_VAE |= {"mog-vae", "vamp-vae", "exemplar-vae", "realnvp-vae", "maf-prior-vae"}
OF_VAE |= {"svae", "power-svae", "poincare-vae", "gumbel-vae"}
CHOSEN = {"vq-vae", "gumbel-vae"}  # whose encodings may choose the same vectors or categories
COUNTS = {"poisson", "negative-binomial", "zero-inflated"}
LEVELS = {"pixel-categorical", "discretised-logistic", "logistic-mixture"}
FOR_FEW = COUNTS | LEVELS | {"laplace", "student-t"}

CASES = [
    (recipe, kind, likelihood)
    for recipe in RECIPES
    for kind in KINDS
    for likelihood, part in LIKELIHOODS.items()
    if (kind in MELODIES) == (likelihood == "categorical")
    and (kind in MELODIES or recipe not in FOR_MELODIES)
    and (kind in DEEP) == (recipe in FOR_LADDERS)
    and (kind not in DEEP or likelihood in ("gaussian", "shared-gaussian", "pixel-gaussian"))
    and (kind not in ("melody", "attended") or recipe in ("vae", "music-vae", "iwae"))
    and part().support.check(KINDS[kind].data()).all()
    and (len(KINDS[kind].shape) == 3 or recipe not in FOR_PICTURES)
    and (KINDS[kind].context or recipe not in FOR_CONTEXTS)
    and (kind == "cut-out") == (likelihood == "cutout")
    and (kind == "cut-out" or recipe not in FOR_CUT_OUTS)
    and (kind != "cut-out" or recipe != "dfc-vae")
    and (not KINDS[kind].context or likelihood in FEW or KINDS[kind].net == "bands")
    and (KINDS[kind].net != "bands" or likelihood == "band-gaussian")
    and (KINDS[kind].net != "bands" or recipe not in FOR_PICTURES)
    and (kind == "counts") == (likelihood in COUNTS)
    and (likelihood not in FOR_FEW or recipe in ("vae", "iwae", "ladder-vae"))
    and (likelihood not in FOR_FEW or kind not in ("colour", "residual"))
    and (recipe != "sigma-vae" or likelihood == "shared-gaussian")
    and (recipe not in OF_VAE or (kind in ("vectors", "told-pictures") and likelihood in FEW))
]


@final
class Tried:
    """One recipe on one kind of data with one likelihood."""

    def __init__(self, recipe: str, kind: str, likelihood: str, weights: Path) -> None:
        options: dict[str, Any] = OPTIONS.get(recipe, {}).copy()
        usual = {"latent": D, "draws": 4, "weights": str(weights)}
        taken = options_of(RECIPES[recipe])
        options = {name: value for name, value in usual.items() if name in taken} | options
        self.kind = KINDS[kind]
        self.spec = Spec(
            recipe,
            self.kind.shape,
            options,
            self.kind.net,
            self.kind.net_options,
            likelihood,
            context=self.kind.context,
        )

    def build(self, seed: int = 0) -> tuple[Autoencoder, Objective]:
        torch.manual_seed(seed)
        return self.spec.build()

    def trained(self, seed: int = 0, steps: int = 2) -> Autoencoder:
        """The model after a few steps, so that every buffer and weight has moved."""
        model, objective = self.build(seed)
        optimiser = torch.optim.Adam(model.parameters(), 1e-2)
        generator = seeded(seed)
        for step in range(steps):
            for place in range(len(objective.phases(model))):
                optimiser.zero_grad()
                trace = self.trace(model, objective, step, generator)
                objective.losses(model, trace)[place].total.backward()
                optimiser.step()
        return model

    def trace(
        self, model: Autoencoder, objective: Objective, epoch: float, generator: Generator
    ) -> Trace:
        trace: Trace = model(self.kind.batch(), objective.draws, Moment(epoch), generator)
        return trace


@pytest.fixture(scope="session")
def feature_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights for a network of features."""
    net = torch.nn.Sequential(*(module for _, module in NETWORKS["squeezenet"].table()))
    path = tmp_path_factory.mktemp("weights") / "squeezenet.safetensors"
    save_file({f"features.{name}": tensor for name, tensor in net.state_dict().items()}, path)
    return path


@pytest.fixture(params=CASES, ids="-".join)
def tried(request: pytest.FixtureRequest, feature_weights: Path) -> Tried:
    return Tried(*request.param, feature_weights)


def uses(model: Autoencoder, x: Batch) -> dict[str, Callable[[], Tensor]]:
    """The public ways to use a trained model, each with a fixed generator where it takes one."""
    told = x.context
    ways = {
        "encode": lambda: model.encode(x),
        "decode": lambda: model.decode(torch.ones(len(x), model.latent.size), told),
        "reconstruct": lambda: model.reconstruct(x),
    }
    if "prior" in model.provides:
        ways["sample"] = lambda: model.sample(len(x), generator=seeded(2), context=told)
    if "log_q" in model.provides:
        ways["log_likelihood"] = lambda: model.log_likelihood(x, 5, seeded(3))
    return ways


def test_cases_cover_every_part() -> None:
    assert {case[0] for case in CASES} == set(RECIPES)
    assert {case[1] for case in CASES} == set(KINDS)
    assert {case[2] for case in CASES} == set(LIKELIHOODS)


def test_shapes_follow_the_contract(tried: Tried) -> None:
    model, objective = tried.build()
    trace = tried.trace(model, objective, 0.5, seeded())
    k, shape, d = objective.draws, tried.kind.shape, model.latent.size
    assert trace.draw.z.shape == (k, B, d)
    assert trace.draw.code.shape == (B, d)
    assert trace.log_px.shape == (k, B)
    assert trace.px.mean.shape == (k, B, *shape)
    for field, size in {"log_q": (k, B), "log_p": (k, B), "rate": (B,), "rates": (B, d)}.items():
        value = getattr(trace.draw, field)
        assert (value is not None) == (field in model.provides)
        assert value is None or value.shape == size
    sizes = {"encode": (B, d), "log_likelihood": (B,)}
    for name, use in uses(model, tried.kind.batch()).items():
        assert use().shape == sizes.get(name, (B, *shape)), name
        assert use().isfinite().all(), name


def test_the_loss_is_a_finite_scalar_explained_in_detached_nats(tried: Tried) -> None:
    model, objective = tried.build()
    losses = objective.losses(model, tried.trace(model, objective, 0.5, seeded()))
    assert len(losses) == len(objective.phases(model))
    for index, loss in enumerate(losses):
        assert loss.total.shape == ()
        assert ({"loss"} if index else {"loss", "distortion"}) <= set(loss.metrics)
        for value in loss.metrics.values():
            assert value.shape == ()
            assert value.isfinite()
            assert not value.requires_grad


def test_gradients_are_finite_where_they_belong_and_nowhere_else(tried: Tried) -> None:
    model, objective = tried.build()
    everything = [*model.parameters(), *objective.parameters()]
    trained: set[int] = set()
    for place, phase in enumerate(objective.phases(model)):
        own = {id(parameter) for parameter in phase.parameters}
        trained |= own
        loss = objective.losses(model, tried.trace(model, objective, 0.5, seeded()))[place]
        loss.total.backward(inputs=list(phase.parameters))
        for parameter in everything:
            assert (parameter.grad is not None) == (id(parameter) in own)
            if parameter.grad is not None:
                assert parameter.grad.isfinite().all()
                assert parameter.grad.any(), "a parameter that no data move"
            parameter.grad = None
    assert trained == {id(parameter) for parameter in everything}


def test_a_model_comes_back_from_its_weights_and_its_spec(tried: Tried, tmp_path: Path) -> None:
    model, x = tried.trained(), tried.kind.batch()
    write_weights(tmp_path / "model.safetensors", model)
    (tmp_path / "spec.json").write_text(json.dumps(tried.spec.to_json()))
    spec = Spec.from_json(json.loads((tmp_path / "spec.json").read_text()))
    assert spec == tried.spec
    torch.manual_seed(99)
    again, _ = spec.build()
    load_weights(again, tmp_path / "model.safetensors")
    before, after = model.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    for name, use in uses(model, x).items():
        assert torch.equal(use(), uses(again, x)[name]()), name


def test_the_same_seed_trains_the_same_weights(tried: Tried) -> None:
    first, second, other = (tried.trained(seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not all(torch.equal(value, other[name]) for name, value in first.items())


def test_a_row_does_not_depend_on_its_batch(tried: Tried) -> None:
    model, x = tried.trained(), tried.kind.batch(64)

    def some(rows: slice) -> Batch:
        return x.map(lambda values: values[rows])

    for use in (model.encode, model.reconstruct):
        together = use(x)
        for rows in (slice(0, 1), slice(37, 40)):
            torch.testing.assert_close(together[rows], use(some(rows)), rtol=1e-4, atol=1e-5)


def test_using_a_model_is_repeatable_and_touches_no_global_state(tried: Tried) -> None:
    model, x = tried.trained().train(), tried.kind.batch()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    for name, use in uses(model, x).items():
        torch.manual_seed(6)
        state = torch.get_rng_state()
        first = use()
        assert torch.equal(torch.get_rng_state(), state), name
        torch.manual_seed(7)
        assert torch.equal(use(), first), name
        assert all(part.training for part in model.modules()), name
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    model.eval()
    model.reconstruct(x)
    assert not any(part.training for part in model.modules())


def test_a_pass_with_a_generator_touches_no_global_state(tried: Tried) -> None:
    model, objective = tried.build()
    state = torch.get_rng_state()
    first, second = (tried.trace(copy.deepcopy(model), objective, 0.5, seeded(8)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.draw.z, second.draw.z)
    assert torch.equal(first.log_px, second.log_px)


def test_means_come_out_where_the_likelihood_lives(tried: Tried) -> None:
    model, x = tried.trained(), tried.kind.batch()
    mean, support = model.reconstruct(x), model.likelihood.support
    # The mean of counts is no count itself, but lies where they do.
    assert (mean >= 0).all() if tried.kind.counted else support.check(mean).all()


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_told_reaches_every_part_that_reads_it(recipe: str, feature_weights: Path) -> None:
    kind = ("cut-out", "cutout") if recipe in FOR_CUT_OUTS else ("told-pictures", "shared-gaussian")
    if recipe in FOR_MELODIES:
        kind = ("told-melody", "categorical")
    if recipe in FOR_LADDERS:
        kind = ("told-deep", "gaussian")
    tried = Tried(recipe, *kind, feature_weights)
    model, x = tried.trained(), tried.kind.batch()
    assert x.context is not None
    other = Batch(x.x, x.context.roll(1, 0) + 1)
    codes = model.encode(x)
    if recipe not in CHOSEN:
        assert not torch.equal(codes, model.encode(other))
    assert not torch.equal(model.decode(codes, x.context), model.decode(codes, other.context))
    for rows in (x.x, Batch(x.x, x.context[:, 1:])):
        with pytest.raises(BadInput, match=r"reads a context of \d numbers a row, not of"):
            model.encode(rows)


@pytest.mark.parametrize("recipe", FOR_CONTEXTS)
def test_a_recipe_that_must_be_told_something_says_what_to_add(recipe: str) -> None:
    with pytest.raises(BadInput, match="add `condition`, such as label"):
        Spec(recipe, (7,)).build()
