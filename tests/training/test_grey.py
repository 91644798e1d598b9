"""Grey photographs and a likelihood of black and white."""

import io
import os
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaekit import recipes
from vaekit.data import Dataset, load
from vaekit.likelihoods import Bernoulli, ContinuousBernoulli, SharedGaussian
from vaekit.nets import MLP
from vaekit.training import Training, fit


@pytest.fixture
def real_data() -> Path:
    given = os.environ.get("VAEKIT_DATA")
    if not given or not Path(given, "celeba").is_dir():
        pytest.skip("needs CelebA in $VAEKIT_DATA")
    return Path(given)


def few(data: Dataset) -> Dataset:
    """The first rows, as one split."""
    return replace(data, train=data.train.take(slice(0, 300)), validation=data.test.take(slice(0)))


def trained(data: Dataset, likelihood=None, folder: Path | None = None, epochs: int = 1) -> None:
    likelihood = likelihood or Bernoulli()
    model, objective = recipes.vae(data.shape, latent=2, net=MLP((8,)), likelihood=likelihood)
    options = Training(epochs=epochs, batch_size=100)
    fit(model, objective, data, options, folder=folder, progress=False)


@pytest.fixture
def faces(real_data: Path, tmp_path: Path) -> Dataset:
    """Photographs of faces, in grey."""
    (tmp_path / "faces").mkdir()
    with zipfile.ZipFile(real_data / "celeba" / "img_align_celeba.zip") as members:
        for name in [name for name in members.namelist() if name.endswith(".jpg")][:100]:
            picture = Image.open(io.BytesIO(members.read(name))).convert("L")
            picture.save(tmp_path / "faces" / Path(name).name)
    return load(tmp_path / "faces", image_size=32, crop="centre", progress=False)


def test_grey_photographs_are_told_of_the_better_likelihood(faces: Dataset, tmp_path: Path) -> None:
    said = r"faces is mostly grey, \d\d% .* `likelihood='bernoulli'` .* `likelihood='shared-gauss"
    with pytest.warns(UserWarning, match=said) as told:
        trained(faces, folder=tmp_path / "run")
    assert len(told) == 1
    trained(faces, folder=tmp_path / "run", epochs=2)  # goes on, and is told no more


def test_other_likelihoods_and_black_and_white_are_left_alone(faces: Dataset) -> None:
    for likelihood in (ContinuousBernoulli(), SharedGaussian()):
        trained(faces, likelihood)
    for binarise in ("threshold", "dynamic"):
        grey = np.asarray(faces.train.x)
        trained(load(grey, binarise=binarise))


@pytest.mark.parametrize("name", ["digits", "mnist", "fashion-mnist", "dsprites"])
def test_what_is_mostly_black_and_white_is_left_alone(real_data: Path, name: str) -> None:
    place = real_data / "dsprites" / "dsprites_downsampled.npz"
    with warnings.catch_warnings(record=True) as told:
        trained(few(load(place if name == "dsprites" else name)))
    assert not [each for each in told if re.search("grey", str(each.message))]
