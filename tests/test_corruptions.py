"""Corruptions against what they promise: moments, shares, means; and clean data elsewhere."""

import dataclasses
import math

import pytest
import torch
from torch import Generator, Tensor

from vaekit.corruptions import (
    SINGLE,
    Blocks,
    Blur,
    Corruption,
    GaussianNoise,
    Masking,
    SaltAndPepper,
    Several,
    corruption,
)
from vaekit.data import Split
from vaekit.errors import BadInput
from vaekit.evaluation import evaluate
from vaekit.kinds import KINDS
from vaekit.recipes import CORRUPTIONS, RECIPES
from vaekit.records import Batch
from vaekit.spec import Spec

SHAPE = (3, 12, 10)
N = 2_000
BOUNDS = KINDS["image"].bounds


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = N) -> Tensor:
    return torch.rand(n, *SHAPE, generator=seeded(1)) * 0.8 + 0.1


def fitted(part: Corruption) -> Corruption:
    return part.fitted(SHAPE, BOUNDS)


def near(measured: Tensor, expected: float, deviation: float, count: int) -> bool:
    """Whether a mean of so many values is within four of its standard errors."""
    return abs(float(measured) - expected) < 4 * deviation / math.sqrt(count)


def test_gaussian_noise_has_its_moments() -> None:
    x = torch.randn(N, 50, generator=seeded(1))
    noise = GaussianNoise(0.3)(x, seeded(2)) - x
    assert near(noise.mean(), 0, 0.3, noise.numel())
    assert near(noise.square().mean(), 0.09, 0.09 * math.sqrt(2), noise.numel())
    kurtosis = (noise / 0.3).pow(4).mean()
    assert near(kurtosis, 3, math.sqrt(96), noise.numel())
    product = noise[:, :-1] * noise[:, 1:]
    assert near(product.mean(), 0, 0.09, product.numel())


def test_gaussian_noise_is_cut_off_where_pictures_end() -> None:
    x = pictures()
    noisy = fitted(GaussianNoise(0.5))(x, seeded(2))
    free = GaussianNoise(0.5)(x, seeded(2))
    assert torch.equal(noisy, free.clamp(0, 1))
    assert free.min() < 0


def test_salt_and_pepper_turns_its_share_of_pixels_half_and_half() -> None:
    x = pictures()
    noisy = fitted(SaltAndPepper(0.2))(x, seeded(2))
    salt, pepper = ((noisy == value).all(1) for value in (1, 0))
    count = salt.numel()
    assert near(salt.double().mean(), 0.1, 0.3, count)
    assert near(pepper.double().mean(), 0.1, 0.3, count)
    kept = ~(salt | pepper).unsqueeze(1).expand_as(x)
    assert torch.equal(noisy[kept], x[kept])


def test_masking_takes_its_share_of_pixels_in_all_channels() -> None:
    x = pictures()
    noisy = Masking(0.25)(x, seeded(2))
    gone = noisy == 0
    assert torch.equal(gone, gone[:, :1].expand_as(gone))
    assert torch.equal(noisy[~gone], x[~gone])
    assert near(gone[:, 0].double().mean(), 0.25, math.sqrt(0.1875), gone[:, 0].numel())
    vectors = torch.ones(N, 40)
    taken = Masking(0.25)(vectors, seeded(2)) == 0
    assert near(taken.double().mean(), 0.25, math.sqrt(0.1875), taken.numel())


def test_blocks_are_squares_of_their_size_and_take_their_share_everywhere() -> None:
    noisy = Blocks(0.3, 4)(torch.ones(N, 1, 12, 12), seeded(2))
    gone = (noisy == 0).double().squeeze(1)
    # Pixels of a block go together, so the error is that of pictures, not of pixels.
    each = gone.mean((1, 2))
    assert near(each.mean(), 0.3, float(each.std()), N)
    by_place = gone.mean(0)
    assert (by_place - 0.3).abs().max() < 4.5 * math.sqrt(0.21 / N)
    edges = (gone[:, 1:] != gone[:, :-1]).any(2)  # between which rows something begins or ends
    for shown in edges:
        places = shown.nonzero().squeeze(1) + 1
        assert len(set((places % 4).tolist())) <= 1  # all on the grid of their own picture
    assert len({int((shown.nonzero()[0] + 1) % 4) for shown in edges if shown.any()}) == 4


def test_blur_preserves_means_and_spreads_a_point_as_a_gaussian() -> None:
    x = pictures(8).double()
    for sigma in (0.4, 1.5, 30.0):
        blurred = Blur(sigma)(x)
        torch.testing.assert_close(blurred.mean((2, 3)), x.mean((2, 3)), rtol=1e-6, atol=1e-6)
        assert blurred.var((2, 3)).mean() < x.var((2, 3)).mean()
    point = torch.zeros(1, 1, 41, 41)
    point[..., 20, 20] = 1
    spread = Blur(2.0)(point).squeeze()
    steps = torch.arange(41.0) - 20
    assert float((spread.sum(0) * steps.square()).sum()) == pytest.approx(4, rel=5e-3)
    expected = torch.exp(-(steps[:, None].square() + steps.square()) / 8)
    torch.testing.assert_close(spread, expected / expected.sum(), rtol=1e-3, atol=3e-6)


