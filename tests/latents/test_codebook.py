"""The codebook: which codes move, where gradients go, what a rate means without a density."""

import math

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.latents import Codebook
from vaekit.nets import MLP
from vaekit.objectives import IWAE, check
from vaekit.recipes import vq_vae
from vaekit.records import Batch

B, F, P, M, W = 6, 5, 3, 11, 2


def never(batch: Batch) -> Tensor:
    raise AssertionError("a codebook asks for no encoding")


def latent(**options: float) -> Codebook:
    torch.manual_seed(0)
    return Codebook(F, P, M, W, **options)  # type: ignore[arg-type]


def settled(seed: int = 1) -> Codebook:
    """A book in use: every vector has been placed and none is about to be revived."""
    book = latent()
    for step in range(5):
        book(features(seed + step), never)
    return book


def features(seed: int = 1) -> Tensor:
    return torch.randn(B, F, generator=torch.Generator().manual_seed(seed))


def test_every_position_holds_the_nearest_vector() -> None:
    book = settled().eval()
    draw = book(features(), never, draws=4)
    encodings = book.head(features()).view(B, P, W)
    distances = (encodings[:, :, None] - book.book).square().sum(-1)
    expected = book.book[distances.argmin(-1)].flatten(1)
    assert torch.equal(draw.code, expected)
    assert torch.equal(book.encode(features()), expected)
    assert torch.equal(draw.z, expected.expand(4, B, P * W))
    assert book.size == P * W


def test_the_rate_is_that_of_equally_likely_vectors_and_there_is_no_density() -> None:
    book = latent()
    draw = book(features(), never)
    torch.testing.assert_close(draw.rate, torch.full((B,), P * math.log(M)))
    assert draw.log_q is draw.log_p is draw.rates is None
    model, objective = vq_vae((1, 4, 4), positions=2)
    check(model, objective)
    with pytest.raises(BadInput, match="IWAE needs log_p, log_q from the latent"):
        check(model, IWAE(2))
    with pytest.raises(BadInput, match="Codebook has no likelihood"):
        model.log_likelihood(torch.rand(2, 1, 4, 4), 3)


def test_a_batch_seen_twice_costs_the_same() -> None:
    book = settled().eval()
    once, twice = book(features(), never), book(features().repeat(2, 1), never)
    torch.testing.assert_close(twice.penalty, once.penalty)
    torch.testing.assert_close(twice.z[0, :B], once.z[0])
    model, objective = vq_vae((1, 4, 4), net=MLP((8,)), positions=2)
    x = torch.rand(B, 1, 4, 4)
    losses = [objective(model.eval()(each)).total for each in (x, x.repeat(2, 1, 1, 1))]
    torch.testing.assert_close(*losses)


def test_vectors_close_together_are_told_apart_beside_networks_of_16_bits() -> None:
    book = settled().eval()
    book.book.copy_(1 + 0.01 * torch.randn(M, W, generator=torch.Generator().manual_seed(2)))
    encodings = book.book[torch.arange(M).roll(1)]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(book._nearest(encodings), torch.arange(M).roll(1))


def test_vectors_that_none_chooses_stay_where_they_are() -> None:
    book = settled()
    before = book.book.clone()
    used = torch.zeros(M, dtype=torch.bool)
    used[book.chosen(features(9)).unique()] = True
    book(features(9), never)
    assert used.any()
    assert not used.all()
    assert torch.equal(book.book[~used], before[~used])
    assert (book.book[used] != before[used]).any(1).all()


def test_vectors_follow_the_moving_average_of_what_chooses_them() -> None:
    book = settled()
    counts, sums = book.counts.clone(), book.sums.clone()
    chosen = book.chosen(features(9)).flatten()
    encodings = book.head(features(9)).detach().view(-1, W)
    book(features(9), never)
    for number in chosen.unique().tolist():
        mine = encodings[chosen == number]
        total = 0.99 * sums[number] + 0.01 * mine.sum(0)
        expected = total / (0.99 * counts[number] + 0.01 * len(mine))
        torch.testing.assert_close(book.book[number], expected)


def test_a_vector_unused_for_long_takes_the_place_of_an_encoding() -> None:
    book = settled()
    unused = next(n for n in range(M) if n not in book.chosen(features(9)).unique().tolist())
    book.idle[unused] = 99
    book(features(9), never, generator=torch.Generator().manual_seed(3))
    encodings = book.head(features(9)).detach().view(-1, W)
    assert (encodings == book.book[unused]).all(1).any()
    assert book.idle[unused] == 0


def test_the_decoder_s_gradient_passes_straight_through() -> None:
    book = latent(commitment=0.0)
    wanted = torch.randn(1, B, P * W)
    draw = book(features(), never)
    encodings = book.head(features())
    (through,) = torch.autograd.grad((draw.z * wanted).sum(), book.head.bias)
    (direct,) = torch.autograd.grad((encodings * wanted[0]).sum(), book.head.bias)
    torch.testing.assert_close(through, direct)


def test_use_changes_nothing() -> None:
    book = settled().eval()
    before = {name: value.clone() for name, value in book.state_dict().items()}
    book(features(7), never)
    book.encode(features(7))
    assert book.sample(5, never).shape == (5, P * W)
    assert all(torch.equal(value, before[name]) for name, value in book.state_dict().items())
    with pytest.raises(BadInput, match="`temperature` must be 1 for a codebook"):
        book.sample(5, never, temperature=0.5)


@pytest.mark.parametrize(
    "options", [{"positions": 0}, {"codes": 0}, {"width": 0}, {"decay": 1.0}, {"commitment": -1.0}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=next(iter(options))):
        Codebook(F, **options)  # type: ignore[arg-type]
