"""Nets of melodies: what each step may know, and what is played."""

from typing import Any

import pytest
import torch
from torch import Tensor

from vaekit.contracts import Autoregressive, Decoder
from vaekit.errors import BadInput
from vaekit.likelihoods import Categorical
from vaekit.nets import LSTM, Bars, Net, Transformer
from vaekit.recipes import music_vae, vae
from vaekit.records import Batch

K, B, D = 2, 3, 4
SYMBOLS = 9
SMALL: dict[str, Any] = {"units": 7, "embedding": 3, "symbols": SYMBOLS}
NETS: dict[str, Net] = {
    "lstm": LSTM(**SMALL, depth=2),
    "bars": Bars(**SMALL, conductor=6, plan=5, bar=4),
    "transformer": Transformer(**{**SMALL, "units": 8}, heads=2, memory=5),
}
SHAPES = [(1, 12), (3, 8)]


def symbols(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(SYMBOLS, (B, *shape), generator=generator).float()


def codes(seed: int = 0) -> Tensor:
    return torch.randn(K, B, D, generator=torch.Generator().manual_seed(seed))


def decoder_of(name: str, shape: tuple[int, ...], **options: Any) -> Any:
    torch.manual_seed(0)
    return NETS[name].decoder(D, (SYMBOLS, *shape), **options)


@pytest.fixture(params=NETS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("shape", SHAPES)
def test_logits_of_a_step_do_not_know_the_target_from_it_on(
    name: str, shape: tuple[int, ...]
) -> None:
    decoder, z, x = decoder_of(name, shape), codes(), symbols(shape)
    before = decoder(z, None, x)
    assert before.shape == (K, B, SYMBOLS, *shape)
    for step in range(shape[1]):
        other = x.clone()
        other[..., step:] = (other[..., step:] + 1) % SYMBOLS
        after = decoder(z, None, other)
        assert torch.equal(after[..., : step + 1], before[..., : step + 1])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_knows_the_one_before(name: str, shape: tuple[int, ...]) -> None:
    decoder, z, x = decoder_of(name, shape), codes(), symbols(shape)
    other = x.clone()
    other[..., 1] = (other[..., 1] + 1) % SYMBOLS
    assert not torch.equal(decoder(z, None, other)[..., 2], decoder(z, None, x)[..., 2])


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_played_is_what_teacher_forcing_of_it_finds_likeliest(
    name: str, shape: tuple[int, ...]
) -> None:
    decoder, z = decoder_of(name, shape), codes()
    played = decoder(z)
    tune = Categorical(SYMBOLS)(played).mean
    for draw in range(K):
        forced = decoder(z[draw : draw + 1], None, tune[draw])
        torch.testing.assert_close(forced[0], played[draw])
        assert torch.equal(forced.argmax(2)[0].float(), tune[draw])


def test_draws_are_of_a_generator_and_as_likely_as_they_are_said_to_be(name: str) -> None:
    decoder = decoder_of(name, (1, 4))
    z = codes()[:1, :1].expand(1, 20_000, D)

    def drawn(seed: int, temperature: float) -> Tensor:
        parameters = decoder.generate(z, None, temperature, torch.Generator().manual_seed(seed))
        found: Tensor = Categorical(SYMBOLS)(parameters).mean[0]
        return found

    first = drawn(0, 1.0)
    assert torch.equal(first, drawn(0, 1.0))
    assert not torch.equal(first, drawn(1, 1.0))
    shares = torch.bincount(first[:, 0, 0].long(), minlength=SYMBOLS) / len(first)
    said = decoder(z[:, :1])[0, 0, :, 0, 0].softmax(0)
    torch.testing.assert_close(shares, said, atol=0.015, rtol=0)
    likeliest = decoder(z[:, :1])[0, 0].argmax(0).float()
    assert (drawn(0, 1e-3) == likeliest).all()


def test_bars_do_not_see_each_other() -> None:
    decoder, z, x = decoder_of("bars", (1, 12)), codes(), symbols((1, 12))
    other = x.clone()
    other[..., 4:8] = (other[..., 4:8] + 1) % SYMBOLS
    before, after = decoder(z, None, x), decoder(z, None, other)
    assert torch.equal(after[..., :5], before[..., :5])
    assert torch.equal(after[..., 8:], before[..., 8:])
    assert not torch.equal(after[..., 5:8], before[..., 5:8])


def test_a_bar_is_what_its_plan_alone_plays() -> None:
    decoder, z, x = decoder_of("bars", (1, 12)), codes(), symbols((1, 12))
    plans = decoder.conductor(z.flatten(0, 1))
    alone = decoder.player(plans[:, 1], x[:, :, 4:8].long().repeat(K, 1, 1))
    whole = decoder(z, None, x).flatten(0, 1)[..., 4:8]
    torch.testing.assert_close(alone, whole)


@pytest.mark.parametrize("flat", ["lstm", "transformer"])
def test_flat_bars_see_each_other(flat: str) -> None:
    decoder, z, x = decoder_of(flat, (1, 12)), codes(), symbols((1, 12))
    other = x.clone()
    other[..., 0] = (other[..., 0] + 1) % SYMBOLS
    assert not torch.equal(decoder(z, None, other)[..., -1], decoder(z, None, x)[..., -1])


@pytest.mark.parametrize(
    "net", [LSTM(**SMALL, scheduled=0.5), Transformer(8, 2, 2, 5, 3, 0.5, SYMBOLS)]
)
def test_scheduled_sampling_reads_some_steps_of_itself_in_training_alone(net: Net) -> None:
    torch.manual_seed(0)
    decoder: Any = net.decoder(D, (SYMBOLS, 1, 12))
    z, x = codes(), symbols((1, 12))
    assert isinstance(decoder, Autoregressive)
    plain = decoder.player(z.flatten(0, 1), x.long().repeat(K, 1, 1)).view(K, B, SYMBOLS, 1, 12)
    seeded = [decoder(z, None, x, torch.Generator().manual_seed(0)) for _ in range(2)]
    assert torch.equal(seeded[0], seeded[1])
    assert torch.equal(seeded[0][..., 0], plain[..., 0])
    assert not torch.equal(seeded[0], plain)
    assert torch.equal(decoder.eval()(z, None, x), plain)


def test_the_encoder_reads_both_ways_and_every_voice() -> None:
    torch.manual_seed(0)
    encoder = LSTM(**SMALL).encoder((3, 8))
    x = symbols((3, 8))
    features = encoder(x)
    assert features.shape == (B, encoder.features) == (B, 14)
    for voice in range(3):
        for step in (0, 7):
            other = x.clone()
            other[:, voice, step] = (other[:, voice, step] + 1) % SYMBOLS
            assert not torch.equal(encoder(other), features)


def test_missing_symbols_do_not_reach_the_features() -> None:
    torch.manual_seed(0)
    encoder, x = LSTM(**SMALL).encoder((1, 8)), symbols((1, 8))
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    other = torch.where(mask, x, (x + 3) % SYMBOLS)
    assert torch.equal(encoder(x, None, mask), encoder(other, None, mask))
    assert not torch.equal(encoder(x, None, mask), encoder(x))


@pytest.mark.parametrize(("steps", "bar"), [(32, 16), (256, 16), (24, 12), (192, 12)])
def test_a_bar_follows_from_the_steps_of_a_row(steps: int, bar: int) -> None:
    decoder = Bars(units=4, embedding=2, conductor=3, plan=2).decoder(D, (130, 1, steps))
    assert (decoder.player.steps, decoder.conductor.bars) == (bar, steps // bar)


def test_the_model_scores_by_teacher_forcing_and_plays_in_use(name: str) -> None:
    torch.manual_seed(0)
    net, likelihood = NETS[name], Categorical(SYMBOLS)
    model, _ = music_vae((1, 8), net=net, likelihood=likelihood, latent=D, transposed=0)
    x = symbols((1, 8))
    trace = model.eval()(x, draws=K)
    logits = model.decoder(trace.draw.z, None, x)  # type: ignore[call-arg]
    torch.testing.assert_close(trace.log_px, likelihood(logits).log_prob(x))
    z = model.encode(x)
    played = likelihood(model.decoder(z[None])).mean[0]
    assert torch.equal(model.decode(z), played)
    assert torch.equal(model.reconstruct(x), played)


def test_a_model_plays_draws_at_a_temperature(name: str) -> None:
    torch.manual_seed(0)
    model, _ = vae((1, 8), net=NETS[name], likelihood=Categorical(SYMBOLS), latent=D)
    z = codes()[0]

    def played(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return model.decode(z, temperature=1.0, generator=generator)

    assert torch.equal(played(0), played(0))
    assert not torch.equal(played(0), played(1))
    assert torch.equal(model.decode(z, temperature=0.0), model.decode(z))


def test_a_decoder_that_plays_nothing_has_no_temperature() -> None:
    model, _ = vae((5,), latent=D)
    assert not isinstance(model.decoder, Autoregressive)
    with pytest.raises(BadInput, match="`temperature`: this decoder gives all of a row at once"):
        model.decode(codes()[0], temperature=0.5)


def test_a_context_is_read_by_both_halves(name: str) -> None:
    torch.manual_seed(0)
    net = NETS[name]
    model, _ = vae((1, 8), net=net, likelihood=Categorical(SYMBOLS), latent=D, context=2)
    x, told = symbols((1, 8)), torch.randn(B, 2)
    assert not torch.equal(model.encode(Batch(x, told)), model.encode(Batch(x, told + 1)))
    other = model(Batch(x, told + 1)).log_px
    assert not torch.equal(model(Batch(x, told)).log_px, other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"units": 0}, "`units` must be 1 or more"),
        ({"depth": 0}, "`depth` must be 1 or more"),
        ({"embedding": 0}, "`embedding` must be 1 or more"),
        ({"symbols": 1}, "`symbols` must be 2 or more"),
        ({"scheduled": 1.5}, "`scheduled` must be a share from 0 to 1"),
        ({"conductor": 0}, "`conductor` must be 1 or more"),
        ({"plan": 0}, "`plan` must be 1 or more"),
        ({"bar": 0}, "`bar` must be 1 or more"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Bars(**options)


def test_data_and_likelihoods_that_are_no_symbols_are_refused() -> None:
    for shape in ((5,), (1, 8, 8)):
        with pytest.raises(BadInput, match=r"reads voices of symbols \(V, T\), not"):
            LSTM().encoder(shape)
    with pytest.raises(BadInput, match="the likelihood categorical with `classes=130`"):
        LSTM().decoder(D, (1, 1, 8))
    with pytest.raises(BadInput, match="`bar=5` does not divide the 8 steps"):
        Bars(bar=5).decoder(D, (130, 1, 8))


def test_other_decoders_are_not_asked_to_play() -> None:
    model, _ = vae((5,), latent=D)
    decoder: Decoder = model.decoder
    assert not isinstance(decoder, Autoregressive)
