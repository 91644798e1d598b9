"""Order, ranks, resumption and binarisation of batches."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from vaekit.data import Batches, Split, StoredRows
from vaekit.data.batches import check_pair
from vaekit.errors import BadInput

N = 103
ROWS = np.random.default_rng(0).integers(0, 256, (N, 1, 4, 4), dtype=np.uint8)
ROWS[:, 0, 0, 0] = np.arange(N)  # the first pixel tells which row it is


@pytest.fixture(params=["memory", "file"])
def split(request: pytest.FixtureRequest, tmp_path: Path) -> Split:
    if request.param == "memory":
        return Split(ROWS)
    (tmp_path / "rows.bin").write_bytes(ROWS.tobytes())
    return Split(StoredRows(tmp_path / "rows.bin", ROWS.shape))


def numbers(batches: Batches, epoch: int = 0, start: int = 0) -> list[list[int]]:
    return [
        torch.round(batch.x[:, 0, 0, 0] * 255).int().tolist()
        for batch in batches.epoch(epoch, start=start)
    ]


def flat(batches: list[list[int]]) -> list[int]:
    return [row for batch in batches for row in batch]


def all_of(split: Split) -> torch.Tensor:
    return torch.cat([batch.x for batch in Batches(split, 50, shuffle=False).epoch(0)])


def test_batches_are_rows_over_255(split: Split) -> None:
    batches = [batch.x for batch in Batches(split, 10, shuffle=False).epoch(0)]
    assert [len(x) for x in batches] == [10] * 10 + [3]
    assert len(Batches(split, 10)) == 11
    assert all(x.dtype == torch.float32 for x in batches)
    assert torch.equal(torch.cat(batches), torch.from_numpy(ROWS).float() / 255)


def test_an_epoch_is_a_permutation_that_seed_and_epoch_decide(split: Split) -> None:
    first = numbers(Batches(split, 10, seed=1))
    assert sorted(flat(first)) == list(range(N))
    assert flat(first) != list(range(N))
    torch.manual_seed(7)
    assert numbers(Batches(split, 10, seed=1)) == first
    assert flat(numbers(Batches(split, 20, seed=1))) == flat(first)
    assert numbers(Batches(split, 10, seed=1), epoch=1) != first
    assert numbers(Batches(split, 10, seed=2)) != first


def test_epoch_and_seed_are_not_interchangeable(split: Split) -> None:
    assert numbers(Batches(split, 10, seed=1), 2) != numbers(Batches(split, 10, seed=2), 1)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_late_start_gives_the_tail(split: Split, shuffle: bool) -> None:
    batches = Batches(split, 10, seed=3, shuffle=shuffle)
    whole = numbers(batches, epoch=5)
    for start in (0, 1, 7, 10, 11):
        assert numbers(batches, epoch=5, start=start) == whole[start:]


@pytest.mark.parametrize("world", [2, 3, 4])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("size", [102, 103, 105])
def test_ranks_share_every_batch(world: int, shuffle: bool, size: int) -> None:
    alone = numbers(Batches(Split(ROWS[:size]), 8, seed=1, shuffle=shuffle))
    ranks = [
        Batches(Split(ROWS[:size]), 8, seed=1, shuffle=shuffle, rank=rank, world=world)
        for rank in range(world)
    ]
    seen = [numbers(batches) for batches in ranks]
    for number, parts in enumerate(zip(*seen, strict=True)):
        assert flat(list(parts)) == alone[number]
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
        assert all(batches.rows(number) == len(alone[number]) for batches in ranks)
    late = Batches(Split(ROWS[:size]), 8, seed=1, shuffle=shuffle, rank=1, world=world)
    assert numbers(late, start=5) == seen[1][5:]


def test_an_empty_split_has_no_batches(split: Split) -> None:
    empty = Batches(split.take(slice(0, 0)), 10)
    assert len(empty) == 0
    assert list(empty.epoch(0)) == []


def test_vectors_pass_as_they_are() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    batch = next(Batches(Split(x), 20, shuffle=False).epoch(0)).x
    assert torch.equal(batch, torch.from_numpy(x))
    batch.zero_()
    assert x.any()


def test_read_only_rows_are_fine() -> None:
    rows = ROWS.copy()
    rows.flags.writeable = False
    assert sorted(flat(numbers(Batches(Split(rows), 10)))) == list(range(N))
    assert flat(numbers(Batches(Split(rows), 10, shuffle=False))) == list(range(N))


def test_dynamic_binarisation_draws_the_grey_value() -> None:
    grey = np.repeat(np.arange(0, 256, 51, dtype=np.uint8), 40_000).reshape(6, 1, 200, 200)
    batches = Batches(Split(grey, binarise="dynamic"), 6, shuffle=False)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, second = next(batches.epoch(0)).x, next(batches.epoch(1)).x
    assert first.unique().tolist() == [0, 1]
    # Five standard errors of 40,000 draws are at most 0.0125.
    means = first.mean(dim=(1, 2, 3))
    assert torch.allclose(means, torch.arange(6) / 5, atol=0.0125, rtol=0)
    assert not torch.equal(first, second)
    torch.set_rng_state(state)
    assert torch.equal(next(batches.epoch(0)).x, first)


def test_threshold_changes_nothing_twice(split: Split) -> None:
    once = all_of(dataclasses.replace(split, binarise="threshold"))
    assert torch.equal(once, (torch.from_numpy(ROWS) > 127).float())
    black_white = Split(np.where(ROWS > 127, np.uint8(255), np.uint8(0)))
    for binarise in ("threshold", "static", "none"):
        assert torch.equal(all_of(dataclasses.replace(black_white, binarise=binarise)), once)


def test_bad_arguments() -> None:
    with pytest.raises(BadInput, match="`batch_size` must be at least 1, not 0"):
        Batches(Split(ROWS), 0)
    with pytest.raises(BadInput, match="rank must be"):
        Batches(Split(ROWS), 1, rank=2, world=2)


def test_split_gives_rows_as_a_model_reads_them(split: Split) -> None:
    expected = torch.from_numpy(ROWS).float() / 255
    assert torch.equal(split.tensor(), expected)
    assert torch.equal(split.tensor(slice(3, 50, 7)), expected[3:50:7])
    assert torch.equal(split.tensor([5, 3, -1]), expected[[5, 3, -1]])
    assert torch.equal(split.tensor(torch.tensor([8, 2])), expected[[8, 2]])


def test_split_takes_rows_with_all_that_is_known_of_them(split: Split) -> None:
    whole = Split(split.x, {"label": np.arange(N)}, [f"row {row}" for row in range(N)])
    for index in (slice(10, 20), np.array([50, 3, 7])):
        part = whole.take(index).take(np.array([2, 0]))
        rows = np.arange(N)[index][[2, 0]]
        assert np.array_equal(np.asarray(part.x), ROWS[rows])
        assert np.array_equal(part.labels, rows)
        assert part.ids == [f"row {row}" for row in rows]


def test_context_mask_and_numbers_follow_their_rows(split: Split) -> None:
    context = np.arange(2 * N, dtype=np.float32).reshape(N, 2)
    mask = np.random.default_rng(1).random(ROWS.shape) < 0.5
    known = dataclasses.replace(split, context=context, mask=mask)
    for shuffle in (True, False):
        for batch in Batches(known, 10, seed=4, shuffle=shuffle).epoch(0):
            assert batch.rows is not None
            rows = batch.rows.numpy()
            assert np.array_equal(torch.round(batch.x[:, 0, 0, 0] * 255).numpy(), rows)
            assert np.array_equal(batch.context, context[rows])
            assert np.array_equal(batch.mask, mask[rows])
    some = known.take(np.array([7, 3])).batch()
    assert np.array_equal(some.context, context[[7, 3]])
    assert np.array_equal(known.batch(slice(3, 5)).mask, mask[3:5])


def test_a_partner_is_another_row_of_the_same_value() -> None:
    column = np.array(["b", "a", "b", "c", "a", "b", "a", "a"])
    x = np.arange(8, dtype=np.float32)[:, None]
    context = -x
    split = Split(x, {"id": column}, context=context)
    seen: dict[int, set[int]] = {row: set() for row in range(8)}
    batches = Batches(split, 3, pair="id")
    for epoch in range(60):
        for batch in batches.epoch(epoch):
            assert batch.seen is not None
            assert batch.rows is not None
            assert torch.equal(batch.seen.x, -batch.seen.context)  # type: ignore[operator]
            assert torch.equal(batch.x[:, 0], batch.rows.float())
            for row, partner in zip(batch.rows.tolist(), batch.seen.x[:, 0].tolist(), strict=True):
                seen[row].add(int(partner))
    same = {row: set(np.flatnonzero(column == column[row]).tolist()) - {row} for row in range(8)}
    assert seen == same | {3: {3}}


def test_partners_are_a_function_of_seed_and_epoch() -> None:
    split = Split(np.zeros((40, 1), np.float32), {"id": np.arange(40) // 5})

    def partners(seed: int, epoch: int, start: int = 0) -> list[int]:
        batches = Batches(split, 8, seed=seed, pair="id").epoch(epoch, start)
        return [int(row) for batch in batches for row in batch.seen.rows]  # type: ignore[union-attr]

    assert partners(0, 1) == partners(0, 1)
    assert partners(0, 1, 2) == partners(0, 1)[16:]
    assert len({tuple(partners(*each)) for each in ((0, 0), (0, 1), (1, 0))}) == 3


def test_a_pair_of_no_column_is_refused() -> None:
    split = Split(np.zeros((4, 1), np.float32), {"id": np.arange(4)})
    with pytest.raises(BadInput, match="`pair`: there is no column 'ids': did you mean id"):
        Batches(split, 2, pair="ids")
    with pytest.raises(BadInput, match="`pair`: no two training rows have the same id"):
        check_pair(split, "id")