def test_several_give_every_row_one_and_use_each_equally() -> None:
    x = pictures() * 0 + 0.5
    parts = ("masking:0.5", "salt-and-pepper:0.5", "blur:1", "gaussian:0.2")
    noisy = fitted(Several(parts))(x, seeded(2)).flatten(1)
    values = [set(row.unique().tolist()) for row in noisy]
    found = {
        "masking:0.5": [each == {0.0, 0.5} for each in values],
        "salt-and-pepper:0.5": [each == {0.0, 0.5, 1.0} for each in values],
        "blur:1": ((noisy - 0.5).abs().amax(1) < 1e-5).tolist(),
        "gaussian:0.2": [len(each) > 50 for each in values],
    }
    assert all(sum(kinds) == 1 for kinds in zip(*found.values(), strict=True))
    for name in parts:
        assert near(torch.tensor(found[name]).double().mean(), 0.25, 0.433, N), name


@pytest.mark.parametrize("name", SINGLE)
def test_strength_zero_leaves_rows_as_they_are_and_draws_nothing(name: str) -> None:
    state, x = torch.get_rng_state(), pictures(5)
    part = fitted(corruption(f"{name}:0"))
    assert torch.equal(part(x), x)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_keeps_shape_and_bounds_and_changes_no_input(name: str) -> None:
    part, x = fitted(CORRUPTIONS[name]()), pictures(7)
    before = x.clone()
    noisy = part(x, seeded(3))
    assert noisy.shape == x.shape
    assert noisy.dtype == x.dtype
    assert torch.equal(x, before)
    assert 0 <= noisy.min() <= noisy.max() <= 1
    assert not torch.equal(noisy, x)
    assert not part.state_dict()
    state = torch.get_rng_state()
    assert torch.equal(part(x, seeded(3)), noisy)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(4)
    first = part(x)
    torch.manual_seed(4)
    assert torch.equal(part(x), first)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_how_much_is_corrupted_does_not_depend_on_the_batch(name: str) -> None:
    part, x = fitted(CORRUPTIONS[name]()), pictures(1_200)

    def change(size: int) -> Tensor:
        generator = seeded(size)
        noisy = torch.cat([part(rows, generator) for rows in torch.split(x, size)])
        return (noisy - x).square().flatten(1).mean(1)

    alone, together = change(1), change(600)
    error = torch.stack([alone.var(), together.var()]).sum().div(len(x)).sqrt()
    assert (alone.mean() - together.mean()).abs() <= 4 * error + 1e-9
    assert len(part(x[:0], seeded())) == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GaussianNoise(-0.1), ["`scale`", "-0.1"]),
        (lambda: GaussianNoise(math.nan), ["`scale`", "nan"]),
        (lambda: GaussianNoise(math.inf), ["`scale`", "finite"]),
        (lambda: SaltAndPepper(1.0), ["`share`", "below 1"]),
        (lambda: Masking(-0.5), ["`share`", "-0.5"]),
        (lambda: Blocks(0.2, 0), ["`size`", "1 or more"]),
        (lambda: Blur(101), ["`sigma`", "101"]),
        (lambda: Several(()), ["`parts`"]),
        (lambda: Several(("gausian:0.2",)), ["gausian", "gaussian"]),
        (lambda: corruption("blur:wide"), ["blur:wide", "blur:0.3"]),
        (lambda: Blur().fitted((784,), None), ["blur", "(784,)", "masking"]),
        (lambda: Blocks().fitted((784,), None), ["blocks", "(784,)"]),
        (lambda: Blocks(0.2, 20).fitted((1, 8, 8), BOUNDS), ["`size`", "20", "8 x 8"]),
        (lambda: SaltAndPepper().fitted((784,), None), ["Salt and pepper", "masking"]),
        (lambda: Several(("blur:1",)).fitted((9,), None), ["blur"]),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(make: object, words: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        make()  # type: ignore[operator]
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    "recipe", sorted(RECIPES.keys() - {"dfc-vae", "cvae", "generator", "music-vae"})
)
def test_every_recipe_trains_on_noise_and_is_used_on_clean_data(recipe: str) -> None:
    net = {"net": "mlp", "net_options": {"hidden": (8,)}} if recipe != "very-deep-vae" else {}
    spec = Spec(recipe, SHAPE, **net, corruption="masking")
    plain = dataclasses.replace(spec, corruption="")
    (noisy, objective), (clean, _) = (_built(each) for each in (spec, plain))
    x = pictures(6)
    assert noisy.state_dict().keys() == clean.state_dict().keys()
    assert torch.equal(noisy.encode(x), clean.encode(x))
    split = Split(x.numpy())
    assert evaluate(noisy, split) == evaluate(clean, split)
    torch.manual_seed(1)
    seen = noisy.train()(x).draw.code
    assert not torch.equal(seen, clean.train()(x).draw.code)
    assert all(
        loss.total.isfinite() for loss in objective.losses(noisy, noisy(Batch(x), objective.draws))
    )


def _built(spec: Spec) -> tuple:
    torch.manual_seed(0)
    return spec.build()


def test_a_spec_keeps_its_corruption_and_one_from_before_has_none() -> None:
    spec = Spec("vae", SHAPE, corruption="several", corruption_options={"parts": ["blur:2"]})
    assert Spec.from_json(spec.to_json()) == spec
    model, _ = spec.build()
    assert isinstance(model.corruption, Several)
    old = spec.to_json()
    del old["corruption"], old["corruption_options"]
    assert Spec.from_json(old).build()[0].corruption is None


def test_a_spec_refuses_a_corruption_that_does_not_fit() -> None:
    for options, words in (
        ({"corruption": "gausian"}, "did you mean gaussian"),
        ({"corruption": "gaussian", "corruption_options": {"share": 0.1}}, "no option 'share'"),
        ({"corruption_options": {"share": 0.1}}, "need a `corruption`"),
    ):
        with pytest.raises(BadInput, match=words):
            Spec("vae", SHAPE, **options)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="blur needs pictures"):
        Spec("vae", (9,), corruption="blur").build()
