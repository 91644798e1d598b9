"""Objects seen from other sides: how far a picture is off, and what a reader would think of first.

The baselines of a view that was not seen are the nearest that was, a blend of the two beside it,
and the same view of the most similar object.
"""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Split
from vaekit.errors import BadInput

Numbers = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Pictures of objects, each from a side.

    x: (N, 4, H, W), colours on white and the object's mask. of: which object, (N,).
    elevation, azimuth: from where, in degrees, (N,).
    """

    x: Tensor
    of: NDArray[np.str_]
    elevation: Numbers
    azimuth: Numbers

    @classmethod
    def from_split(cls, split: Split) -> Self:
        """The rows of a split of rendered objects; raises BadInput for other data."""
        columns = ("id", "elevation", "azimuth")
        if not set(columns) <= split.table.keys() or split.x.shape[1] != 4:
            raise BadInput(
                f"views have the columns {', '.join(columns)} and a mask: give rendered objects"
            )
        return cls(split.tensor(), *(split.table[name] for name in columns))

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Numbers | NDArray[np.bool_]) -> Self:
        """The views of these rows."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        x = self.x[torch.as_tensor(index)]
        return type(self)(x, self.of[index], self.elevation[index], self.azimuth[index])


def colour_error(made: Tensor, real: Tensor) -> Tensor:
    """The mean squared error (N,) of the colours of pictures (N, C, H, W), cut off to [0, 1]."""
    return (made[:, :3].clamp(0, 1) - real[:, :3]).square().mean((1, 2, 3))


def mask_overlap(made: Tensor, real: Tensor) -> Tensor:
    """Intersection over union (N,) of masks (N, 4, H, W) at one half; 1 where both are empty."""
    one, other = made[:, 3] > 0.5, real[:, 3] > 0.5
    union = (one | other).sum((1, 2))
    return torch.where(union > 0, (one & other).sum((1, 2)) / union.clamp(min=1), 1.0)


def angles(views: Views, elevation: float, azimuth: float) -> NDArray[np.float64]:
    """The angle in degrees between the side of every view and another, (N,)."""
    high, other = np.radians(views.elevation), np.radians(elevation)
    turn = np.radians(views.azimuth - azimuth)
    cosine = np.sin(high) * np.sin(other) + np.cos(high) * np.cos(other) * np.cos(turn)
    found: NDArray[np.float64] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return found


def nearest_view(known: Views, elevation: float, azimuth: float) -> Tensor:
    """The picture (4, H, W) of the known view that is seen from nearest there."""
    return known.x[int(angles(known, elevation, azimuth).argmin())]


def blended_views(known: Views, elevation: float, azimuth: float) -> Tensor:
    """The known views on either side, of the nearest elevation, weighted by nearness, (4, H, W)."""
    heights = np.abs(known.elevation - elevation)
    level = known.take(heights == heights.min())
    ahead = (level.azimuth - azimuth) % 360
    behind = (azimuth - level.azimuth) % 360
    left, right = int(ahead.argmin()), int(behind.argmin())
    total = float(ahead[left] + behind[right])
    share = float(ahead[left]) / total if total else 0.0
    return (1 - share) * level.x[left] + share * level.x[right]


def most_similar(known: Views, given: Views) -> str:
    """The known object that looks most like some views of another, seen from the same sides.

    Raises BadInput where no known object is seen from all these sides.
    """
    errors: dict[str, float] = {}
    for row in range(len(given)):
        level = known.elevation == given.elevation[row]
        same = known.take(level & (known.azimuth == given.azimuth[row]))
        off = colour_error(same.x, given.x[row : row + 1])
        found = {name: float(error) for name, error in zip(same.of, off, strict=True)}
        errors = found if not row else {n: errors[n] + found[n] for n in errors if n in found}
    if not errors:
        raise BadInput("no known object is seen from all sides of the given views")
    return min(errors, key=errors.__getitem__)
