"""Run directories: create, open, list.

    runs/NAME/ ── run.json                  how to build, feed and train the model
               ├─ checkpoint/               where training is
               ├─ model.safetensors         the weights, once training has ended
               ├─ metrics.jsonl, events…    what training wrote down
               └─ figures/

Importing this module, listing runs and reading their state needs no torch.
"""

import json
import os
import platform
import re
import shutil
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from vaekit.data import SOURCES, load
from vaekit.errors import BadInput, unwritable
from vaekit.training import Training
from vaekit.training.history import METRICS, MODEL, STATE, logged, state_of
from vaekit.training.lock import is_held
from vaekit.writing import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from vaekit.data import Crop, Dataset, Sound
    from vaekit.data.conditions import Conditions
    from vaekit.data.music import Meter
    from vaekit.data.photos import Photo
    from vaekit.model import Autoencoder, Told
    from vaekit.spec import Spec

ROOT = "runs"
_FORMAT = 1
_FIELDS = {"spec": dict, "data": dict, "training": dict, "versions": dict, "created": str}
_CONFIG = "run.json"
_NAME = re.compile(r"[^\W_][\w.+-]*")


@final
@dataclass(frozen=True)
class Run:
    """A run directory.

    path: the directory.
    config: everything `run.json` holds.
    given: its data, where they lie in memory only; see `with_data`.
    """

    path: Path
    config: dict[str, Any]
    given: "Dataset | None" = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.name

    @property
    def spec(self) -> "Spec":
        """Recipe, network and likelihood; raises BadInput where this vaekit lacks one."""
        from vaekit.spec import Spec

        try:
            return Spec.from_json(self.config["spec"])
        except (BadInput, TypeError) as error:
            raise BadInput(f"{self.path / _CONFIG}: {error}") from error

    @property
    def data(self) -> dict[str, Any]:
        """The data set's name, source, options and fingerprint."""
        data: dict[str, Any] = self.config["data"]
        return data

    @property
    def _options(self) -> dict[str, Any]:
        options = self.data["options"].items()
        return {k: tuple(v) if isinstance(v, list) else v for k, v in options}

    @property
    def conditions(self) -> "Conditions | None":
        """What the model is told beside the data, where it is told something.

        Raises BadInput where `run.json` was changed.
        """
        if "conditions" not in self.data:
            return None
        from vaekit.data.conditions import Conditions

        try:
            return Conditions.from_json(self.data["conditions"])
        except BadInput as error:
            raise BadInput(f"{self.path / _CONFIG}: {error}") from error

    @property
    def sound(self) -> "Sound | None":
        """How recordings become rows of its data, where they are sound; raises BadInput as
        `conditions`."""
        if "sound" not in self.data:
            return None
        from vaekit.data import Sound

        try:
            return Sound.from_json(self.data["sound"])
        except BadInput as error:
            raise BadInput(f"{self.path / _CONFIG}: {error}") from error

    @property
    def meter(self) -> "Meter | None":
        """That of its data's bars, where they are melodies."""
        from vaekit.data.music import meter_for
        from vaekit.kinds import KINDS

        if not KINDS[self.spec.kind].played:
            return None
        return meter_for(self.spec.shape[-1], self.data["options"].get("meter"))

    @property
    def columns(self) -> list[str]:
        """What a table calls the numbers of its vectors: as the data did, where that is known."""
        width = self.spec.shape[0]
        known = list(self.data["options"].get("columns") or ())
        return known if len(known) == width else [f"x{number}" for number in range(width)]

    def picture(self, path: "Photo", crop: "Crop | None" = None) -> "NDArray[np.float32]":
        """A file of the user's as a row that the model reads, prepared as its data were.

        Of melodies it is the file's first bars.

        path: of the file, or its bytes; of pictures also one of Pillow's.

        crop: another cut than theirs. Raises BadInput for what is no picture, or shows no face
        where one is to be cut, and where the data are not of files.
        """
        import numpy as np

        from vaekit.data.music import own_tune, padded
        from vaekit.kinds import KINDS

        if (meter := self.meter) is not None:
            voices, steps = self.spec.shape
            assert isinstance(path, str | Path | bytes)
            found = own_tune(path, meter, voices, self.data["options"].get("track"), self.name)
            return padded(found.symbols, steps)[:, :steps].astype(np.float32)
        read, options = KINDS[self.spec.kind].read, self.data["options"]
        if read is None or not self.spec.drawn:
            what = path if isinstance(path, str | Path) else "A picture"
            raise BadInput(f"{what}: {self.name} was not trained on pictures; leave them out.")
        values = read(path, self.spec.shape, crop or options.get("crop", "none"))
        binary = options.get("binarise", "none") in ("threshold", "static")
        return (values > 0.5).astype(np.float32) if binary else values

    def told(self, given: Mapping[str, Any] | None = None) -> "Told":
        """The model, told the same of every row.

        given: a value for each column of the conditions; none for a model without conditions.
        Raises BadInput as `model`, and where values are missing, unknown or of no use.
        """
        from vaekit.model import Told

        return Told(self.model(), self.context(given or {}))

    def context(self, given: Mapping[str, Any]) -> "Tensor | None":
        """The context (E,) of these values; None for a model without conditions; see `told`."""
        import torch

        if self.conditions is None and not given:
            return None
        return torch.from_numpy(self.conditioned("given").given(given))

    def conditioned(self, parameter: str) -> "Conditions":
        """Its conditions; raises BadInput that names the parameter where it has none."""
        if self.conditions is None:
            raise BadInput(
                f"`{parameter}`: {self.name} was trained without a condition: leave it out."
            )
        return self.conditions

    @property
    def training(self) -> Training:
        """How it was, or is to be, trained; raises BadInput where `run.json` was changed."""
        try:
            return Training(**self.config["training"])
        except (BadInput, TypeError) as error:
            raise BadInput(f"{self.path / _CONFIG}: {error}") from error

    @property
    def state(self) -> str:
        """ "training at epoch 3/20" (completed of wanted), "interrupted at epoch 3/20", "finished"
        or "empty"."""
        live = self.live
        if self.finished and not live:
            return "finished"
        if not (self.started or live):
            return "empty"
        what = "training" if live else "interrupted"
        return f"{what} at epoch {self.epochs}/{self.training.epochs}"

    @property
    def live(self) -> bool:
        """Whether a process trains it now."""
        return is_held(self.path)

    @property
    def finished(self) -> bool:
        """Whether training has ended, and is not to go on for more epochs than it was."""
        if not (self.path / MODEL).exists():
            return False
        wanted = self.config["training"].get("epochs")
        return not self.config.get("further") or state_of(self.path / MODEL).get("epochs") == wanted

    @property
    def started(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.path / STATE).exists()

    @property
    def epochs(self) -> int:
        """Epochs completed; of an interrupted run, those of its checkpoint, to go on from.

        Raises BadInput where the log is damaged.
        """
        logged = len(self.records())
        if self.finished or self.live:
            return logged
        at = state_of(self.path / STATE).get("at")
        kept = at.get("epoch") if isinstance(at, dict) else None
        return min(logged, kept) if type(kept) is int else logged

    @property
    def begun(self) -> bool:
        """Whether an epoch has been completed."""
        log = self.path / METRICS
        return log.exists() and log.stat().st_size > 0

    def records(self) -> list[dict[str, Any]]:
        """What training logged, one record per completed epoch; see `vaekit.training.fit`.

        Raises BadInput where the log is damaged.
        """
        return logged(self.path)

    def dataset(self, *, progress: bool = True) -> "Dataset":
        """The data of the run, loaded again.

        Raises BadInput where they have changed, or were in memory and are not given again.
        """
        if self.given is not None:
            return self.given
        if self.data["source"] is None:
            raise BadInput(
                f"{self.name} was trained on arrays in memory: give them again in Python, "
                "`vaekit.open_run(…).with_data(…)`."
            )
        try:
            dataset = load(self.data["source"], **self._options, progress=progress)
        except (TypeError, AttributeError) as error:
            raise BadInput(
                f"{self.path / _CONFIG}: its data's options are not ones vaekit wrote ({error})."
            ) from error
        if dataset.fingerprint != self.data["fingerprint"]:
            raise BadInput(
                f"The data {self.data['source']} are no longer those that {self.path} was "
                "trained on: restore them, or train a new run."
            )
        return self._fitting(dataset)

    def with_data(self, data: Any, labels: Any = None) -> "Run":
        """The same run with its data: a `Dataset`, or what `load` takes, such as their new path.

        Raises BadInput where they are not those that it was trained on.
        """
        from vaekit.data import Dataset

        options = {} if isinstance(data, Dataset) else self.options_for(data)
        if labels is not None:
            options["labels"] = labels
        dataset = data if isinstance(data, Dataset) else load(data, **options)
        if dataset.fingerprint != self.data["fingerprint"]:
            raise BadInput(f"These are not the data that {self.path} was trained on.")
        config = self.config
        if isinstance(data, str | Path):
            moved = {"source": lasting(data), "options": options}
            config = config | {"data": self.data | json.loads(json.dumps(moved, default=str))}
        return replace(self, config=config, given=self._fitting(dataset))

    def options_for(self, data: Any) -> dict[str, Any]:
        """The options that its data were loaded with, as `load` takes them, for data elsewhere.

        Names of columns are left out where there are none, and of rows in memory what the names
        of files say. A table of attributes that is no
        longer where it was is looked for where it would be had it moved along.
        """
        from vaekit.data.frames import is_frame

        options = self._options
        if not is_frame(data):
            held = () if isinstance(data, str | Path) else ("labels",)
            options = {k: v for k, v in options.items() if k not in ("columns", *held)}
        table = options.get("attributes")
        if table and isinstance(data, str | Path) and not Path(table).exists():
            place = os.path.relpath(table, self.data["source"] or ".")
            options["attributes"] = Path(os.path.normpath(Path(lasting(data), place)))
        return options

    def keep(self) -> None:
        """Write its `run.json` anew: with the place its data have now, after `with_data`."""
        _write(self.path / _CONFIG, self.config)

    def _fitting(self, dataset: "Dataset") -> "Dataset":
        if dataset.shape != self.spec.shape:
            raise BadInput(
                f"{self.path / _CONFIG}: its `shape` {self.spec.shape} is not that of its data, "
                f"{dataset.shape}: restore it from a copy."
            )
        return dataset if self.sound is None else dataset.heard(self.sound)

    def model(self) -> "Autoencoder":
        """The model with its weights, on the CPU, in evaluation mode.

        Before training has ended these are the last checkpoint's, and a warning says so.
        Torch's random state is left as it was.

        Raises BadInput where the weights are missing, damaged or another model's.
        """
        import torch

        from vaekit.training.checkpoint import fill

        with torch.random.fork_rng(devices=[]):
            model, _ = self.spec.build()
        path, tensors = self._weights()
        fill(model, tensors, path)
        return model.eval()

    def _weights(self) -> tuple[Path, "dict[str, Tensor]"]:
        from vaekit.training.checkpoint import below, read

        if self.finished or not self.started:
            path = self.path / MODEL
            return path, read(path, "model")[0]
        path = self.path / STATE
        tensors, _ = read(path, "checkpoint")
        warnings.warn(
            f"{self.name} is not finished ({self.state}): using its last checkpoint.",
            stacklevel=3,
        )
        kept = (below(tensors, part) for part in ("best", "ema", "model"))
        return path, next((part for part in kept if part), {})

    def with_epochs(self, epochs: int) -> "Run":
        """The same run with more epochs to train, in `run.json` too.

        The weights of a finished run stay until those of all epochs take their place. Raises
        BadInput where there is no checkpoint to go on from.
        """
        if self.finished and not self.started:
            raise BadInput(f"{self.path / STATE} is missing: it can't be trained on.")
        training = self.config["training"] | {"epochs": epochs}
        config = self.config | {"training": asdict(Training(**training)), "further": True}
        _write(self.path / _CONFIG, config)
        return replace(self, config=config)

    def discard(self) -> None:
        """Remove the directory, where it is still there."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.path)


def create(
    root: str | Path,
    name: str | None,
    spec: "Spec",
    data: Mapping[str, Any],
    training: Training,
) -> Run:
    """A new run directory with its `run.json`.

    root: the folder of runs, made where it is missing.
    name: left out, the recipe's and the data's with the next free number: vae-mnist-1.
    data: the data set's name, source, options and fingerprint.

    Raises BadInput for a name that is taken or cannot be a folder's; nothing is touched then.
    """
    import torch

    config = {
        "format": _FORMAT,
        "spec": spec.to_json(),
        "data": dict(data),
        "training": asdict(training),
        "versions": {
            "vaekit": version("vaekit"),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "seed": training.seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    config = json.loads(json.dumps(config))  # what reading it back will give
    try:
        if name is not None:
            path = check_name(root, name)
            path.mkdir(parents=True)
        else:
            path = _numbered(Path(root), f"{spec.recipe}-{data['name']}")
    except OSError as error:
        raise BadInput(
            f"No run can be made in {root} ({error.strerror}): give another `root`."
        ) from error
    try:
        _write(path / _CONFIG, config)
    except BaseException:
        shutil.rmtree(path)
        raise
    return Run(path, config)


def check_name(root: str | Path, name: str) -> Path:
    """Where a run of this name would lie; raises BadInput unless the name is good and free."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"`name` {name!r} cannot name a run: use letters, digits, '.', '-', '_'.")
    path = Path(root, name)
    if path.exists():
        raise BadInput(f"There is a run {path} already: give another `name`, or remove it.")
    return path


