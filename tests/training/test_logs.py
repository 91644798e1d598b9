import json
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from training_process import digits, small_vae

from vaekit.training import Training, fit


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """What TensorBoard reads, by tag and epoch; later events replace earlier ones."""
    found = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                found[value.tag, event.step] = value.tensor.float_val[0]
    return found


def test_metrics_and_events_say_what_fit_returns(tmp_path: Path) -> None:
    for epochs in (2, 3):  # the second call resumes
        model, objective = small_vae()
        options = Training(epochs=epochs)
        history = fit(model, objective, digits(), options, folder=tmp_path, progress=False)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history
    found = scalars(tmp_path)
    for record in history:
        for part in ("train", "validation"):
            for name in ("loss", "distortion", "rate", "elbo"):
                value = found[f"{part}/{name}", record["epoch"]]
                assert value == pytest.approx(record[part][name], rel=1e-6)
        assert found["per_second", record["epoch"]] > 0
    assert found["validation/active_units", 3] == history[2]["validation"]["active_units"]


def test_a_line_for_each_epoch_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, objective = small_vae()
    history = fit(model, objective, digits(), Training(epochs=2))
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"epoch 2/2  loss {history[1]['train']['loss']:.2f}  ")
    assert f"| validation: loss {history[1]['validation']['loss']:.2f}  " in lines[1]
    fit(model, objective, digits(), Training(epochs=1), progress=False)
    assert capsys.readouterr() == ("", "")
