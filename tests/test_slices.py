"""What the contracts are for, on real data in small: conditions, missing pixels, codebooks."""

import dataclasses
from typing import Any

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

import vaekit as vk
from vaekit.data import Dataset, load
from vaekit.data.cache import data_dirs
from vaekit.evaluation import evaluate
from vaekit.evaluation.judge import train_judge
from vaekit.latents import Codebook
from vaekit.nets import MLP
from vaekit.recipes import vae, vq_vae
from vaekit.training import Training, fit


def few(dataset: Dataset, rows: int) -> Dataset:
    names = ("train", "validation", "test")
    parts = {name: getattr(dataset, name).take(slice(0, rows)) for name in names}
    return dataclasses.replace(dataset, **parts)


def fitted(dataset: Dataset, epochs: int) -> vk.Autoencoder:
    torch.manual_seed(0)
    size = dataset.conditions.size if dataset.conditions else 0
    model, objective = vae(dataset.shape, net=MLP((256,)), latent=8, context=size)
    fit(model, objective, dataset, Training(epochs=epochs, seed=0), progress=False)
    return model


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> vk.Run:
    root = tmp_path_factory.mktemp("runs")
    return vk.train(
        "vae",
        "digits",
        root=root,
        net_options={"hidden": (128,)},
        options={"latent": 4},
        data_options={"condition": ("label",)},
        training=Training(epochs=60, batch_size=64),
        progress=False,
    )


def test_samples_are_of_the_class_that_is_asked_for(told: vk.Run) -> None:
    train = load("digits").train
    judge = KNeighborsClassifier(3).fit(train.tensor().flatten(1).numpy(), train.labels)
    codes = told.told({"label": "7"}).sample_codes(50, generator=torch.Generator().manual_seed(0))
    for digit in range(10):
        pictures = told.told({"label": str(digit)}).decode(codes)
        found = judge.predict(pictures.flatten(1).numpy())
        assert (found == digit).mean() >= 0.9, digit


def test_a_told_model_s_rate_and_bound_add_up(told: vk.Run) -> None:
    dataset = told.dataset(progress=False)
    found = evaluate(told.model(), dataset.test, draws=50)
    assert found.rate is not None
    assert found.elbo is not None
    assert found.bound is not None
    assert found.elbo.value == pytest.approx(-found.distortion.value - found.rate.value)
    assert found.bound.value > found.elbo.value
    assert found.rates is not None
    assert sum(found.rates) == pytest.approx(found.rate.value, rel=1e-5)


def test_a_run_keeps_what_its_model_is_told(told: vk.Run) -> None:
    again = vk.open_run(told.path)
    assert again.conditions == told.dataset(progress=False).conditions
    assert again.spec.context == 10
    with pytest.raises(vk.BadInput, match="lacks a value for label"):
        again.told()
    with pytest.raises(vk.BadInput, match="Training saw no label '12'"):
        again.told({"label": "12"})


def test_the_same_code_in_another_context_is_another_digit(told: vk.Run) -> None:
    batch = told.dataset(progress=False).test.batch(slice(0, 100))
    model = told.model()
    codes = model.encode(batch)
    other = torch.roll(batch.context, 1, 1)
    own, changed = model.decode(codes, batch.context), model.decode(codes, other)
    error = (own - batch.x).square().mean()
    assert (changed - batch.x).square().mean() > 2 * error


def mnist(**options: Any) -> Dataset:
    if not any((folder / "mnist").is_dir() for folder in data_dirs()):
        pytest.skip("MNIST is not here")
    return few(load("mnist", **options), 10_000)


def test_told_the_digit_the_judge_sees_it_in_samples() -> None:
    """Without large weights for what the decoder is told, four in ten are."""
    data = mnist(condition=("label",))
    labels = data.train.labels
    assert labels is not None
    assert data.conditions is not None
    judge = train_judge(
        torch.from_numpy(data.train.x), torch.from_numpy(labels), classes=10, epochs=3
    )
    model = fitted(data, 8)
    numbers = torch.arange(10).repeat_interleave(100)
    context = torch.eye(10)[numbers]
    pictures = model.sample(1_000, generator=torch.Generator().manual_seed(0), context=context)
    assert (judge.predict(pictures) == numbers).float().mean() > 0.93


def test_gaps_are_filled_better_than_by_the_mean_and_by_a_model_of_zeros() -> None:
    gaps, whole = mnist(missing=0.5), mnist()
    names = ("train", "validation", "test")
    zeros = {name: dataclasses.replace(getattr(gaps, name), mask=None) for name in names}
    model = fitted(gaps, 6)
    blind = fitted(dataclasses.replace(gaps, **zeros), 6)
    batch, truth = gaps.test.batch(slice(0, 1_000)), whole.test.tensor(slice(0, 1_000))
    assert batch.mask is not None
    there = gaps.train.mask
    mean = (gaps.train.x / 255 * there).sum(0) / there.sum(0)
    guesses = {
        "model": model.reconstruct(batch),
        "zeros": blind.reconstruct(batch.x),
        "mean": torch.from_numpy(mean).float().expand_as(truth),
    }
    errors = {
        name: float(((guess - truth).square() * ~batch.mask).sum() / (~batch.mask).sum())
        for name, guess in guesses.items()
    }
    assert errors["model"] < 0.75 * min(errors["mean"], errors["zeros"]), errors


def test_nearly_all_of_256_vectors_are_used() -> None:
    data = mnist()
    torch.manual_seed(0)
    model, objective = vq_vae(data.shape, net=MLP((256,)), codes=256)
    fit(model, objective, data, Training(epochs=2, seed=0), progress=False)
    assert isinstance(model.latent, Codebook)
    with torch.no_grad():
        chosen = model.latent.chosen(model.encoder(data.test.tensor()))
    assert len(chosen.unique()) >= 0.9 * 256
