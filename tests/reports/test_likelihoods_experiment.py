"""The table of likelihoods: trained, kept, gone on with, and what it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from vaekit.errors import BadInput
from vaekit.reports import likelihoods as experiment
from vaekit.reports.likelihoods_report import cells
from vaekit.reports.likelihoods_results import ROWS, Found, Row, mean, verdict
from vaekit.spec import Spec

SMALL = {
    "net_options": {"hidden": (16,)},
    "data": "digits",
    "data_options": {"binarise": "dynamic", "validation": 100},
    "training": {"batch_size": 100},
    "draws": 20,
}
FEW = (
    Row("vae", "VAE", "vae", {"latent": 3}, 12, 30.0, "a paper", **SMALL),
    Row("iwae", "IWAE", "iwae", {"latent": 3, "draws": 4}, 4, shares={"rising": 0.5}, **SMALL),
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small rows in the place of those of MNIST."""
    monkeypatch.setattr(experiment, "ROWS", FEW)
    monkeypatch.setattr("vaekit.reports.likelihoods_report.ROWS", FEW)


@pytest.mark.usefixtures("few")
def test_rows_are_trained_measured_and_kept(tmp_path: Path) -> None:
    table = tmp_path / "docs" / "results.md"
    folder = tmp_path / "out"
    page = experiment.likelihoods(folder, rows=("vae",), table=table, progress=False)
    assert page == folder / "report.html"
    kept = folder / "measured" / "vae-seed0.json"
    before = kept.stat().st_mtime_ns
    found = Found(**json.loads(kept.read_text()))
    assert found.draws == 20
    assert found.epochs == len(found.curve) == 12
    assert found.late is not None
    assert 15 < found.nll < found.minus_elbo < 45
    experiment.likelihoods(folder, seeds=2, table=table, progress=False)
    assert kept.stat().st_mtime_ns == before
    runs = sorted(path.stem for path in (folder / "measured").iterdir())
    assert runs == ["iwae-seed0", "iwae-seed1", "vae-seed0", "vae-seed1"]
    text = table.read_text()
    assert text == (folder / "results.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| VAE, dynamic")]
    assert len(lines) == 1
    assert " | 30.00 | " in lines[0]
    assert f"(20 draws, {found.points} digits)" in lines[0]
    assert "| a paper |" in lines[0]
    assert "none for this network" in text
    assert "<svg" in page.read_text() or "data:image" in page.read_text()


@pytest.mark.usefixtures("few")
def test_unknown_rows_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="`rows` has vamp, which is none of vae, iwae"):
        experiment.likelihoods(tmp_path / "out", rows=("vamp",))
    with pytest.raises(BadInput, match="`seeds` must be 1 or more"):
        experiment.likelihoods(tmp_path / "out", seeds=0)
    assert not (tmp_path / "out").exists()


def made(nll: float) -> Found:
    return Found(nll, 0.5, nll + 4, 20, 5_000, 10_000, 10, 1.0, 1.0, 1, [None, -90.0])


def test_a_verdict_is_by_the_mean_over_seeds() -> None:
    row = replace(ROWS[0], published=86.76)
    assert verdict(row, [made(86.0)]) == "better by 0.76"
    assert verdict(row, [made(86.0), made(88.0)]) == "0.24 short, within 0.3"
    assert verdict(row, [made(88.0)]) == "1.24 short"
    assert verdict(replace(row, published=None), [made(88.0)]) == ""
    one = mean([made(87.0)])
    assert one.low == pytest.approx(87 - 1.96 * 0.5, abs=1e-3)
    two = mean([made(86.0), made(88.0)])
    assert two.high - two.value > 12  # the t quantile of one degree of freedom
    assert "none for this network" in cells(replace(row, published=None), [made(88.0)])


@pytest.mark.parametrize("row", ROWS, ids=[row.key for row in ROWS])
def test_every_row_is_a_model_that_can_be_built(row: Row) -> None:
    trial = row.trial(0, 0.01)
    likelihood = "bernoulli"
    spec = Spec(row.recipe, (1, 28, 28), trial.options, trial.net, trial.net_options, likelihood)
    model, objective = spec.build()
    assert objective.needs <= model.provides
    assert "log_q" in model.provides
