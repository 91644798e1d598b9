"""Calls that a newcomer gets wrong are refused in a sentence that says what to give."""

from collections.abc import Callable

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import vaekit as vk

DATA = vk.load_data("digits", progress=False)
MODEL, OBJECTIVE = vk.recipes.vae(DATA.shape, latent=2, net=vk.nets.MLP(hidden=(8,)))
PLAIN, _ = vk.recipes.ae(DATA.shape, latent=2)
LOADER = DataLoader(TensorDataset(DATA.train.tensor()), 32)
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a DataLoader": (lambda: vk.fit(MODEL, OBJECTIVE, LOADER), "`dataset` is of type DataLoader"),
    "a split": (lambda: vk.fit(MODEL, OBJECTIVE, DATA.train), "vaekit.load_data"),
    "swapped": (lambda: vk.fit(OBJECTIVE, MODEL, DATA), "`model` is of type ELBO"),
    "a dictionary": (lambda: vk.fit(MODEL, OBJECTIVE, DATA, {"epochs": 1}), "Training"),
    "another dictionary": (lambda: vk.train("vae", "digits", training={"epochs": 1}), "Training"),
    "a data set as shape": (lambda: vk.recipes.vae(DATA), "`dataset.shape`"),
    "a network by name": (lambda: vk.recipes.vae(DATA.shape, net="conv"), "MLP, Conv, ResNet"),
    "a likelihood by name": (lambda: vk.recipes.vae(DATA.shape, likelihood="x"), "Bernoulli"),
    "a size as text": (lambda: vk.recipes.vae(DATA.shape, latent="2"), "`latent` is of type str"),
    "no prior": (lambda: PLAIN.sample(3), "no prior to sample from"),
    "a model for a run": (lambda: vk.sample(MODEL, 4), "`run` is of type Autoencoder"),
    "a run for a model": (lambda: vk.evaluate("some-run", DATA.test), "vaekit.evaluate_run"),
    "capitals": (lambda: vk.train("VAE", "digits"), "did you mean vae?"),
    "texts as data": (lambda: vk.load_data(["a.jpg", "b.jpg"]), "there is no picture 'a.jpg'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_work_is_refused_in_a_sentence(what: str) -> None:
    call, words = WRONG[what]
    with pytest.raises(vk.BadInput) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_fitted_is_left_alone_where_it_is_refused() -> None:
    before = {name: weight.clone() for name, weight in MODEL.state_dict().items()}
    with pytest.raises(vk.BadInput):
        vk.fit(MODEL, OBJECTIVE, LOADER)
    assert all(torch.equal(weight, before[name]) for name, weight in MODEL.state_dict().items())
