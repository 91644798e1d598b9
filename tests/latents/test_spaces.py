"""Where codes lie, and that parts agree on it."""

from collections.abc import Callable
from itertools import permutations

import pytest
import torch
from torch import Tensor

from vaekit.contracts import Posterior, Prior
from vaekit.errors import BadInput
from vaekit.latents import (
    CategoricalPosterior,
    CategoricalPrior,
    GaussianPosterior,
    Latent,
    PoincarePosterior,
    PoincarePrior,
    SpherePosterior,
    SpherePrior,
    StandardNormal,
)
from vaekit.latents.spaces import EUCLIDEAN, PoincareBall, Simplices, Sphere
from vaekit.nets import MLP
from vaekit.recipes import RECIPES
from vaekit.records import Batch


def never(batch: Batch) -> Tensor:
    raise AssertionError("no pseudo-inputs here")


SPACES = [EUCLIDEAN, Sphere(), PoincareBall(1.0), PoincareBall(0.25), Simplices(4)]

PAIRS: list[tuple[Callable[[], Posterior], Callable[[], Prior]]] = [
    (lambda: GaussianPosterior(5, 8), lambda: StandardNormal(8)),
    (lambda: SpherePosterior(5, 8), lambda: SpherePrior(8)),
    (lambda: PoincarePosterior(5, 8), lambda: PoincarePrior(8)),
    (lambda: PoincarePosterior(5, 8, 0.5), lambda: PoincarePrior(8, 0.5)),
    (lambda: CategoricalPosterior(5, 2, 4), lambda: CategoricalPrior(2, 4)),
    (lambda: CategoricalPosterior(5, 4, 2), lambda: CategoricalPrior(4, 2)),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_the_nearest_code_is_one_and_none_is_nearer(space: Sphere) -> None:
    generator = torch.Generator().manual_seed(0)
    points = 2 * torch.randn(50, 8, generator=generator)
    codes = space.onto(points)
    torch.testing.assert_close(space.onto(codes), codes)
    others = space.onto(torch.randn(2_000, 8, generator=generator))
    nearest = torch.cdist(points, others).min(-1).values
    assert ((points - codes).norm(dim=-1) <= nearest + 1e-5).all()


def test_codes_that_lie_anywhere_are_left_alone() -> None:
    z = torch.randn(3, 4)
    assert EUCLIDEAN.onto(z) is z


def test_parts_of_one_space_go_together_and_others_are_refused() -> None:
    for posterior, prior in PAIRS:
        latent = Latent(posterior(), prior())
        codes = latent.sample(20, never, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(latent.space.onto(codes), codes)
    for (posterior, own), (_, other) in permutations(PAIRS, 2):
        one, two = type(posterior()).__name__, type(other()).__name__
        fits = f"give {one} a prior such as {type(own()).__name__}"
        said = rf"^Codes of {one} lie .* and those of {two} .*: {fits}"
        with pytest.raises(BadInput, match=said):
            Latent(posterior(), other())


@pytest.mark.parametrize("recipe", ["svae", "power-svae", "poincare-vae", "gumbel-vae"])
def test_a_walk_is_decoded_as_codes(recipe: str) -> None:
    torch.manual_seed(0)
    model, _ = RECIPES[recipe]((6,), net=MLP((8,)))
    z = 3 * torch.randn(7, model.latent.size)
    torch.testing.assert_close(model.decode(z), model.decode(model.latent.space.onto(z)))
    with torch.no_grad():
        bare = model.eval().likelihood(model.decoder(z[None], None)).mean[0]
    assert not torch.allclose(model.decode(z), bare)
