"""Edits of a model whose decoder is a known matrix."""

import numpy as np
import pytest
import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.space import edit, traverse

BASIS = torch.linalg.qr(torch.randn(12, 3, generator=torch.Generator().manual_seed(0)))[0].T * 0.2


class Linear:
    """Pictures (1, 3, 4) whose codes are their coordinates in three directions."""

    def encode(self, x: Tensor) -> Tensor:
        return (x.flatten(1) - 0.5) @ torch.linalg.pinv(BASIS)

    def decode(self, z: Tensor) -> Tensor:
        return (0.5 + z @ BASIS).reshape(-1, 1, 3, 4)


MODEL = Linear()
X = 0.3 + 0.4 * torch.rand(5, 1, 3, 4, generator=torch.Generator().manual_seed(1))


def test_an_edit_adds_scale_times_the_decoded_vector() -> None:
    scales = [-1.0, 0.0, 0.5, 2.0]
    results = edit(MODEL, X, [0.0, 0.3, 0.0], scales)
    assert results.shape == (4, 5, 1, 3, 4)
    reconstructed = MODEL.decode(MODEL.encode(X))
    torch.testing.assert_close(results[1], reconstructed)
    for scale, result in zip(scales, results, strict=True):
        added = (scale * 0.3 * BASIS[1]).reshape(1, 3, 4).expand_as(X)
        torch.testing.assert_close(result - reconstructed, added)


def test_two_directions_make_a_grid() -> None:
    vectors = np.eye(3)[:2]
    results = edit(MODEL, X, vectors, [[0.0, 1.0, 2.0], [-1.0, 1.0]])
    assert results.shape == (3, 2, 5, 1, 3, 4)
    one = edit(MODEL, X, 2 * vectors[0] - vectors[1], [1.0])
    torch.testing.assert_close(results[2, 0], one[0])


def test_the_residual_gives_the_picture_itself_at_scale_zero() -> None:
    vector = [0.2, 0.0, -0.1]
    plain = edit(MODEL, X, vector, [0.0, 1.0])
    kept = edit(MODEL, X, vector, [0.0, 1.0], residual=True)
    assert (plain[0] - X).abs().max() > 0.05
    torch.testing.assert_close(kept[0], X)
    torch.testing.assert_close(kept[1] - kept[0], plain[1] - plain[0])
    far = edit(MODEL, X, vector, [100.0], residual=True)
    assert (far.min().item(), far.max().item()) == (0.0, 1.0)


def test_a_traversal_moves_one_coordinate_a_row() -> None:
    code = torch.tensor([0.1, -0.2, 0.3])
    rows = traverse(MODEL, code, [2, 0], [1.0, 1.0, 2.0], 5)
    assert rows.shape == (2, 5, 1, 3, 4)
    codes = MODEL.encode(rows.flatten(0, 1)).reshape(2, 5, 3)
    torch.testing.assert_close(codes[0, :, 2], 0.3 + torch.linspace(-2, 2, 5))
    torch.testing.assert_close(codes[1, :, 0], 0.1 + torch.linspace(-1, 1, 5))
    torch.testing.assert_close(codes[0, :, :2], code[:2].expand(5, 2))


def test_many_pictures_are_decoded_in_portions() -> None:
    scales = np.linspace(-1, 1, 301)
    results = edit(MODEL, X, [1.0, 0.0, 0.0], scales)
    torch.testing.assert_close(results[300], edit(MODEL, X, [1.0, 0.0, 0.0], [1.0])[0])


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(BadInput, match="2 coordinates and codes 3"):
        edit(MODEL, X, [1.0, 0.0], [1.0])
    with pytest.raises(BadInput, match="one list to a vector"):
        edit(MODEL, X, np.eye(3)[:2], [1.0, 2.0])
    with pytest.raises(BadInput, match="`dimensions` run from 0 to 2 here: there is no 3"):
        traverse(MODEL, torch.zeros(3), [0, 3], 1.0, 5)
    with pytest.raises(BadInput, match="`steps`"):
        traverse(MODEL, torch.zeros(3), [0], 1.0, 1)
