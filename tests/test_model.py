"""The one model class: what flows through it and what using it leaves untouched."""

import math
from dataclasses import replace
from typing import final

import pytest
import torch
from torch import Generator, Tensor, nn

import vaekit.model
from vaekit.corruptions import Corruption
from vaekit.errors import BadInput
from vaekit.latents import Deterministic, GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import Bernoulli, PixelGaussian
from vaekit.model import Autoencoder, Told
from vaekit.nets import MLP, Conv
from vaekit.records import Batch, Moment

B, D, SHAPE = 16, 2, (1, 4, 4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def autoencoder(stochastic: bool = True, corruption: Corruption | None = None) -> Autoencoder:
    torch.manual_seed(0)
    net = MLP((8,), batch_norm=True)
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    encoder, decoder = net.encoder(SHAPE), net.decoder(D, (1, *SHAPE))
    return Autoencoder(
        encoder, latent if stochastic else Deterministic(8, D), decoder, Bernoulli(), corruption
    )


def data(n: int = B) -> Tensor:
    return torch.rand(n, *SHAPE, generator=seeded(1))


def test_codes_too_large_to_decode_are_told_from_a_model_that_diverged() -> None:
    encoder, decoder = MLP((8,)).encoder((3,)), MLP((8,)).decoder(D, (2, 3))
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    model = Autoencoder(encoder, latent, decoder, PixelGaussian())
    told = Told(model, None)
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.mul_(10)
    assert torch.isfinite(told.decode(torch.full((1, D), 1e3))).all()
    for far in (3e38, math.inf):
        with pytest.raises(BadInput, match=r"Codes as large as .* overflow: give some nearer"):
            told.decode(torch.full((1, D), far))
    with torch.no_grad():
        next(model.decoder.parameters()).fill_(math.nan)
    with pytest.raises(BadInput, match=r"The weights decoder.* are not finite"):
        told.decode(torch.zeros(1, D))


def test_a_pass_is_the_chain_of_its_parts() -> None:
    model = autoencoder().eval()
    x = data()
    at = Moment(2.5, 40, 160)
    trace = model(x, draws=3, at=at, generator=seeded(2))
    z, log_q = model.latent.posterior(model.encoder(x)).draw(3, seeded(2))
    assert torch.equal(trace.draw.z, z)
    assert torch.equal(trace.draw.log_q, log_q)
    assert torch.equal(trace.log_px, model.likelihood(model.decoder(z)).log_prob(x))
    assert torch.equal(trace.log_w, trace.log_px + (trace.draw.log_p - trace.draw.log_q))
    assert trace.x is x
    assert trace.at is at
    assert model(x).at.epoch == math.inf


def test_encode_is_the_mode_and_decode_the_mean() -> None:
    model = autoencoder().eval()
    x = data()
    z = model.encode(x)
    assert torch.equal(z, model.latent.posterior(model.encoder(x)).loc)
    expected = model.likelihood(model.decoder(z[None])).mean[0]
    assert torch.equal(model.decode(z), expected)
    assert torch.equal(model.reconstruct(x), expected)


def test_samples_are_decoded_draws_from_the_prior() -> None:
    model = autoencoder()
    z = torch.randn(5, D, generator=seeded(3))
    assert torch.equal(model.sample(5, generator=seeded(3)), model.decode(z))
    assert torch.equal(model.sample(5, 0.5, seeded(3)), model.decode(0.5 * z))
    assert torch.equal(model.sample(5, 0.0), model.decode(torch.zeros(5, D)))


def test_using_a_model_records_no_gradient() -> None:
    model = autoencoder()
    x = data().requires_grad_(True)
    z = model.encode(x)
    uses = (z, model.decode(z), model.reconstruct(x), model.sample(2), model.log_likelihood(x, 2))
    assert not any(result.requires_grad for result in uses)
    assert model(x).log_px.requires_grad


def test_every_part_gets_its_own_mode_back() -> None:
    model = autoencoder()
    model.encoder.eval()  # a frozen part, say
    before = [part.training for part in model.modules()]
    assert True in before
    assert False in before
    model.reconstruct(data())
    model.sample(2)
    model.log_likelihood(data(), 2)
    with pytest.raises(RuntimeError):
        model.encode(torch.rand(2, 1, 3, 3))
    assert [part.training for part in model.modules()] == before


def test_using_a_model_leaves_its_running_statistics_alone() -> None:
    model = autoencoder()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.reconstruct(data())
    model.log_likelihood(data(), 3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("draws", [1, 5, 12])
def test_log_likelihood_in_portions_equals_one_go(
    draws: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch of 16 makes the generator give the same numbers in portions as at once."""
    model, x = autoencoder(), data()
    at_once = model.log_likelihood(x, draws, seeded(4))
    monkeypatch.setattr(vaekit.model, "_VALUES", 5 * x.numel())
    portions = [len(trace.draw.z) for trace in model.traces(x, draws)]
    assert sum(portions) == draws
    assert max(portions) <= 5
    torch.testing.assert_close(model.log_likelihood(x, draws, seeded(4)), at_once)


def test_log_likelihood_is_the_log_of_the_mean_weight() -> None:
    model, x = autoencoder().eval(), data()
    weights = model(x, draws=7, generator=seeded(5)).log_w.double().exp()
    expected = weights.mean(0).log().float()
    torch.testing.assert_close(model.log_likelihood(x, 7, seeded(5)), expected)


def test_a_batch_larger_than_a_portion_is_scored_draw_by_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vaekit.model, "_VALUES", 10)
    model = autoencoder()
    assert [len(trace.draw.z) for trace in model.traces(data(), 3)] == [1, 1, 1]


@final
class Darken(Corruption):
    """A corruption that leaves nothing."""

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        return torch.zeros_like(x)


def test_a_corruption_changes_what_the_encoder_sees_and_not_the_target() -> None:
    model, x = autoencoder(corruption=Darken()).eval(), data()
    model.training = True  # the corruption's mode alone; batch norm stays as it is
    trace = model(x, generator=seeded(6))
    assert torch.equal(trace.draw.code, model.encode(torch.zeros_like(x)))
    assert torch.equal(trace.log_px, trace.px.log_prob(x))
    assert torch.equal(trace.x, data())
    clean = model.eval()(x, generator=seeded(6))
    assert torch.equal(clean.draw.code, model.encode(x))


@final
class Shifted(nn.Module):
    """An encoder and a decoder at once, moved by the context."""

    features = context = D

    def forward(
        self, value: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        assert context is not None
        moved = value + context
        return moved if value.ndim == 2 else moved.unsqueeze(2)


def test_a_context_reaches_encoder_and_decoder() -> None:
    model = Autoencoder(Shifted(), Deterministic(D, D), Shifted(), Bernoulli())
    x, context = torch.rand(4, D), torch.randn(4, D)
    z = model.latent.head(x + context).detach()
    known = Batch(x, context)
    torch.testing.assert_close(model.encode(known), z)
    torch.testing.assert_close(model.decode(z, context), torch.sigmoid(z + context))
    torch.testing.assert_close(model.reconstruct(known), torch.sigmoid(z + context))
    torch.testing.assert_close(model(known).px.mean[0], torch.sigmoid(z + context))


@pytest.mark.parametrize("net", [MLP((8,)), Conv((4,))])
def test_the_networks_read_a_context_they_were_built_for(net: MLP | Conv) -> None:
    torch.manual_seed(0)
    encoder, decoder = net.encoder(SHAPE, 3), net.decoder(D, (1, *SHAPE), 3)
    latent = Latent(GaussianPosterior(encoder.features, D), StandardNormal(D))
    model = Autoencoder(encoder, latent, decoder, Bernoulli()).eval()
    assert model.context == 3
    x, context = data(), torch.eye(3)[torch.arange(B) % 3]
    other = context.roll(1, 1)
    z = model.encode(Batch(x, context))
    assert not torch.allclose(z, model.encode(Batch(x, other)))
    assert not torch.allclose(model.decode(z, context), model.decode(z, other))
    assert model.sample(4, context=context[:4]).shape == (4, *SHAPE)
    assert model.log_likelihood(Batch(x, context), 3).shape == (B,)
    for bare in (lambda: model.encode(x), lambda: model.decode(z), lambda: model.sample(4)):
        with pytest.raises(BadInput, match="reads a context of 3 numbers a row, not of 0"):
            bare()
    with pytest.raises(BadInput, match="context of 0 numbers a row, not of 3"):
        autoencoder().encode(Batch(x, context))


def test_parts_built_for_different_contexts_are_refused() -> None:
    net = MLP((8,))
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    with pytest.raises(BadInput, match=r"contexts of sizes \[2, 3\]"):
        Autoencoder(net.encoder(SHAPE, 3), latent, net.decoder(D, (1, *SHAPE), 2), Bernoulli())


@pytest.mark.parametrize("net", [MLP((8,)), Conv((4,))])
def test_missing_values_reach_neither_code_nor_likelihood(net: MLP | Conv) -> None:
    torch.manual_seed(0)
    encoder, decoder = net.encoder(SHAPE), net.decoder(D, (1, *SHAPE))
    latent = Latent(GaussianPosterior(encoder.features, D), StandardNormal(D))
    model = Autoencoder(encoder, latent, decoder, Bernoulli()).eval()
    x, mask = data(), torch.rand(B, *SHAPE, generator=seeded(2)) < 0.5
    nonsense = torch.where(mask, x, 1 - x)
    one, two = (model(Batch(each, mask=mask), 3, generator=seeded(3)) for each in (x, nonsense))
    assert torch.equal(one.draw.z, two.draw.z)
    assert torch.equal(one.log_px, two.log_px)
    whole = model(Batch(x, mask=torch.ones_like(mask)), generator=seeded(3))
    torch.testing.assert_close(whole.log_px, model(x, generator=seeded(3)).log_px)
    parts = [model.likelihood(model.decoder(one.draw.z)).log_prob(x, m) for m in (mask, ~mask)]
    torch.testing.assert_close(sum(parts), model.likelihood(model.decoder(one.draw.z)).log_prob(x))


def test_any_number_of_rows_is_used_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = autoencoder(), data(64)
    uses = [model.encode, model.reconstruct, lambda x: model.decode(model.encode(x))]
    at_once = [use(x) for use in uses]
    sample = model.sample(64, generator=seeded(3))
    monkeypatch.setattr(vaekit.model, "_ROWS", 7)
    for use, expected in zip(uses, at_once, strict=True):
        torch.testing.assert_close(use(x), expected)
    torch.testing.assert_close(model.sample(64, generator=seeded(3)), sample)
    assert model.encode(x[:0]).shape == (0, D)


def test_a_plain_autoencoder_refuses_what_needs_a_density() -> None:
    model = autoencoder(stochastic=False)
    with pytest.raises(BadInput, match=r"no prior to sample from.*vae"):
        model.sample(3)
    with pytest.raises(BadInput, match=r"no likelihood"):
        model.log_likelihood(data(), 3)


@pytest.mark.parametrize("draws", [0, -3])
def test_a_number_of_draws_that_makes_no_sense_is_refused(draws: int) -> None:
    with pytest.raises(BadInput, match=rf"^`draws` must be 1 or more, .*not {draws}\."):
        autoencoder().log_likelihood(data(), draws)


def test_an_encoder_reads_what_is_seen_and_the_decoder_makes_what_is_not() -> None:
    torch.manual_seed(0)
    net = MLP((8,))
    latent = Latent(GaussianPosterior(8, D), StandardNormal(D))
    model = Autoencoder(net.encoder(SHAPE, 3), latent, net.decoder(D, (1, *SHAPE), 3), Bernoulli())
    told = torch.randn(2, B, 3, generator=seeded(2))
    one, other = Batch(data(), told[0]), Batch(data().flip(0), told[1])
    trace = model(replace(one, seen=other), generator=seeded(3))
    apart = model(other, generator=seeded(3))
    assert torch.equal(trace.draw.z, apart.draw.z)
    assert torch.equal(trace.x, one.x)
    px = model.likelihood(model.decoder(trace.draw.z, one.context))
    torch.testing.assert_close(trace.log_px, px.log_prob(one.x))
    moved = replace(one, seen=other).map(lambda each: each[:4])
    assert moved.seen is not None
    assert torch.equal(moved.seen.x, other.x[:4])
    with pytest.raises(BadInput, match="reads a context of 3"):
        model(replace(one, seen=Batch(other.x)))
