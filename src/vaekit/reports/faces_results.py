"""What the experiment on faces trains and measures."""

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from vaekit.evaluation.bootstrap import Interval
from vaekit.evaluation.edits import Edit
from vaekit.runs import Run
from vaekit.space.directions import Directions, Method

EDITED = ("Blond_Hair", "Eyeglasses", "Smiling")
METHODS: tuple[Method, ...] = ("means", "balanced", "logistic")
LATENT = 100


@final
@dataclass(frozen=True, slots=True)
class Case:
    """One of the models that are compared: its recipe, network and options."""

    name: str
    recipe: str
    net: str
    about: str
    options: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Quality:
    """How pictures compare with the held-out faces they are made of, or made to pass for.

    psnr in dB. ssim up to 1. distance in SqueezeNet's features. sharpness relative to that
    of the real faces. frechet: the distance of pooled SqueezeNet features from real ones.
    The first three are None for samples, which have no original.
    """

    sharpness: Interval
    frechet: Interval
    psnr: Interval | None = None
    ssim: Interval | None = None
    distance: Interval | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What a judge sees in held-out faces as one attribute is added along one vector.

    edits: one for each scale, from 0 upwards.
    """

    attribute: str
    method: Method
    edits: tuple[Edit, ...]

    def at(self, scale: float) -> Edit:
        """The edit of this scale."""
        return next(edit for edit in self.edits if edit.scale == scale)

    def leak_at(self, flipped: float) -> float | None:
        """The change in other attributes where this share of faces is flipped.

        Linear between scales; None where no scale flips so many.
        """
        shares = np.maximum.accumulate([edit.flipped.value for edit in self.edits])
        if flipped > shares[-1]:
            return None
        place = max(1, int(np.searchsorted(shares, flipped)))
        low, high = shares[place - 1 : place + 1]
        first, last = self.leaks[place - 1 : place + 1]
        part = (flipped - low) / (high - low) if high > low else 0.0
        return float(first + part * (last - first))

    @property
    def leaks(self) -> list[float]:
        """The change in other attributes at every scale."""
        return [edit.leakage.value for edit in self.edits if edit.leakage is not None]

    def resampled(self, rows: Tensor, flipped: float) -> Tensor:
        """`leak_at` a share for resamples (R, N) of the faces, shape (R,).

        Linear between scales, and beyond the last one as far as that goes.
        """
        flips, leaks = (
            torch.stack([getattr(edit, name)[rows].double().mean(1) for edit in self.edits], 1)
            for name in ("flips", "leaks")
        )
        shares = flips.cummax(1).values
        wanted = torch.full((len(rows), 1), flipped, dtype=shares.dtype)
        place = torch.searchsorted(shares, wanted).clamp(1, shares.shape[1] - 1)
        low, high = shares.gather(1, place - 1), shares.gather(1, place)
        first, last = leaks.gather(1, place - 1), leaks.gather(1, place)
        part = torch.where(high > low, (wanted - low) / (high - low), 0.0).clamp(0, 1)
        return (first + part * (last - first)).squeeze(1)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Pictures of one model, (n, C, H, W) each unless said otherwise.

    reconstructions: of the shown faces. samples: from the prior; mixture: from a mixture
    fitted to the codes. strips: by title, (scales, faces, C, H, W), at `scales`. paths:
    interpolations, (pairs, steps, C, H, W), between the pairs of faces `ends`.
    """

    reconstructions: Tensor
    samples: Tensor
    mixture: Tensor
    strips: dict[str, Tensor]
    scales: tuple[float, ...]
    paths: Tensor
    ends: tuple[Tensor, Tensor]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One trained model and what was measured of it.

    rate: nats a face, mean over the held-out faces.
    recognised: balanced accuracy of the judge on reconstructions, by attribute.
    directions: by method. responses: of the edited attributes, by every
    method; those are missing that the judge sees in every decoded face.
    """

    case: Case
    run: Run
    rate: float
    reconstructions: Quality
    samples: Quality
    mixture: Quality
    recognised: dict[str, Interval]
    directions: dict[Method, Directions]
    responses: list[Response]
    looks: Looks


@final
@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the report shows.

    faces: numbers of training and held-out faces. epochs: of training.
    judged: by attribute, the judge's balanced accuracy on real held-out faces.
    real: real faces in place of samples. shown: the faces (n, C, H, W) in the figures.
    """

    faces: tuple[int, int]
    epochs: int
    judged: dict[str, Interval]
    real: Quality
    shown: Tensor
    measured: list[Measured]
