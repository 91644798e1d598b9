"""Melodies that are transposed while a model is trained."""

import pytest
import torch
from torch import Tensor

from vaekit.data.music import HOLD, REST
from vaekit.errors import BadInput
from vaekit.nets import LSTM
from vaekit.recipes import music_vae
from vaekit.transformations import Transposition


def melodies(rows: int = 200, lowest: int = 50, highest: int = 80) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(lowest, highest + 1, (rows, 2, 16), generator=generator).float()
    other = torch.rand(x.shape, generator=generator)
    x[other < 0.3] = HOLD
    x[other > 0.9] = REST
    return x


def drawn(part: Transposition, rows: int, seed: int = 0) -> Tensor:
    return part.drawn(rows, torch.Generator().manual_seed(seed))


def test_intervals_stay_and_what_is_no_pitch_stays() -> None:
    part, x = Transposition(7, 0, 127), melodies()
    moved = part(x, drawn(part, len(x)))
    pitched = x < HOLD
    assert torch.equal(moved[~pitched], x[~pitched])
    shift = moved - x
    for row in range(len(x)):
        assert len(shift[row][pitched[row]].unique()) == 1
    assert torch.equal(moved, moved.round())


def test_every_shift_is_drawn_as_often() -> None:
    part = Transposition(3, 0, 127)
    x = torch.full((70_000, 1, 2), 60.0)
    shift = (part(x, drawn(part, len(x))) - x)[:, 0, 0]
    values, counts = shift.unique(return_counts=True)
    assert values.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    torch.testing.assert_close(counts / len(x), torch.full((7,), 1 / 7), atol=0.006, rtol=0)


def test_no_note_leaves_the_range_and_one_outside_is_not_moved_further() -> None:
    part = Transposition(12, 48, 84)
    x = melodies(500, 46, 86)
    moved = part(x, drawn(part, len(x)))
    pitched, low, high = x < HOLD, 48.0, 84.0
    inside = pitched & (x >= low) & (x <= high)
    whole = (inside | ~pitched).flatten(1).all(1)
    assert ((moved >= low) & (moved <= high) | ~pitched)[whole].all()
    for row in range(len(x)):
        notes, after = x[row][pitched[row]], moved[row][pitched[row]]
        assert after.min() >= min(notes.min(), low)
        assert after.max() <= max(notes.max(), high)


def test_rows_are_drawn_by_themselves_and_repeat_with_the_generator() -> None:
    part, x = Transposition(), melodies()
    first = part(x, drawn(part, len(x)))
    assert torch.equal(first, part(x, drawn(part, len(x))))
    assert not torch.equal(first, part(x, drawn(part, len(x), 1)))


def test_a_model_is_transposed_in_training_alone_and_told_nothing() -> None:
    torch.manual_seed(0)
    model, _ = music_vae((2, 16), net=LSTM(units=4, embedding=2), latent=3, transposed=7)
    assert model.context == 0
    x = melodies(20)
    trained = model.train()(x, generator=torch.Generator().manual_seed(0)).batch
    assert not torch.equal(trained.x, x)
    assert trained.context is None
    assert torch.equal(model.eval()(x).batch.x, x)


def test_a_row_of_rests_stays() -> None:
    part, x = Transposition(), torch.full((3, 1, 8), float(REST))
    assert torch.equal(part(x, drawn(part, 3)), x)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadInput, match="`transposed` must be from 0 to"):
        Transposition(-1)
    with pytest.raises(BadInput, match="`pitches` run from 90 to 60"):
        Transposition(5, 90, 60)
    with pytest.raises(BadInput, match="`transposed` is of melodies"):
        Transposition().check((1, 8, 8))
