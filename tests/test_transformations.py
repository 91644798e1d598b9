"""Objects that are moved, turned and coloured while a network is trained."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.likelihoods import cutout
from vaekit.model import Autoencoder
from vaekit.nets import Conv
from vaekit.recipes import generator
from vaekit.records import Batch
from vaekit.transformations import Transformation

NAMES = ("across", "down", "zoom", "stretch", "turn", "hue", "saturation", "brightness")


def told(**amounts: float) -> Tensor:
    return torch.tensor([[amounts.get(name, 0.0) for name in NAMES]])


def disc(
    side: int = 65, radius: float = 10.0, colour: tuple[float, ...] = (0.8, 0.4, 0.2)
) -> Tensor:
    """A disc of a colour on white, with its mask, (1, 4, side, side)."""
    places = torch.arange(side) - side // 2
    inside = (places[:, None].square() + places.square()).sqrt() <= radius
    shape = torch.tensor(colour)[:, None, None]
    return torch.cat([torch.where(inside, shape, 1.0), inside[None].float()])[None]


def centre(x: Tensor) -> tuple[float, float]:
    """Where the middle of a mask is, from the middle of the picture, across and down."""
    mask = x[0, 3]
    places = torch.arange(len(mask)) - len(mask) // 2
    return (
        float((mask.sum(0) * places).sum() / mask.sum()),
        float((mask.sum(1) * places).sum() / mask.sum()),
    )


def test_nothing_told_is_nothing_done() -> None:
    x = torch.rand(3, 3, 16, 16) * 0.5
    mask = (torch.rand(3, 1, 16, 16) > 0.5).float()
    x = torch.cat([x * mask + 1 - mask, mask], 1)
    same = Transformation()(x, torch.zeros(3, 8))
    torch.testing.assert_close(same, x, atol=1e-5, rtol=0)


def test_an_object_goes_where_it_is_told() -> None:
    part, x = Transformation(), disc()
    for name, place in (("across", 0), ("down", 1)):
        moved = centre(part(x, told(**{name: 1.0})))
        assert moved[place] == pytest.approx(0.1 * 65, abs=0.05)
        assert moved[1 - place] == pytest.approx(0, abs=0.01)
    area = x[0, 3].sum()
    zoomed, stretched = part(x, told(zoom=1.0)), part(x, told(stretch=1.0))
    assert zoomed[0, 3].sum() / area == pytest.approx(math.exp(0.3), rel=0.01)
    assert stretched[0, 3].sum() / area == pytest.approx(1.0, rel=0.01)
    wide, high = stretched[0, 3].sum(1).max(), stretched[0, 3].sum(0).max()
    assert wide / high == pytest.approx(math.exp(0.3), rel=0.06)


def test_a_turn_is_by_fifteen_degrees() -> None:
    x = torch.cat([torch.ones(1, 3, 65, 65), torch.zeros(1, 1, 65, 65)], 1)
    x[:, :3, 30:35, 50:55], x[:, 3, 30:35, 50:55] = 0, 1
    across, down = centre(x)
    turned = centre(Transformation()(x, told(turn=1.0)))
    assert math.hypot(*turned) == pytest.approx(math.hypot(across, down), abs=0.1)
    angle = math.degrees(math.atan2(turned[1], turned[0]) - math.atan2(down, across))
    assert abs(angle) == pytest.approx(15, abs=0.3)


def test_colours_change_and_white_stays() -> None:
    part, x = Transformation(), disc()
    inside = x[0, 3] > 0
    for name in ("hue", "saturation", "brightness"):
        y = part(x, told(**{name: 0.5}))
        assert (y[0, :3, ~inside] - 1).abs().max() < 1e-5
        assert (y[0, :3, inside] - x[0, :3, inside]).abs().max() > 0.02
        torch.testing.assert_close(y[:, 3], x[:, 3], atol=1e-5, rtol=0)
    brighter = part(x, told(brightness=0.8))[0, :3, 32, 32]
    torch.testing.assert_close(brighter, x[0, :3, 32, 32] * 1.2)
    grey = disc(colour=(0.5, 0.5, 0.5))
    torch.testing.assert_close(part(grey, told(hue=1.0, saturation=-1.0)), grey, atol=1e-5, rtol=0)


def test_pictures_stay_pictures() -> None:
    part, x = Transformation(2.0), disc().expand(50, -1, -1, -1)
    y = part(x, part.drawn(50, torch.Generator().manual_seed(0)))
    assert y.min() >= 0
    assert y.max() <= 1 + 1e-6


@pytest.mark.parametrize("strength", [-0.1, 2.1, math.nan])
def test_a_strength_without_sense_is_refused(strength: float) -> None:
    with pytest.raises(BadInput, match="`transformed` must be from 0 to 2"):
        Transformation(strength)


def test_data_without_a_mask_are_refused() -> None:
    with pytest.raises(BadInput, match="mask as a fourth channel"):
        generator((3, 16, 16), context=5)


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    net = Conv((4, 8), hidden_conv=(16,))
    return generator((4, 16, 16), net=net, context=8, likelihood=cutout(10.0), latent=4)[0]


def batch(n: int = 6) -> Batch:
    styles = torch.eye(5)[torch.arange(n) % 5]
    return Batch(torch.rand(n, 4, 16, 16), torch.cat([styles, torch.randn(n, 3)], 1))


def test_a_code_is_of_the_style_alone(model: Autoencoder) -> None:
    rows = batch()
    codes = model.encode(rows)
    assert codes.shape == (6, 4)
    assert torch.equal(codes[0], codes[5])
    assert not torch.equal(codes[0], codes[1])
    assert rows.context is not None
    turned = torch.cat([rows.context[:, :5], torch.randn(6, 3)], 1)
    assert torch.equal(codes, model.encode(Batch(torch.rand_like(rows.x), turned)))
    assert not torch.equal(model.decode(codes, rows.context), model.decode(codes, turned))
    other = torch.cat([rows.context[:, :5].roll(1, 0), rows.context[:, 5:]], 1)
    assert torch.equal(model.decode(codes, rows.context), model.decode(codes, other))


def test_transformations_are_for_training(model: Autoencoder) -> None:
    rows = batch()
    assert model.context == 8
    first, again = (model(rows, generator=torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, model(rows, generator=torch.Generator().manual_seed(1)).x)
    assert first.batch.context is not None
    assert first.batch.context.shape == (6, 16)
    model.eval()
    assert torch.equal(model(rows).x, rows.x)


def test_its_loss_is_the_published_one(model: Autoencoder) -> None:
    model.eval()
    trace = model(batch())
    squares = (trace.px.mean[0] - trace.x).square()
    loss = 10 * squares[:, :3].sum((1, 2, 3)) + squares[:, 3].sum((1, 2))
    ours = -trace.log_px[0]
    torch.testing.assert_close(ours - ours[0], loss - loss[0], atol=1e-2, rtol=1e-4)


def test_a_context_without_a_style_is_refused() -> None:
    with pytest.raises(BadInput, match="none says the style: add `condition`"):
        generator((4, 16, 16), context=3)


def test_a_batch_keeps_what_else_is_known(model: Autoencoder) -> None:
    rows = replace(batch(), rows=torch.arange(6))
    assert torch.equal(model(rows).batch.rows, rows.rows)
