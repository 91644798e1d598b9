"""How near pictures come to others as a trained network sees them.

Every function takes the network as a callable from pictures (N, C, H, W) to a list of feature
maps (N, C', H', W'), such as `vaekit.features.Features`, and calls it in batches, on pictures cut
off at 0 and 1. A network on another device than the pictures needs a callable that moves them.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from vaekit.evaluation.bootstrap import Interval, half_interval
from vaekit.evaluation.generation import frechet_distance
from vaekit.evaluation.pictures import check

FeatureMaps = Callable[[Tensor], list[Tensor]]

# SqueezeNet's layer and the grid that linear judges of 64 x 64 faces do best with: a mean over
# all places forgets where on an aligned face something is, and later layers are only 7 x 7 or
# 3 x 3. Enlarging the faces to 128 costs four times as much and helped with glasses only.
JUDGE_LAYERS, JUDGE_GRID = ("fire3",), 5
# 256 features. Of fire9's 512, two sets of 1,000 real faces are a fifth as far apart as real
# faces are from blurred ones; of these, a sixtieth.
FRECHET_LAYERS = ("fire5",)


def feature_distance(
    features: FeatureMaps, a: Tensor, b: Tensor, *, batch_size: int = 100
) -> Tensor:
    """The distance (N,) of pictures a and b (N, C, H, W) in a network's features, without a unit.

    Features are scaled to unit length over the channels at every place; squared differences are
    summed over channels, averaged over places and summed over layers, so that a layer adds at
    most 4. This is LPIPS without its learned weights of channels. Compare values of the same
    network and layers only. Raises BadInput for unequal shapes, or values not in [0, 1].

    Zhang et al. 2018, https://arxiv.org/abs/1801.03924.
    """
    check(a, b)
    distances = []
    for one, other in zip(
        _maps(features, a, batch_size), _maps(features, b, batch_size), strict=True
    ):
        layers = [
            (normalize(x, eps=1e-10) - normalize(y, eps=1e-10)).square().sum(dim=1).mean(dim=(1, 2))
            for x, y in zip(one, other, strict=True)
        ]
        distances.append(torch.stack(layers).sum(dim=0).cpu())
    return torch.cat(distances)


def pooled(features: FeatureMaps, x: Tensor, *, grid: int = 1, batch_size: int = 100) -> Tensor:
    """Features (N, F) of pictures x (N, C, H, W): means over the cells of a grid, on the CPU.

    Every layer's maps are averaged in each of `grid` x `grid` cells, 1 for the whole picture,
    and the layers are joined: F is the number of their channels times grid². Raises BadInput for
    values that are not in [0, 1].
    """
    check(x)
    rows = [
        torch.cat([adaptive_avg_pool2d(layer, grid).flatten(1) for layer in maps], dim=1).cpu()
        for maps in _maps(features, x, batch_size)
    ]
    return torch.cat(rows)


def frechet_interval(
    real: Tensor, fake: Tensor, *, paired: bool = False, draws: int = 20, seed: int = 0
) -> Interval:
    """The squared Frechet distance of pooled features (N, F) and (M, F), with a 95% interval.

    This is not the FID, which reads Inception's features, and no number of the one can be set
    beside the other. It is biased upwards, strongly where N is not far above F (with N - 1 below
    F the covariances don't even have full rank), and the interval, from random halves, is around
    the biased value: compare at equal N and M only, and with two sets of real pictures of that
    size. `paired` is for pictures and their own reconstructions. Raises BadInput as
    `frechet_distance` and `half_interval` do.
    """
    return half_interval(frechet_distance, real, fake, paired=paired, draws=draws, seed=seed)


def _maps(features: FeatureMaps, x: Tensor, batch_size: int) -> Iterator[list[Tensor]]:
    for batch in torch.split(x, batch_size):
        with torch.no_grad():
            maps = features(batch.clamp(0, 1))
        yield maps
