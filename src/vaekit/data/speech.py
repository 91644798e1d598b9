"""The Free Spoken Digit Dataset: the digits, spoken by six people, fifty times each."""

from dataclasses import replace

from vaekit.data.cache import data_dirs
from vaekit.data.sounds import Sounds, read_sounds
from vaekit.data.splits import Found
from vaekit.errors import BadInput

SPEECH = "free-spoken-digit-dataset"
_NAMES = ("recordings", "recordings.zip")
_LABELS = "{digit}_{speaker}_{index}"
_TEST = "index<5"  # the official split


def read_speech(wanted: Sounds) -> Found:
    """Its recordings, in the folder of that name of the data or the cache.

    Raises BadInput where they are missing, saying where they are to be had.
    """
    places = [folder / SPEECH / name for folder in data_dirs() for name in _NAMES]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        raise BadInput(
            "the Free Spoken Digit Dataset must be fetched by hand: from "
            "https://github.com/Jakobovski/free-spoken-digit-dataset take the folder recordings, "
            f"and put it, or a zip of it, in '{places[0].parent}'"
        )
    if wanted.labels is None and wanted.label_depth is None:
        wanted = replace(wanted, labels=_LABELS)
    found = read_sounds(path, wanted)
    return replace(found, test=_TEST) if wanted.labels == _LABELS else found
