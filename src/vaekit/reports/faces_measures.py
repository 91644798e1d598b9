"""Measuring one model of faces: pictures, a judge's answers and edits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from vaekit.data import Dataset, Split
from vaekit.evaluation import evaluate
from vaekit.evaluation.attribute_judge import AttributeJudge
from vaekit.evaluation.bootstrap import Interval, mean_interval
from vaekit.evaluation.edits import SEEN, judge_edit
from vaekit.evaluation.perceptual import (
    FRECHET_LAYERS,
    JUDGE_GRID,
    JUDGE_LAYERS,
    feature_distance,
    frechet_interval,
    pooled,
)
from vaekit.evaluation.pictures import psnr, sharpness, ssim
from vaekit.features import Features
from vaekit.model import Autoencoder
from vaekit.reports.faces_results import (
    EDITED,
    METHODS,
    Case,
    Looks,
    Measured,
    Quality,
    Response,
)
from vaekit.runs import Run
from vaekit.space.directions import Directions
from vaekit.space.editing import edit
from vaekit.space.interpolation import spherical
from vaekit.workflow.derived import attribute_directions, attributes, code_mixture

COMPONENTS = 20
SAMPLES = 64  # drawn for the figures
PAIRS, STEPS = 6, 9
_ROWS = 100  # pictures a pass
_DISTANCE_LAYERS = ("relu1", "fire3", "fire5", "fire7", "fire9")


class Networks(NamedTuple):
    """SqueezeNet, read at the layers that each measure wants."""

    judge: Features
    distance: Features
    frechet: Features


@final
@dataclass(frozen=True, slots=True, eq=False)
class Examiner:
    """Held-out faces, and what is needed to judge pictures made of them.

    faces: (N, C, H, W) in [0, 1]. marks: who has which attribute, (N, A).
    sharpness: the real faces', their mean.
    """

    faces: Tensor
    marks: Tensor
    networks: Networks
    judge: AttributeJudge
    pooled: Tensor
    sharpness: float

    @property
    def accuracy(self) -> dict[str, Interval]:
        """The judge's balanced accuracy on the real faces, by attribute."""
        return self.recognised(self.faces)

    def recognised(self, pictures: Tensor) -> dict[str, Interval]:
        """The judge's balanced accuracy on pictures of the same faces, by attribute."""
        found = self.judge.accuracy(self._seen(pictures), self.marks)
        return {name: each.balanced for name, each in found.items() if each.balanced is not None}

    def probability(self, pictures: Tensor) -> Tensor:
        """The judge's probability of every attribute, (N, A)."""
        return self.judge.probability(self._seen(pictures))

    def lacking(self, names: tuple[str, ...], most: int) -> Tensor:
        """The first faces that were tagged as having none of these attributes."""
        columns = [self.judge.names.index(name) for name in names]
        return self.faces[~self.marks[:, columns].any(1)][:most]

    def quality(self, pictures: Tensor, originals: Tensor | None = None) -> Quality:
        """Pictures in [0, 1] beside as many real faces, which may be their originals."""
        pictures = pictures.clamp(0, 1)
        features = pooled(self.networks.frechet, pictures)
        frechet = frechet_interval(self.pooled, features, paired=originals is not None)
        sharp = mean_interval(sharpness(pictures) / self.sharpness)
        if originals is None:
            return Quality(sharp, frechet)
        distance = feature_distance(self.networks.distance, originals, pictures)
        near = (psnr(originals, pictures), ssim(originals, pictures), distance)
        return Quality(sharp, frechet, *map(mean_interval, near))

    def real(self, dataset: Dataset) -> Quality:
        """As many training faces in the place of samples: the best to be had."""
        others = dataset.train.tensor(slice(0, len(self.faces)))
        return self.quality(others)

    def _seen(self, pictures: Tensor) -> Tensor:
        return pooled(self.networks.judge, pictures.clamp(0, 1), grid=JUDGE_GRID)


def examiner(dataset: Dataset, held_out: int, judged: int, path: Path) -> Examiner:
    """Make the examiner; the judge learns from `judged` training faces and is kept in a file.

    Raises BadInput where SqueezeNet's weights are missing.
    """
    networks = Networks(
        *(
            Features("squeezenet", layers).load()
            for layers in (JUDGE_LAYERS, _DISTANCE_LAYERS, FRECHET_LAYERS)
        )
    )
    held = dataset.test.take(slice(0, held_out))
    faces, (names, marks) = held.tensor(), attributes(dataset, held)
    judge = _judge(dataset, dataset.train.take(slice(0, judged)), networks.judge, path)
    assert judge.names == names
    return Examiner(
        faces,
        torch.from_numpy(marks),
        networks,
        judge,
        pooled(networks.frechet, faces),
        float(sharpness(faces).mean()),
    )


