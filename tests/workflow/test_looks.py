"""What is drawn of a run: which plane, which rows, and that the figures say so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import vaekit as vk
from vaekit.data import Split
from vaekit.runs import Run
from vaekit.space import coordinates
from vaekit.workflow.looks import (
    draw_figures,
    held_out,
    look,
    model_figures,
    rates,
    some_rows,
)


def trained(recipe: str, root: Path, latent: int, data: Any = "digits", **options: Any) -> Run:
    return vk.train(
        recipe,
        data,
        name=recipe,
        root=root,
        options={"latent": latent},
        net_options={"hidden": (64,)},
        data_options=options,
        training=vk.Training(epochs=3, batch_size=32),
        progress=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A VAE of digits with more dimensions than a figure has."""
    return trained("vae", tmp_path_factory.mktemp("runs"), latent=6)


def words(figure: Figure) -> str:
    """All that is written in a figure, but numbers on axes."""
    found = [text.get_text() for text in figure.texts]
    found += [text.get_text() for axes in figure.axes for text in [axes.title, *axes.texts]]
    found += [label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel())]
    found += [] if figure.get_suptitle() == "" else [figure.get_suptitle()]
    return " ".join("\n".join(found).split())


def test_the_map_shows_the_two_dimensions_that_carry_most_rate(run: Run) -> None:
    model, dataset = run.model(), run.dataset()
    found = look(model, dataset)
    logged = run.records()[-1]["validation"]["rates"]
    np.testing.assert_allclose(rates(model, dataset.validation), logged, rtol=1e-4)
    first, second = sorted(np.argsort(logged)[-2:])
    assert found.circle.plane is not None
    assert found.circle.plane.names == (f"z{first}", f"z{second}")
    others = np.delete(found.sites, [first, second], axis=1)
    mean = np.delete(found.points.mean(0), [first, second])
    np.testing.assert_allclose(others, np.tile(mean, (len(others), 1)), rtol=1e-6)


def test_codes_without_rates_are_shown_in_their_principal_components(tmp_path: Path) -> None:
    run = trained("ae", tmp_path, latent=5)
    found = look(run.model(), run.dataset())
    plane = found.circle.plane
    assert plane is not None
    assert "first principal component" in plane.names[0]
    shown = plane.flat(found.points).var(axis=0)
    assert shown.sum() > np.sort(found.points.var(axis=0))[-2:].sum()
    figure = model_figures(found, run.records(), "ae")["lattice"]
    assert "first principal component" in words(figure)


def test_figures_say_which_data_split_and_dimensions_they_show(run: Run) -> None:
    found = look(run.model(), run.dataset())
    drawn = {name: words(each) for name, each in model_figures(found, run.records(), "V").items()}
    assert found.circle.plane is not None
    across, up = found.circle.plane.names
    rows = f"{len(found.points)} validation rows of digits"
    for name in ("encodings", "lattice-sites"):
        assert f"V: codes of {rows} {across} and {up} carry most rate of 6 dim" in drawn[name]
        assert drawn[name].endswith(f"{across} {up}")
    assert f"in the codes of {rows} {across} grows to the right, {up} upwards" in drawn["lattice"]
    assert "the other 4 stay at their mean" in drawn["lattice"]
    assert "V: validation rows of digits, reconstructed" in drawn["reconstructions"]
    assert "V: samples from the prior" in drawn["samples"]
    assert "V: training on digits" in drawn["curves"]
    assert "V: rate of validation rows of digits, epoch 3" in drawn["rates"]


def test_a_plane_that_was_chosen_is_named(run: Run) -> None:
    found = look(run.model(), run.dataset(), plane=coordinates(6, (2, 5)))
    drawn = model_figures(found, run.records(), "V")
    assert "z2 and z5 of 6 dimensions" in words(drawn["encodings"])
    assert "z2 grows to the right, z5 upwards; the other 4 stay at zero" in words(drawn["lattice"])
    assert (np.delete(found.sites, [2, 5], axis=1) == 0).all()


def test_the_rows_shown_are_of_every_class_however_the_data_are_sorted(run: Run) -> None:
    whole = held_out(run.dataset())
    assert whole.labels is not None
    split = whole.take(np.argsort(whole.labels, kind="stable"))
    rows = some_rows(split, 20)
    assert split.labels is not None
    assert split.labels[rows].tolist() == [*range(10), *range(10)]
    assert len(set(rows.tolist())) == 20
    assert some_rows(split, 20).tolist() == rows.tolist()
    assert some_rows(split, 20, seed=1).tolist() != rows.tolist()


def test_rare_classes_and_rows_without_labels_are_picked_too() -> None:
    x = np.zeros((100, 3), np.float32)
    labels = np.array([0] * 97 + [1, 2, 2])
    picked = labels[some_rows(Split(x, {"label": labels}), 8)]
    assert np.bincount(picked).tolist() == [5, 1, 2]
    rows = some_rows(Split(x), 8)
    assert len(set(rows.tolist())) == 8
    assert rows.max() > 20
    assert some_rows(Split(x), 100).tolist() == list(range(100))


def test_a_look_reconstructs_rows_of_every_class(run: Run) -> None:
    found, split = look(run.model(), run.dataset()), run.dataset().validation
    rows = some_rows(split, 20)
    np.testing.assert_array_equal(found.originals, split.tensor(rows).numpy())
    expected = run.model().reconstruct(split.tensor(rows)).numpy()
    np.testing.assert_allclose(found.reconstructions, expected, atol=1e-6)
    np.testing.assert_allclose(run.model().encode(split), found.points, atol=1e-6)


def test_what_a_model_is_told_and_what_it_is_not_shown_is_said(tmp_path: Path) -> None:
    run = trained("vae", tmp_path, 2, condition=("label",), missing=0.3)
    found, dataset = look(run.model(), run.dataset()), run.dataset()
    drawn = model_figures(found, run.records(), "V")
    assert dataset.validation.labels is not None
    assert f"told label={dataset.validation.labels[0]}" in words(drawn["lattice"])
    assert "each told what some validation row is" in words(drawn["samples"])
    assert "grey is missing" in words(drawn["reconstructions"])
    batch = dataset.validation.batch(some_rows(dataset.validation, 20))
    assert batch.mask is not None
    assert (found.originals[~batch.mask.numpy()] == 0.5).all()


def test_tables_have_figures_without_pictures(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    run = trained("vae", tmp_path, 3, table)
    names = {path.name for path in draw_figures(run)}
    kinds = ("encodings", "lattice-sites", "curves", "rates")
    assert names == {f"{kind}.{ending}" for kind in kinds for ending in ("png", "svg")}
