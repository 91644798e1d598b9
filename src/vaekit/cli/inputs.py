"""What several commands take: a part of the data, what a model is told."""

import sys
from typing import TYPE_CHECKING, Literal

from vaekit.errors import BadInput
from vaekit.runs import Run

if TYPE_CHECKING:
    from vaekit.data import Dataset

Which = Literal["train", "validation", "test"]
WhichOrAll = Literal["train", "validation", "test", "all"]


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
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise BadInput(f"--given takes COLUMN=VALUE, such as label=7, not {pair!r}.")
        found[name] = value
    return found
