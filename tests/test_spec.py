"""The configuration: verbatim, through JSON, and strict about names."""

import inspect
import json
from typing import Any

import pytest
import torch

from vaekit.errors import BadInput, lookup
from vaekit.likelihoods import Bernoulli, PixelGaussian, SharedGaussian
from vaekit.nets import MLP, Conv
from vaekit.objectives import ELBO, IWAE, Constant, Cyclical, Linear, Objective
from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES, called
from vaekit.spec import Spec, options_of

SHAPE = (1, 8, 8)
PARTS = [
    *(("options", name, part) for name, part in RECIPES.items()),
    *(("net_options", name, part) for name, part in NETS.items()),
    *(("likelihood_options", name, part) for name, part in LIKELIHOODS.items()),
    *(("corruption_options", name, part) for name, part in CORRUPTIONS.items()),
]


def through_json(spec: Spec) -> Spec:
    return Spec.from_json(json.loads(json.dumps(spec.to_json())))


def naming(field: str, name: str, options: dict[str, Any]) -> Spec:
    """A spec with these options for the part of this name."""
    part = field.removesuffix("_options") if field != "options" else "recipe"
    return Spec(**{"recipe": "ae", "shape": SHAPE, part: name, field: options})


@pytest.mark.parametrize(
    ("field", "name", "part"), PARTS, ids=[f"{field}-{name}" for field, name, _ in PARTS]
)
def test_every_option_is_kept_verbatim_and_survives_json(field: str, name: str, part: Any) -> None:
    options = {key: option.default for key, option in options_of(part).items()}
    spec = naming(field, name, options)
    assert getattr(spec, field) == options
    assert through_json(spec) == spec
    assert through_json(spec).to_json() == spec.to_json()


