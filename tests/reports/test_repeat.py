"""Training that is repeated: what is finished is kept, what is other is not taken for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaekit.errors import BadInput
from vaekit.reports.repeat import trained
from vaekit.training import Training


def test_only_a_run_of_the_same_data_is_kept(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 2, (40, 4, 4), np.uint8)
    for name in ("one", "other"):
        np.save(tmp_path / f"{name}.npy", rows)

    def again(data: str, **options: Any) -> float:
        run = trained(
            "r",
            tmp_path / "runs",
            "vae",
            str(tmp_path / data),
            options={"latent": 2},
            training=Training(epochs=1, batch_size=10),
            data_options=options,
            progress=False,
        )
        return (run.path / "model.safetensors").stat().st_mtime_ns

    first = again("one.npy", validation=0.2)
    assert again("one.npy", validation=0.2) == first
    for data, share in (("other.npy", 0.2), ("one.npy", 0.3)):
        with pytest.raises(BadInput, match="made of other data"):
            again(data, validation=share)


def test_a_run_that_is_told_something_is_kept(tmp_path: Path) -> None:
    def again(**options: Any) -> float:
        run = trained(
            "r",
            tmp_path,
            "cvae",
            "digits",
            options={"latent": 2},
            training=Training(epochs=1, batch_size=500),
            data_options=options,
            progress=False,
        )
        return (run.path / "model.safetensors").stat().st_mtime_ns

    first = again(condition=("label",), only=("label=3,7",))
    assert again(condition=("label",), only=("label=3,7",)) == first
    with pytest.raises(BadInput, match="made of other data"):
        again(condition=("label",), only=("label=3,8",))
