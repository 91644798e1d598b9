"""What the commands share that draw strips of pictures."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli import output
from vaekit.cli.inputs import Which
from vaekit.data.dataset import Crop
from vaekit.errors import BadInput
from vaekit.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.float32]

_ENDINGS = (".png", ".npy")
_LETTERS = 18  # of a picture's name


def target(run: Run, out: Path | None, stem: str, force: bool) -> Path:
    """Where to write; raises BadInput for a run whose data are no pictures."""
    if not run.spec.drawn:
        raise BadInput(
            f"{run.name} was trained on data of shape {run.spec.shape}: give a run of pictures."
        )
    return output.target(out, run.path / f"{stem}.png", _ENDINGS, force)


def names(images: Iterable[Path]) -> list[str]:
    """What files are called beside their pictures."""
    return [path.stem[:_LETTERS] for path in images]


def rows_of(
    run: Run, split: Which, n: int, rows: tuple[int, ...], crop: Crop | None
) -> "tuple[Pictures, list[str]]":
    """The first n rows of a run's data, or those of these numbers, and their names."""
    import numpy as np

    from vaekit.workflow.given import part_of

    if crop is not None:
        raise BadInput("--crop is for --image: the run's own data are cropped already.")
    if n < 1:
        raise BadInput(f"--n must be 1 or more, not {n}.")
    chosen = part_of(run.dataset(), split)
    places = list(rows) or list(range(min(n, len(chosen))))
    if wrong := [row for row in places if not 0 <= row < len(chosen)]:
        raise BadInput(f"--rows run from 0 to {len(chosen) - 1} here: there is no {wrong[0]}.")
    return chosen.tensor(np.array(places)).numpy(), [f"{split} {row}" for row in places]


def write(
    path: Path,
    pictures: "Pictures",
    images: "Pictures",
    columns: Iterable[float | str],
    **named: Any,
) -> None:
    """Write pictures as `.npy`, or images (R, S, C, H, W) of them as strips; then say where.

    columns: the number or the name over each column. named: what else `figures.strips` takes.
    """
    if path.suffix.lower() == ".npy":
        output.write_arrays(path, pictures.shape, [pictures])
    else:
        from vaekit.figures import strips

        heads = [each if isinstance(each, str) else number(each) for each in columns]
        output.write_figure(path, strips(images, heads, **named))
    print(path)


def number(value: float) -> str:
    """A number in as few letters as three digits need."""
    return f"{value:.3g}".replace("-", "−")