def open_run(path_or_name: str | Path, root: str | Path = ROOT) -> Run:
    """A run by its name under `root`, or by the path of its directory.

    Raises BadInput where there is none, suggesting the nearest, and where its `run.json` is
    missing, damaged or not one of vaekit's.
    """
    path = Path(root, path_or_name)
    if not path.is_dir():
        path = Path(path_or_name)
    if not path.is_dir():
        raise BadInput(f"There is no run {str(path_or_name)!r}: {_suggestion(path, Path(root))}")
    return Run(path, _read(path / _CONFIG))


def lasting(source: str | Path) -> str:
    """A source that means the same from any folder."""
    return str(source) if str(source) in SOURCES else str(Path(source).expanduser().resolve())


def load_model(run: str | Path, root: str | Path = ROOT) -> "Autoencoder":
    """The trained model of a run, by name or path; see `Run.model`."""
    return open_run(run, root).model()


def list_runs(root: str | Path = ROOT) -> list[Run]:
    """The runs under `root`, oldest first; warns of those whose `run.json` is damaged."""
    runs = []
    for path in sorted(Path(root).glob(f"*/{_CONFIG}")):
        try:
            runs.append(Run(path.parent, _read(path)))
        except BadInput as error:
            warnings.warn(str(error), stacklevel=2)
    return sorted(runs, key=lambda run: str(run.config["created"]))


