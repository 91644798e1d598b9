"""What the page is told is what the library gives, for every kind of run."""

import gc
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from melodies import archive, file_of, walk
from PIL import Image
from pyarrow import csv

import vaekit as vk
from vaekit import space
from vaekit.data import Split
from vaekit.data.conditions import conditions
from vaekit.data.music import HOLD
from vaekit.explorer import Explored, explored
from vaekit.figures.images import pixels
from vaekit.runs import Run
from vaekit.workflow.looks import decibels, telling_plane
from vaekit.writing import plain

Quick = Callable[..., Run]
BUDGET = vk.Training(epochs=1, batch_size=32)


@pytest.fixture(scope="module")
def page(digits: Run) -> Explored:
    return explored(digits)


@pytest.fixture
def quick(tmp_path: Path) -> Quick:
    """A run of one epoch."""

    def make(recipe: str, data: Any = "digits", **named: Any) -> Run:
        named.setdefault("net_options", {"hidden": (16,)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an epoch teaches a model little
            return vk.train(recipe, data, root=tmp_path, training=BUDGET, progress=False, **named)

    return make


def asked(found: Explored) -> dict[str, Any]:
    """All that a page asks for first; each answer is JSON, or is an array of numbers."""
    scene = found.scene
    json.dumps(plain(asdict(scene)), allow_nan=False)
    json.dumps(plain(asdict(found.card)), allow_nan=False)
    for plane in scene.planes:
        view, points = found.view(plane.key), found.points(plane.key)
        assert points.shape == (scene.points, 2)
        inside = np.linalg.norm(points - view.circle.centre, axis=1) <= view.circle.radius * 1.001
        assert scene.latent == 1 or inside.mean() > 0.98
        there = np.asarray(view.origin) + points.astype(float) @ np.asarray(view.axes)
        if scene.latent <= 2:
            np.testing.assert_allclose(there, found.codes, atol=1e-4)
    for column in scene.columns:
        assert found.column(column.name).shape == (scene.points,)
    first = scene.points - 1
    name, values, code, original, reconstruction = found.row(first)
    assert name
    assert list(values) == [column.name for column in scene.columns]
    assert original.shape == reconstruction.shape == (1, *scene.row)
    np.testing.assert_array_equal(code, found.codes[first])
    return plain(asdict(scene))


def test_the_map_shows_codes_in_the_library_s_planes(page: Explored, digits: Run) -> None:
    asked(page)
    data, model = digits.dataset(), digits.model()
    codes = model.encode(data.train)
    np.testing.assert_array_equal(page.codes, codes)
    plane, _ = telling_plane(model, data.train, codes)
    assert page.scene.plane == "0,1"
    np.testing.assert_array_equal(page.points("0,1"), plane.flat(codes).astype(np.float32))
    around = space.circle(codes, plane=space.principal(codes))
    view = page.view("pca")
    assert view.circle.radius == pytest.approx(around.radius)
    assert around.plane is not None
    assert view.names == around.plane.names
    np.testing.assert_allclose(page.view("1,0").axes, [[0, 1], [1, 0]])
    for key in ("0", "0,0", "0,2", "x", "0,1,2", "-1,0", "../0", ""):
        with pytest.raises(vk.BadInput):
            page.view(key)


def test_pictures_are_those_of_the_library(page: Explored, digits: Run) -> None:
    model, split = digits.model(), digits.dataset().train
    codes = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    shown = page.decode(codes)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, pixels(model.decode(codes))[..., :1])
    np.testing.assert_array_equal(page.originals([7, 3]), pixels(split.tensor([7, 3]))[..., :1])
    *_, reconstruction = page.row(7)
    np.testing.assert_array_equal(
        reconstruction, pixels(model.reconstruct(split.batch([7])))[..., :1]
    )
    for bad in (codes[:0], np.full((1, 2), np.nan, np.float32), np.zeros((257, 2), np.float32)):
        with pytest.raises(vk.BadInput):
            page.decode(bad)


def test_an_own_picture_is_encoded_and_measured_as_data_are(
    page: Explored, digits: Run, tmp_path: Path
) -> None:
    picture = Image.fromarray(pixels(digits.dataset().test.tensor([4]))[0]).resize((40, 40))
    picture.save(tmp_path / "own.png")
    own = page.encode((tmp_path / "own.png").read_bytes())
    row = digits.picture(tmp_path / "own.png")
    np.testing.assert_array_equal(own.prepared, pixels(row[None])[..., :1])
    np.testing.assert_array_equal(own.code, digits.model().encode(row[None])[0])
    measured = vk.evaluate(digits.model(), Split(row[None]), draws=8)
    assert measured.elbo is not None
    assert own.elbo == pytest.approx(measured.elbo.value)
    assert own.distortion == pytest.approx(measured.distortion.value)
    elbos = page.elbos()
    held = vk.evaluate_run(digits, split="validation", draws=8)
    assert held.elbo is not None
    assert elbos.mean() == pytest.approx(held.elbo.value, rel=1e-5)
    assert own.below == (elbos.astype(float) < own.elbo).mean()
    drawn = page.encode(pixels(row[None])[0, ..., 0])
    np.testing.assert_allclose(drawn.code, own.code, atol=0.05)  # the file had grey of 8 bits, too
    with pytest.raises(vk.BadInput, match="no picture"):
        page.encode(b"no picture at all")


def test_codes_are_drawn_and_directions_found_by_the_library(page: Explored, digits: Run) -> None:
    drawn = page.draw(6, "prior", seed=3)
    codes = digits.told().sample_codes(6, generator=torch.Generator().manual_seed(3))
    np.testing.assert_array_equal(drawn, codes)
    mixed = page.draw(6, "mixture", seed=3)
    np.testing.assert_allclose(mixed, vk.code_mixture(digits, 20).sample(6, 3), rtol=1e-6)
    for attribute in page.scene.attributes:
        for method in attribute.methods:
            vector = page.direction(attribute.name, method)  # type: ignore[arg-type]
            known = vk.attribute_directions(digits, method)  # type: ignore[arg-type]
            np.testing.assert_allclose(vector, known.vector(attribute.name), rtol=1e-6)
    with pytest.raises(vk.BadInput, match="no attribute"):
        page.direction("smile")


def test_a_table_of_points_reads_back(page: Explored, digits: Run) -> None:
    table = csv.read_csv(BytesIO(page.table([5, 2]))).to_pydict()
    split = digits.dataset().train
    assert split.labels is not None
    assert table["label"] == split.labels[[5, 2]].tolist()
    assert [str(each) for each in table["id"]] == [
        str(split.ids[i]) if split.ids else str(i) for i in (5, 2)
    ]
    np.testing.assert_allclose(np.stack([table["z0"], table["z1"]], 1), page.codes[[5, 2]])
    with pytest.raises(vk.BadInput):
        page.table([len(page.codes)])


def test_the_card_has_what_evaluate_measures(page: Explored, digits: Run) -> None:
    held = vk.evaluate_run(digits, split="validation", draws=8)
    values = {each.name: each.value for each in page.card.evaluation}
    for name, value, _, _ in held.rows():
        if "binarised" not in name and not name.startswith("rate of"):
            assert values[name] == pytest.approx(value, rel=1e-5)
    assert page.card.paper == "https://arxiv.org/abs/1312.6114"
    assert page.card.epochs == digits.training.epochs
    losses = [record["train"]["loss"] for record in digits.records()]
    assert next(c.y for c in page.card.curves if (c.name, c.part) == ("loss", "train")) == losses
    assert sum(layer.parameters for layer in page.card.layers) == page.card.parameters


def test_what_was_computed_is_kept(page: Explored, digits: Run) -> None:
    files = {path: path.stat().st_mtime_ns for path in (digits.path / "derived").iterdir()}
    np.testing.assert_array_equal(explored(digits).codes, page.codes)
    assert (
        files.items()
        <= {p: p.stat().st_mtime_ns for p in (digits.path / "derived").iterdir()}.items()
    )


@pytest.mark.parametrize("latent", [1, 512])
def test_a_space_may_have_one_dimension_or_many(quick: Quick, latent: int) -> None:
    found = explored(quick("vae", options={"latent": latent}))
    scene = asked(found)
    assert scene["latent"] == latent == len(scene["neutral"]) == len(scene["dimensions"])
    rates = [each["rate"] for each in scene["dimensions"]]
    assert rates == sorted(rates, reverse=True)
    assert (scene["can"]["mixture"] is True) == (latent == 1)
    if latent == 1:
        assert scene["planes"] == [{"key": "0", "names": ["z0", ""], "about": ""}]
        assert found.view("0").axes == ([1.0], [0.0])
    assert found.decode(found.draw(3, "prior")).shape == (3, 8, 8, 1)


def test_codes_that_cost_nothing_have_no_elbo_and_no_prior(quick: Quick) -> None:
    found = explored(quick("ae", options={"latent": 3}))
    scene = asked(found)
    assert all(each["rate"] is None for each in scene["dimensions"])
    assert scene["plane"] == "pca"
    assert isinstance(scene["can"]["elbo"], str)
    assert isinstance(scene["can"]["prior"], str)
    assert scene["can"]["mixture"] is True
    for use in (found.elbos, lambda: found.draw(1, "prior")):
        with pytest.raises(vk.BadInput):
            use()
    own = found.encode(np.zeros((8, 8), np.uint8))
    assert (own.elbo, own.rate, own.below) == (None, None, None)
    assert np.isfinite(own.distortion)


@pytest.mark.parametrize(
    "recipe",
    [
        "vq-vae",
        "ladder-vae",
        "layered-vae",
        "iwae",
        "iaf-vae",
        "vamp-vae",
        "svae",
        "poincare-vae",
        "gumbel-vae",
    ],
)
def test_other_latents_have_flat_codes(quick: Quick, recipe: str) -> None:
    found = explored(quick(recipe))
    scene = asked(found)
    assert found.codes.shape == (scene["points"], found.model.latent.size)
    assert found.decode(found.draw(2, "prior")).shape == (2, 8, 8, 1)
    assert found.encode(np.zeros((8, 8), np.uint8)).elbo is not None


def test_vectors_are_numbers_and_need_no_labels(quick: Quick) -> None:
    rows = np.random.default_rng(0).standard_normal((200, 5)).astype(np.float32)
    rows[::3, 2] = np.nan
    frame = pd.DataFrame(rows, columns=list("abcde"))
    found = explored(quick("vae", frame, options={"latent": 2}))
    scene = asked(found)
    assert (scene["shown"], scene["row"], scene["columns"]) == ("values", [5], [])
    assert (scene["attributes"], scene["values"]) == ([], list("abcde"))
    originals, mask = found.originals(range(50)), found.split.mask
    assert mask is not None
    assert originals.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(np.isnan(originals), ~mask[:50])
    with pytest.raises(vk.BadInput, match="Only pictures"):
        found.encode(b"1,2,3,4,5")


def test_a_model_may_be_told_something(quick: Quick) -> None:
    run = quick("vae", options={"latent": 2}, data_options={"condition": ("label",)})
    found = explored(run)
    scene = asked(found)
    (condition,) = scene["conditions"]
    assert condition["choices"] == [str(number) for number in range(10)]
    assert "told" in scene["lines"]["python"]
    z = np.zeros((1, 2), np.float32)
    for choice in ("7", condition["usual"]):
        expected = run.told({"label": choice}).decode(torch.zeros(1, 2)).numpy()
        np.testing.assert_array_equal(found.decode(z, {"label": choice}), pixels(expected)[..., :1])
    np.testing.assert_array_equal(found.decode(z), found.decode(z, {"label": condition["usual"]}))
    for told in ({"label": "ten"}, {"colour": "red"}):
        with pytest.raises(vk.BadInput):
            found.decode(z, told)
    split = run.dataset().train
    *_, reconstruction = found.row(11)  # under its own label
    expected = run.model().reconstruct(split.batch([11]))
    np.testing.assert_array_equal(reconstruction, pixels(expected)[..., :1])


def test_a_model_without_an_encoder_of_pictures_says_so(quick: Quick) -> None:
    numbers = np.random.default_rng(0)
    table = {"id": np.arange(60) % 6, "side": numbers.random(60).astype(np.float32)}
    table["turned"] = numbers.choice([10.0, 350.0], 60)
    told = conditions(["id:class", "side", "turned:angle"], table, None)
    x, none = numbers.random((60, 4, 16, 16)).astype(np.float32), slice(0, 0)
    whole = Split(x, table, context=told.encode(table, None))
    data = vk.Dataset("things", "image", whole, whole.take(none), whole.take(none), conditions=told)
    options = {"latent": 4, "view": 3, "transformed": 0.0}
    run = quick("generator", data, net_options={}, options=options)
    found = explored(run)
    scene = asked(found)
    assert scene["row"] == [16, 16, 3]
    assert [each["turn"] for each in scene["conditions"]] == [None, None, 360.0]
    assert "no encoder" in scene["can"]["encode"]
    with pytest.raises(vk.BadInput, match="no encoder"):
        found.encode(b"")


def test_sound_is_shown_in_decibels(quick: Quick, tmp_path: Path) -> None:
    time = np.arange(4_000) / 8_000
    (tmp_path / "words").mkdir()
    for number in range(8):
        wave = 0.3 * np.sin(2 * np.pi * (200 + 100 * number) * time)
        soundfile.write(tmp_path / "words" / f"a_{number}.wav", wave, 8_000)
    options = {"mels": 24, "labels": "{word}_{take}"}
    net = {"channels": (8,), "dense": 16}
    run = quick("vae", tmp_path / "words", data_options=options, net_options=net)
    found = explored(run)
    scene = asked(found)
    sound, split = run.sound, run.dataset().train
    assert sound is not None
    assert scene["shown"] == "heat"
    assert len(scene["heat"]["hertz"]) == 24
    levels = decibels(sound, split.tensor([0]).numpy())
    np.testing.assert_allclose(found.originals([0])[0, 0], levels[0], rtol=1e-6)
    assert isinstance(scene["can"]["encode"], str)


def test_melodies_are_symbols(quick: Quick, tmp_path: Path) -> None:
    net = {"units": 16, "conductor": 16, "plan": 8}
    run = quick(
        "music-vae",
        archive(tmp_path / "tunes.zip", 12),
        options={"latent": 4},
        net_options=net,
        data_options={"bars": 2},
    )
    found = explored(run)
    scene = asked(found)
    assert scene["shown"] == "roll"
    assert scene["roll"] == {"bar": 16, "hold": HOLD, "rest": HOLD + 1}
    np.testing.assert_array_equal(found.originals([2]), run.dataset().train.tensor([2]).numpy())
    own = found.encode(file_of(walk(2, 5)))
    assert own.prepared.shape == (1, 1, 32)
    with pytest.raises(vk.BadInput, match="MIDI"):
        found.encode(b"no tune")


@pytest.mark.filterwarnings("ignore:on is not finished")
def test_a_run_that_is_being_trained_stays_as_it_was_opened(tmp_path: Path) -> None:
    flags = ["--hidden", "16", "--latent", "2", "--epochs", "100000", "--checkpoint-seconds", "0"]
    words = ["train", "vae", "digits", *flags, "--name", "on", "--no-progress"]
    command = [sys.executable, "-m", "vaekit", *words]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as training:
        try:
            place = tmp_path / "runs" / "on"
            while not (place / "checkpoint" / "state.safetensors").exists():
                assert training.poll() is None
                time.sleep(0.05)
            found = explored(place)
            assert str(found.scene.note).startswith("on is training at epoch")
            assert str(place) in found.scene.lines.command
            kept = found.run.path
            rows = found.model.encode(found.split.batch(slice(0, 50)))
            np.testing.assert_allclose(found.codes[:50], rows, atol=1e-6)
            known = vk.attribute_directions(found.run).vector("label=3")
            np.testing.assert_allclose(found.direction("label=3"), known, rtol=1e-6)
            np.testing.assert_array_equal(found.run.model().encode(found.split), found.codes)
        finally:
            training.kill()
    assert not (place / "derived").exists()
    assert kept.exists()
    del found
    gc.collect()
    assert not kept.exists()


def test_a_run_that_is_not_finished_opens_with_a_note(quick: Quick, tmp_path: Path) -> None:
    run = quick("vae", options={"latent": 2}, name="cut")
    (run.path / "model.safetensors").unlink()
    found = explored(run.path)
    assert not found.scene.finished
    assert found.scene.note == "cut is interrupted at epoch 1/1: this is its last checkpoint."
    asked(found)
    (run.path / "checkpoint" / "state.safetensors").unlink()
    with pytest.raises(vk.BadInput, match="missing"):
        explored(run.path)
