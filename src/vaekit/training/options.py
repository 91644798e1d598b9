"""How to train: the options."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final, get_args

from vaekit.errors import BadInput

Curve = Literal["constant", "cosine"]
Optimiser = Literal["adam", "muon"]
Precision = Literal["32-true", "bf16-mixed"]


@final
@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Args:
        epochs: Passes over the training data.
        batch_size: Data points in a step.
        learning_rate: The optimiser's step size; muon takes several times adam's, such as 0.004,
            or 0.012 with batches of 1,000.
        optimiser: adam, or muon, which moves weight matrices evenly in all directions and needs
            far fewer steps with dense networks.
        seed: Start of every random number: the same seed gives the same weights.
        schedule: The learning rate after its warm-up: level, or half a cosine down to zero.
        lr_warmup: Epochs over which the learning rate rises from zero.
        weight_decay: Share of every weight taken off in a step, times the learning rate (AdamW).
        clip: Longest gradient a step may follow; longer ones are scaled down to this norm.
        skip: Longest gradient that is followed at all, many times the usual ones: a step whose
            gradient is longer, or not finite, is left out, and the log counts these.
        ema: Decay of averaged weights, such as 0.999; the average is then the final model.
        patience: Epochs to wait for a better validation loss; the best weights are kept.
        compile: Compile encoder and decoder: slow to start, faster on large networks.
        device: Where to compute: auto, cpu, cuda, cuda:1 or mps.
        devices: Processes that share every batch, each with a device of its own.
        precision: Numbers of 32 bits, or networks in bfloat16.
        pair: Column of the data whose rows of one value show the same thing, such as id: the
            encoder reads one of them, and another is decoded.
        checkpoint_seconds: Seconds between checkpoints; 0 writes one after every step.

    Raises BadInput where a value makes no sense; the message names it.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    optimiser: Optimiser = "adam"
    seed: int = 0
    schedule: Curve = "constant"
    lr_warmup: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    skip: float | None = None
    ema: float | None = None
    patience: int | None = None
    compile: bool = False
    device: str = "auto"
    devices: int = 1
    precision: Precision = "32-true"
    checkpoint_seconds: float = 30.0
    pair: str = ""

    def __post_init__(self) -> None:
        for name, (holds, wanted) in _RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise BadInput(f"`{name}` must be {wanted}, not {value!r}.")
        if self.clip is not None and self.skip is not None and self.skip < self.clip:
            raise BadInput(
                f"`skip={self.skip:g}` leaves out all that `clip={self.clip:g}` would shorten: "
                "give a larger `skip`."
            )
        if self.lr_warmup >= self.epochs:
            raise BadInput(
                f"`lr_warmup` must end before training does: {self.lr_warmup:g} epochs of "
                f"warm-up do not fit in `epochs={self.epochs}`."
            )

    def learning_rate_at(self, step: int, steps_per_epoch: int) -> float:
        """The learning rate of a step, counted from 0: a function of the options alone."""
        warmup = self.lr_warmup * steps_per_epoch
        if step + 1 < warmup:
            return self.learning_rate * (step + 1) / warmup
        if self.schedule == "constant":
            return self.learning_rate
        trained = (step - warmup) / (self.epochs * steps_per_epoch - warmup)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * max(0.0, trained)))


def _whole(low: int, high: int = 10**9) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(holds: Callable[[float], bool]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return type(value) in (int, float) and math.isfinite(value) and holds(value)

    return check


def _absent_or(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


def _one_of(choices: tuple[str, ...]) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in choices, " or ".join(choices)


def _device(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value))


_POSITIVE = _number(lambda value: value > 0)
_NOT_NEGATIVE = _number(lambda value: value >= 0)

_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "epochs": (_whole(1), "a whole number from 1 to 10^9"),
    "batch_size": (_whole(1), "a whole number from 1 to 10^9"),
    "learning_rate": (_POSITIVE, "a number above 0"),
    "optimiser": _one_of(get_args(Optimiser)),
    "seed": (_whole(0, 2**63 - 1), "a whole number from 0 to 2^63 - 1"),
    "schedule": _one_of(get_args(Curve)),
    "lr_warmup": (_NOT_NEGATIVE, "a number of epochs, 0 or more"),
    "weight_decay": (_NOT_NEGATIVE, "a number, 0 or more"),
    "clip": (_absent_or(_POSITIVE), "a number above 0"),
    "skip": (_absent_or(_POSITIVE), "a number above 0"),
    "ema": (_absent_or(_number(lambda value: 0 < value < 1)), "a number between 0 and 1"),
    "patience": (_absent_or(_whole(1)), "a whole number of epochs, 1 or more"),
    "devices": (_whole(1), "a whole number, 1 or more"),
    "device": (_device, "auto, cpu, mps, cuda or a GPU's number such as cuda:1"),
    "precision": _one_of(get_args(Precision)),
    "pair": (lambda value: isinstance(value, str), "the name of a column"),
    "checkpoint_seconds": (_NOT_NEGATIVE, "a number of seconds, 0 or more"),
}
