"""The deep ladder: one way from the top down, whoever chooses the codes on it."""

import math

import pytest
import torch
from torch import Tensor
from torch import distributions as td

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.evaluation.annealing import Annealing, annealed_likelihood
from vaekit.latents import DeepLadder
from vaekit.model import Autoencoder
from vaekit.nets import MLP, Pyramid
from vaekit.objectives import ELBO, IWAE, PIWAE, DReG, check
from vaekit.recipes import vae, very_deep_vae
from vaekit.records import Batch
from vaekit.spec import Spec

SHAPE, B = (1, 9, 8), 3
NET = Pyramid(channels=(4, 6, 8), levels=(1, 2, 1))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def never(batch: Batch) -> Tensor:
    raise AssertionError("no prior here asks for an encoding")


def small(net: Pyramid = NET, latent: int = 2, moved: float = 0.1) -> Autoencoder:
    torch.manual_seed(0)
    model = very_deep_vae(SHAPE, net=net, latent=latent)[0].double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += moved * torch.randn_like(parameter)
    return model


def rows() -> Tensor:
    return torch.rand(B, *SHAPE, dtype=torch.float64, generator=seeded(1)).round()


def test_maps_halve_and_end_in_a_single_place() -> None:
    assert NET.maps(SHAPE) == ((4, 5, 4), (6, 3, 2), (8, 1, 1))
    assert NET.maps((3, 28, 28)) == ((4, 14, 14), (6, 7, 7), (8, 1, 1))
    latent = small().latent
    assert latent.sizes == [2, 12, 12, 40]
    assert latent.size == sum(latent.sizes) == NET.code(SHAPE, 2)
    assert latent.reads == 80


def test_portions_of_draws_are_as_large_as_the_states_that_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = small()
    monkeypatch.setattr("vaekit.model._VALUES", 2 * B * model.latent.reads)
    portions = [len(trace.log_px) for trace in model.traces(rows(), 5)]
    assert portions == [2, 2, 1]


@pytest.mark.parametrize("draws", [1, 3])
def test_what_a_draw_is_decoded_to_is_what_its_code_is(draws: int) -> None:
    model = small()
    trace = model(rows(), draws=draws, generator=seeded())
    torch.testing.assert_close(model.latent.state(trace.draw.z), trace.draw.state)
    torch.testing.assert_close(model.px(trace.draw.z).mean, trace.px.mean)
    log_px, log_p = model.joint(trace.draw.z, trace.batch)
    torch.testing.assert_close(log_px, trace.log_px)
    torch.testing.assert_close(log_p, trace.draw.log_p)
    torch.testing.assert_close(trace.draw.code, model.encode(rows()))
    z = model.sample_codes(4, generator=seeded(2))
    sampled = model.sample(4, generator=seeded(2))
    assert torch.equal(model.decode(z), sampled)
    assert sampled.std(0).max() > 0


def test_the_first_levels_are_scored_by_their_own_densities() -> None:
    model = small(Pyramid((4, 6), (1, 1)))
    latent, x = model.latent, rows()
    features = model.encoder(x)
    draw = latent(features, never, draws=2, generator=seeded())
    state = latent.starts[1](torch.zeros(2 * B, 6, 1, 1))
    loc, log_scale, more = latent.priors[0](state).split([2, 2, 2 + 6 - 2], 1)
    z, low = draw.z.flatten(0, 1).split(latent.sizes, 1)
    p = td.Normal(loc.flatten(1), log_scale.exp().flatten(1))
    above = features[:, -6:].view(B, 6, 1, 1).repeat(2, 1, 1, 1)
    mean, spread = latent.posteriors[0](torch.cat([state, above], 1)).chunk(2, 1)
    q = td.Normal(mean.flatten(1), spread.exp().flatten(1))
    rate = td.kl_divergence(q, p).view(2, B, 2).mean(0)
    torch.testing.assert_close(draw.rates[:, :2], rate)

    state = latent.blocks[0](state + more + latent.back[0](z.view(-1, 2, 1, 1)))
    state = latent.starts[0](latent.narrow[0](state).expand(-1, -1, 5, 4))
    below = latent.priors[1](state)[:, :4].permute(0, 2, 3, 1)
    lower = td.Normal(below[..., :2].flatten(1), below[..., 2:].exp().flatten(1))
    expected = p.log_prob(z).sum(1) + lower.log_prob(low).sum(1)
    torch.testing.assert_close(draw.log_p.flatten(), expected)


