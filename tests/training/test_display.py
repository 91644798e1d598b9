"""What a person sees of training on a terminal, by the real command on a real one."""

import os
import re
import sys
from pathlib import Path

import pytest
from terminal import Terminal, on_a_terminal, written
from training_process import digits, small_vae

from vaekit.training import Training, fit

TRAIN = (
    sys.executable,
    "-m",
    "vaekit",
    "train",
    "vae",
    "digits",
    "--hidden",
    "32",
    "--latent",
    "2",
)


def frames(sent: str) -> list[str]:
    """Everything that was drawn on the last line, in its order."""
    plain = re.sub(r"\x1b\[[?\d;]*m", "", sent)
    return [each.split("\r")[0] for each in re.split(r"\x1b\[[?\d;]*[A-Za-z]|\n", plain)]


def kept(terminal: Terminal) -> list[str]:
    """The lines that finished epochs leave."""
    return [line for line in terminal.shown() if line.startswith("epoch ")]


def bars(sent: str) -> list[str]:
    """The drawings of the bar."""
    return [each for each in frames(sent) if re.match(r"epoch +\d+/\d+  [━╸╺]", each)]


@pytest.mark.parametrize("columns", [80, 40])
def test_each_epoch_leaves_a_line_and_none_wraps(columns: int, tmp_path: Path) -> None:
    flags = ("--epochs", "12", "--batch-size", "32", "--name", "a")
    code, terminal, sent = on_a_terminal([*TRAIN, *flags], columns, tmp_path)
    assert code == 0
    lines = kept(terminal)
    assert [line.split()[:2] for line in lines] == [
        ["epoch", f"{number}/12"] for number in range(1, 13)
    ]
    assert all(re.search(r"validation \d+\.\d\d", line) for line in lines)
    if columns == 80:
        assert all(re.search(r"  loss +\d+\.\d\d  ", line) for line in lines)
        assert all(re.search(r"  [\d,]+ images/s  [\d,.]+ s$", line) for line in lines)
    assert bars(sent)
    assert any(re.search(r" \d+:\d\d left$", bar) for bar in bars(sent))
    run = tmp_path / "runs" / "a"
    seconds = (run / "metrics.jsonl").stat().st_mtime - (run / "run.json").stat().st_mtime
    assert 2 <= len(bars(sent)) <= 4 * seconds + 2
    assert max(map(len, [*lines, *bars(sent)])) <= columns - 3  # which leaves room for ^C
    assert not any("left" in line for line in terminal.shown())  # the bar is gone in the end


def test_one_line_after_ctrl_c(tmp_path: Path) -> None:
    flags = ("--epochs", "5000", "--batch-size", "4", "--name", "a")
    keys = {"epoch    2/5000": b"\x03"}
    code, terminal, _ = on_a_terminal([*TRAIN, *flags], 80, tmp_path, keys)
    assert code == 130
    lines = [line for line in terminal.shown() if line]
    assert re.fullmatch(
        r"Stopped after step \d+, which is kept\. To go on: vaekit resume a", lines[-1]
    )
    assert lines[-2].startswith("epoch ")
    assert terminal.wrapped == 0
    assert not any("^C" in line for line in lines)


def test_a_terminal_that_cannot_erase_gets_a_line_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        model, objective = small_vae()
        fit(model, objective, digits(), Training(epochs=2))
    shown = "".join(written(ours))
    os.close(ours)
    assert len(re.findall(r"^epoch \d/2  ", shown, re.MULTILINE)) == 2
    assert "\x1b" not in shown