@pytest.mark.parametrize("name", RECIPES)
def test_every_option_of_a_recipe_has_a_default_and_an_explanation(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.__doc__ is not None
    assert "https://" in recipe.__doc__
    for key, option in options_of(recipe).items():
        assert option.default is not inspect.Parameter.empty
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert f"        {key}: " in recipe.__doc__


def test_lists_are_stored_as_the_tuples_that_json_gives_back() -> None:
    listed = Spec("vae", [1, 8, 8], net_options={"hidden": [16, 8]})  # type: ignore[arg-type]
    assert listed == Spec("vae", SHAPE, net_options={"hidden": (16, 8)}) == through_json(listed)
    assert listed.shape == SHAPE


def test_a_spec_keeps_its_own_copy_of_the_options() -> None:
    options = {"latent": 3}
    spec = Spec("vae", SHAPE, options)
    options["latent"] = 99
    assert spec.options == {"latent": 3}


def test_the_options_reach_the_parts() -> None:
    options = {"latent": 3, "beta": 2.0, "free_bits": 0.25, "draws": 4}
    model, objective = Spec(
        "vae",
        SHAPE,
        options,
        net="mlp",
        net_options={"hidden": (16, 8)},
        likelihood="pixel-gaussian",
        likelihood_options={"minimum": 0.5},
    ).build()
    assert model.latent.size == 3
    assert model.encoder.features == 8
    assert isinstance(model.likelihood, PixelGaussian)
    assert model.likelihood.minimum == 0.5
    assert objective.draws == 4
    assert objective.free_bits == 0.25
    assert objective.beta == Constant(2.0)


def test_the_options_reach_the_objective_of_every_recipe() -> None:
    def objective(recipe: str, **options: Any) -> Objective:
        return Spec(recipe, SHAPE, options).build()[1]

    article = objective("vae", distortion_weight=0.5, warmup=8.0, cycles=2)
    assert article.distortion_weight == 0.5
    assert article.beta == Cyclical(1.0, 8.0, 2)
    assert objective("beta-vae").beta == Constant(4.0)
    assert objective("beta-vae", beta=3.0, warmup=5.0).beta == Linear(3.0, 5.0)
    assert objective("iwae", draws=7).draws == 7
    assert isinstance(objective("iwae"), IWAE)
    assert isinstance(objective("ae"), ELBO)


@pytest.mark.parametrize(
    ("shape", "net", "likelihood"),
    [
        ((1, 28, 28), "mlp", "bernoulli"),
        ((1, 64, 64), "conv", "bernoulli"),
        ((3, 64, 64), "conv", "shared-gaussian"),
        ((12,), "mlp", "shared-gaussian"),
    ],
)
def test_what_is_left_out_follows_from_the_shape_and_is_written_down(
    shape: tuple[int, ...], net: str, likelihood: str
) -> None:
    spec = Spec("vae", shape)
    assert (spec.net, spec.likelihood) == (net, likelihood)
    assert spec.to_json()["net"] == net
    assert spec.to_json()["likelihood"] == likelihood


def test_a_recipe_may_have_a_likelihood_of_its_own() -> None:
    spec = Spec("sigma-vae", (1, 8, 8), likelihood_options={"initial": 0.3})
    assert spec.likelihood == "shared-gaussian"
    likelihood = spec.build()[0].likelihood
    scale = likelihood(torch.zeros(1, 1, 1, 1, 8, 8)).scale
    assert scale.item() == pytest.approx(0.3)
    assert Spec.from_json(spec.to_json()) == spec
    with pytest.raises(BadInput, match="does not suit this recipe, which needs shared-gaussian"):
        Spec("sigma-vae", (1, 8, 8), likelihood="bernoulli")


def test_recipes_take_parts_as_objects_too() -> None:
    model, _ = RECIPES["vae"]((3, 16, 16), net=Conv((4, 8)), likelihood=Bernoulli(), latent=2)
    assert model.encoder.features == 8 * 4 * 4
    assert isinstance(model.likelihood, Bernoulli)
    model, _ = RECIPES["vae"]((5,), net=MLP((4,)), latent=2)
    assert isinstance(model.likelihood, SharedGaussian)


def test_the_seed_of_torch_decides_the_weights() -> None:
    spec = Spec("vae", SHAPE)

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        model, _ = spec.build()
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": "vea"}, r"no recipe 'vea': did you mean vae\?"),
        ({"recipe": "beta_vae"}, r"no recipe 'beta_vae': did you mean beta-vae\?"),
        ({"recipe": "transformer"}, r"no recipe 'transformer': use one of ae, vae, cvae"),
        ({"recipe": ""}, r"no recipe '': use one of"),
        ({"net": "cnov"}, r"no net 'cnov': did you mean conv\?"),
        ({"likelihood": "bernouli"}, r"no likelihood 'bernouli': did you mean bernoulli\?"),
        ({"options": {"latnet": 2}}, r"recipe vae has no option 'latnet': did you mean latent\?"),
        ({"options": {"net": "mlp"}}, r"recipe vae has no option 'net': it has latent, beta"),
        ({"net_options": {"hiden": (4,)}}, r"net mlp has no option 'hiden': did you mean hidden\?"),
        (
            {"likelihood_options": {"scale": 1.0}},
            r"likelihood bernoulli has no option 'scale': it has none\.",
        ),
        (
            {"likelihood": "gaussian", "likelihood_options": {"scael": 1.0}},
            r"likelihood gaussian has no option 'scael': did you mean scale\?",
        ),
    ],
)
def test_an_unknown_name_or_option_is_refused_with_the_nearest(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        Spec(**({"recipe": "vae", "shape": SHAPE} | values))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("size", [0, -1])
def test_a_code_without_a_size_is_refused_by_its_flag(recipe: str, size: int) -> None:
    options: dict[str, Any] = {"latent": size}
    named = "`latent`"
    if recipe in ("ladder-vae", "hvamp-vae", "layered-vae", "layered-iwae"):
        options = {"latent": (size,)}
    if recipe == "vq-vae":
        options, named = {"positions": 1, "width": size}, "`positions` times `width`"
    if recipe == "gumbel-vae":
        options, named = {"positions": 1, "categories": size}, "`positions` times `categories`"
    with pytest.raises(BadInput, match=rf"^{named} must be 1 or more, not {size}\."):
        Spec(recipe, SHAPE, options, context=2).build()


@pytest.mark.parametrize(
    ("part", "options", "named"),
    [
        ("options", {"latent": "2"}, "latent"),
        ("options", {"latent": None}, "latent"),
        ("options", {"beta": [1.0]}, "beta"),
        ("net_options", {"hidden": 500}, "hidden"),
        ("net_options", {"hidden": [500, "x"]}, "hidden"),
        ("net_options", {"activation": "swish"}, "activation"),
        ("likelihood_options", {"initial": "0.1"}, "initial"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_name(
    part: str, options: dict[str, Any], named: str
) -> None:
    likelihood = {"likelihood": "shared-gaussian"} if part == "likelihood_options" else {}
    with pytest.raises(BadInput, match=f"^`{named}` of "):
        Spec("vae", SHAPE, **{part: options}, **likelihood)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"recipe": "vae"},
        {"recipe": "vae", "shape": 5},
        {"recipe": "vae", "shape": [1, 8, 8], "colour": "red"},
        {"recipe": "vae", "shape": [1, 8, 8], "options": None},
        {"recipe": "vae", "shape": [1, 8, 8], "options": "latent"},
        {"recipe": ["vae"], "shape": [1, 8, 8]},
    ],
)
def test_a_foreign_configuration_is_bad_input(values: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"not one vaekit wrote|^`(options|recipe)` is "):
        Spec.from_json(values)


@pytest.mark.parametrize("net", ["conv", "resnet"])
def test_a_network_from_before_contexts_were_embedded_is_built_as_it_was(net: str) -> None:
    spec = Spec("vae", (3, 16, 16), net=net, net_options={"channels": (4, 8)}, context=5)
    assert spec.net_options["embed"] is True
    assert Spec.from_json(spec.to_json()) == spec
    old = spec.to_json()
    del old["net_options"]["embed"]
    again = Spec.from_json(old)
    widths = [each.build()[0].encoder.layers[0].in_channels for each in (spec, again)]
    assert widths == [3, 8]
    assert "embed" not in Spec("vae", (3, 16, 16), net=net).net_options
    assert Spec("vae", SHAPE, net="mlp", context=5).net_options == {}


def test_lookup_finds_what_is_there() -> None:
    assert lookup("net", NETS, "mlp") is NETS["mlp"]


def test_a_recipe_may_be_called_without_its_vae() -> None:
    spec = Spec("iaf", (4,), {"latent": 2})
    assert spec.recipe == "iaf-vae"
    assert spec == Spec("iaf-vae", (4,), {"latent": 2})
    assert called("vae") == "vae"
    assert called("nothing") == "nothing"
