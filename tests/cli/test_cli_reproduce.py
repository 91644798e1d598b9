"""`vaekit reproduce`: which experiments there are, and what it refuses."""

from pathlib import Path

import pytest
from cli_calls import Call

from vaekit.reports import demo
from vaekit.runs import open_run
from vaekit.workflow.looks import look


def test_help_lists_the_experiments(call: Call) -> None:
    answer = call("reproduce", "--help")
    assert answer.code == 0
    for name in ("mnist", "faces", "denoise", "styles"):
        assert f"  {name} " in answer.out


def test_help_of_an_experiment_lists_its_options(call: Call) -> None:
    names = ("faces", "mnist", "styles")
    faces, mnist, styles = (call("reproduce", name, "--help") for name in names)
    assert "--told-epochs" in styles.out
    for answer in (faces, mnist, styles):
        assert "--quick" in answer.out
        assert "How long that takes is found out and said at its start." in " ".join(
            answer.out.split()
        )
    assert "--elbo-epochs" in mnist.out
    assert "--progress" not in faces.out + mnist.out


def test_an_unknown_experiment_is_named_with_the_nearest(call: Call) -> None:
    answer = call("reproduce", "face")
    assert (answer.code, answer.out) == (2, "")
    assert "'face'" in answer.err
    assert "faces" in answer.err


def test_no_experiment_is_no_crash(call: Call) -> None:
    answer = call("reproduce")
    assert answer.code == 2
    assert "mnist or faces" in answer.err


def test_data_without_the_attributes_are_refused_before_training(
    call: Call, tmp_path: object
) -> None:
    answer = call("reproduce", "faces", "--data", "digits", "--folder", f"{tmp_path}/out")
    assert answer.code == 2
    assert "Blond_Hair" in answer.err


def test_the_demo_ends_with_what_was_seen(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "EPOCHS", 3)
    answer = call("demo", "--folder", tmp_path)
    assert answer.code == 0
    *_, page, seen = answer.out.splitlines()
    assert page == f"Open {tmp_path / 'report.html'} in a browser."
    shares = []
    for recipe in ("ae", "vae"):
        run = open_run(tmp_path / recipe)
        data = run.dataset()
        shares.append(100 * look(run.model(), data, encoded="train").empty.mean())
    plain, variational = shares
    empty = f"the autoencoder leaves {plain:.0f}% of the sites empty, the VAE {variational:.0f}%; "
    assert empty in seen
    assert seen in (tmp_path / "report.html").read_text()
