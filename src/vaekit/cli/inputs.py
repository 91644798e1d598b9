"""What several commands take: a part of the data, what a model is told."""

from typing import Literal

from vaekit.errors import BadInput

Which = Literal["train", "validation", "test"]


def given(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values of --given, by column; raises BadInput for what is no COLUMN=VALUE."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise BadInput(f"--given takes COLUMN=VALUE, such as label=7, not {pair!r}.")
        found[name] = value
    return found
