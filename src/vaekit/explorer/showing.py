"""Rows of data as the page shows them: pictures as bytes, everything else as numbers."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Sound
from vaekit.data.music import HOLD, METERS, REST
from vaekit.explorer.protocol import Heat, Roll, Shown
from vaekit.figures.images import pixels
from vaekit.kinds import KINDS
from vaekit.runs import Run
from vaekit.workflow.looks import decibels

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class Showing:
    """How rows of one kind of data and shape (*shape) are shown.

    row: the shape of one as it is shown.
    """

    shown: Shown
    row: tuple[int, ...]
    sound: Sound | None = None
    roll: Roll | None = None

    @property
    def heat(self) -> Heat | None:
        """The scales of a spectrogram."""
        if self.sound is None:
            return None
        return Heat(self.sound.second, [float(each) for each in self.sound.hertz])

    def rows(self, rows: Array, mask: Array | None = None) -> Array:
        """Rows (n, *shape) as they go to the page: (n, H, W, C) uint8, or float32.

        mask: which values are there; others are mid-grey in pictures and NaN elsewhere.
        """
        if self.shown == "picture":
            there = rows if mask is None else np.where(mask, rows, 0.5)
            return np.ascontiguousarray(pixels(there)[..., : self.row[-1]])
        there = rows if mask is None else np.where(mask, rows, np.nan)
        levels = there if self.sound is None else decibels(self.sound, there)[:, None]
        return np.ascontiguousarray(levels, "<f4")


def showing(run: Run) -> Showing:
    """How the rows of a run are shown."""
    spec, kind = run.spec, KINDS[run.spec.kind]
    if spec.drawn:
        channels, height, width = spec.shape
        return Showing("picture", (height, width, min(channels, 3)))
    if run.sound is not None:
        return Showing("heat", spec.shape, run.sound)
    if kind.played and run.meter is not None:
        return Showing("roll", spec.shape, roll=Roll(METERS[run.meter], HOLD, REST))
    return Showing("values" if len(spec.shape) == 1 else "heat", spec.shape)
