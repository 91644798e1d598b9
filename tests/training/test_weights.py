"""Models composed by hand are saved and filled again."""

from pathlib import Path

import pytest
import torch

import vaekit as vk
from vaekit.latents import GaussianPosterior, Latent, StandardNormal
from vaekit.likelihoods import PixelGaussian
from vaekit.nets import MLP


def composed(latent: int = 3, hidden: tuple[int, ...] = (16,)) -> vk.Autoencoder:
    net, likelihood, shape = MLP(hidden=hidden), PixelGaussian(), (1, 8, 8)
    encoder = net.encoder(shape)
    return vk.Autoencoder(
        encoder,
        Latent(GaussianPosterior(encoder.features, latent), StandardNormal(latent)),
        net.decoder(latent, likelihood.outputs(shape)),
        likelihood,
    )


def equal(one: vk.Autoencoder, other: vk.Autoencoder) -> bool:
    weights = other.state_dict()
    return all(torch.equal(weight, weights[name]) for name, weight in one.state_dict().items())


def test_a_composed_model_is_saved_and_filled_again(tmp_path: Path) -> None:
    model, again = composed(), composed()
    assert not equal(model, again)
    vk.save_weights(model, f"{tmp_path}/mine.safetensors")
    vk.load_weights(again, f"{tmp_path}/mine.safetensors")
    assert equal(model, again)
    x = torch.rand(5, 1, 8, 8)
    assert torch.equal(model.reconstruct(x), again.reconstruct(x))


def test_what_fit_leaves_in_its_folder_fills_a_model(tmp_path: Path) -> None:
    model, again = composed(), composed()
    data, options = vk.load_data("digits", limit=100), vk.Training(epochs=1)
    vk.fit(model, vk.objectives.ELBO(), data, options, folder=tmp_path, progress=False)
    vk.load_weights(again, tmp_path / "model.safetensors")
    assert equal(model, again)


def test_the_first_tensor_that_differs_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    vk.save_weights(composed(), path)
    names = [*composed().state_dict()]
    for other, message in (
        (composed(hidden=(17,)), rf"its {names[0]} has shape \(16, 64\), not \(17, 64\)"),
        (composed(hidden=(16, 16)), "it lacks encoder"),
        (composed(latent=4), r"has shape \(16, 3\), not \(16, 4\)"),
    ):
        before = {name: weight.clone() for name, weight in other.state_dict().items()}
        with pytest.raises(vk.BadInput, match=message) as caught:
            vk.load_weights(other, path)
        assert "Compose the model as that was" in str(caught.value)
        assert all(torch.equal(weight, before[name]) for name, weight in other.state_dict().items())
    with pytest.raises(vk.BadInput, match=r"none\.safetensors is missing"):
        vk.load_weights(composed(), tmp_path / "none.safetensors")
    (tmp_path / "file").write_text("")
    with pytest.raises(vk.BadInput, match="cannot be written"):
        vk.save_weights(composed(), tmp_path / "file" / "mine.safetensors")
