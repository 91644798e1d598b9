"""Priors of pseudo-inputs and exemplars against the posteriors they are made of."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator, nn

from vaekit.data import Dataset, load
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents import ExemplarPrior, FlowPosterior, Latent, VampPrior
from vaekit.model import Autoencoder, evaluating
from vaekit.nets import MLP
from vaekit.objectives import ELBO, PIWAE
from vaekit.objectives.base import sides
from vaekit.recipes import exemplar_vae, iaf_vae, vamp_vae
from vaekit.records import Batch
from vaekit.spec import Spec
from vaekit.training import Training, fit
from vaekit.training.checkpoint import load_weights, save_weights
from vaekit.workflow.train import train

SHAPE, D = (1, 4, 4), 3
TINY = MLP(hidden=(12, 8))


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def rows(n: int = 6) -> Batch:
    return Batch(torch.rand(n, *SHAPE, generator=seeded(1)), rows=torch.arange(n))


def data(n: int = 40) -> Dataset:
    """Pictures in black and white, none like another."""
    numbers = np.random.default_rng(0)
    return load(255 * numbers.integers(0, 2, (n, *SHAPE), dtype=np.uint8), progress=False)


def begun(recipe: object = vamp_vae, n: int = 6, **options: object) -> Autoencoder:
    torch.manual_seed(0)
    model, _ = recipe(SHAPE, net=TINY, latent=D, **options)
    model.latent.prior.begin(rows(n))
    return model


def test_the_mixture_of_one_pseudo_input_is_the_posterior_at_it() -> None:
    model, codes = begun(n=1, pseudo_inputs=1).eval(), torch.randn(4, 5, D, generator=seeded())
    q = model.latent.posterior(model.encoder(rows(1).x))
    torch.testing.assert_close(
        model.latent.log_prior(codes, model._aside), q.log_prob(codes), rtol=1e-5, atol=1e-5
    )


def test_its_density_is_the_mean_of_the_posteriors_densities() -> None:
    model, codes = begun(pseudo_inputs=6).eval(), torch.randn(4, 5, D, generator=seeded())
    q = model.latent.posterior(model.encoder(rows().x))
    each = DiagonalGaussian(q.loc, q.log_scale).log_prob(codes[:, :, None])
    expected = each.logsumexp(-1) - math.log(6)
    found = model.latent.log_prior(codes, model._aside)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_pseudo_inputs_stay_in_the_data_s_range_and_can_come_back() -> None:
    prior, seen = begun(pseudo_inputs=6).latent.prior, []

    def infer(batch: Batch) -> DiagonalGaussian:
        seen.append(batch.x)
        return DiagonalGaussian(batch.x.flatten(1), batch.x.flatten(1))

    with torch.no_grad():
        prior.x += 10 * torch.randn(prior.x.shape, generator=seeded())
    prior(infer)
    torch.testing.assert_close(seen[0].amin(), rows().x.amin())
    torch.testing.assert_close(seen[0].amax(), rows().x.amax())
    (gradient,) = torch.autograd.grad(seen[0].sum(), prior.x)
    assert (gradient == 1).all()


@pytest.mark.parametrize("recipe", [vamp_vae, exemplar_vae])
def test_pseudo_inputs_have_contexts_of_their_own(recipe: object) -> None:
    torch.manual_seed(0)
    name = "pseudo_inputs" if recipe is vamp_vae else "exemplars"
    options = {name: 6} | ({} if recipe is vamp_vae else {"exemplars_each": 6})
    model, _ = recipe((7,), net=TINY, latent=D, context=2, **options)
    x, told = torch.randn(6, 7, generator=seeded()), torch.randn(6, 2, generator=seeded(1))
    model.latent.prior.begin(Batch(x, told, rows=torch.arange(6)))
    model.eval()
    q = model.latent.posterior(model.encoder(x, told))
    components = model.latent.prior(lambda batch: model.latent.posterior(model._read(batch)))
    torch.testing.assert_close(components.components.mode, q.mode)
    with torch.no_grad():
        other = model.latent.posterior(model.encoder(x, told + 1)).mode
    assert not torch.equal(components.components.mode, other)


def test_missing_values_of_training_rows_are_filled() -> None:
    x = torch.full((3, *SHAPE), 0.5)
    mask = torch.ones(x.shape, dtype=torch.bool)
    x[0, 0, 0, 0], mask[0, 0, 0, 0], x[1, 0, 0, 0] = math.nan, False, 0.75
    prior = VampPrior(D, SHAPE, 3)
    prior.begin(Batch(x, mask=mask))
    assert prior.x.isfinite().all()
    assert (prior.low, prior.high) == (0.5, 0.75)


@pytest.mark.parametrize("recipe", [vamp_vae, exemplar_vae])
def test_batch_normalisation_learns_of_the_data_alone(recipe: object) -> None:
    """Statistics after a step are those of an encoder that has seen no pseudo-inputs."""
    torch.manual_seed(0)
    size = {"pseudo_inputs": 6} if recipe is vamp_vae else {"exemplars": 6, "exemplars_each": 4}
    model, _ = recipe(SHAPE, net=MLP(hidden=(12,), batch_norm=True), latent=D, **size)
    model.latent.prior.begin(rows())
    norm = model.encoder.layers[1]
    assert isinstance(norm, nn.BatchNorm1d)
    x = torch.rand(30, *SHAPE, generator=seeded(2))
    hidden = model.encoder.layers[0](x.flatten(1) - 0.5)
    model.train()(Batch(x, rows=torch.arange(30)))
    torch.testing.assert_close(norm.running_mean, 0.1 * hidden.mean(0))
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * hidden.var(0))
    assert norm.training
    if recipe is exemplar_vae:  # of which there are more in use
        return
    codes = torch.randn(2, 30, D, generator=seeded(3))
    training = model.latent.log_prior(codes, model._aside)
    with evaluating(model):
        torch.testing.assert_close(training, model.latent.log_prior(codes, model._aside))


def test_pseudo_inputs_belong_to_generation_and_the_encoder_to_inference() -> None:
    model = begun(pseudo_inputs=6)
    inferring, generating = (set(map(id, each)) for each in sides(model))
    assert id(model.latent.prior.x) in generating
    assert {id(each) for each in model.encoder.parameters()} <= inferring
    loss = PIWAE(2, 2).losses(model, model(rows(), 4))[1].total
    loss.backward(inputs=[model.latent.prior.x])
    assert model.latent.prior.x.grad.any()


def test_a_posterior_that_scores_no_other_codes_is_refused_with_both_names() -> None:
    with pytest.raises(BadInput, match=r"VampPrior scores codes .* and Flowed scores none"):
        Latent(FlowPosterior(5, D), VampPrior(D, SHAPE, 4))
    flowed = iaf_vae(SHAPE, latent=D)[0]
    flowed.latent.prior = prior = ExemplarPrior(D, SHAPE, 6, 0, 3)  # which asks for a mode alone
    prior.begin(rows())
    assert flowed(rows(), 2).draw.log_p.isfinite().all()


def test_a_training_row_is_not_its_own_exemplar() -> None:
    model = begun(exemplar_vae, exemplars=6, exemplars_each=6)
    prior, batch = model.latent.prior, Batch(rows().x[:3], rows=torch.tensor([4, 40, 0]))
    draw = model(batch, 2, generator=seeded()).draw
    loc = model.latent.posterior(model.encoder(rows().x)).loc
    around = DiagonalGaussian(loc, prior.log_scale.expand_as(loc)).log_prob(draw.z[:, :, None])
    for place, own in enumerate((4, None, 0)):
        left = [each for each in range(6) if each != own]
        expected = around[:, place, left].logsumexp(-1) - math.log(len(left))
        torch.testing.assert_close(draw.log_p[:, place], expected, rtol=1e-5, atol=1e-5)
    used = model.eval()(batch, 2, generator=seeded()).draw
    expected = around.logsumexp(-1) - math.log(6)
    torch.testing.assert_close(used.log_p, expected, rtol=1e-5, atol=1e-5)


def test_exemplars_take_turns_and_a_step_of_few_bounds_that_of_all() -> None:
    prior, seen = begun(exemplar_vae, exemplars=6, exemplars_each=4).latent.prior, []

    def infer(batch: Batch) -> DiagonalGaussian:
        seen.append(batch.x)
        return DiagonalGaussian(batch.x.flatten(1)[:, :D], batch.x.flatten(1)[:, :D])

    infer.rows = torch.tensor([77])
    codes = torch.randn(1, 50, D, generator=seeded())
    prior.eval()
    whole = prior(infer).log_prob(codes)
    prior.train()
    few = torch.stack([prior(infer).log_prob(codes) for _ in range(3)])
    turns = torch.cat(seen[1:]).view(2, 6, *SHAPE)
    torch.testing.assert_close(turns[0], rows().x)
    torch.testing.assert_close(turns[1], rows().x)
    assert (few.mean(0) < whole).all()


def test_exemplars_in_training_need_to_know_whom_they_serve() -> None:
    model = begun(exemplar_vae, exemplars=6, exemplars_each=4)
    with pytest.raises(BadInput, match="give a `Batch` with `rows`, as `fit` does"):
        model(rows().x)
    model.eval()(rows().x)


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        ("vamp-vae", {"pseudo_inputs": 5}),
        ("exemplar-vae", {"exemplars": 5, "exemplars_each": 3}),
    ],
)
def test_fit_starts_at_training_rows_and_their_place_is_kept(
    recipe: str, options: dict[str, int], tmp_path: Path
) -> None:
    dataset, spec = data(), Spec(recipe, SHAPE, {"latent": D} | options, "mlp", {"hidden": (8,)})
    torch.manual_seed(0)
    model, objective = spec.build()
    training = Training(epochs=1, batch_size=8, learning_rate=1e-6)
    fit(model, objective, dataset, training, progress=False)
    start, known = model.latent.prior.x.detach(), dataset.train.tensor()
    nearest = (start[:, None] - known).abs().flatten(2).amax(2).min(1)
    assert (nearest.values < 1e-3).all()
    assert len(nearest.indices.unique()) == 5
    save_weights(model, tmp_path / "model.safetensors")
    again, _ = spec.build()
    load_weights(again, tmp_path / "model.safetensors")
    x = dataset.test.tensor()
    found = (each.eval().log_likelihood(x, 5, seeded()) for each in (model, again))
    assert torch.equal(*found)


def test_pseudo_inputs_that_have_learned_are_not_moved_back_to_the_data() -> None:
    model, dataset = begun(pseudo_inputs=5, n=5), data()
    with torch.no_grad():
        model.latent.prior.x.fill_(0.5)
    training = Training(epochs=1, batch_size=8, learning_rate=1e-6)
    fit(model, ELBO(), dataset, training, progress=False)
    torch.testing.assert_close(
        model.latent.prior.x, torch.full((5, *SHAPE), 0.5), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize(
    ("recipe", "option"), [("vamp-vae", "pseudo_inputs"), ("exemplar-vae", "exemplars")]
)
def test_more_than_the_training_rows_are_refused_before_there_is_a_run(
    recipe: str, option: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=f"`{option}` must be 32 or less, the training rows of"):
        train(recipe, data(), root=tmp_path, options={option: 200}, progress=False)
    assert not list(tmp_path.iterdir())


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadInput, match="`pseudo_inputs` must be 1 or more, not 0"):
        VampPrior(D, SHAPE, 0)
    with pytest.raises(BadInput, match="`exemplars` must be 2 or more, not 1"):
        ExemplarPrior(D, SHAPE, 1)
    with pytest.raises(BadInput, match="`exemplars_each` must be from 2 to 10"):
        ExemplarPrior(D, SHAPE, 10, exemplars_each=11)
    with pytest.raises(BadInput, match="melodies are symbols"):
        vamp_vae((2, 32))
