"""Who speaks and what is said in recordings, by judges that were trained on real ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Sound
from vaekit.errors import BadInput
from vaekit.evaluation.judge import Judge, train_judge

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class Ear:
    """How a listener hears a recording: cut into segments, as a model reads them.

    centred: whether every recording is heard less its own mean spectrum, so that no filter that
        stays the same all along, such as a microphone or a room, is heard at all.
    """

    sound: Sound
    centred: bool = False

    def segments(self, spectrograms: Sequence[Array]) -> list[Tensor]:
        """Of each of spectrograms (mels, T) its segments (n, 1, mels, frames)."""
        return [torch.from_numpy(self.sound.segments(self._heard(each))) for each in spectrograms]

    def _heard(self, spectrogram: Array) -> Array:
        if not self.centred:
            return spectrogram
        usual = np.asarray(self.sound.mean, np.float32)[:, None]
        less: Array = spectrogram - spectrogram.mean(axis=1, keepdims=True) + usual
        return less


@final
@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A judge of segments that decides on whole recordings.

    names: of the judge's classes, in their order.
    """

    judge: Judge
    names: tuple[str, ...]
    ear: Ear

    def log_probabilities(self, spectrograms: Sequence[Array]) -> Tensor:
        """Of spectrograms (mels, T) the log-probabilities (N, classes), means over segments."""
        cut = self.ear.segments(spectrograms)
        by_segment = torch.log_softmax(self.judge.inspect(torch.cat(cut))[1].double(), dim=1)
        parts = by_segment.split_with_sizes([len(each) for each in cut])
        return torch.stack([each.mean(0) for each in parts])

    def hear(self, spectrograms: Sequence[Array]) -> list[str]:
        """The most probable class of each of spectrograms (mels, T)."""
        found = self.log_probabilities(spectrograms).argmax(dim=1)
        return [self.names[number] for number in found.tolist()]

    def agrees(self, spectrograms: Sequence[Array], names: Sequence[str]) -> Tensor:
        """Whether each of spectrograms (mels, T) is heard as the class of this name, (N,) bool.

        Raises BadInput where there is not one name for each.
        """
        check_names(spectrograms, names)
        pairs = zip(self.hear(spectrograms), names, strict=True)
        return torch.tensor([heard == name for heard, name in pairs])


def train_listener(
    spectrograms: Sequence[Array],
    names: Sequence[str],
    ear: Ear,
    *,
    epochs: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Listener:
    """A listener trained on the segments of spectrograms (mels, T), each of the class of a name.

    `progress(step, steps)` is called after every step. Raises BadInput where there is not one
    name for each.
    """
    check_names(spectrograms, names)
    known, numbers = np.unique(names, return_inverse=True)
    cut = ear.segments(spectrograms)
    labels = torch.from_numpy(np.repeat(numbers, [len(each) for each in cut]))
    judge = train_judge(
        torch.cat(cut), labels, classes=len(known), epochs=epochs, seed=seed, progress=progress
    )
    return Listener(judge, tuple(known.tolist()), ear)


def check_names(spectrograms: Sequence[Array], names: Sequence[str]) -> None:
    """Raise BadInput where there is not one name for each recording."""
    if len(names) != len(spectrograms):
        raise BadInput(f"{len(spectrograms)} recordings but {len(names)} names: give one each")