def test_the_rate_is_the_mean_of_log_q_minus_log_p() -> None:
    model, draws = small(Pyramid((4, 6), (1, 2))), 4_000
    with torch.no_grad():
        draw = model.latent(model.encoder(rows()), never, draws=draws, generator=seeded())
    ratio = draw.log_q - draw.log_p
    error = ratio.std(0) / math.sqrt(draws)
    assert ((ratio.mean(0) - draw.rate).abs() < 4 * error).all()
    assert (draw.rate > 0).all()
    torch.testing.assert_close(draw.rate, draw.rates.sum(-1))


def test_codes_without_scores_are_the_same_codes_at_the_same_rate() -> None:
    model = small()
    features = model.encoder(rows())
    scored, bare = (model.latent(features, never, None, 2, seeded(), how) for how in (True, False))
    assert bare.log_q is bare.log_p is None
    assert torch.equal(bare.z, scored.z)
    assert torch.equal(bare.rate, scored.rate)


def test_temperature_shrinks_what_samples_differ_in() -> None:
    latent = small().latent
    cold = latent.sample(3, never, temperature=0.0)
    assert torch.equal(cold[0], cold[1])
    warm, hot = (latent.sample(2_000, never, None, seeded(), t).std(0) for t in (0.3, 1.0))
    torch.testing.assert_close(warm[:2], 0.3 * hot[:2])
    assert warm.mean() < 0.5 * hot.mean()


def test_forty_levels_start_as_quietly_as_four() -> None:
    spreads = []
    for count in (2, 20):
        model = small(Pyramid((8, 16), (count, count)), moved=0.0).float()
        objective = ELBO()
        trace = model(rows().float(), generator=seeded())
        loss = objective(trace).total
        loss.backward()
        assert loss.isfinite()
        assert all(weight.grad.isfinite().all() for weight in model.parameters())
        spreads.append(float(trace.draw.state.detach().std()))
    assert 0.5 < spreads[1] / spreads[0] < 2


def test_objectives_that_need_what_it_gives_train_it() -> None:
    model = small()
    for objective in (ELBO(free_bits=0.1), IWAE(3), PIWAE(2, 2)):
        check(model, objective)
        trace = model(rows(), objective.draws, generator=seeded())
        assert all(loss.total.isfinite() for loss in objective.losses(model, trace))
    encoder, decoder = PIWAE(2, 2).phases(model)
    generated = {id(weight) for weight in decoder.parameters}
    inferred = {id(p) for p in (*model.encoder.parameters(), *model.latent.posteriors.parameters())}
    assert {id(weight) for weight in encoder.parameters} == inferred
    assert {id(weight) for weight in model.parameters()} == inferred | generated
    with pytest.raises(BadInput, match="DReG needs still_log_q from the latent, but DeepLadder"):
        check(model, DReG())


def test_annealing_and_draws_of_the_prior_find_the_same_likelihood() -> None:
    model = small(Pyramid((4, 6), (1, 1)), latent=1, moved=0.0)
    x = rows()[:2]
    with torch.no_grad():
        z = model.eval().sample_codes(4_000, generator=seeded(1)).view(2_000, 2, -1)
        by_prior = log_mean_exp(model.joint(z, Batch(x))[0])
    annealed = annealed_likelihood(model, x, Annealing(60, 3, 6), seeded())
    assert (annealed - by_prior).abs().max() < 0.3


def test_what_makes_no_sense_is_refused() -> None:
    for options, words in (
        ({"channels": (4,)}, "`channels` takes two or more"),
        ({"levels": (1, 2, 0)}, "`levels` takes two or more"),
        ({"levels": (1, 2)}, "`channels` has 3 resolutions and `levels` 2"),
        ({"narrowed": 0}, "`narrowed` must be from 1"),
        ({"narrowed": 33}, "`narrowed` must be from 1 to the fewest `channels`, 32"),
    ):
        with pytest.raises(BadInput, match=words):
            Pyramid(**options)
    with pytest.raises(BadInput, match="`latent` must be 1 or more"):
        DeepLadder(NET, SHAPE, 0)
    with pytest.raises(BadInput, match="needs pictures"):
        very_deep_vae((9,))
    with pytest.raises(BadInput, match="3 resolutions, too many for pictures of 4 x 4"):
        very_deep_vae((1, 4, 4))
    with pytest.raises(BadInput, match="is for very-deep-vae"):
        vae(SHAPE, net=NET)
    with pytest.raises(BadInput, match="does not suit this recipe, which needs pyramid"):
        Spec("very-deep-vae", SHAPE, net="mlp")
    with pytest.raises(BadInput, match="`net` is of type MLP: give a `Pyramid`"):
        very_deep_vae(SHAPE, net=MLP())  # type: ignore[arg-type]
    assert Spec("very-deep-vae", SHAPE).net == "pyramid"
