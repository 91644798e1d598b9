import math
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from vaekit.errors import BadInput
from vaekit.training import Training

WRONG: list[tuple[str, Any]] = [
    ("epochs", 0),
    ("epochs", 1.5),
    ("epochs", True),
    ("batch_size", 0),
    ("batch_size", -3),
    ("learning_rate", 0.0),
    ("learning_rate", math.nan),
    ("learning_rate", math.inf),
    ("learning_rate", "fast"),
    ("seed", -1),
    ("schedule", "linear"),
    ("lr_warmup", -1.0),
    ("weight_decay", -0.1),
    ("clip", 0.0),
    ("skip", 0.0),
    ("skip", math.inf),
    ("ema", 0.0),
    ("ema", 1.0),
    ("patience", 0),
    ("device", "tpu"),
    ("device", "cuda:x"),
    ("precision", "16"),
    ("checkpoint_seconds", -1.0),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_by_its_flag(name: str, value: Any) -> None:
    with pytest.raises(BadInput, match=f"^`{name}` must be .*, not {value!r}"):
        Training(**{name: value})


def test_warm_up_must_fit() -> None:
    with pytest.raises(BadInput, match=r"`lr_warmup` must end before .* `epochs=3`"):
        Training(epochs=3, lr_warmup=3)


def test_what_is_shortened_must_not_be_left_out() -> None:
    assert Training(clip=1.0, skip=1.0).skip == 1.0
    with pytest.raises(BadInput, match=r"`skip=1` leaves out all that `clip=2` would shorten"):
        Training(clip=2.0, skip=1.0)


def test_every_option_is_documented() -> None:
    source = Training.__doc__ or ""
    for field in fields(Training):
        assert f"\n        {field.name}: " in source


def test_learning_rate_closed_forms() -> None:
    level = Training(epochs=5, learning_rate=0.1)
    assert {level.learning_rate_at(step, 10) for step in range(50)} == {0.1}
    rising = Training(epochs=5, learning_rate=0.1, lr_warmup=0.5)
    rates = [rising.learning_rate_at(step, 10) for step in range(7)]
    assert rates == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1])
    cosine = Training(epochs=5, learning_rate=0.1, schedule="cosine")
    assert cosine.learning_rate_at(0, 10) == 0.1
    assert cosine.learning_rate_at(25, 10) == pytest.approx(0.05)
    assert cosine.learning_rate_at(50, 10) == pytest.approx(0.0)
    both = Training(epochs=5, learning_rate=0.1, schedule="cosine", lr_warmup=1)
    assert both.learning_rate_at(9, 10) == both.learning_rate_at(10, 10) == pytest.approx(0.1)
    assert both.learning_rate_at(20, 10) == pytest.approx(0.05 * (1 + math.cos(math.pi / 4)))


def test_the_options_need_no_torch() -> None:
    code = "import sys, vaekit.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
