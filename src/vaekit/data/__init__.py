"""Data: sources, formats, preparation of image folders, batches.

Names are imported when they are first used, so that a process which only decodes images,
or only lists the data sets, loads neither torch nor scikit-learn nor Pillow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaekit.data.attributes import SkippedColumns as SkippedColumns
    from vaekit.data.batches import Batches as Batches
    from vaekit.data.dataset import Binarise as Binarise
    from vaekit.data.dataset import Crop as Crop
    from vaekit.data.dataset import Dataset as Dataset
    from vaekit.data.dataset import Split as Split
    from vaekit.data.fetch import download as download
    from vaekit.data.held import rows_of as rows_of
    from vaekit.data.inputs import as_input as as_input
    from vaekit.data.loading import load as load
    from vaekit.data.matching import UnmatchedNames as UnmatchedNames
    from vaekit.data.photos import photo as photo
    from vaekit.data.pictures import Pictures as Pictures
    from vaekit.data.prepare import BrokenImages as BrokenImages
    from vaekit.data.prepare import NoFaces as NoFaces
    from vaekit.data.readers import READERS as READERS
    from vaekit.data.sound import Sound as Sound
    from vaekit.data.sounds import NotedRecordings as NotedRecordings
    from vaekit.data.sounds import Sounds as Sounds
    from vaekit.data.sources import SOURCES as SOURCES
    from vaekit.data.sources import Source as Source
    from vaekit.data.stored import Stored as Stored
    from vaekit.data.stored import StoredRows as StoredRows
    from vaekit.data.stored import StoredTunes as StoredTunes
    from vaekit.data.stored import StoredWindows as StoredWindows
    from vaekit.data.tunes import NotedTunes as NotedTunes
    from vaekit.data.tunes import Tunes as Tunes

_HOME = {
    "Batches": "batches",
    "Binarise": "dataset",
    "BrokenImages": "prepare",
    "Crop": "dataset",
    "Dataset": "dataset",
    "Pictures": "pictures",
    "READERS": "readers",
    "NoFaces": "prepare",
    "NotedRecordings": "sounds",
    "NotedTunes": "tunes",
    "Sound": "sound",
    "Sounds": "sounds",
    "Stored": "stored",
    "StoredRows": "stored",
    "StoredTunes": "stored",
    "StoredWindows": "stored",
    "SOURCES": "sources",
    "SkippedColumns": "attributes",
    "Source": "sources",
    "Split": "dataset",
    "Tunes": "tunes",
    "UnmatchedNames": "matching",
    "as_input": "inputs",
    "download": "fetch",
    "load": "loading",
    "photo": "photos",
    "rows_of": "held",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
