"""How well generated images pass for real ones, in the feature space of a judge.

Every number here but the confidence depends on how many images are compared: the Frechet
distance of two finite sets is positive even where both come from one distribution, and the balls
of precision and recall shrink as a set grows. So sets are compared at one stated size, rows of a
table are comparable only at the same size, and `judge_real` gives the row that no generator can
be expected to beat.

The Frechet distance reads the features as they are, and so sees weak, blurred strokes.
Neighbours are sought among features scaled to unit length: images that remind a judge of nothing,
noise among them, have weak features, and near the origin they would fall into the wide ball of
one or another outlying real image and pass for precise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vaekit.errors import BadInput
from vaekit.evaluation.judge import Judge

_SURE = 0.9  # top probability from which the judge counts as sure


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over random subsets, and the standard deviation of one subset's value.

    `deviation` is None where there was one subset only.
    """

    mean: float
    deviation: float | None


@dataclass(frozen=True, slots=True)
class Confidence:
    """What a judge makes of images: how sure it is, and which labels it finds.

    `top` is the mean probability of the most probable label, `sure` the share of images where it
    exceeds 0.9, `shares` the share of each label among the judge's answers, `label_entropy` the
    entropy of these shares in nats (log of the number of classes where all are as frequent).
    """

    top: float
    sure: float
    shares: tuple[float, ...]
    label_entropy: float


@dataclass(frozen=True, slots=True)
class Generation:
    """How well generated images pass for real ones.

    `size` images of each set were compared, `draws` times with other random subsets, with the
    `k`-th nearest neighbour as radius. The confidence is that in all generated images.
    """

    size: int
    draws: int
    k: int
    frechet: Estimate
    precision: Estimate
    recall: Estimate
    confidence: Confidence


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """The squared Frechet distance of the Gaussians fitted to features (N, F) and (M, F).

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), in the square of the features' unit. It is biased
    upwards by the sampling noise in means and covariances, more so for small sets and many
    features: compare values at equal N and M only. Raises BadInput for fewer than two rows,
    numbers of features that differ, or features that are not finite.

    Dowson & Landau 1982, The Fréchet distance between multivariate normal distributions;
    Heusel et al. 2017, https://arxiv.org/abs/1706.08500.
    """
    real, fake = _features(real, fake, fewest=2)
    shift = (real.mean(dim=0) - fake.mean(dim=0)).square().sum()
    first, second = _root_covariance(real), _root_covariance(fake)
    # The trace is the least ‖Σ₁^½ − Q Σ₂^½‖² over orthogonal Q (Procrustes). As a sum of squares
    # it can't turn negative, and small distances don't drown in the rounding of large traces.
    u, _, vh = torch.linalg.svd(first @ second)
    spread = (first - u @ vh @ second).square().sum()
    return float(shift + spread)


