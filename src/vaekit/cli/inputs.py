"""What several commands take: a part of the data, what a model is told, numbers."""

import math
import sys
from typing import TYPE_CHECKING, Literal

from vaekit.cli.output import MOST_PICTURES
from vaekit.errors import BadInput
from vaekit.runs import Run

if TYPE_CHECKING:
    from vaekit.data import Dataset

Which = Literal["train", "validation", "test"]
WhichOrAll = Literal["train", "validation", "test", "all"]
By = Literal["segment", "recording"]
Phase = Literal["estimated", "original"]


def data(run: Run, source: str | None) -> "Dataset | None":
    """The data of --data; of others than the run's own a line says that they are."""
    from vaekit.workflow.given import given

    if source is None:
        return None
    found = given(run, source)
    if not found.own:
        print(
            f"{source} is not what {run.name} was trained on: it is prepared as that was.",
            file=sys.stderr,
        )
    return found.dataset


def given(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values of --given, by column; raises BadInput for what is no COLUMN=VALUE."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.rpartition("=")  # an attribute's name may hold one
        if not (name and equals):
            raise BadInput(f"--given takes COLUMN=VALUE, such as label=7, not {pair!r}.")
        found[name] = value
    return found


def numbers(flag: str, text: str) -> list[float]:
    """The numbers of start:stop:count, of a list with commas, or one number."""
    import numpy as np

    try:
        if ":" in text:
            start, stop, count = text.split(":")
            many = min(int(count), MOST_PICTURES + 1)  # which is refused, with its reason
            found = [float(each) for each in np.linspace(float(start), float(stop), many)]
        else:
            found = [float(each) for each in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(map(math.isfinite, found)):
        raise BadInput(
            f"{flag} takes start:stop:count, such as 0:2:9, or numbers with commas between, "
            f"not {text!r}."
        )
    return found