def _numbered(root: Path, stem: str) -> Path:
    """A new folder with the next free number."""
    stem = re.sub(r"[^\w.+-]+", "-", stem)
    for number in count(1):
        path = root / f"{stem}-{number}"
        if path.exists():
            continue
        try:
            path.mkdir(parents=True)
        except FileExistsError:  # another process was faster
            continue
        return path
    raise AssertionError


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput(
            f"{path.parent} is not a run: it has no {path.name}. Give the name or folder of one."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read ({error}): restore it from a copy.") from error
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise BadInput(f"{path} was not written by vaekit: give a run's own directory.")
    if config["format"] != _FORMAT:
        raise BadInput(
            f"{path} has format {config['format']}, but this vaekit reads {_FORMAT}: "
            "use the version that wrote it."
        )
    for name, kind in _FIELDS.items():
        if not isinstance(config.get(name), kind):
            raise BadInput(f"{path} lacks {name!r}: restore it from a copy.")
    if not isinstance(config["data"].get("options", {}), dict):
        raise BadInput(f"{path} lacks the options of its data: restore it from a copy.")
    if missing := {"name", "source", "options", "fingerprint"} - config["data"].keys():
        raise BadInput(f"{path} lacks {min(missing)!r} of its data: restore it from a copy.")
    return config


def _write(path: Path, config: Mapping[str, Any]) -> None:
    """Write JSON so that the file is there whole or not at all; raises BadInput."""
    try:
        with replacing(path) as part:
            part.write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise unwritable(path, error) from error


def _suggestion(path: Path, root: Path) -> str:
    known = {
        config.parent.name: config.parent
        for folder in (path.parent, root)
        for config in folder.glob(f"*/{_CONFIG}")
    }
    if near := get_close_matches(path.name, known, n=1):
        found = known[near[0]]
        return f"did you mean {found.name if found.parent == root else found}?"
    if known:
        return f"there are {', '.join(sorted(known))}."
    return f"there are none in {root} yet; `vaekit train` makes one."