def precision_recall(
    real: Tensor, fake: Tensor, k: int = 3, *, entries: int = 1 << 22
) -> tuple[float, float]:
    """Precision and recall of features fake (M, F) against real (N, F), each in [0, 1].

    The support of a set is the union of balls around its points that reach to their k-th nearest
    neighbour in the set. Precision is the share of fake points in the support of the real ones,
    recall the share of real points in the support of the fake ones. Balls shrink as a set grows:
    compare values at equal N and M only. At most `entries` distances are held at a time. Raises
    BadInput for sets of k points or fewer, or features that don't match or are not finite.

    Kynkäänniemi et al. 2019, https://arxiv.org/abs/1904.06991.
    """
    if k < 1:
        raise BadInput(f"k, the neighbour that sets the radius, must be at least 1, got {k}")
    real, fake = _features(real, fake, fewest=k + 1)
    real_radius, fake_radius = _radii(real, k, entries), _radii(fake, k, entries)
    precise = torch.zeros(len(fake), dtype=torch.bool)
    recalled = []
    rows = max(1, entries // len(fake))
    for points, radius in zip(torch.split(real, rows), torch.split(real_radius, rows), strict=True):
        distances = _distances(points, fake)
        precise |= (distances <= radius[:, None]).any(dim=0)
        recalled.append((distances <= fake_radius).any(dim=1))
    return precise.double().mean().item(), torch.cat(recalled).double().mean().item()


def confidence(judge: Judge, images: Tensor) -> Confidence:
    """How sure a judge is of images (N, C, H, W), and which labels it finds in them."""
    return _confidence(judge.inspect(images)[1])


def judge_generation(
    judge: Judge,
    real_images: Tensor,
    generated_images: Tensor,
    k: int = 3,
    *,
    size: int | None = None,
    draws: int = 10,
    seed: int = 0,
) -> Generation:
    """Compare generated images (M, C, H, W) with real ones (N, C, H, W) that a judge hasn't seen.

    Both are uint8, or floats in [0, 1]. Each of `draws` comparisons takes `size` images at random
    from either set, without replacement: the smaller set whole unless `size` is given. Where both
    sets are taken whole there is one draw. Raises BadInput for a size that is too large for the
    sets or too small for k, and for images that are not finite or not of the judge's shape.
    """
    most = min(len(real_images), len(generated_images))
    size = most if size is None else size
    if not k < size <= most:
        raise BadInput(f"size must be more than k ({k}) and at most {most} images, got {size}")
    if draws < 1:
        raise BadInput(f"draws must be at least 1, got {draws}")
    if size == len(real_images) == len(generated_images):
        draws = 1
    real, _ = judge.inspect(real_images)
    fake, logits = judge.inspect(generated_images)
    subset = _subsets(size, seed)
    pairs = [(subset(real), subset(fake)) for _ in range(draws)]
    scores = [precision_recall(normalize(one), normalize(other), k) for one, other in pairs]
    return Generation(
        size=size,
        draws=draws,
        k=k,
        frechet=_estimate([frechet_distance(one, other) for one, other in pairs]),
        precision=_estimate([precision for precision, _ in scores]),
        recall=_estimate([recall for _, recall in scores]),
        confidence=_confidence(logits),
    )


def judge_real(
    judge: Judge,
    real_images: Tensor,
    k: int = 3,
    *,
    size: int | None = None,
    draws: int = 10,
    seed: int = 0,
) -> Generation:
    """The same numbers for real images (N, C, H, W) against other real ones: the best to expect.

    The images, which the judge must not have seen, are split at random into disjoint halves; one
    plays the generated set. `size` is at most N // 2, and half of that unless given.
    """
    order = torch.randperm(len(real_images), generator=torch.Generator().manual_seed(seed))
    half = len(order) // 2
    real, other = real_images[order[:half]], real_images[order[half : 2 * half]]
    size = half // 2 if size is None else size
    return judge_generation(judge, real, other, k, size=size, draws=draws, seed=seed)


def _features(real: Tensor, fake: Tensor, fewest: int) -> tuple[Tensor, Tensor]:
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise BadInput(
            f"features must be (N, F) and (M, F), got {tuple(real.shape)} and {tuple(fake.shape)}"
        )
    for name, features in (("real", real), ("generated", fake)):
        if len(features) < fewest:
            raise BadInput(f"{len(features)} {name} images are too few, give at least {fewest}")
        if not features.isfinite().all():
            raise BadInput(f"the {name} images have values that are not finite; leave them out")
    return real.double().cpu(), fake.double().cpu()


def _root_covariance(features: Tensor) -> Tensor:
    # From singular values of the data, not eigenvalues of the covariance: none can be negative.
    centred = (features - features.mean(dim=0)) / (len(features) - 1) ** 0.5
    _, scales, vh = torch.linalg.svd(centred, full_matrices=False)
    root: Tensor = (vh.T * scales) @ vh
    return root


def _radii(features: Tensor, k: int, entries: int) -> Tensor:
    radii = []
    for points in torch.split(features, max(1, entries // len(features))):
        # Every point is its own nearest neighbour at distance 0, hence k + 1.
        nearest = _distances(points, features).topk(k + 1, dim=1, largest=False).values
        radii.append(nearest[:, -1])
    return torch.cat(radii)


def _distances(points: Tensor, others: Tensor) -> Tensor:
    # The matrix-product shortcut would give a point a distance from itself.
    return torch.cdist(points, others, compute_mode="donot_use_mm_for_euclid_dist")


def _subsets(size: int, seed: int) -> Callable[[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda rows: rows[torch.randperm(len(rows), generator=generator)[:size]]


def _estimate(values: list[float]) -> Estimate:
    every = torch.tensor(values, dtype=torch.float64)
    return Estimate(every.mean().item(), every.std().item() if len(values) > 1 else None)


def _confidence(logits: Tensor) -> Confidence:
    top = logits.double().softmax(dim=1).amax(dim=1)
    counts = logits.argmax(dim=1).bincount(minlength=logits.shape[1]).double()
    shares = counts / counts.sum()
    return Confidence(
        top=top.mean().item(),
        sure=(top > _SURE).double().mean().item(),
        shares=tuple(shares.tolist()),
        label_entropy=torch.special.entr(shares).sum().item(),
    )