def _judge(dataset: Dataset, split: Split, network: Features, path: Path) -> AttributeJudge:
    if path.exists():
        return AttributeJudge.load(path)
    names, marks = attributes(dataset, split)
    parts = (
        pooled(network, split.tensor(slice(first, first + _ROWS)), grid=JUDGE_GRID)
        for first in range(0, len(split), _ROWS)
    )
    judge = AttributeJudge.fit(torch.cat(list(parts)), torch.from_numpy(marks), names)
    path.parent.mkdir(parents=True, exist_ok=True)
    judge.save(path)
    return judge


def measure(
    case: Case,
    run: Run,
    examiner: Examiner,
    scales: tuple[float, ...],
    edited: int,
    shown: int,
    seed: int,
) -> Measured:
    """Everything the report says of one trained model."""
    model, count = run.model(), len(examiner.faces)
    decoded = reconstructed(model, examiner.faces)
    generator = torch.Generator().manual_seed(seed)
    samples = torch.cat(
        [model.sample(len(part), generator=generator) for part in torch.split(decoded, _ROWS)]
    )
    codes = code_mixture(run, COMPONENTS, seed).sample(count, seed).astype(np.float32)
    mixed = torch.cat([model.decode(part) for part in torch.split(torch.from_numpy(codes), _ROWS)])
    directions = {method: attribute_directions(run, method) for method in METHODS}
    responses = [
        respond(model, examiner, directions[method], name, scales, edited)
        for name in EDITED
        for method in METHODS
    ]
    rate = evaluate(model, Split(examiner.faces.numpy()), draws=1, seed=seed, batch_size=100).rate
    assert rate is not None
    return Measured(
        case=case,
        run=run,
        rate=rate.value,
        reconstructions=examiner.quality(decoded, examiner.faces),
        samples=examiner.quality(samples),
        mixture=examiner.quality(mixed),
        recognised=examiner.recognised(decoded),
        directions=directions,
        responses=[each for each in responses if each is not None],
        looks=looks(model, examiner.lacking(EDITED, shown), directions["balanced"], samples, mixed),
    )


def reconstructed(model: Autoencoder, faces: Tensor) -> Tensor:
    """Faces (N, C, H, W), encoded and decoded, in portions."""
    return torch.cat([model.reconstruct(part) for part in torch.split(faces, _ROWS)])


def respond(
    model: Autoencoder,
    examiner: Examiner,
    directions: Directions,
    name: str,
    scales: tuple[float, ...],
    edited: int,
) -> Response | None:
    """What the judge sees as an attribute is added to faces that lack it.

    None where it sees the attribute in all of them as soon as they are decoded.
    """
    faces = examiner.lacking((name,), edited)
    pictures = edit(model, faces, directions.vector(name), scales)
    seen = [examiner.probability(each) for each in pictures]
    place = examiner.judge.names.index(name)
    if (seen[0][:, place] >= SEEN).all():
        return None
    edits = [
        judge_edit(seen[0], after, examiner.judge.names, name, scale)
        for scale, after in zip(scales, seen, strict=True)
    ]
    return Response(name, directions.method, tuple(edits))


def looks(
    model: Autoencoder, faces: Tensor, directions: Directions, samples: Tensor, mixed: Tensor
) -> Looks:
    """The pictures in the report: the article's strips, interpolations, samples."""
    scales = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
    blond, glasses, _ = (directions.vector(name) for name in EDITED)
    vectors = {name.replace("_", " "): directions.vector(name) for name in EDITED}
    vectors["Blond Hair and Eyeglasses"] = blond + glasses
    strips: dict[str, Any] = {
        title: edit(model, faces, vector, scales) for title, vector in vectors.items()
    }
    strips["Eyeglasses, with the detail that the model lost put back"] = edit(
        model, faces, glasses, scales, residual=True
    )
    first, last = faces[:PAIRS], faces.roll(-1, 0)[:PAIRS]
    ends = zip(model.encode(first).numpy(), model.encode(last).numpy(), strict=True)
    codes = np.stack([spherical(one, other, STEPS) for one, other in ends]).astype(np.float32)
    paths = model.decode(torch.from_numpy(codes).flatten(0, 1))
    return Looks(
        reconstructions=model.reconstruct(faces),
        samples=samples[:SAMPLES],
        mixture=mixed[:SAMPLES],
        strips=strips,
        scales=scales,
        paths=paths.view(*codes.shape[:2], *faces.shape[1:]),
        ends=(first, last),
    )
